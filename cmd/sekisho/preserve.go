// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
	"github.com/sekisho/sekisho/vault"
)

type preserveFlags struct {
	out, lang      string
	formats        string // folder of formats of one's own
	compress, json bool
}

func preserveCommand() *cobra.Command {
	var f preserveFlags
	cmd := &cobra.Command{
		Use:   "preserve [flags] PATH...",
		Short: "Copy original logs into safety, with SHA-256 and a custody sheet",
		Long: `Preserve copies files and folders read-only into a folder, reads each copy back, and records SHA-256, who collected what, when
and from where (custody.json, custody.html to print and sign, custody.md), under a signed manifest. It says which logs expire
first and which are missing. It changes no original. Given the folder of an earlier run, it goes on there.

Exit status: 0 everything was taken; 1 something was not, or failed; 2 wrong usage.`,
		Example: `  sekisho preserve --out /media/usb/evidence /var/log/slapd /var/log/apache2
  sekisho vault verify --case /media/usb/evidence`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("保全する対象がありません：ファイルかフォルダを指定してください", "nothing to preserve: give files or folders")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd, args) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.out, "out", "sekisho-preserved", "the `folder` for the copies: new, empty, or of an earlier run")
	fl.BoolVar(&f.compress, "compress", false, "compress the copies with zstd; digests stay those of the originals")
	fl.StringVar(&f.formats, "formats", "", "a `folder` of formats of your own, written in YAML, to name what is copied")
	fl.BoolVar(&f.json, "json", false, "print the record of custody as JSON on standard output")
	fl.StringVar(&f.lang, "lang", "", "language of the messages: ja or en (default: of the terminal)")
	return cmd
}

func (f *preserveFlags) run(cmd *cobra.Command, paths []string) error {
	lang := language(f.lang)
	kindOf, err := node.KindOf(cmd.Context(), f.formats)
	if err != nil {
		return err
	}
	bar := newProgressBar(cmd.ErrOrStderr(), lang)
	custody, err := node.Preserve(cmd.Context(), paths, f.out, vault.PreserveOptions{Compress: f.compress, Tool: version, KindOf: kindOf,
		Progress: func(done, of int64) { bar.Update(node.Progress{Phase: "preserve", Done: done, Total: of}) }})
	bar.Close()
	if custody != nil {
		w := cmd.OutOrStdout()
		if f.json {
			if werr := printJSON(w, custody); werr != nil {
				return werr
			}
		} else {
			tellCustody(w, custody, lang)
		}
	}
	if err != nil {
		return err
	}
	if n := custody.Count(vault.ItemFailed) + custody.Count(vault.ItemLeft); n > 0 {
		return event.Tell("原本 %[2]s のうち %[1]d 件を保全できませんでした：%[4]s の custody.html に、それぞれの理由があります", "%d of %s not taken (%s): custody.html in %s names each and says why", n, event.Words{Ja: fmt.Sprintf("%d 件", len(custody.Items)), En: number(len(custody.Items), "original was", "originals were")}, notTaken(custody), f.out)
	}
	return nil
}

// notTaken names the first originals that were not taken.
func notTaken(c *vault.Custody) string {
	var names []string
	for i := range c.Items {
		if s := c.Items[i].State; s != vault.ItemFailed && s != vault.ItemLeft {
			continue
		}
		if len(names) == 3 {
			names = append(names, "…")
			break
		}
		names = append(names, printable(c.Items[i].Source))
	}
	return strings.Join(names, ", ")
}

// maxNamed is how many originals are named on the terminal; custody.html has them all.
const maxNamed = 40

// tellCustody says what was taken, what was not, and what is about to be lost.
func tellCustody(w io.Writer, c *vault.Custody, lang report.Lang) {
	var bytes int64
	formats := map[string]int{}
	named := 0
	for i := range c.Items {
		it := &c.Items[i]
		if it.State == vault.ItemTaken || it.State == vault.ItemChanged {
			bytes += it.Size
			formats[it.Format]++
		}
		if it.State == vault.ItemTaken {
			continue
		}
		if named++; named <= maxNamed {
			fmt.Fprintf(w, "  %s: %s%s\n", printable(it.Source), pick(lang, map[vault.ItemState]event.Words{
				vault.ItemChanged: {Ja: "採取しましたが、採取中に元が変化しました：", En: "taken, but the original changed meanwhile: "},
				vault.ItemFailed:  {Ja: "採取できません：", En: "not taken: "},
				vault.ItemLeft:    {Ja: "中断のため未採取：", En: "not taken, the run ended before: "}}[it.State]), printable(it.Error+it.Note))
		}
	}
	if named > maxNamed {
		fmt.Fprintf(w, pick(lang, event.Words{Ja: "  ほか %d 件（custody.html）\n", En: "  and %d more (custody.html)\n"}), named-maxNamed)
	}
	taken, not := c.Count(vault.ItemTaken)+c.Count(vault.ItemChanged), c.Count(vault.ItemFailed)+c.Count(vault.ItemLeft)
	fmt.Fprintf(w, pick(lang, event.Words{Ja: "採取 %[1]d ファイル（%[2]s）、採取できず %[3]d　→ %[4]s\n", En: "taken: %[5]s (%[2]s); not taken: %[3]d; in %[4]s\n"}), taken, bytesText(bytes), not, printable(c.Folder), number(taken, "file", "files"))
	fmt.Fprintf(w, "  %s\n", formatsText(formats, lang))
	tellOutlook(w, c.Started.Time, c.Outlook.Held, lang, event.Words{Ja: "先に失われるもの（未採取の分は消え続けます）", En: "what expires first (whatever is not taken yet goes on expiring)"})
	tellOutlook(w, c.Started.Time, c.Outlook.Missing, lang, event.Words{Ja: "採取に含まれない記録", En: "logs that are not among what was taken"})
	fmt.Fprintf(w, pick(lang, event.Words{Ja: "印刷して署名する票：%s/custody.html　照合：sekisho vault verify --case %s\n", En: "to print and sign: %s/custody.html; to verify: sekisho vault verify --case %s\n"}), printable(c.Folder), printable(c.Folder))
}

func tellOutlook(w io.Writer, now time.Time, list []vault.Retention, lang report.Lang, title event.Words) {
	if len(list) == 0 {
		return
	}
	fmt.Fprintf(w, "%s\n", pick(lang, title))
	for i := range list {
		r := &list[i]
		since := ""
		if shortest, _, ok := r.Since(now); ok {
			since = fmt.Sprintf(pick(lang, event.Words{Ja: "（既定なら %s より前はすでに無い）", En: " (by default nothing before %s is left)"}), shortest.Format(time.DateOnly))
		}
		fmt.Fprintf(w, "  %s: %s%s\n      → %s\n", pick(lang, r.Name), pick(lang, r.Basis), since, pick(lang, r.Do))
	}
}
