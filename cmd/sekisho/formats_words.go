// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package main

import "github.com/sekisho/sekisho/event"

// whyUnread says why a record was not understood, in the words that parsers have for it, or in Japanese.
func whyUnread(reason string) event.Words {
	w := event.Words{Ja: reason, En: reason}
	switch reason {
	case "not of this format":
		w.Ja = "どの形式にも当てはまらない"
	case "no readable time":
		w.Ja = "時刻が読めない"
	case "the time is not between 1900 and 2200":
		w.Ja = "時刻が 1900 年から 2200 年の間にない"
	case "29 February, and the year assumed for it has none":
		w.Ja = "2 月 29 日だが、推定した年にその日がない（--year で指定）"
	case "of this format, but the head that names the columns is missing: give the file from its first line on":
		w.Ja = "この形式だが、列名の行がない。ファイルを先頭行から渡してください"
	case "of this format, but broken":
		w.Ja = "この形式だが、途中で切れているか壊れている"
	case "of this format, but of a kind that is not known":
		w.Ja = "この形式だが、知らない種類の記録"
	case "of this format, but without a time: have it written with -o timestamp, or through syslog":
		w.Ja = "この形式だが、時刻がない。-o timestamp を付けるか、syslog を通して書き出してください"
	case "of this format, but its IPv6 addresses are shortened: write the table again with nfdump -6":
		w.Ja = "この形式だが、IPv6 アドレスが省略されている。nfdump -6 で書き出し直してください"
	}
	return w
}

// whyZone says what a zone was taken from.
func whyZone(from string) event.Words {
	switch from {
	case "flag":
		return event.Words{Ja: "--timezone の指定", En: "as --timezone says"}
	case "profile":
		return event.Words{Ja: "組織の設定", En: "as the profile says"}
	case "neighbour":
		return event.Words{Ja: "ほかのファイルの時刻帯による", En: "as other files write it"}
	}
	return event.Words{Ja: "手がかりがないため推定。--timezone で指定できます", En: "guessed: nothing tells; --timezone says otherwise"}
}
