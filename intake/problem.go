// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"syscall"

	"github.com/sekisho/sekisho/event"
)

// ProblemKind says what stood in the way.
type ProblemKind uint8

// The kinds. Duplicate is a notice: what it names was read.
const (
	Missing ProblemKind = iota
	NoPermission
	NotRegular
	Unreadable
	DeadLink
	Loop
	TooDeep
	TooMany
	Cut
	Broken
	Duplicate
	LinkOut
	LinkIn
	Encrypted
	Unknown
	Unfolds
	Behind
)

var problemNames = [...]string{"missing", "no-permission", "not-regular", "unreadable", "dead-link", "loop", "too-deep", "too-many",
	"cut", "broken", "duplicate", "link-out", "link-in", "encrypted", "unknown", "unfolds", "behind"}

// String returns the kind's word.
func (k ProblemKind) String() string {
	if int(k) < len(problemNames) {
		return problemNames[k]
	}
	return "unknown"
}

// Problem is a name that could not be read, or one about which a person should know something.
type Problem struct {
	Path string
	Kind ProblemKind
	What event.Words // what is so
	Do   event.Words // what to do about it; empty where nothing need be done
	Err  error       // what the system said; may be nil
}

// Notice reports whether nothing was lost.
func (p *Problem) Notice() bool { return p.Kind == Duplicate }

// Refused reports whether what it names could be read, and is not, for the reason given.
func (p *Problem) Refused() bool { return p.Kind == LinkOut || p.Kind == LinkIn || p.Kind == Unfolds }

// String returns the problem as one English line.
func (p *Problem) String() string {
	if p.Do.En == "" {
		return p.Path + ": " + p.What.En
	}
	return p.Path + ": " + p.What.En + "; " + p.Do.En
}

// Words returns the problem as one line in both languages.
func (p *Problem) Words() event.Words {
	w := event.Words{Ja: p.Path + "：" + p.What.Ja, En: p.String()}
	if p.Do.Ja != "" {
		w.Ja += "。" + p.Do.Ja
	}
	return w
}

// ProblemOf says for people what an error of opening or reading a file is.
func ProblemOf(path string, err error) Problem {
	var broken *BrokenError
	switch {
	case errors.As(err, &broken):
		return unpackable(path, broken)
	case errors.Is(err, fs.ErrPermission):
		return noPermission(path, err)
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, syscall.ENOTDIR):
		return missing(path, err)
	}
	return unreadable(path, err)
}

func words(ja, en string) event.Words { return event.Words{Ja: ja, En: en} }

func missing(path string, err error) Problem {
	return Problem{path, Missing, words("見つかりません", "there is no such file or folder"),
		words("パスの綴りを確かめてください", "check the spelling of the path"), err}
}

func noPermission(path string, err error) Problem {
	return Problem{path, NoPermission, words("読む権限がありません", "no permission to read it"),
		words("権限のある利用者で実行するか、複製に読取権限を付けてください", "run as a user who may, or give read permission on a copy"), err}
}

func unreadable(path string, err error) Problem {
	return Problem{path, Unreadable, words("読めません ("+err.Error()+")", "cannot be read ("+err.Error()+")"),
		words("媒体と接続を確かめてください", "check the medium and the mount"), err}
}

func unpackable(path string, e *BrokenError) Problem {
	p := Problem{Path: path, Kind: Broken, Err: e, Do: words("取得元からもう一度取得してください", "fetch the file again from its source")}
	var other *foreignError
	switch {
	case errors.As(e.Err, &other):
		p.What, p.Do, _ = other.kind.refusal()
		if other.kind == Sealed {
			p.Kind = Encrypted
		}
	case errors.Is(e.Reason, ErrUnsupported):
		p.What = words("対応していない圧縮形式です", "is packed in a way that Sekisho does not unpack")
		p.Do = words("展開してから指定してください", "unpack it and give the result")
		if e.Err != nil { // which way that is
			how := " (" + strings.TrimPrefix(e.Err.Error(), ErrUnsupported.Error()+": ") + ")"
			p.What.Ja += how
			p.What.En += how
		}
	case errors.Is(e.Reason, ErrChanged):
		p.What = words("読んでいる間に変わりました", "changed while it was read")
		p.Do = words("複製を保全し、それを調べてください", "preserve a copy and work on that")
	case errors.Is(e.Reason, ErrTruncated):
		p.What = words(fmt.Sprintf("圧縮データが途中で切れています（内容の %d バイト目まで読みました）", e.Offset),
			fmt.Sprintf("is compressed data that ends early; it was read up to byte %d of its content", e.Offset))
	default:
		p.What = words(fmt.Sprintf("圧縮データが壊れています（内容の %d バイト目まで読みました）", e.Offset),
			fmt.Sprintf("is compressed data that is damaged; it was read up to byte %d of its content", e.Offset))
	}
	return p
}

func notRegular(path string, mode fs.FileMode) Problem {
	ja, en := "通常のファイルではありません", "is not a regular file"
	switch {
	case mode&fs.ModeNamedPipe != 0:
		ja, en = "名前付きパイプです", "is a named pipe"
	case mode&fs.ModeSocket != 0:
		ja, en = "ソケットです", "is a socket"
	case mode&fs.ModeDevice != 0:
		ja, en = "デバイスです", "is a device"
	}
	return Problem{path, NotRegular, words(ja, en),
		words("内容をファイルに保存するか、標準入力 (-) に流してください", "save its content to a file, or pipe it to standard input (-)"), nil}
}

func deadLink(path string, err error) Problem {
	return Problem{path, DeadLink, words("リンク先がありません", "is a link that leads nowhere"),
		words("リンク先のファイルも取得してください", "fetch the file that it points to as well"), err}
}

func loop(path string) Problem {
	return Problem{path, Loop, words("自分より上のフォルダを指すリンクのため、たどりません", "is a link back to a folder above it, and is not followed"),
		words("", ""), nil}
}

func tooDeep(path string) Problem {
	return Problem{path, TooDeep, words(fmt.Sprintf("フォルダが %d 段より深い", maxFolderDepth), fmt.Sprintf("lies more than %d folders deep", maxFolderDepth)),
		words("このフォルダを直接指定してください", "name this folder itself"), nil}
}

func tooMany(path string) Problem {
	return Problem{path, TooMany, words(fmt.Sprintf("ファイルが %d を超えたため、ここから先は読みません", maxFiles),
		fmt.Sprintf("is where the search reached %d files; it and what follows are not read", maxFiles)),
		words("フォルダを分けて実行してください", "run folder by folder, with --add"), nil}
}

func cutStdin(n int64, err error) Problem {
	p := Problem{"-", Cut, words(fmt.Sprintf("標準入力は %d バイトまで取り込みました", n), fmt.Sprintf("standard input was taken up to byte %d", n)),
		words("ファイルに保存して指定してください", "save it to a file and name that"), err}
	if err != nil {
		p.What.Ja += " (" + err.Error() + ")"
		p.What.En += " (" + err.Error() + ")"
	}
	return p
}

func duplicate(path, other string) Problem {
	return Problem{path, Duplicate, words(other+" と同じもののため、一度だけ読みます", "is the same as "+other+", and is read once"), words("", ""), nil}
}

func linkOut(path, target string) Problem {
	return Problem{path, LinkOut, words("渡されたフォルダの外の "+target+" を指すリンクのため、たどりません", "is a link to "+target+", outside of what was given, and is not followed"),
		words("調べるべきものなら、"+target+" も指定してください", "name "+target+" as well if it belongs to the evidence"), nil}
}
