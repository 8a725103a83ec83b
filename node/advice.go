// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// cutOffWords say of a file of JSON that its end is missing.
const cutOffWords = "the file ends within a JSON value: it was cut off, and what stood behind is missing; every whole record before that was read; fetch the file again from its source"

// repeatsOf lists of which other inputs' events those of an input are repeats.
func (v *investigation) repeatsOf(in *input) []cases.Repeat {
	var out []cases.Repeat
	for _, r := range v.stats.Repeats {
		if r.Input == in.number && int(r.First) < len(v.plan.inputs) {
			out = append(out, cases.Repeat{Of: v.plan.inputs[r.First].file.Path, Events: r.Events})
		}
	}
	return out
}

// advice says what a person can do about an input of which nothing was understood.
func (in *input) advice() event.Words {
	t := &in.tally
	if t.parsed > 0 || t.stats.Records == 0 || in.copyOf != nil {
		return event.Words{}
	}
	return in.say()
}

// say tells which format came nearest, what the records look like, and the three ways on: another export, a format of one's own, the format by name.
func (in *input) say() event.Words {
	var ja, en []string
	if len(in.guesses) > 0 {
		g := &in.guesses[0]
		ja = append(ja, fmt.Sprintf("最も近い形式は %s です（冒頭 %d 件のうち %d 件）。製品からの書き出し方は sekisho formats page %s をご覧ください。", g.Format.Name, in.sampled, g.Records, g.Format.Name))
		en = append(en, fmt.Sprintf("The nearest format is %s, of which %d of the first %d records look to be: sekisho formats page %s says how to export it.", g.Format.Name, g.Records, in.sampled, g.Format.Name))
	} else {
		ja = append(ja, "知っている形式に近いものはありません。読める形式と書き出し方は sekisho formats list と sekisho formats page 形式名 で分かります。")
		en = append(en, "No known format is near: sekisho formats list names those that are read, and sekisho formats page NAME says how to export one.")
	}
	if shape := in.shape(); shape.En != "" {
		ja, en = append(ja, shape.Ja), append(en, shape.En)
	}
	ja = append(ja, "コードを書かずに自分の形式を定義できます（docs/how-to/formats-of-your-own.md、sekisho formats test）。形式が分かっているときは --format 形式名=パス で指定できます。")
	en = append(en, "A format of your own takes a few lines of YAML and no code: docs/how-to/formats-of-your-own.md, sekisho formats test. Where you know better, --format NAME=PATH says which it is.")
	return event.Words{Ja: strings.Join(ja, ""), En: strings.Join(en, " ")}
}

// shape says what the first record looks like: fields by name, or columns.
func (in *input) shape() event.Words {
	b := bytes.TrimSpace(bytes.TrimPrefix(in.example, []byte("\xef\xbb\xbf")))
	if len(b) == 0 {
		return event.Words{}
	}
	if b[0] == '{' {
		return event.Words{Ja: "記録は JSON のオブジェクトです（records: json）。", En: "The records are JSON objects (records: json)."}
	}
	line, _, _ := bytes.Cut(b, []byte("\n"))
	for _, sep := range []string{",", "\t", ";"} {
		cells := strings.Split(visible(line), sep)
		if len(cells) < 3 {
			continue
		}
		var names []string
		for _, c := range cells[:min(len(cells), 6)] {
			names = append(names, cutText(strings.Trim(strings.TrimSpace(c), `"`), 24))
		}
		if len(cells) > 6 {
			names = append(names, "…")
		}
		list := strings.Join(names, ", ")
		return event.Words{Ja: "表のように見えます（1 行目: " + list + "）。", En: "It looks like a table, whose first line is " + list + "."}
	}
	return event.Words{}
}
