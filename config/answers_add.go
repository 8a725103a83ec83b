// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"os"
	"time"

	"go.yaml.in/yaml/v3"
)

// AddAnswer appends an answer to a question to a file of answers, which it makes where there is none. When it returns the answer is on the disk.
func AddAnswer(path string, a *Answer) error {
	text, err := yaml.Marshal([]struct {
		Question   string
		Answer     string
		Respondent string `yaml:",omitempty"`
		Via        string `yaml:",omitempty"`
		By         string
		At         string
		Why        string `yaml:",omitempty"`
	}{{a.Question, a.Value, a.Respondent, a.Via, a.By, a.At.Format(time.RFC3339), a.Why}})
	if err != nil {
		return fmt.Errorf("config: add an answer: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("config: add an answer: %w", err)
	}
	if _, err = f.Write(text); err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("config: add an answer: %w", err)
	}
	return nil
}
