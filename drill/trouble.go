// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
	"unicode/utf8"
)

// Trouble is an error in words for people at an exercise, in both languages.
type Trouble struct {
	Usage bool // what was asked for cannot be; otherwise it could not be done
	words phrase
	err   error
}

// Error implements error, in English.
func (t *Trouble) Error() string { return t.words.En }

// In returns the words in a language, ja or en.
func (t *Trouble) In(lang string) string { return t.words.in(lang) }

// Unwrap returns the error that lies below, if there is one.
func (t *Trouble) Unwrap() error { return t.err }

// trouble puts an error into words.
func trouble(err error, ja, en string, values ...any) error {
	return &Trouble{words: both(ja, en, values...), err: err}
}

// misuse says what of the things asked for cannot be.
func misuse(ja, en string, values ...any) error {
	return &Trouble{Usage: true, words: both(ja, en, values...)}
}

// asked says that an error is about what was asked for.
func asked(err error) error {
	t := new(Trouble)
	if err == nil || errors.As(err, &t) && t.Usage || errors.Is(err, context.Canceled) {
		return err
	}
	if errors.As(err, &t) {
		return &Trouble{Usage: true, words: t.words, err: err}
	}
	return &Trouble{Usage: true, words: sameWords(err.Error()), err: err}
}

// wordsOf returns an error in both languages, as far as it has them.
func wordsOf(err error) phrase {
	if t := new(Trouble); errors.As(err, &t) {
		return t.words
	}
	return sameWords(err.Error())
}

// inUse says that a folder is not empty.
func inUse(dir, holds string) error {
	return trouble(nil, "%s は使われています（%q があります）：新しいフォルダか空のフォルダを指定してください", "%s is in use: it holds %q; choose a new or an empty folder", dir, holds)
}

// jsonWords says in plain words why a text is no JSON of the expected form, and in which line.
func jsonWords(text []byte, err error) error {
	line := func(offset int64) int {
		return 1 + bytes.Count(text[:min(max(offset, 0), int64(len(text)))], []byte("\n"))
	}
	var syntax *json.SyntaxError
	var kind *json.UnmarshalTypeError
	switch {
	case len(bytes.TrimSpace(text)) == 0:
		return trouble(err, "空です", "it is empty")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.As(err, &syntax) && syntax.Offset >= int64(len(text)):
		return trouble(err, "途中で切れています", "it ends in the middle: it was cut short")
	case errors.As(err, &syntax):
		return trouble(err, "%d 行目が JSON ではありません", "line %d is no JSON", line(syntax.Offset))
	case errors.As(err, &kind):
		field := kind.Field
		if field == "" {
			return trouble(err, "%d 行目：JSON の形が違います（%s）", "line %d holds a %s, where an object should stand", line(kind.Offset), kind.Value)
		}
		return trouble(err, "%d 行目：%q の値の種類が違います（%s）", "line %d: %q holds a value of the wrong kind, a %s", line(kind.Offset), field, kind.Value)
	}
	return trouble(err, "JSON の値を読めません", "a value in it cannot be read")
}

// yamlWords says in plain words why a text that people wrote is no YAML, and in which line.
func yamlWords(text []byte, err error) error {
	if !utf8.Valid(text) {
		return trouble(err, "%d 行目に UTF-8 でない文字があります：UTF-8 で保存し直してください", "line %d holds what is no UTF-8: save the file as UTF-8", badLine(text))
	}
	said := strings.TrimPrefix(err.Error(), "yaml: ")
	where := regexp.MustCompile(`line (\d+): *(.*)`).FindStringSubmatch(said)
	if where == nil {
		return trouble(err, "YAML として読めません（%s）", "it cannot be read as YAML: %s", said)
	}
	why := where[2]
	switch {
	case strings.Contains(why, "cannot unmarshal"):
		return trouble(err, "%s 行目：値の種類が違います（文字列か一覧かを見本と比べてください）", "line %s: a value of the wrong kind stands there; compare it with the sample (a text, or a list)", where[1])
	case strings.Contains(why, "tab"), strings.Contains(why, "cannot start any token"):
		return trouble(err, "%s 行目：行頭のタブは使えません。空白を使い、@ ` % などで始まる値は引用符で囲んでください", "line %s: indent with spaces, not tabs, and quote a value that begins with @, ` or %%", where[1])
	case strings.Contains(why, "mapping values"), strings.Contains(why, "did not find expected"), strings.Contains(why, "could not find expected"):
		return trouble(err, "%s 行目の近く：引用符・括弧・コロン・字下げが合っていません。コロンを含む文は引用符で囲んでください", "near line %s: quotes, brackets, colons or indentation do not fit together; quote a text with a colon in it", where[1])
	}
	return trouble(err, "%s 行目：YAML として読めません（%s）", "line %s cannot be read as YAML: %s", where[1], why)
}

// badLine is the first line that is not UTF-8.
func badLine(text []byte) int {
	n := 0
	for line := range bytes.Lines(text) {
		n++
		if !utf8.Valid(line) {
			break
		}
	}
	return n
}

// within puts the words of an error behind those that say where it was met.
func within(err error, ja, en string, values ...any) error {
	p, w := both(ja, en, values...), wordsOf(err)
	t := new(Trouble)
	return &Trouble{Usage: errors.As(err, &t) && t.Usage, words: phrase{p.Ja + w.Ja, p.En + w.En}, err: err}
}

// unknown says that there is nothing of a name, what is called nearly so, and what there is.
func unknown(kind phrase, name string, all []string) error {
	list := strings.Join(all, ", ")
	if near := Nearest(name, all); near != "" {
		return misuse("%[1]s %[2]q はありません。%[3]s のことでしょうか。あるもの：%[4]s", "there is no %[1]s %[2]q; did you mean %[3]s? There are: %[4]s", kind, name, near, list)
	}
	return misuse("%[1]s %[2]q はありません。あるもの：%[3]s", "there is no %[1]s %[2]q; there are: %[3]s", kind, name, list)
}

// Nearest returns the name that a text is most likely meant for; empty if none is near.
func Nearest(text string, names []string) string {
	text = strings.ToLower(strings.TrimSpace(text))
	if text == "" || len(text) > 200 {
		return ""
	}
	best, least := "", max(2, len(text)/3)+1
	for _, n := range names {
		far := distance(text, n)
		if len(text) >= 3 && far > 1 && (strings.HasPrefix(n, text) || strings.HasPrefix(text, n)) { // a part of it
			far = 1
		}
		if far < least {
			best, least = n, far
		}
	}
	return best
}

// distance is how many letters must be changed, added, left out or swapped with the next to make b of a.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			row[j+1] = min(last[j]+btoi(a[i] != b[j]), last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}

// notRead puts why a file cannot be read into words; hint says what to do if it is not there.
func notRead(path string, err error, hint phrase) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return trouble(err, "%[1]s がありません：%[2]s", "there is no %[1]s: %[2]s", path, hint)
	case errors.Is(err, fs.ErrPermission):
		return trouble(err, "%s を読む権限がありません", "%s may not be read by you", path)
	}
	return fmt.Errorf("drill: read %s: %w", path, err)
}
