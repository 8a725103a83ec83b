// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/report"
)

type runFlags struct {
	generateFlags
	x        drill.Exercise
	now      bool
	at       string
	showActs bool
}

func drillRunCommand() *cobra.Command {
	var f runFlags
	cmd := &cobra.Command{
		Use:   "run [flags] NAME --to DEST",
		Short: "Play a drill at a chosen speed, for a team's rehearsal",
		Long: `Run sends the lines of a drill to a receiver as they would come: at the pace of the story, or faster. DEST is one of

` + indent(drill.Destinations) + `

The times in the lines are the drill's own; --now or --at moves them, and at speed 1 they are then true. Where a receiver is
away the story waits for it, says so, and follows as fast as it can. Ctrl-C ends the rehearsal in good order. Where it does not begin,
since nobody takes the first line, nothing is left behind.

In --out stay org.yaml with directory.csv and intel/ (what the team may know), answers.yaml (where it writes down what it finds
and when), and, for the leader alone, truth.json and run.json (when each act was played). Afterwards: sekisho drill debrief.

Exit status: 0 played to its end, or until it was interrupted; 1 not begun, or not taken to the end; 2 wrong usage.`,
		Example: `  sekisho drill run aist --from first-act --speed 600 --to syslog+tcp://127.0.0.1:5514 --out rehearsal
  sekisho drill run aist --from first-login --now --to /mnt/share/logs --history --out rehearsal
  sekisho drill debrief --run rehearsal --answers rehearsal/answers.yaml`,
		Args: func(_ *cobra.Command, args []string) error { return drillMeant(args) },
		RunE: func(cmd *cobra.Command, args []string) error { return inWords(f.run(cmd, args[0]), language(f.lang)) },
	}
	fl := cmd.Flags()
	f.story(fl)
	fl.StringVar(&f.x.To, "to", "", "where the lines go: `DEST`, as above")
	fl.Float64Var(&f.x.Speed, "speed", 1, "seconds of the story in one second; 0: as fast as the receiver takes it")
	fl.StringVar(&f.x.Dir, "out", "sekisho-run", "the `folder` of truth and record: new or empty")
	fl.StringVar(&f.x.From, "from", "", "the `moment` to begin at: first-act, first-login, or a date of the drill such as 2025-08-20T16:30 (default: its first day)")
	fl.DurationVar(&f.x.LeadIn, "lead-in", 0, "ordinary life before that, as 6h30m")
	fl.StringVar(&f.x.Until, "until", "", "the `moment` to end at: last-act, or a date of the drill (default: its last day)")
	fl.BoolVar(&f.x.History, "history", false, "deliver first what lies before, as fast as it goes (default: leave it out)")
	fl.BoolVar(&f.now, "now", false, "move the story so that it begins now")
	fl.StringVar(&f.at, "at", "", "move the story so that it begins at this `time`, of this machine's clock where it names no zone, and wait until then")
	fl.BoolVar(&f.x.Weeks, "whole-weeks", false, "with --now or --at: move it by whole weeks, so that weekdays and office hours stay true; ordinary life comes first")
	fl.IntVar(&f.x.Rate, "rate", 0, "the most lines a second (default: no bound, for UDP 5000)")
	fl.StringArrayVar(&f.x.Headers, "header", nil, "an HTTP `header`, \"Name: value\", or @FILE with some; may be repeated")
	fl.StringVar(&f.x.Form, "http-form", "ndjson", "what HTTP requests hold: ndjson, hec (Splunk), bulk (Elasticsearch)")
	fl.BoolVar(&f.showActs, "show-acts", false, "show what the intruder does when he does it; not where the team can see it")
	fl.BoolVar(&f.json, "json", false, "print the record as JSON")
	fl.StringVar(&f.lang, "lang", "", "language of the messages: ja or en (default: of the terminal)")
	return cmd
}

func indent(text string) string { return "  " + strings.ReplaceAll(text, "\n", "\n  ") }

func (f *runFlags) run(cmd *cobra.Command, name string) error {
	if err := f.exercise(name); err != nil {
		return &exitError{exitUsage, err}
	}
	lang, w := language(f.lang), cmd.OutOrStdout()
	if f.x.To == "-" || f.json {
		w = cmd.ErrOrStderr()
	}
	bar := newRunBar(cmd.ErrOrStderr(), lang, f.showActs)
	f.x.Tell = bar.Update
	r, err := f.x.Run(cmd.Context())
	bar.Close()
	switch {
	case r == nil && cmd.Context().Err() != nil:
		return stoppedBefore(lang)
	case r == nil:
		return err
	case err == nil:
		err = mostRefused(&r.Delivery, lang)
	}
	switch {
	case f.json:
		if perr := printJSON(cmd.OutOrStdout(), r); err == nil {
			err = perr
		}
		return err
	}
	f.tellRecord(w, r, lang)
	return err
}

// mostRefused is the error of a rehearsal that came to its end while its receiver took hardly anything, a tenth of the lines or less.
func mostRefused(d *drill.Delivery, lang report.Lang) error {
	if 10*d.Refused <= 9*d.Lines {
		return nil
	}
	return errors.New(pick(lang, event.Words{
		Ja: fmt.Sprintf("受信側が %s 行のうち %s 行を拒否しました。受信側の設定と undelivered.ndjson を確認してください", grouped(d.Lines), grouped(d.Refused)),
		En: fmt.Sprintf("the receiver refused %s of %s lines: look at its settings and at undelivered.ndjson", grouped(d.Refused), grouped(d.Lines))}))
}

// exercise turns flags into an exercise.
func (f *runFlags) exercise(name string) error {
	if err := f.options(name); err != nil {
		return err
	}
	f.x.Options = f.o
	switch {
	case f.x.To == "":
		return event.Tell("--to で行の送り先を指定してください：\n%s", "say with --to where the lines go:\n%s", indent(drill.Destinations))
	case f.now && f.at != "":
		return event.Tell("--now と --at は同時に使えません", "--now and --at exclude each other")
	case f.x.Weeks && !f.now && f.at == "":
		return event.Tell("--whole-weeks は、--now か --at による移し方を示すものです", "--whole-weeks says how the story is moved by --now or --at")
	case f.json && f.x.To == "-":
		return event.Tell("--json と --to - はどちらも標準出力を使います：記録は --out のフォルダにも残ります", "--json and --to - both want standard output: the record is in the --out folder anyway")
	case f.now:
		f.x.Begin = time.Now()
	case f.at != "":
		for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04"} {
			if t, err := time.ParseInLocation(form, f.at, time.Local); err == nil {
				if f.x.Begin = t; time.Since(t) > time.Minute {
					return event.Tell("--at %s は過去です（現在 %s）：後の時刻か --now を指定してください", "--at %s is past: it is %s; write a later time, or --now", f.at, time.Now().Format("2006-01-02T15:04"))
				}
				return nil
			}
		}
		return event.Tell("--at %q：2026-11-22T13:00 のような時刻を指定してください", "--at %q: write a time such as 2026-11-22T13:00", f.at)
	}
	return nil
}

// tellRecord says how it went and what comes next.
func (f *runFlags) tellRecord(w io.Writer, r *drill.Record, lang report.Lang) {
	p := func(ja, en string, args ...any) {
		fmt.Fprintf(w, pick(lang, event.Words{Ja: ja, En: en})+"\n", args...)
	}
	d := &r.Delivery
	played := 0
	for _, a := range r.Acts {
		if a.PlayedFrom != nil {
			played++
		}
	}
	if r.Complete {
		p("%s：最後まで再生しました。%s 行、%s", "%s: played to the end. %s lines in %s", r.Name, grouped(d.Lines), r.Ended.Sub(r.Began).Round(time.Second))
	} else {
		p("%s：シナリオの %s まで再生して止めました（%s）。%s 行、%s", "%s: played until %s of the story (%s). %s lines in %s", r.Name, storyTime(r.StoryEnd), printable(r.StoppedIn(string(lang))), grouped(d.Lines), r.Ended.Sub(r.Began).Round(time.Second))
	}
	if n := len(d.Gone); n > 0 {
		var away time.Duration
		for _, g := range d.Gone {
			to := r.Ended
			if g.To != nil {
				to = *g.To
			}
			away += to.Sub(g.From)
		}
		times := map[int]string{1: "once", 2: "twice"}[n]
		if times == "" {
			times = fmt.Sprintf("%d times", n)
		}
		p("  受信側の停止：%[1]d 回、計 %[2]s", "  the receiver was away %[3]s, %[2]s in all", n, away.Round(time.Second), times)
	}
	for _, c := range []struct {
		n      int64
		ja, en string
	}{{d.Resent, "届いたか不明のため再送（重複の可能性）", "sent again, since nobody knows whether they had arrived (may be there twice)"}, {d.Refused, "受信側が拒否（undelivered.ndjson に保存）", "refused by the receiver (kept in undelivered.ndjson)"},
		{d.Lost, "途中で失われたと分かっているもの", "known to be lost on the way"}, {d.Undelivered, "届けられずに終わったもの", "not delivered in the end"}} {
		if c.n > 0 {
			p("  %[1]s：%[2]s 行", "  %[1]s: %[3]s", pick(lang, event.Words{Ja: c.ja, En: c.en}), grouped(c.n), number(c.n, "line", "lines"))
		}
	}
	dir := printable(strings.TrimRight(f.x.Dir, string(filepath.Separator)))
	if len(r.Acts) > 0 {
		p("  再生した行為：%d / %d（内容は %s、参加者には見せないでください）", "  acts played: %d of %d (what they are stands in %s: not for the team)", played, len(r.Acts), dir+"/truth.json")
	}
	p("  次に： sekisho drill debrief --run %[1]s --answers %[1]s/answers.yaml --out debrief.html", "  next: sekisho drill debrief --run %[1]s --answers %[1]s/answers.yaml --out debrief.html", dir)
}

// storyTime writes a time of the story as its logs do.
func storyTime(t time.Time) string {
	return t.In(time.FixedZone("JST", 9*3600)).Format("2006-01-02 15:04")
}

// runBar shows how far an exercise is: on a terminal as a line that changes, elsewhere now and then. It is safe for
// concurrent use.
type runBar struct {
	mu   sync.Mutex
	w    io.Writer
	on   bool
	lang report.Lang
	acts bool
	last time.Time
	gone bool
	told bool // that lines are refused
}

func newRunBar(w io.Writer, lang report.Lang, acts bool) *runBar {
	width, _ := terminalOf(w)
	return &runBar{w: w, on: width > 0, lang: lang, acts: acts}
}

func (b *runBar) say(ja, en string, args ...any) string {
	return fmt.Sprintf(pick(b.lang, event.Words{Ja: ja, En: en}), args...)
}

// line writes a line that stays.
func (b *runBar) line(text string) {
	if b.on {
		text = "\r" + text + "\x1b[K"
	}
	fmt.Fprintln(b.w, text)
}

// Update takes one report of progress.
func (b *runBar) Update(p drill.Progress) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.Act != nil {
		if b.acts {
			b.line(b.say("  %s  行為：%s（%s）", "  %s  act: %s (%s)", storyTime(p.Act.From), p.Act.In(string(b.lang)), p.Act.Attack))
		}
		return
	}
	if gone := p.Gone != ""; gone != b.gone {
		b.gone = gone
		if gone {
			b.line(b.say("  受信側が受け取りません：%s。戻るまで待ちます。", "  the receiver takes nothing: %s; the story waits for it", printable(p.GoneIn(string(b.lang)))))
		} else {
			b.line(b.say("  受信側が戻りました。", "  the receiver is back"))
		}
	}
	if p.Refused > 0 && !b.told {
		b.told = true
		b.line(b.say("  受信側が行を拒否しています。undelivered.ndjson に保存し、再生し続けます。", "  the receiver refuses lines: they are kept in undelivered.ndjson, and the story goes on"))
	}
	every := 30 * time.Second
	if b.on {
		every = 200 * time.Millisecond
	}
	if now := time.Now(); now.Sub(b.last) >= every {
		b.last = now
		b.draw(p)
	}
}

func (b *runBar) draw(p drill.Progress) {
	var text string
	switch p.Phase {
	case "prepare":
		text = b.say("  準備  %s", "  prepare  %s", storyTime(p.Story))
	case "wait":
		text = b.say("  %s に始まります（シナリオ %s）", "  begins at %s (story %s)", p.Starts.Local().Format("2006-01-02 15:04:05"), storyTime(p.Story))
	case "history":
		text = b.say("  過去分  %s  %s 行", "  before  %s  %s lines", storyTime(p.Story), grouped(p.Lines))
	default:
		share := 0.0
		if whole := p.End.Sub(p.Begin); whole > 0 {
			share = min(1, max(0, float64(p.Story.Sub(p.Begin))/float64(whole)))
		}
		full := int(share * barWidth)
		text = b.say("  シナリオ %s  %s%s %3.0f%%  %s 行", "  story %s  %s%s %3.0f%%  %s lines", storyTime(p.Story), strings.Repeat("━", full), strings.Repeat("─", barWidth-full), share*100, grouped(p.Lines))
		if p.Late > time.Second {
			text += b.say("  %s 遅れ", "  %s late", p.Late.Round(time.Second))
		}
		if p.Gone != "" {
			text += b.say("  受信側を待っています", "  waiting for the receiver")
		}
	}
	if b.on {
		fmt.Fprint(b.w, "\r"+text+"\x1b[K")
		return
	}
	fmt.Fprintln(b.w, text)
}

// Close ends the line.
func (b *runBar) Close() {
	if b.on {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
