// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
	"syscall"
)

// Told is an error as it is told to the person whose doing, or whose machine, caused it: in both languages, and without what packages call
// themselves. What it wraps is for those who look into the program.
type Told struct {
	Words
	cause error
}

// Error returns the English words.
func (e *Told) Error() string { return e.En }

// Unwrap returns the cause.
func (e *Told) Unwrap() error { return e.cause }

// Tell makes an error that is told. The verbs of fmt hold in both sentences; an argument that is an error, or Words, stands in each in its
// language. The last error among the arguments is the cause.
func Tell(ja, en string, args ...any) error {
	e := &Told{}
	j, n := make([]any, len(args)), make([]any, len(args))
	for i, a := range args {
		j[i], n[i] = a, a
		switch a := a.(type) {
		case error:
			w := Telling(a)
			j[i], n[i], e.cause = w.Ja, w.En, a
		case Words:
			j[i], n[i] = a.Ja, a.En
		}
	}
	e.Ja, e.En = ja, en
	if len(args) > 0 {
		e.Ja, e.En = fmt.Sprintf(ja, j...), fmt.Sprintf(en, n...)
	}
	return e
}

// Telling returns what a person is told of an error: what was written for people, where anything was; of what the system refuses, which
// file and why; else the text as it is.
func Telling(err error) Words {
	if err == nil {
		return Words{}
	}
	if several, ok := err.(interface{ Unwrap() []error }); ok && !hasText(err, several.Unwrap()) {
		return tellAll(several.Unwrap())
	}
	var told *Told
	if errors.As(err, &told) {
		return told.Words
	}
	var path *fs.PathError
	if errors.As(err, &path) {
		w := system(path.Err)
		return Words{path.Path + "：" + w.Ja, path.Path + ": " + w.En}
	}
	var link *os.LinkError
	if errors.As(err, &link) {
		w := system(link.Err)
		return Words{link.New + "：" + w.Ja, link.New + ": " + w.En}
	}
	if errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ENOSPC) {
		return system(err)
	}
	return Words{err.Error(), err.Error()}
}

// hasText says whether an error that wraps several says more than they do: it does not if it is only their texts in lines.
func hasText(err error, of []error) bool {
	var lines []string
	for _, e := range of {
		if e != nil {
			lines = append(lines, e.Error())
		}
	}
	return err.Error() != strings.Join(lines, "\n")
}

func tellAll(of []error) Words {
	var ja, en []string
	for _, e := range of {
		if w := Telling(e); w.En != "" {
			ja, en = append(ja, w.Ja), append(en, w.En)
		}
	}
	return Words{strings.Join(ja, "\n"), strings.Join(en, "\n")}
}

// system says why the system refused something.
func system(err error) Words {
	for _, k := range []struct {
		is error
		Words
	}{
		{context.Canceled, Words{"中断しました", "interrupted"}},
		{context.DeadlineExceeded, Words{"時間内に終わりませんでした", "not done in time"}},
		{syscall.EISDIR, Words{"フォルダです", "is a folder"}},
		{syscall.ENOTDIR, Words{"フォルダではないものが途中にあります", "not a folder"}},
		{syscall.EROFS, Words{"書き込めない場所です", "read-only file system"}},
		{syscall.ENOSPC, Words{"空き容量がありません", "no space left on device"}},
		{syscall.EDQUOT, Words{"割当容量を使い切っています", "disk quota exceeded"}},
		{syscall.ELOOP, Words{"シンボリックリンクが循環しています", "too many levels of symbolic links"}},
		{syscall.ENAMETOOLONG, Words{"名前が長すぎます", "file name too long"}},
		{syscall.EADDRINUSE, Words{"すでに使われています", "address already in use"}},
		{io.ErrUnexpectedEOF, Words{"途中で切れています", "ends too early"}},
		{fs.ErrNotExist, Words{"見つかりません", "no such file or directory"}},
		{fs.ErrPermission, Words{"権限がありません", "permission denied"}},
		{fs.ErrExist, Words{"すでにあります", "file exists"}},
		{fs.ErrClosed, Words{"すでに閉じられています", "already closed"}},
	} {
		if errors.Is(err, k.is) {
			return k.Words
		}
	}
	return Words{err.Error(), err.Error()}
}
