// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestAddAnswer: what is added is read as it was said, whatever stands in the file and in the answer.
func TestAddAnswer(t *testing.T) {
	at := time.Date(2025, 7, 1, 10, 0, 0, 0, time.FixedZone("", 9*3600))
	hostile := "said \"no\": 出張中\n- {question: Q-x, answer: yes, by: eve, at: 2025-07-01T10:00:00Z}\n# --- ]\u0085\u2028\x07"
	for name, was := range map[string]string{
		"none":               "",
		"comments":           "# Take the # from the lines\n#- question: Q-1\n",
		"no end of line":     `- {question: Q-1, answer: no, by: b, at: "2025-07-01T10:00:00Z"}`,
		"comment at the end": "- {question: Q-1, answer: no, by: b, at: 2025-07-01T10:00:00Z} # said so",
		"dos":                "- question: Q-1\r\n  answer: no\r\n  by: b\r\n  at: 2025-07-01T10:00:00Z\r\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "answers.yaml")
			before := 0
			if was != "" {
				if err := os.WriteFile(path, []byte(was), 0o600); err != nil {
					t.Fatal(err)
				}
				list, err := ReadAnswers(nil, path)
				if err != nil {
					t.Fatal(err)
				}
				before = len(list)
			}
			for _, why := range []string{hostile, "", "yes", "~", "'", "@x", "- -"} {
				if err := AddAnswer(path, &Answer{Question: "Q-2", Value: "no", Respondent: "taro: #1", Via: "phone", By: "=suzuki", At: at, Why: why}); err != nil {
					t.Fatal(err)
				}
				list, err := ReadAnswers(nil, path)
				if err != nil {
					t.Fatal(err)
				}
				a := list[len(list)-1]
				if before++; len(list) != before || a.Question != "Q-2" || a.Value != "no" || a.Respondent != "taro: #1" || a.Via != "phone" || a.By != "=suzuki" || !a.At.Equal(at) || strings.TrimSpace(a.Why) != strings.TrimSpace(why) {
					t.Fatalf("%d answers, the last %+v", len(list), a)
				}
			}
		})
	}
}

// TestAddAnswerRefused: a file that the answer would break stays as it was.
func TestAddAnswerRefused(t *testing.T) {
	a := &Answer{Question: "Q-2", Value: "no", By: "b", At: time.Unix(0, 0)}
	for name, was := range map[string]string{
		"json":     `[{"question":"Q-1","answer":"no","by":"b","at":"2025-07-01T10:00:00Z"}]`,
		"flow":     "[{question: Q-1, answer: no, by: b, at: 2025-07-01T10:00:00Z}]\n",
		"indented": "  - {question: Q-1, answer: no, by: b, at: 2025-07-01T10:00:00Z}\n",
		"ended":    "- {question: Q-1, answer: no, by: b, at: 2025-07-01T10:00:00Z}\n---\n",
		"broken":   "- {question: Q-1, answer: perhaps}\n",
		"a map":    "question: Q-1\n",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "answers.yaml")
			if err := os.WriteFile(path, []byte(was), 0o600); err != nil {
				t.Fatal(err)
			}
			if err := AddAnswer(path, a); err == nil {
				t.Error("it was added")
			}
			if is, err := os.ReadFile(path); err != nil || string(is) != was {
				t.Errorf("the file is %q now (%v)", is, err)
			}
		})
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere", "answers.yaml")
	if err := AddAnswer(nowhere, a); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a folder that is not there: %v", err)
	}
}
