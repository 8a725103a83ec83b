// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

func formatsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "formats",
		Short: "List the log formats, explain what was made of a file, test formats of one's own",
		Long: `Formats lists the log formats that Sekisho reads, shows the page of one, says what it makes of a file and why, and tests
formats of one's own, which are written in YAML without code.`,
		RunE: onlyGroups,
	}
	cmd.AddCommand(formatsListCommand(), formatsPageCommand(), formatsExplainCommand(), formatsTestCommand())
	return cmd
}

// formatsFlags are those that several of the commands take.
type formatsFlags struct {
	org, own, dir, lang string
	json                bool
}

func (f *formatsFlags) add(cmd *cobra.Command) {
	fl := cmd.Flags()
	fl.StringVar(&f.org, "org", "", "the institute's profile (`file`), which may name formats of its own")
	fl.StringVar(&f.own, "formats", "", "a `folder` of formats of your own, written in YAML")
}

func (f *formatsFlags) profile() (*config.Profile, error) {
	return (&investigateFlags{org: f.org}).profile()
}

func formatsListCommand() *cobra.Command {
	var f formatsFlags
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the formats: name, kind of source, what it is",
		Args:  noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error {
			p, err := f.profile()
			if err != nil {
				return err
			}
			all, err := node.Formats(p, f.own)
			if err != nil {
				return err
			}
			if f.json {
				return printJSON(cmd.OutOrStdout(), all)
			}
			wide := 0
			for i := range all {
				wide = max(wide, len(all[i].Name))
			}
			for i := range all {
				what, _, _ := strings.Cut(all[i].What, ". ")
				if all[i].Unverified != "" {
					what = pick(language(f.lang), event.Words{Ja: "（未検証）", En: "(unverified) "}) + what
				}
				fmt.Fprintf(cmd.OutOrStdout(), "%-*s  %-13s  %s\n", wide, all[i].Name, all[i].Source, what)
			}
			return nil
		},
	}
	f.add(cmd)
	cmd.Flags().BoolVar(&f.json, "json", false, "print all that is known of each as JSON")
	cmd.Flags().StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}

func formatsPageCommand() *cobra.Command {
	var f formatsFlags
	cmd := &cobra.Command{
		Use:   "page NAME | page --dir DIR",
		Short: "Print the page of a format, or write the pages of all",
		Long: `Page prints what is known of a format: the product and its versions, how to export its log and which settings make it log
what is needed, what is taken from it, and what it cannot show.`,
		Example: `  sekisho formats page openldap`,
		Args: func(_ *cobra.Command, args []string) error {
			if (len(args) == 1) == (f.dir != "") || len(args) > 1 {
				return usageError("形式を 1 つ指定するか、--dir で全形式の説明の書出し先を指定してください", "name one format, or say with --dir where to write the pages of all")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := f.profile()
			if err != nil {
				return err
			}
			all, err := node.Formats(p, f.own)
			if err != nil {
				return err
			}
			if f.dir != "" {
				index, err := node.FormatIndex(p, f.own)
				if err != nil {
					return err
				}
				return writeFormatPages(f.dir, all, index)
			}
			for i := range all {
				for _, name := range append([]string{all[i].Name}, all[i].Also...) {
					if name == args[0] {
						_, err := io.WriteString(cmd.OutOrStdout(), all[i].Page)
						return err
					}
				}
			}
			return event.Tell("%q という形式はありません：sekisho formats list に一覧があります", "there is no format %q: sekisho formats list names all", args[0])
		},
	}
	f.add(cmd)
	cmd.Flags().StringVar(&f.dir, "dir", "", "the `folder` to write the pages of all formats into")
	return cmd
}

func writeFormatPages(dir string, all []node.FormatInfo, index string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return event.Tell("説明を書き出せません：%v", "write the pages: %v", err)
	}
	for i := range all {
		if err := os.WriteFile(filepath.Join(dir, all[i].Name+".md"), []byte(all[i].Page), 0o644); err != nil {
			return event.Tell("説明を書き出せません：%v", "write the pages: %v", err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "README.md"), []byte(index), 0o644); err != nil {
		return event.Tell("説明を書き出せません：%v", "write the pages: %v", err)
	}
	return nil
}

func formatsExplainCommand() *cobra.Command {
	var f formatsFlags
	var inv investigateFlags
	var records int64
	cmd := &cobra.Command{
		Use:   "explain [flags] PATH...",
		Short: "Say what is made of files: the format and why, the fields taken, the records that failed and on what",
		Long: `Explain reads files as an investigation would and says of each which format it was recognised as and what came second, which
formats took how many records with a sample of each and the event made of it, which columns of the event table were filled, and
which records nobody took, by reason. It writes nothing.

Exit status: 0 some record was understood; 1 none was, or reading failed; 2 wrong usage.`,
		Example: `  sekisho formats explain /var/log/auth.log
  sekisho formats explain --records 1000 --json huge.log.gz`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("説明する対象がありません：ファイルかフォルダ、標準入力なら - を指定してください", "nothing to explain: give files or folders, or - for standard input")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			o := node.ExplainOptions{FormatDir: f.own, Year: inv.year, Records: records, Stdin: cmd.InOrStdin()}
			var err error
			if o.Profile, err = f.profile(); err != nil {
				return err
			}
			if o.Formats, err = formatRules(inv.formats, o.Profile, f.own); err != nil {
				return err
			}
			if inv.timezone != "" {
				if o.Zone, err = config.Zone(inv.timezone); err != nil {
					return usageError("--timezone %q：Asia/Tokyo か +09:00 のように指定してください", "--timezone %q: write one such as Asia/Tokyo or +09:00", inv.timezone)
				}
			}
			all, err := node.Explain(cmd.Context(), args, o)
			if err != nil {
				return err
			}
			if f.json {
				err = printJSON(cmd.OutOrStdout(), all)
			} else {
				for i := range all {
					tellExplanation(cmd.OutOrStdout(), &all[i], language(f.lang))
				}
			}
			for i := range all {
				if all[i].Parsed > 0 {
					return err
				}
			}
			return &exitError{status: exitFailed, err: err}
		},
	}
	f.add(cmd)
	fl := cmd.Flags()
	fl.StringArrayVar(&inv.formats, "format", nil, "`NAME=GLOB`: the format of files whose path matches; may be repeated")
	fl.StringVar(&inv.timezone, "timezone", "", "the `zone` of records that carry none, such as Asia/Tokyo")
	fl.IntVar(&inv.year, "year", 0, "the year of the first records that carry none; otherwise inferred")
	fl.Int64Var(&records, "records", 0, "read no more than so many records of each file (default: all)")
	fl.BoolVar(&f.json, "json", false, "print the explanations as JSON")
	fl.StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}

func formatsTestCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "test FILE...",
		Short: "Check formats of one's own and read their samples",
		Long: `Test reads definitions of formats written in YAML, says with file and line what is wrong with them, and reads their samples: each
must give the event that stands beside it. A definition that fails is refused by the other commands too.

Exit status: 0 all are good; 1 one is not; 2 wrong usage.`,
		Example: `  sekisho formats test formats/door.yaml
  sekisho investigate --formats formats/ /path/to/logs`,
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				return usageError("試す対象がありません：定義ファイルを指定してください", "nothing to test: give files of definitions")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			results := node.TestFormats(args)
			bad := 0
			for i := range results {
				r := &results[i]
				if !r.OK {
					bad++
				}
				if asJSON {
					continue
				}
				if r.OK {
					fmt.Fprintf(cmd.OutOrStdout(), "ok    %s  %s, %s\n", printable(r.File), r.Name, number(r.Samples, "sample", "samples"))
				}
				for _, e := range r.Errors {
					fmt.Fprintln(cmd.OutOrStdout(), "WRONG "+printable(e))
				}
			}
			if asJSON {
				if err := printJSON(cmd.OutOrStdout(), results); err != nil {
					return err
				}
			}
			if bad > 0 {
				return event.Tell("%[2]sのうち %[1]d 件を受け付けませんでした", "%d of %s refused", bad, event.Words{Ja: fmt.Sprintf("定義 %d 件", len(results)), En: number(len(results), "definition", "definitions")})
			}
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the results as JSON")
	return cmd
}

// tellExplanation prints what was made of one file.
func tellExplanation(w io.Writer, e *node.Explanation, lang report.Lang) {
	p := func(ja, en string, args ...any) {
		fmt.Fprintf(w, pick(lang, event.Words{Ja: ja, En: en})+"\n", args...)
	}
	fmt.Fprintln(w, printable(e.Path))
	if e.Error != "" {
		p("  誤り: %s", "  error: %s", printable(e.Error))
	}
	if e.Compression == "" {
		return
	}
	p("  圧縮 %s、文字 %s、区切り %s", "  packing %s, text %s, framing %s", e.Compression, e.Encoding, e.Framing)
	tellGuesses(e, p)
	if e.Unverified != "" {
		p("  未検証の形式: %s", "  unverified format: %s", e.Unverified)
	}
	stopped := ""
	if e.Stopped {
		stopped = pick(lang, event.Words{Ja: "（途中まで）", En: " (not read to the end, as asked)"})
	}
	p("  記録 %s 件、読めた %s、読めない %s、出来事 %s%s", "  %s records, %s understood, %s not, %s events%s", grouped(e.Records), grouped(e.Parsed), grouped(e.Unparsed), grouped(e.Events), stopped)
	if e.First != nil {
		p("  期間 %s 〜 %s", "  from %s to %s", e.First.Format(time.RFC3339), e.Last.Format(time.RFC3339))
	}
	if e.ZoneFrom != "record" {
		p("  時刻帯のない記録は %s とみなす（%s）", "  records without a zone are taken for %s (%s)", e.Timezone, pick(lang, whyZone(e.ZoneFrom)))
	}
	if e.Doubtful > 0 {
		p("  時刻帯の略号が複数の時刻帯を指す（CST など）ため、ないものとみなした時刻 %s 件", "  %s times name their zone in letters that stand for several, such as CST: they are read as if they named none", grouped(e.Doubtful))
	}
	if e.Year != 0 {
		why := pick(lang, whyYear(e.YearFrom))
		p("  年のない記録は %d 年からとみなす（%s）", "  records without a year are taken to begin in %d (%s)", e.Year, why)
	}
	for _, name := range sortedKeys(e.Carried) {
		p("  うち %s に包まれた記録 %s 件", "  carried by %s: %s of the records", name, grouped(e.Carried[name]))
	}
	for i := range e.Taken {
		t := &e.Taken[i]
		p("  %[1]s が %[2]s 件", "  %[1]s took %[3]s", t.Format, grouped(t.Records), number(t.Records, "record", "records"))
		if t.Record != "" {
			p("    例（%d 行目）: %s", "    such as line %d: %s", t.Line, t.Record)
			fmt.Fprintf(w, "      → %s\n", printable(string(t.Event)))
		}
	}
	if len(e.Fields) > 0 {
		var fields []string
		for _, f := range e.Fields {
			fields = append(fields, fmt.Sprintf("%s %s", f.Name, grouped(f.Events)))
		}
		p("  得られた項目: %s", "  fields: %s", strings.Join(fields, ", "))
	}
	if e.Advice.En != "" {
		p("  %s", "  %s", printable(pick(lang, e.Advice)))
	}
	for i := range e.Failed {
		l := &e.Failed[i]
		p("  読めない記録: %s（%s 件）", "  not understood: %s (%s)", pick(lang, whyUnread(l.Reason)), grouped(l.Records))
		for _, s := range l.Samples {
			fmt.Fprintln(w, "    "+s)
		}
	}
}

// whyYear says what a year was taken from.
func whyYear(from string) event.Words {
	switch from {
	case "flag":
		return event.Words{Ja: "--year の指定", En: "as --year says"}
	case "profile":
		return event.Words{Ja: "組織の設定", En: "as the profile says"}
	case "file":
		return event.Words{Ja: "ファイル自身の日付による", En: "by dates that the file itself holds, or the time at which it was last written"}
	case "neighbour":
		return event.Words{Ja: "ほかのファイルの日付による", En: "by dates that other files hold"}
	}
	return event.Words{Ja: "手がかりがないため現在から推定", En: "guessed from today: nothing tells"}
}

func tellGuesses(e *node.Explanation, p func(ja, en string, args ...any)) {
	if e.Forced != "" {
		p("  形式 %s（指定による）", "  format %s, as a person said", e.Forced)
	}
	switch len(e.Guesses) {
	case 0:
		if e.Forced == "" {
			p("  形式を判別できない（冒頭 %d 件のどれも、知っている形式ではない）", "  no format recognised: none of the first %d records is of one that is known", e.Sample)
		}
		return
	case 1:
		defer p("  次点なし", "  no runner-up")
	}
	for i, g := range e.Guesses {
		if i == 4 {
			p("  ほか %d 形式", "  and %d more", len(e.Guesses)-i)
			break
		}
		rank := event.Words{Ja: "判別", En: "recognised as"}
		if i > 0 {
			rank = event.Words{Ja: "次点", En: "then"}
		}
		p("  "+rank.Ja+" %s：冒頭 %d 件のうち %d 件を主張、確度 %.2f", "  "+rank.En+" %s: it claims %[3]d of the first %[2]d records, confidence %.2[4]f", g.Format, e.Sample, g.Records, g.Confidence)
	}
}

func sortedKeys(m map[string]int64) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	sort.Strings(out)
	return out
}
