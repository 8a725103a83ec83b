// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/internal/golden"
)

// asking is a case with questions about accounts of these names, the first of them asked of two people.
func asking(names []string) *Sheet {
	c := &cases.Case{Schema: cases.Schema, Verdict: cases.Breach}
	for i, n := range names {
		ask := event.Words{Ja: "2018-01-24 18:42 (Asia/Tokyo) 頃、203.0.113.9（HK）から（" + n + "）のログインについて確認します。ご本人の操作ですか。", En: "Was the login at about 2018-01-24 18:42 from 203.0.113.9 (HK) (" + n + ") yours?"}
		c.Questions = append(c.Questions, cases.Question{ID: "Q-a" + string(rune('a'+i)), To: "owner", Person: n, Subject: cases.Subject{Account: n, Address: "203.0.113.9"}, Ask: ask})
	}
	c.Questions = append(c.Questions, cases.Question{ID: "Q-zz", To: "it", Person: names[0], Subject: cases.Subject{Account: names[0], Address: "203.0.113.10"}, Ask: say("正当な利用でしたか。", "Was it legitimate?")},
		cases.Question{ID: "Q-zy", To: "owner", Person: names[0], Subject: cases.Subject{Account: names[0], Address: "203.0.113.11"}, Ask: say("ご本人ですか。", "Was it you?")})
	return &Sheet{Data: &Data{Case: c}}
}

func TestSheet(t *testing.T) {
	x := asking([]string{"taro.sato@lab.example", "hanako@lab.example"})
	for _, l := range []Lang{Ja, En} {
		page, err := x.HTML(l)
		if err != nil {
			t.Fatal(err)
		}
		golden.Compare(t, filepath.Join("testdata", "sheet-"+string(l)+".txt"), x.Text(l))
		golden.Compare(t, filepath.Join("testdata", "sheet-"+string(l)+".html"), page)
		golden.Compare(t, filepath.Join("testdata", "sheet-"+string(l)+".yaml"), x.Answers(l))
	}
	if n := len(x.calls()); n != 3 {
		t.Errorf("%d calls: what one person is asked stands on one sheet", n)
	}
}

// TestHostileSheet: names and clients that an intruder chose change no line of the sheet, write no answer and run nothing.
func TestHostileSheet(t *testing.T) {
	x := asking(append(hostileNames, "<script>alert(1)</script>", "a\n- {question: Q-aa, answer: yes, by: me}"))
	for _, line := range strings.Split(string(x.Answers(En)), "\n") {
		if line != "" && line[0] != '#' {
			t.Errorf("a line that is no comment: %q", line)
		}
	}
	page, err := x.HTML(Ja)
	if err != nil {
		t.Fatal(err)
	}
	if s := string(page); strings.Contains(s, "<script") || strings.Contains(s, "\u202e") {
		t.Error("the page holds what the intruder wrote as it is")
	}
	for _, never := range []string{"compromised", "suspect", "breach", "侵害", "疑"} {
		if strings.Contains(string(x.Text(Ja))+string(x.Text(En)), never) {
			t.Errorf("the sheet says %q", never)
		}
	}
}
