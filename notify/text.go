// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"fmt"
	"strings"
	"time"
	"unicode"

	"github.com/sekisho/sekisho/event"
)

// Bounds of what is told: a message is short, whatever a log says.
const (
	maxTitle = 200 // characters
	maxName  = 80
	maxFew   = 5 // names of a kind
)

// clean makes one line of text without anything that steers a terminal, the direction of writing or the eye, and bounds it.
func clean(s string, most int) string {
	var b strings.Builder
	n := 0
	for _, r := range s {
		if n == most {
			b.WriteRune('…')
			break
		}
		switch {
		case r == unicode.ReplacementChar, unicode.IsControl(r), unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp, unicode.Co, unicode.Cs, unicode.Variation_Selector):
			r = '·'
		case unicode.IsSpace(r):
			r = ' '
		}
		b.WriteRune(r)
		n++
	}
	return strings.TrimSpace(b.String())
}

func few(list []string) names {
	n := names{More: max(len(list)-maxFew, 0)}
	for _, s := range list[:min(len(list), maxFew)] {
		n.Few = append(n.Few, clean(s, maxName))
	}
	return n
}

func (n *names) text() string {
	s := strings.Join(n.Few, ", ")
	if n.More > 0 {
		s += fmt.Sprintf(" … (+%d)", n.More)
	}
	return s
}

// wordsOf returns a severity as people are told it.
func wordsOf(s event.Severity) event.Words {
	return [...]event.Words{{Ja: "情報", En: "info"}, {Ja: "低", En: "low"}, {Ja: "中", En: "medium"}, {Ja: "高", En: "high"}, {Ja: "緊急", En: "critical"}}[min(s, event.Critical)]
}

// subject is the message in one line.
func (m *Message) subject() string {
	w := wordsOf(m.Severity)
	kind := w.Ja + " " + w.En
	switch {
	case m.Test:
		kind = "試験 test"
	case m.Digest != nil:
		kind = "日次 daily"
	case m.Withdrawn:
		kind = "取り消し withdrawn"
	}
	return "[Sekisho " + kind + "] " + clean(m.Title.Ja, maxTitle) + " / " + clean(m.Title.En, maxTitle)
}

// lines are the message in full, in both languages. Nothing that a log says makes a line of its own.
func (m *Message) lines(zone *time.Location) []string {
	w := wordsOf(m.Severity)
	out := []string{clean(m.Title.Ja, maxTitle), clean(m.Title.En, maxTitle)}
	if m.Test || m.Digest != nil {
		return append(out, m.Digest...)
	}
	if m.Withdrawn {
		out = append(out, "遅れて届いた記録により、この検知は取り消されました。 / Records that came late took away what this rested on: it is withdrawn.")
	}
	out = append(out, "重大度 / Severity: "+w.Ja+" / "+w.En)
	for _, x := range []struct {
		what string
		n    *names
	}{{"アカウント / Accounts: ", &m.Accounts}, {"アドレス / Addresses: ", &m.Addresses}, {"ホスト / Hosts: ", &m.Hosts}} {
		if len(x.n.Few) > 0 {
			out = append(out, x.what+x.n.text())
		}
	}
	if !m.Since.IsZero() {
		out = append(out, "最初の記録 / First record: "+m.Since.In(zone).Format("2006-01-02 15:04:05 MST"))
	}
	out = append(out, "検知 / Detector: "+clean(m.Detector, maxName))
	if !m.Withdrawn {
		out = append(out, "対応を始めたら / When somebody takes it on: sekisho serve acknowledge --config FILE --by NAME "+m.Story)
	}
	return out
}

// key is the same for a message that is sent again.
func (m *Message) key() string {
	kind := m.Severity.String()
	if m.Withdrawn {
		kind = "withdrawn"
	}
	return fmt.Sprintf("%s.%s.%d", strings.ToLower(m.Story), kind, m.At.UnixMilli())
}
