// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"encoding/binary"

	"github.com/sekisho/sekisho/event"
)

// Files that hold records, or may, and that have to be made into something else first. They are recognised only to be refused with
// the right words: which they are, and what makes logs of them.

// kindAtHead says which such file begins with head; Plain if none does.
func kindAtHead(head []byte) Compression {
	has := func(at int, magic string) bool {
		return len(head) >= at+len(magic) && string(head[at:at+len(magic)]) == magic
	}
	switch {
	case has(0, "\x04\x22\x4d\x18"):
		return LZ4
	case has(0, "7z\xbc\xaf\x27\x1c"):
		return SevenZip
	case has(0, "Rar!\x1a\x07"):
		return RAR
	case has(2, "-lh") && has(6, "-"), has(2, "-lz") && has(6, "-"):
		return LZH
	case has(0, "MSCF\x00\x00\x00\x00"):
		return Cabinet
	case has(0, "\x1f\x9d") && len(head) > 2 && head[2]&0x60 == 0 && head[2]&0x1f >= 9 && head[2]&0x1f <= 16:
		return Compress
	case has(0, "LZIP\x00"), has(0, "LZIP\x01"):
		return Lzip
	case isLzma(head):
		return Lzma
	case has(0, "\x89LZO\x00\r\n\x1a\n"):
		return Lzop
	case has(0, "Salted__"), has(0, "age-encryption.org/v1\n"), has(0, "-----BEGIN PGP MESSAGE-----"), has(0, "-----BEGIN AGE ENCRYPTED FILE-----"):
		return Sealed
	case has(0, "LPKSHHRH"):
		return Journal
	case has(0, "\xd4\xc3\xb2\xa1"), has(0, "\xa1\xb2\xc3\xd4"), has(0, "\x4d\x3c\xb2\xa1"), has(0, "\xa1\xb2\x3c\x4d"), has(0, "\n\r\r\n") && (has(8, "\x4d\x3c\x2b\x1a") || has(8, "\x1a\x2b\x3c\x4d")):
		return Capture
	case has(0, "\x0c\xa5\x01\x00"), has(0, "\x0c\xa5\x02\x00"):
		return Flows
	case has(0, "SQLite format 3\x00"):
		return SQLite
	case has(0, "\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"), has(0, "%PDF-"):
		return Document
	case has(0, "0\x00\x00\x00LfLe"):
		return OldEventLog
	}
	return Plain
}

// isLzma recognises the header of an .lzma file, which has no magic: properties as every program writes them, a dictionary of a power of two
// or half more, and a length that is unknown or below a terabyte.
func isLzma(head []byte) bool {
	if len(head) < 14 || head[0] != 0x5d || head[13] != 0 {
		return false
	}
	dict, size := binary.LittleEndian.Uint32(head[1:]), binary.LittleEndian.Uint64(head[5:])
	power := func(v uint32) bool { return v >= 1<<12 && v&(v-1) == 0 }
	return (power(dict) || dict%3 == 0 && power(dict/3)) && (size == 1<<64-1 || size < 1<<40)
}

// refusal says what such a file is and what to do with it. Where there is nothing particular to say, ok is false.
func (c Compression) refusal() (what, do event.Words, ok bool) {
	switch c {
	case LZ4, SevenZip, RAR, LZH, Cabinet, Compress, Lzip, Lzma, Lzop:
		name := c.String()
		return words("対応していない圧縮形式（"+name+"）です", "is packed in a way that Sekisho does not unpack ("+name+")"),
			words(c.unpacker()+" などで展開し、そのフォルダを指定してください", "unpack it, with "+c.unpacker()+" for example, and give the folder"), true
	case Sealed:
		return words("暗号化されています（OpenPGP・openssl・age）", "is encrypted (OpenPGP, openssl or age)"),
			words("鍵またはパスワードで復号してから、その結果を指定してください", "decrypt it with its key or password and give the result"), true
	case Journal:
		return words("systemd のジャーナル（バイナリ）です", "is a journal of systemd, which is binary"),
			words("journalctl --file=… -o json > journal.json で書き出して指定してください", "write it out with journalctl --file=… -o json > journal.json and give that"), true
	case Capture:
		return words("パケットの記録（pcap）であり、ログではありません", "is a capture of packets (pcap), not a log"),
			words("Zeek か Suricata に読ませ、そのログを指定してください", "let Zeek or Suricata read it and give the logs that they write"), true
	case Flows:
		return words("nfdump のバイナリファイルです", "is a binary file of nfdump"),
			words("nfdump -r … -o csv > flows.csv で書き出して指定してください", "write it out with nfdump -r … -o csv > flows.csv and give that"), true
	case SQLite:
		return words("SQLite のデータベースです", "is a database of SQLite"),
			words("表を CSV か JSON で書き出して指定してください（sqlite3 -csv -header … 'SELECT * FROM 表'）", "write its tables out as CSV or JSON (sqlite3 -csv -header … 'SELECT * FROM table') and give those"), true
	case Document:
		return words("文書（旧形式の Word・Excel、Outlook のメール、PDF）であり、ログではありません", "is a document (old Word or Excel, mail of Outlook, PDF), not a log"),
			words("表なら CSV で保存して指定してください", "if it is a table, save it as CSV and give that"), true
	case OldEventLog:
		return words("Windows XP・2003 までのイベントログ（.evt）です", "is an event log of Windows XP or 2003 and before (.evt)"),
			words("Windows で wevtutil epl … /lf:true により .evtx に変換して指定してください", "turn it into .evtx on Windows with wevtutil epl … /lf:true and give that"), true
	}
	return event.Words{}, event.Words{}, false
}

// unpacker names a program that unpacks what is packed so.
func (c Compression) unpacker() string {
	switch c {
	case RAR:
		return "unrar"
	case LZH:
		return "lha"
	case Compress:
		return "uncompress"
	case LZ4:
		return "lz4"
	case Lzip:
		return "lzip"
	case Lzma:
		return "xz"
	case Lzop:
		return "lzop"
	}
	return "7z"
}

// foreignError refuses such a file.
type foreignError struct{ kind Compression }

// Error says what the file is and what to do, on one line.
func (e *foreignError) Error() string {
	what, do, _ := e.kind.refusal()
	return what.En + "; " + do.En
}

// Is makes errors.Is find ErrUnsupported.
func (e *foreignError) Is(target error) bool { return target == ErrUnsupported }
