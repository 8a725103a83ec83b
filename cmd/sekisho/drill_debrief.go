// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
)

type debriefFlags struct {
	run, answers, kase, out string
	json                    bool
	lang                    string
}

func drillDebriefCommand() *cobra.Command {
	var f debriefFlags
	cmd := &cobra.Command{
		Use:   "debrief [flags] --run DIR",
		Short: "Compare what a team found in a rehearsal, and when, with the truth",
		Long: `Debrief reads the folder of a rehearsal (sekisho drill run --out) and the team's answers, and says what was found, missed and
wrongly accused, and how long after it was played each act was noticed. What was not played, and what no log shows, is counted
apart. --out writes it as one page in Japanese and English that prints well. --case adds what Sekisho found in the same logs.`,
		Example: `  sekisho drill debrief --run rehearsal --answers rehearsal/answers.yaml --out debrief.html`,
		Args:    noArguments,
		RunE:    func(cmd *cobra.Command, _ []string) error { return inWords(f.debrief(cmd), language(f.lang)) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.run, "run", "", "the `folder` of the rehearsal")
	fl.StringVar(&f.answers, "answers", "", "the team's `file` (default: answers.yaml in that folder)")
	fl.StringVar(&f.kase, "case", "", "a `case` (folder or case.json) that was made of the same logs")
	fl.StringVar(&f.out, "out", "", "write the page to this `file`")
	fl.BoolVar(&f.json, "json", false, "print the debriefing as JSON")
	fl.StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}

func (f *debriefFlags) debrief(cmd *cobra.Command) error {
	if f.run == "" {
		return usageError("--run でどの訓練かを指定してください（sekisho drill run の --out のフォルダ）", "say with --run which rehearsal: the --out folder of sekisho drill run")
	}
	if f.answers == "" {
		f.answers = filepath.Join(f.run, "answers.yaml")
	}
	d, err := f.compare()
	if err != nil {
		return err
	}
	lang := string(language(f.lang))
	if f.out != "" {
		page, err := d.HTML(lang)
		if err != nil {
			return err
		}
		if err := os.WriteFile(f.out, page, 0o600); err != nil {
			return fmt.Errorf(pick(language(f.lang), event.Words{Ja: "%s に書けません：%w", En: "%s cannot be written: %w"}), printable(f.out), bottom(err))
		}
	}
	if f.json {
		return printJSON(cmd.OutOrStdout(), d)
	}
	if err := d.WriteText(cmd.OutOrStdout(), lang); err != nil {
		return err
	}
	if f.out != "" {
		fmt.Fprintf(cmd.OutOrStdout(), pick(language(f.lang), event.Words{Ja: "\n%s に書きました。\n", En: "\nWritten to %s\n"}), printable(f.out))
	}
	return nil
}

// compare reads what there is and compares it.
func (f *debriefFlags) compare() (*drill.Debrief, error) {
	truth, err := drill.ReadTruth(filepath.Join(f.run, "truth.json"))
	if err != nil {
		return nil, err
	}
	record, err := drill.ReadRecord(filepath.Join(f.run, "run.json"))
	if err != nil {
		return nil, err
	}
	answers, err := drill.ReadAnswers(f.answers, record)
	if err != nil {
		return nil, err
	}
	names, err := readNames(f.run)
	if err != nil {
		return nil, err
	}
	var text []byte
	if f.kase != "" {
		if text, err = readCase(f.kase, language(f.lang)); err != nil {
			return nil, err
		}
	}
	return drill.NewDebrief(truth, record, answers, names, text)
}

// readNames returns the mail address of each login ID and each alias of a folder's directories (directory.csv, and those of shared
// systems), in lower case; none if there is no such file.
func readNames(dir string) (map[string]string, error) {
	paths, err := filepath.Glob(filepath.Join(dir, "directory*.csv"))
	if err != nil {
		return nil, fmt.Errorf("read the directory: %w", err)
	}
	names := map[string]string{}
	for _, p := range paths {
		if err := addNames(names, p); err != nil {
			return nil, err
		}
	}
	return names, nil
}

func addNames(names map[string]string, path string) error {
	file, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("read the directory: %w", err)
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.FieldsPerRecord = -1
	head, err := r.Read()
	if err != nil {
		return csvWords(path, err)
	}
	uid, mail, aliases := slices.Index(head, "uid"), slices.Index(head, "mail"), slices.Index(head, "aliases")
	if uid < 0 || mail < 0 {
		return fmt.Errorf("read the directory %s: it has no columns uid and mail", path)
	}
	for {
		row, err := r.Read()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return csvWords(path, err)
		}
		if len(row) <= max(uid, mail) {
			continue
		}
		to := strings.ToLower(row[mail])
		names[strings.ToLower(row[uid])] = to
		if aliases >= 0 && len(row) > aliases {
			for _, a := range strings.Fields(strings.ToLower(row[aliases])) {
				was, _, _ := strings.Cut(a, "@")
				names[a], names[was] = to, to
			}
		}
	}
}

// csvWords says in words why a directory.csv cannot be read, and in which line.
func csvWords(path string, err error) error {
	if e := new(csv.ParseError); errors.As(err, &e) {
		return fmt.Errorf("read the directory %s: line %d: quotes do not fit together; take the file that sekisho drill run wrote", printable(path), e.Line)
	}
	if err == io.EOF {
		return fmt.Errorf("read the directory %s: it is empty; take the file that sekisho drill run wrote", printable(path))
	}
	return fmt.Errorf("read the directory %s: %w", printable(path), bottom(err))
}
