// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// maxUnread bounds how many inputs that were not read are named in the summary.
const maxUnread = 3

// inputsLine says what became of what was given: who takes silence for an answer must learn here that a path was not read. The
// words of what is fine are left out.
func inputsLine(c *cases.Case) (label, value event.Words, tone string) {
	var read, unread, copies, strange int
	var unparsed int64
	var why []event.Words
	for i := range c.Inputs {
		in := &c.Inputs[i]
		unparsed += in.Unparsed
		switch in.Status {
		case "archive": // its members are counted
		case "unreadable", "unsupported", "refused":
			if unread++; unread <= maxUnread {
				why = append(why, unreadWords(in))
			}
		case "duplicate":
			copies++
		case "not-understood":
			strange++
			read++
		default:
			read++
		}
	}
	parts := []event.Words{say("読込 %s ファイル", "%s read", several(read, "file", "files"))}
	if unread > 0 {
		tone = "warn"
		if unread > maxUnread {
			why = append(why, say("ほか %s", "and %s more", comma(unread-maxUnread)))
		}
		names := event.Words{Ja: joinText(why, Ja, "；"), En: joinText(why, En, "; ")}
		parts = append(parts, say("読めず %s（%s）", "%s not read (%s)", comma(unread), names))
	}
	if copies > 0 {
		parts = append(parts, say("内容が同じもの %s", "%s of others", several(copies, "copy", "copies")))
	}
	if strange > 0 {
		tone = "warn"
		parts = append(parts, say("形式を判別できず %s", "%s not understood", several(strange, "file", "files")))
	}
	if unparsed > 0 {
		parts = append(parts, say("解析できないレコード %s（unparsed.log）", "%s unparsed (unparsed.log)", several(unparsed, "record", "records")))
	}
	return text("inputs"), event.Words{Ja: joinText(parts, Ja, "　"), En: joinText(parts, En, " · ")}, tone
}

// unreadWords names an input that was not read, and says why. The reason begins with the path or ends in what to do: both are
// cut.
func unreadWords(in *cases.Input) event.Words {
	path := cut(visible(in.Path, 300), 60)
	why := in.ErrorWords
	if why.En == "" {
		why = same(in.Error)
	}
	why.Ja, _, _ = strings.Cut(strings.TrimPrefix(strings.TrimPrefix(why.Ja, in.Path+"："), in.Path+": "), "。")
	why.En, _, _ = strings.Cut(strings.TrimPrefix(why.En, in.Path+": "), "; ")
	if why.En == "" {
		why = in.StatusWords()
	}
	return event.Words{Ja: path + "：" + cut(visible(why.Ja, 300), 80), En: path + ": " + cut(visible(why.En, 300), 80)}
}

func joinText(list []event.Words, l Lang, between string) string {
	texts := make([]string, len(list))
	for i, w := range list {
		texts[i] = l.of(w)
	}
	return strings.Join(texts, between)
}

// astrayWords says how many records of an input stand at times that cannot be right, and from when to when; nil if none do.
func astrayWords(a *cases.Astray, cl clock) *event.Words {
	if a == nil {
		return nil
	}
	w := say("時刻が正しいとは考えにくい記録 %s 件（%s）", "%s at times that cannot be right (%s)", several(a.Events, "record", "records"), cl.dates(a.First, a.Last))
	return &w
}
