// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"fmt"
	"io"
	"os"
	"time"

	"go.yaml.in/yaml/v3"
)

// AddAnswer appends an answer to a question to a file of answers, which it makes where there is none. When it returns the answer is on the disk.
// A file that could not be read with the answer behind it, as it is written another way, is left as it was.
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
	f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("config: add an answer: %w", err)
	}
	if text, err = behind(f, path, text); err == nil {
		if _, err = f.Write(text); err == nil {
			err = f.Sync()
		}
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("config: add an answer: %w", err)
	}
	return nil
}

// behind returns what must be written to the end of a file of answers for one more entry, and an error where the whole could not be read then.
func behind(f io.Reader, path string, entry []byte) ([]byte, error) {
	was, err := io.ReadAll(io.LimitReader(f, maxDocument+1))
	if err != nil {
		return nil, err
	}
	if len(was) > 0 && was[len(was)-1] != '\n' {
		entry = append([]byte{'\n'}, entry...)
	}
	count := func(text []byte) (int, error) {
		d := &document{file: path}
		root, err := d.parse(text)
		if err != nil {
			return 0, err
		}
		list := readAnswers(d, root, nil)
		return len(list), d.err()
	}
	before, err := count(was)
	if err != nil {
		return nil, err
	}
	if after, err := count(append(was, entry...)); err != nil || after != before+1 {
		return nil, fmt.Errorf("%s is written another way than answers are added, and was left as it was: name another file (%v)", path, err)
	}
	return entry, nil
}
