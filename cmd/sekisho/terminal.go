// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/node"
	"github.com/sekisho/sekisho/report"
)

// knownLanguage refuses a --lang that no command could speak.
func knownLanguage(cmd *cobra.Command, _ []string) error {
	if l := cmd.Flags().Lookup("lang"); l != nil && l.Changed && l.Value.String() != string(report.Ja) && l.Value.String() != string(report.En) {
		return usageError("--lang %q：ja か en を指定してください", "--lang %q: write ja or en", l.Value.String())
	}
	return nil
}

// language returns the language of messages: the flag's, else the locale's.
func language(flag string) report.Lang {
	if flag == "" {
		for _, k := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
			if flag = os.Getenv(k); flag != "" {
				break
			}
		}
	}
	if strings.HasPrefix(flag, "ja") {
		return report.Ja
	}
	return report.En
}

// terminalOf returns the width of a terminal and whether colours may be used; 0 and false for what is none.
func terminalOf(w io.Writer) (width int, color bool) {
	if !isTerminal(w) {
		return 0, false
	}
	width, _, err := term.GetSize(int(w.(*os.File).Fd()))
	if err != nil {
		width = 0
	}
	return width, os.Getenv("NO_COLOR") == ""
}

func isTerminal(w io.Writer) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// parseSize reads "512MiB", "2G", "800 MB" or bytes; 0 for nothing.
func parseSize(s string) (int64, error) {
	s = strings.TrimSpace(s)
	if s == "" {
		return 0, nil
	}
	end := len(s)
	for end > 0 && (s[end-1] < '0' || s[end-1] > '9') {
		end--
	}
	units := map[string]int64{"": 1, "b": 1, "k": 1 << 10, "kb": 1000, "kib": 1 << 10, "m": 1 << 20, "mb": 1e6, "mib": 1 << 20, "g": 1 << 30, "gb": 1e9, "gib": 1 << 30}
	unit, ok := units[strings.ToLower(strings.TrimSpace(s[end:]))]
	n, err := strconv.ParseFloat(s[:end], 64)
	if !ok || err != nil || n <= 0 || n*float64(unit) > 1<<50 {
		return 0, event.Tell("512MiB、2GiB のように指定してください", "write a size such as 512MiB or 2GiB")
	}
	size := int64(n * float64(unit))
	if size < 128<<20 {
		return 0, event.Tell("128MiB 以上が必要です", "at least 128MiB is needed")
	}
	return size, nil
}

// progressBar shows on a terminal how far the reading is, honestly: bytes read of bytes there are. Elsewhere it is silent. It is
// safe for concurrent use.
type progressBar struct {
	mu    sync.Mutex
	w     io.Writer
	on    bool
	lang  report.Lang
	start time.Time
	last  time.Time
	width int
}

func newProgressBar(w io.Writer, lang report.Lang) *progressBar {
	width, _ := terminalOf(w)
	return &progressBar{w: w, on: width > 0, lang: lang, start: time.Now(), width: width}
}

// Update takes one report of progress.
func (b *progressBar) Update(p node.Progress) {
	if !b.on {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p.Interim != nil {
		b.early(p.Interim)
	}
	switch p.Phase {
	case "plan":
		b.formats(p.Formats)
	default:
		if now := time.Now(); now.Sub(b.last) > 100*time.Millisecond || p.Done >= p.Total {
			b.last = now
			b.draw(p)
		}
	}
}

func (b *progressBar) say(ja, en string) string {
	if b.lang == report.Ja {
		return ja
	}
	return en
}

func (b *progressBar) formats(counts map[string]int) {
	fmt.Fprintf(b.w, "  %s\x1b[K\n", formatsText(counts, b.lang))
}

// early says what can be said while files are still being read.
func (b *progressBar) early(i *node.Interim) {
	after := int(i.Elapsed.Seconds())
	if i.Suspects == 0 {
		fmt.Fprintf(b.w, "\r"+b.say("  途中経過 (%d 秒)  不正ログインの疑いはまだ見えていません。以降の読込で変わります。", "  interim (%d s)  no login under suspicion so far; this changes as more is read")+"\x1b[K\n", after)
		return
	}
	fmt.Fprintf(b.w, "\r"+b.say("  途中経過 (%d 秒)  不正ログインの疑い %d アカウント。以降の読込で変わります。", "  interim (%d s)  logins to %d accounts are under suspicion; this changes as more is read")+"\x1b[K\n", after, i.Suspects)
}

const barWidth = 30

func (b *progressBar) draw(p node.Progress) {
	share := 0.0
	if p.Total > 0 {
		share = min(float64(p.Done)/float64(p.Total), 1)
	}
	full := int(share * barWidth)
	label := map[string]string{"read": b.say("読込", "read"), "detect": b.say("分析", "watch"), "preserve": b.say("保全", "copy"),
		"verify": b.say("照合", "verify"), "unpack": b.say("展開", "unpack"), "drill": b.say("生成", "make")}[p.Phase]
	if label == "" {
		label = p.Phase
	}
	line := fmt.Sprintf("\r  %-6s %s%s %3.0f%%", label, strings.Repeat("━", full), strings.Repeat("─", barWidth-full), share*100)
	if p.Phase == "read" || p.Phase == "preserve" || p.Phase == "verify" || p.Phase == "unpack" {
		elapsed := time.Since(b.start)
		line += fmt.Sprintf("  %s / %s", bytesText(p.Done), bytesText(p.Total))
		if share > 0.02 {
			left := time.Duration(float64(elapsed) * (1 - share) / share).Round(time.Second)
			line += "  " + b.say("残り ", "left ") + left.String()
		}
	}
	fmt.Fprint(b.w, line+"\x1b[K")
}

func bytesText(n int64) string {
	switch {
	case n >= 1<<30:
		return fmt.Sprintf("%.1f GiB", float64(n)/(1<<30))
	case n >= 1<<20:
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.1f KiB", float64(n)/(1<<10))
}

// Close ends the line.
func (b *progressBar) Close() {
	if b.on {
		fmt.Fprint(b.w, "\r\x1b[K")
	}
}
