// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"errors"
	"fmt"
	"io"

	"github.com/sekisho/sekisho/event"
)

// What is said of archives and of what is in them.

func brokenArchive(path string, err error, size int64) Problem {
	p := Problem{Path: path, Kind: Broken, Err: err, Do: words("取得元からもう一度取得してください", "fetch it again from its source")}
	switch {
	case errors.Is(err, errUnfolds):
		return unfoldsTooFar(path, size)
	case errors.Is(err, ErrUnsupported):
		p.What = words("対応していない圧縮形式です", "is packed in a way that Sekisho does not unpack")
		p.Do = words("展開してから指定してください", "unpack it and give the result")
	case errors.Is(err, errNoDirectory):
		p.What = words("書庫の末尾の目録がないか壊れています（途中で切れた可能性）。前から読めるものだけを読みます",
			"is an archive whose directory, at its end, is missing or damaged: it was probably cut off; what can be found from its beginning is read")
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF), errors.Is(err, ErrTruncated):
		p.What = words("書庫が途中で切れています。そこまでのものは読みます", "is an archive that ends early; what lies before the break is read")
	default:
		p.What = words("書庫が壊れています（"+err.Error()+"）。そこまでのものは読みます", "is an archive that is damaged ("+err.Error()+"); what lies before the damage is read")
	}
	return p
}

func unfoldsTooFar(path string, size int64) Problem {
	return Problem{path, Unfolds, words(fmt.Sprintf("書庫の大きさ（%d バイト）に比べて展開後が大きすぎるため、ここから先は読みません（展開爆弾の疑い）", size),
		fmt.Sprintf("would unfold to far too much for an archive of %d bytes, and is not read on: a bomb, by the look of it", size)),
		words("意図したものなら、隔離した環境で展開してから指定してください", "if it is meant, unpack it where that can do no harm and give the result"), nil}
}

func overlaps(path string, n int) Problem {
	return Problem{path, Unfolds, words(fmt.Sprintf("%d 個のファイルがほかのファイルと同じ場所を占めており、読みません（展開爆弾の疑い）", n),
		fmt.Sprintf("has %d members that lie within others; those are not read: a bomb, by the look of it", n)), words("取得元に確かめてください", "ask where it comes from"), nil}
}

func spoolFull(path string, limit int64) Problem {
	return Problem{path, Cut, words(fmt.Sprintf("書庫から取り出したものが %d バイトを超えるため、これは読みません", limit),
		fmt.Sprintf("is not read: what had to be kept of the archives has reached %d bytes", limit)),
		words("展開してから指定してください", "unpack the archive and give the result"), nil}
}

func tooManyMembers(path string, n int) Problem {
	return Problem{path, TooMany, words(fmt.Sprintf("書庫の中のファイルが %d を超えたため、ここから先は読みません", n),
		fmt.Sprintf("holds more than %d files; those beyond are not read", n)), words("展開し、フォルダを分けて実行してください", "unpack it and run folder by folder, with --add"), nil}
}

func moreProblems(path string, n int) Problem {
	return Problem{path, TooMany, words(fmt.Sprintf("書庫の中に、読まなかったものがほかに %d あります", n), fmt.Sprintf("holds %d more members that were not read", n)),
		words("展開して確かめてください", "unpack it to see"), nil}
}

func nestedTooDeep(path string) Problem {
	return Problem{path, TooDeep, words(fmt.Sprintf("書庫が %d 段より深く入れ子になっているため、開きません", maxNested),
		fmt.Sprintf("is an archive within %d others, and is not opened", maxNested)), words("展開して、これを直接指定してください", "unpack the outer ones and name this one"), nil}
}

func encrypted(path string) Problem {
	return Problem{path, Encrypted, words("パスワードで暗号化されています", "is encrypted with a password"),
		words("パスワードで展開してから、その結果を指定してください", "unpack the archive with its password and give the result"), nil}
}

func unknownMethod(path, method string) Problem {
	return Problem{path, Unknown, words("対応していない圧縮方式（"+method+"）です", "is packed with a method ("+method+") that Sekisho does not unpack"),
		words("展開してから指定してください", "unpack the archive and give the result"), nil}
}

func memberLost(path string) Problem {
	return Problem{path, Broken, words("書庫の目録にありますが、その場所にありません", "is named in the archive's directory and is not where that says"),
		words("書庫を取得元からもう一度取得してください", "fetch the archive again from its source"), nil}
}

func memberLink(path, target string) Problem {
	return Problem{path, LinkIn, words("書庫の中のリンク（"+target+"）のため、たどりません", "is a link to "+target+" in an archive, and is not followed"),
		words("リンク先が書庫になければ、それも取得してください", "fetch what it leads to as well, if the archive does not hold it"), nil}
}

func behindArchive(path string) Problem {
	return Problem{path, Behind, words("書庫の終わりの後ろに、書庫でないデータがあり、読みません", "has data behind its end that are no archive; they are not read"),
		words("取得元に確かめてください", "ask where it comes from"), nil}
}

func officeFile(path string) Problem {
	return Problem{path, Unknown, words("文書（Word・Excel 等）またはプログラムであり、ログの書庫ではありません", "is a document (of Word, Excel or the like) or a program, not an archive of logs"),
		words("表なら CSV で保存して指定してください", "if it is a table, save it as CSV and give that"), nil}
}

// oddName says how a member is really called.
func oddName(raw []byte) event.Words {
	name := raw
	if len(name) > 300 {
		name = name[:300]
	}
	return words(fmt.Sprintf("書庫での名前は %+q。その名前では何も書き出していない", name), fmt.Sprintf("the archive calls it %+q; nothing was written under that name", name))
}

func sameName(path string, n int) event.Words {
	return words(fmt.Sprintf("同じ名前（%s）のものが書庫に複数あり、これは %d 番目", path, n), fmt.Sprintf("the archive holds %s more than once; this is number %d", path, n))
}
