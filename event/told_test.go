// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"errors"
	"fmt"
	"io/fs"
	"syscall"
	"testing"
)

func TestTelling(t *testing.T) {
	missing := &fs.PathError{Op: "open", Path: "a.log", Err: syscall.ENOENT}
	told := Tell("%s が違います（%v）", "%s is wrong (%v)", "--x", fmt.Errorf("intake: open: %w", missing))
	for _, c := range []struct {
		err    error
		ja, en string
	}{
		{nil, "", ""},
		{told, "--x が違います（a.log：見つかりません）", "--x is wrong (a.log: no such file or directory)"},
		{fmt.Errorf("node: read: %w", told), "--x が違います（a.log：見つかりません）", "--x is wrong (a.log: no such file or directory)"},
		{fmt.Errorf("node: read: %w", missing), "a.log：見つかりません", "a.log: no such file or directory"},
		{errors.Join(Tell("一", "one"), nil, Tell("二 %s", "two %s", Words{"か", "or"})), "一\n二 か", "one\ntwo or"},
		{fmt.Errorf("%w: %w", Tell("一", "one"), Tell("二", "two")), "一", "one"},
		{Tell("百%", "100%"), "百%", "100%"},
		{errors.New("else"), "else", "else"},
	} {
		if got := Telling(c.err); got.Ja != c.ja || got.En != c.en {
			t.Errorf("%v: %q %q", c.err, got.Ja, got.En)
		}
	}
	if !errors.Is(told, fs.ErrNotExist) {
		t.Error("the cause is lost")
	}
}
