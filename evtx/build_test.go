// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package evtx

import (
	"encoding/binary"
	"hash/crc32"
	"unicode/utf16"
)

// build writes event log files for tests, by the same documents as the package reads them.
type build struct {
	chunk    []byte
	template int  // where the definition stands; 0: not yet
	same     bool // all of EventData is the fourth value
	record   uint64
}

func newBuild() *build { return &build{chunk: make([]byte, ChunkHeaderSize), record: 1} }

func le16(n int) []byte { return binary.LittleEndian.AppendUint16(nil, uint16(n)) }
func le32(n int) []byte { return binary.LittleEndian.AppendUint32(nil, uint32(n)) }
func le64(n uint64) []byte {
	return binary.LittleEndian.AppendUint64(nil, n)
}

func wide(s string) (out []byte) {
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}

// part is binary XML that will stand at base.
type part struct {
	base int
	b    []byte
}

func (p *part) add(bytes ...[]byte) *part {
	for _, b := range bytes {
		p.b = append(p.b, b...)
	}
	return p
}

// name writes the place of a name, which is here, and the name.
func (p *part) name(s string) *part {
	p.add(le32(p.base + len(p.b) + 4))
	return p.add(le32(0), le16(0), le16(len(utf16.Encode([]rune(s)))), wide(s), []byte{0, 0})
}

func (p *part) open(name string, depends int, attributes bool) *part {
	tok := byte(tokOpen)
	if attributes {
		tok |= tokMore
	}
	p.add([]byte{tok}, le16(depends), le32(0)).name(name)
	if attributes {
		p.add(le32(0))
	}
	return p
}

func (p *part) attribute(name string) *part { return p.add([]byte{tokAttribute}).name(name) }
func (p *part) text(s string) *part {
	return p.add([]byte{tokValue, byte(String)}, le16(len(utf16.Encode([]rune(s)))), wide(s))
}
func (p *part) value(index int, optional bool) *part {
	tok := byte(tokSubstitution)
	if optional {
		tok = tokOptional
	}
	return p.add([]byte{tok}, le16(index), []byte{0})
}
func (p *part) content() *part { return p.add([]byte{tokCloseStart}) }
func (p *part) close() *part   { return p.add([]byte{tokClose}) }

// eventTemplate is the template of the tests: a head, and EventData with named values 3 on, or one array at 3.
func eventTemplate(base int, names []string, same bool) []byte {
	p := &part{base: base}
	p.add([]byte{tokFragment, 1, 1, 0})
	p.open("Event", 0xffff, true).attribute("xmlns").text("http://schemas.microsoft.com/win/2004/08/events/event").content()
	p.open("System", 0xffff, false).content()
	p.open("Provider", 0xffff, true).attribute("Name").text("Test").attribute("Guid").value(60, true).add([]byte{tokCloseEmpty})
	p.open("EventID", 0xffff, false).content().value(0, false).close()
	p.open("TimeCreated", 0xffff, true).attribute("SystemTime").value(1, false).add([]byte{tokCloseEmpty})
	p.open("Channel", 0xffff, false).content().value(2, false).close()
	p.open("Computer", 0xffff, false).content().text("h<1>").add([]byte{tokEntity}).name("amp").add([]byte{tokChar}, le16('x')).close()
	p.close()
	p.open("EventData", 0xffff, false).content()
	for i, n := range names {
		if same {
			i = 0
		}
		if n == "" {
			p.open("Data", 0xffff, false).content().value(3+i, false).close()
			continue
		}
		p.open("Data", 3+i, true).attribute("Name").text(n).content().value(3+i, false).close()
	}
	p.close().close().add([]byte{tokEnd})
	return p.b
}

// add writes a record: the template at its first use, and the values.
func (b *build) add(names []string, values []Item) {
	from := len(b.chunk)
	p := &part{base: from}
	p.add([]byte{'*', '*', 0, 0}, le32(0), le64(b.record), le64(133_000_000_000_000_000))
	p.add([]byte{tokFragment, 1, 1, 0, tokTemplate, 1}, le32(7))
	if b.template == 0 {
		b.template = from + len(p.b) + 4
		def := eventTemplate(b.template+24, names, b.same)
		p.add(le32(b.template), le32(0), le32(7), make([]byte, 12), le32(len(def)), def)
	} else {
		p.add(le32(b.template))
	}
	p.add(le32(len(values)))
	for _, v := range values {
		p.add(le16(len(v.Data)), []byte{byte(v.Type), 0})
	}
	for _, v := range values {
		p.add(v.Data)
	}
	p.add([]byte{tokEnd})
	size := len(p.b) + 4
	p.add(le32(size))
	copy(p.b[4:], le32(size))
	b.chunk = append(b.chunk, p.b...)
	b.record++
}

// done returns the chunk, whole and with its checksums.
func (b *build) done() []byte {
	out := make([]byte, ChunkSize)
	copy(out, b.chunk)
	copy(out, "ElfChnk\x00")
	copy(out[24:], le64(1))
	copy(out[32:], le64(b.record-1))
	copy(out[48:], le32(len(b.chunk)))
	seal(out)
	return out
}

// seal sets a chunk's checksums.
func seal(out []byte) {
	free := int(binary.LittleEndian.Uint32(out[48:]))
	copy(out[52:], le32(int(crc32.ChecksumIEEE(out[ChunkHeaderSize:free]))))
	head := crc32.Update(crc32.ChecksumIEEE(out[:120]), crc32.IEEETable, out[128:ChunkHeaderSize])
	copy(out[124:], le32(int(head)))
}

// file returns a file of these chunks.
func file(chunks ...[]byte) []byte {
	head := make([]byte, HeaderSize)
	copy(head, "ElfFile\x00")
	copy(head[32:], le32(128))
	copy(head[36:], le32(3<<16|1))
	copy(head[40:], le16(HeaderSize))
	copy(head[42:], le16(len(chunks)))
	copy(head[124:], le32(int(crc32.ChecksumIEEE(head[:120]))))
	for _, c := range chunks {
		head = append(head, c...)
	}
	return head
}
