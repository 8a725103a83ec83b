// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"os"
	"strings"
	"testing"
	"time"
)

const someAnswers = `
- {question: Q-abc, answer: no, respondent: taro.sato, via: in-person, by: suzuki, at: 2025-07-01T10:00:00+09:00, why: was on a flight}
- {subject: {address: 1.75.210.8}, answer: yes, via: phone, by: suzuki, at: 2025-07-01T10:05:00+09:00, why: "carrier NAT, the owner confirmed", from: 2025-05-01, to: 2025-06-30}
- {subject: {account: taro.sato@lab.example, address: 130.54.101.9}, answer: unknown, by: suzuki, at: 2025-07-01 10:06:00 +09:00}
- {retracts: 2, by: suzuki, at: 2025-07-02T09:00:00+09:00, why: wrong person asked}
`

func answersOf(t *testing.T, text string) ([]Answer, error) {
	t.Helper()
	t.Chdir(t.TempDir())
	if err := os.WriteFile("answers.yaml", []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	zone, _ := Zone("Asia/Tokyo")
	return ReadAnswers(zone, "answers.yaml")
}

func TestReadAnswers(t *testing.T) {
	list, err := answersOf(t, someAnswers)
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 4 {
		t.Fatalf("%d answers", len(list))
	}
	if a := list[0]; a.Value != "no" || a.Question != "Q-abc" || a.Via != "in-person" || a.Respondent != "taro.sato" || !a.Stands() || a.Index != 1 || a.Line != 2 {
		t.Errorf("first: %+v", a)
	}
	a := list[1]
	if a.Stands() || a.RetractedBy != 4 || a.Subject.Address.String() != "1.75.210.8" || a.Why != "carrier NAT, the owner confirmed" {
		t.Errorf("second must be kept and taken back: %+v", a)
	}
	if got := a.From.UTC().Format(time.RFC3339) + " " + a.To.UTC().Format(time.RFC3339); got != "2025-04-30T15:00:00Z 2025-06-30T15:00:00Z" {
		t.Errorf("days in Tokyo, the last one whole: %s", got)
	}
	if list[2].Value != "unknown" || list[2].At.UTC().Hour() != 1 {
		t.Errorf("third: %+v", list[2])
	}
	if list[3].Stands() || list[3].Retracts != 2 {
		t.Errorf("fourth: %+v", list[3])
	}
}

func TestRetractionTakenBack(t *testing.T) {
	list, err := answersOf(t, someAnswers+"- {retracts: 4, by: abe, at: 2025-07-03T09:00:00+09:00}\n")
	if err != nil {
		t.Fatal(err)
	}
	if !list[1].Stands() || list[3].RetractedBy != 5 {
		t.Errorf("taking back the retraction must restore the answer: %+v", list)
	}
}

func TestAnswersAsJSON(t *testing.T) {
	list, err := answersOf(t, "[\n\t{\"subject\": {\"account\": \"a@lab.example\"}, \"answer\": \"yes\",\n\t \"by\": \"b\", \"at\": \"2025-07-01T10:00:00Z\", \"why\": null},\n\t{\"retracts\": 1, \"by\": \"b\", \"at\": \"2025-07-01T11:00:00Z\"}\n]\n")
	if err != nil {
		t.Fatal(err)
	}
	if len(list) != 2 || list[0].Line != 2 || list[1].Line != 4 || list[0].RetractedBy != 2 || list[0].Subject.Account != "a@lab.example" {
		t.Errorf("%+v", list)
	}
}

func TestAnswersMistakes(t *testing.T) {
	const good = "by: b, at: 2025-07-01T10:00:00Z"
	for _, c := range []struct{ text, want string }{
		{"- {question: Q-1, answer: maybe, " + good + "}", `answers.yaml:1: answer 1.answer: "maybe" is none of yes, no, unknown`},
		{"- {question: Q-1, answer: yes, via: fax, " + good + "}", `answer 1.via: "fax" is none of`},
		{"- {question: Q-1, answer: yes, by: b}", `answer 1.at: is missing`},
		{"- {question: Q-1, answer: yes, at: 2025-07-01T10:00:00Z}", `answer 1.by: is missing`},
		{"- {question: Q-1, answer: yes, by: b, at: yesterday}", `answer 1.at: "yesterday" is no time with a zone`},
		{"- {answer: yes, " + good + "}", `answer 1: wants either question`},
		{"- {question: Q-1, " + good + "}", `answer 1.answer: is missing`},
		{"- {subject: {address: [1.2.3.4, 1.2.3.5]}, answer: yes, " + good + "}", `wants one address`},
		{"- {retracts: 1, " + good + "}", `"1" is not the number of an earlier answer`},
		{"- {retracts: 0, " + good + "}", `"0" is not the number of an earlier answer`},
		{"question: Q-1", `the file: wants a list`},
		{"- {question: Q-1, answer: yes, from: 2025-07-02, to: 2025-06-30, " + good + "}", `answer 1.to: is not after from`},
	} {
		if _, err := answersOf(t, c.text); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s\nerror %v\nwant  %s", c.text, err, c.want)
		}
	}
	if _, err := ReadAnswers(nil, "nowhere.yaml"); err == nil {
		t.Error("a lost file must be an error")
	}
}

func FuzzAnswers(f *testing.F) {
	f.Add([]byte(someAnswers))
	f.Add([]byte(`[{"retracts":1},{"retracts":1}]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		d := &document{file: "answers.yaml"}
		root, err := d.parse(data)
		if err != nil {
			return
		}
		list := readAnswers(d, root, nil)
		for i := range list {
			if list[i].RetractedBy > len(list) {
				t.Errorf("answer %d is taken back by %d of %d", i+1, list[i].RetractedBy, len(list))
			}
		}
	})
}
