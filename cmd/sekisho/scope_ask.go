// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

type askFlags struct {
	dir, out, by, via, lang string
}

func scopeAskCommand() *cobra.Command {
	var f askFlags
	cmd := &cobra.Command{
		Use:   "ask --case DIR --out FILE",
		Short: "Go through the questions one by one, for whoever sits at the telephone",
		Long: `Ask shows the question that tells most, takes what the person answered, scopes the case with it, and shows the next one: few questions, each the
best one then. Every answer is written to a file at once; the case itself is not changed. Broken off and called again with the same file,
it goes on where it was. The answers become part of the case with sekisho scope --answers FILE.

Ask people by telephone or in person, never by mail: the intruder reads the mailboxes. Do not read out what the screen says of verdicts.

Where the case is of this program and machine and its profile did not change it begins at once; otherwise the case's inputs are read first.
Exit status: 0 done or broken off; 1 failed; 2 wrong usage, or there is no such case.`,
		Example: `  sekisho scope ask --out answers.yaml
  sekisho scope --answers answers.yaml`,
		Args: noArguments,
		RunE: func(cmd *cobra.Command, _ []string) error { return f.run(cmd) },
	}
	fl := cmd.Flags()
	fl.StringVar(&f.dir, "case", "sekisho-case", "the case's `folder`")
	fl.StringVar(&f.out, "out", "answers.yaml", "the `file` of answers, to which is added")
	fl.StringVar(&f.by, "by", "", "`who` writes the answers down (default: the user of this machine)")
	fl.StringVar(&f.via, "via", "phone", "how people are asked: in-person, phone, verified-channel or mailbox")
	fl.StringVar(&f.lang, "lang", "", "language: ja or en (default: of the terminal)")
	return cmd
}

func (f *askFlags) run(cmd *cobra.Command) error {
	if !slices.Contains(config.Vias(), f.via) {
		return usageError("--via %q：in-person、phone、verified-channel、mailbox のいずれかを指定してください", "--via %q: write in-person, phone, verified-channel or mailbox", f.via)
	}
	if f.by == "" {
		u, err := user.Current()
		if err != nil {
			return usageError("記録者が分かりません：--by で指定してください", "who writes the answers down is not known: say it with --by")
		}
		f.by = u.Username
	}
	was, err := cases.Open(filepath.Join(f.dir, "case.json"))
	if err != nil {
		return noCase(f.dir, err)
	}
	var given []config.Answer
	if _, err := os.Stat(f.out); !errors.Is(err, fs.ErrNotExist) {
		if given, err = config.ReadAnswers(was.Institute.Zone(), f.out); err != nil {
			return &exitError{exitUsage, err}
		}
	}
	lang := language(f.lang)
	bar := newProgressBar(cmd.ErrOrStderr(), lang)
	c, err := node.Consult(cmd.Context(), node.Options{Out: f.dir, Version: version, Progress: bar.Update})
	bar.Close()
	if err != nil {
		return err
	}
	a := &asking{askFlags: f, language: lang, scope: c.Scope, given: given, in: bufio.NewReaderSize(io.LimitReader(cmd.InOrStdin(), 1<<20), 1<<16), w: cmd.OutOrStdout()}
	return a.all()
}

// asking is one sitting.
type asking struct {
	*askFlags
	language report.Lang
	scope    func([]config.Answer) *node.Scoped
	given    []config.Answer
	later    []string // questions that were put off
	in       *bufio.Reader
	w        io.Writer
}

// numbered is what begins each login of a question about several.
var numbered = regexp.MustCompile(` (\d{1,2}\) )`)

func (a *asking) say(ja, en string, args ...any) {
	fmt.Fprintf(a.w, pick(a.language, event.Words{Ja: ja, En: en})+"\n", args...)
}

func (a *asking) all() error {
	if a.via == "mailbox" {
		a.say("注意：疑いの晴れていないアカウントからメールで届いた回答は、判断に使いません。侵入者がメールを読んでいるためです。", "note: what comes by mail from an account that is not cleared weighs nothing: the intruder reads the mailboxes.")
	}
	now := a.scope(a.given)
	a.tell(nil, now)
	for {
		q := a.next(now)
		if q == nil {
			if len(a.later) == 0 {
				a.say("質問は残っていません。", "No question is left.")
			} else {
				a.say("後回しにした質問が %d 件残っています。", "%d questions were put off.", len(a.later))
			}
			break
		}
		a.put(q, len(now.Questions))
		value, err := a.value()
		if err != nil {
			break // the end of the input is the end of the sitting
		}
		if value == "" {
			a.later = append(a.later, q.ID)
			continue
		}
		why, _ := a.line(event.Words{Ja: "理由・備考（空欄可）：", En: "why, or a remark (may be empty): "})
		given := config.Answer{Index: len(a.given) + 1, Question: q.ID, Value: value, Via: a.via, By: a.by, At: time.Now().Truncate(time.Second), Why: why}
		if q.To == "owner" {
			given.Respondent = q.Subject.Account
		}
		if err := config.AddAnswer(a.out, &given); err != nil {
			return event.Tell("回答を書き込めません：%v", "write the answer: %v", err)
		}
		a.given = append(a.given, given)
		before := now
		now = a.scope(a.given)
		a.tell(before, now)
	}
	if len(a.given) > 0 {
		a.say("回答 %d 件を %s に保存しました。事案に加えるには：sekisho scope --case %s --answers %s", "%d answers are in %s. To make them part of the case: sekisho scope --case %s --answers %s", len(a.given), printable(a.out), printable(a.dir), printable(a.out))
	}
	return nil
}

// next is the first question that was not answered or put off in this sitting.
func (a *asking) next(now *node.Scoped) *cases.Question {
	for i := range now.Questions {
		id := now.Questions[i].ID
		if !slices.Contains(a.later, id) && !slices.ContainsFunc(a.given, func(g config.Answer) bool { return g.Question == id && g.Stands() }) {
			return &now.Questions[i]
		}
	}
	return nil
}

// put shows a question.
func (a *asking) put(q *cases.Question, open int) {
	a.say("\n%s（未回答 %d 件）　宛先：%s", "\n%s (%d open)  to: %s", q.ID, open, printable(askedWhom(q, a.language)))
	fmt.Fprintln(a.w, "  "+numbered.ReplaceAllString(printable(pick(a.language, q.Ask)), "\n    $1"))
}

// value reads an answer; empty for one that is put off, and an error for the end.
func (a *asking) value() (string, error) {
	for {
		line, err := a.line(event.Words{Ja: "y=はい n=いいえ u=分からない s=後で q=終了：", En: "y=yes n=no u=don't know s=later q=quit: "})
		if err != nil {
			return "", err
		}
		switch strings.ToLower(line) {
		case "y", "yes", "はい":
			return "yes", nil
		case "n", "no", "いいえ":
			return "no", nil
		case "u", "unknown", "分からない":
			return "unknown", nil
		case "s", "":
			return "", nil
		case "q":
			return "", io.EOF
		}
		a.say("y、n、u、s、q のいずれかを入力してください。", "Write y, n, u, s or q.")
	}
}

// line reads one line. What is written without an end of line at the end of the input counts too.
func (a *asking) line(prompt event.Words) (string, error) {
	fmt.Fprint(a.w, pick(a.language, prompt))
	text, err := a.in.ReadString('\n')
	if text = strings.TrimSpace(text); text != "" {
		return text, nil
	}
	if err != nil {
		fmt.Fprintln(a.w)
	}
	return "", err
}

// tell says where the case stands, and what the last answer changed.
func (a *asking) tell(before, now *node.Scoped) {
	is := tally(now)
	was := is
	if before != nil {
		was = tally(before)
	}
	part := func(v cases.AccountVerdict) string {
		if was[v] == is[v] {
			return fmt.Sprintf("%s %d", pick(a.language, v.Words()), is[v])
		}
		return fmt.Sprintf("%s %d → %d", pick(a.language, v.Words()), was[v], is[v])
	}
	a.say("%s　アカウント：%s、%s、%s", "%s  accounts: %s, %s, %s", pick(a.language, now.Verdict.Words()), part(cases.AccountCompromised), part(cases.AccountSuspected), part(cases.AccountCleared))
}

func tally(s *node.Scoped) map[cases.AccountVerdict]int {
	out := map[cases.AccountVerdict]int{}
	for i := range s.Accounts {
		out[s.Accounts[i].Verdict]++
	}
	return out
}
