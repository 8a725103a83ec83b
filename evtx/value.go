// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package evtx

import (
	"encoding/binary"
	"math"
	"strconv"
	"time"
	"unicode/utf8"
)

// Type is the type of a value ([MS-EVEN6] 2.2.12, BinXmlVariant).
type Type uint8

// The types.
const (
	Null       Type = 0x00
	String     Type = 0x01 // UTF-16
	ANSI       Type = 0x02 // in the machine's code page, which is not said
	Int8       Type = 0x03
	Uint8      Type = 0x04
	Int16      Type = 0x05
	Uint16     Type = 0x06
	Int32      Type = 0x07
	Uint32     Type = 0x08
	Int64      Type = 0x09
	Uint64     Type = 0x0a
	Real32     Type = 0x0b
	Real64     Type = 0x0c
	Bool       Type = 0x0d
	Binary     Type = 0x0e
	GUID       Type = 0x0f
	Size       Type = 0x10 // of four or eight bytes, shown in hexadecimal
	FileTime   Type = 0x11
	SystemTime Type = 0x12
	SID        Type = 0x13
	HexInt32   Type = 0x14
	HexInt64   Type = 0x15
	EvtHandle  Type = 0x20
	BinXML     Type = 0x21
	EvtXML     Type = 0x23
	Array      Type = 0x80 // with another: several of it
)

// width returns how many bytes a value of the type has; 0 where that differs.
func (t Type) width() int {
	switch t {
	case Int8, Uint8:
		return 1
	case Int16, Uint16:
		return 2
	case Int32, Uint32, Real32, Bool, HexInt32, EvtHandle:
		return 4
	case Int64, Uint64, Real64, FileTime, HexInt64:
		return 8
	case GUID, SystemTime:
		return 16
	}
	return 0
}

// Number says whether a value's text is a number without quotes in JSON.
func (t Type) Number() bool { return t >= Int8 && t <= Real64 }

// Nothing says whether there is no value.
func (v *Item) Nothing() bool { return v.Type == Null || len(v.Data) == 0 }

// Filetime returns the value as a FILETIME, if it is one.
func (v *Item) Filetime() (uint64, bool) {
	if v.Type != FileTime || len(v.Data) != 8 {
		return 0, false
	}
	return binary.LittleEndian.Uint64(v.Data), true
}

// Each calls do for every item of an array, in order; for any other value once, with itself.
func (v *Item) Each(do func(Item)) {
	if v.Type&Array == 0 {
		do(*v)
		return
	}
	one := v.Type &^ Array
	b := v.Data
	switch {
	case one == String:
		for len(b) >= 2 {
			n := 0
			for n+1 < len(b) && (b[n] != 0 || b[n+1] != 0) {
				n += 2
			}
			do(Item{Type: one, Data: b[:min(n, len(b))]})
			b = b[min(n+2, len(b)):]
		}
	case one == ANSI:
		for len(b) > 0 {
			n := 0
			for n < len(b) && b[n] != 0 {
				n++
			}
			do(Item{Type: one, Data: b[:n]})
			b = b[min(n+1, len(b)):]
		}
	case one == SID:
		for len(b) >= 8 {
			n := min(8+4*int(b[1]), len(b))
			do(Item{Type: one, Data: b[:n]})
			b = b[n:]
		}
	case one == Size:
		for n := 8; len(b) >= n; b = b[n:] {
			do(Item{Type: one, Data: b[:n]})
		}
	case one.width() > 0:
		for n := one.width(); len(b) >= n; b = b[n:] {
			do(Item{Type: one, Data: b[:n]})
		}
	default:
		do(Item{Type: Binary, Data: b})
	}
}

// Append appends the value's text as Windows shows it; times have that many digits behind the second. Of an array it is the
// items with commas between.
func (v Item) Append(dst []byte, digits int) []byte {
	if v.Type&Array != 0 {
		first := true
		v.Each(func(one Item) {
			if !first {
				dst = append(dst, ',')
			}
			first = false
			dst = one.Append(dst, digits)
		})
		return dst
	}
	b := v.Data
	le := binary.LittleEndian
	if n := v.Type.width(); n > len(b) {
		return dst
	}
	switch v.Type {
	case String:
		return appendString(dst, b)
	case ANSI:
		return appendANSI(dst, b)
	case Int8:
		return strconv.AppendInt(dst, int64(int8(b[0])), 10)
	case Uint8:
		return strconv.AppendUint(dst, uint64(b[0]), 10)
	case Int16:
		return strconv.AppendInt(dst, int64(int16(le.Uint16(b))), 10)
	case Uint16:
		return strconv.AppendUint(dst, uint64(le.Uint16(b)), 10)
	case Int32:
		return strconv.AppendInt(dst, int64(int32(le.Uint32(b))), 10)
	case Uint32, EvtHandle:
		return strconv.AppendUint(dst, uint64(le.Uint32(b)), 10)
	case Int64:
		return strconv.AppendInt(dst, int64(le.Uint64(b)), 10)
	case Uint64:
		return strconv.AppendUint(dst, le.Uint64(b), 10)
	case Real32:
		return appendFloat(dst, float64(math.Float32frombits(le.Uint32(b))), 32)
	case Real64:
		return appendFloat(dst, math.Float64frombits(le.Uint64(b)), 64)
	case Bool:
		return strconv.AppendBool(dst, le.Uint32(b) != 0)
	case GUID:
		return appendGUID(dst, b)
	case Size:
		if len(b) >= 8 {
			return appendHex(dst, le.Uint64(b))
		} else if len(b) >= 4 {
			return appendHex(dst, uint64(le.Uint32(b)))
		}
	case FileTime:
		return appendFiletime(dst, le.Uint64(b), digits)
	case SystemTime:
		return appendSystemTime(dst, b, digits)
	case SID:
		return appendSID(dst, b)
	case HexInt32:
		return appendHex(dst, uint64(le.Uint32(b)))
	case HexInt64:
		return appendHex(dst, le.Uint64(b))
	case Null:
	default:
		const upper = "0123456789ABCDEF"
		for _, c := range b {
			dst = append(dst, upper[c>>4], upper[c&15])
		}
	}
	return dst
}

// appendString appends UTF-16 up to the nought that some writers end it with.
func appendString(dst, b []byte) []byte {
	for len(b) >= 2 && b[len(b)-2] == 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-2]
	}
	return appendUTF16(dst, b)
}

// appendANSI appends a text in an unknown code page: what is UTF-8 stays, else it is taken for Latin-1.
func appendANSI(dst, b []byte) []byte {
	for len(b) > 0 && b[len(b)-1] == 0 {
		b = b[:len(b)-1]
	}
	if utf8.Valid(b) {
		return append(dst, b...)
	}
	for _, c := range b {
		dst = utf8.AppendRune(dst, rune(c))
	}
	return dst
}

func appendFloat(dst []byte, f float64, bits int) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "NaN"...)
	}
	return strconv.AppendFloat(dst, f, 'g', -1, bits)
}

func appendHex(dst []byte, n uint64) []byte {
	return strconv.AppendUint(append(dst, '0', 'x'), n, 16)
}

// appendGUID appends {00112233-4455-6677-8899-AABBCCDDEEFF}: the first three groups are little-endian.
func appendGUID(dst, b []byte) []byte {
	const upper = "0123456789ABCDEF"
	dst = append(dst, '{')
	for i, from := range [16]uint8{3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15} {
		if i == 4 || i == 6 || i == 8 || i == 10 {
			dst = append(dst, '-')
		}
		dst = append(dst, upper[b[from]>>4], upper[b[from]&15])
	}
	return append(dst, '}')
}

// appendSID appends S-1-5-21-…: the authority is big-endian, what stands below it little-endian.
func appendSID(dst, b []byte) []byte {
	if len(b) < 8 || len(b) < 8+4*int(b[1]) {
		return dst
	}
	dst = strconv.AppendUint(append(dst, 'S', '-'), uint64(b[0]), 10)
	authority := uint64(b[2])<<40 | uint64(b[3])<<32 | uint64(b[4])<<24 | uint64(b[5])<<16 | uint64(b[6])<<8 | uint64(b[7])
	dst = strconv.AppendUint(append(dst, '-'), authority, 10)
	for i := range int(b[1]) {
		dst = strconv.AppendUint(append(dst, '-'), uint64(binary.LittleEndian.Uint32(b[8+4*i:])), 10)
	}
	return dst
}

// appendFiletime appends 2026-01-02T03:04:05.1234567Z with that many digits, which is all that a FILETIME has at seven.
func appendFiletime(dst []byte, n uint64, digits int) []byte {
	if n > 2650467744000000000 { // 9999-12-31
		return strconv.AppendUint(dst, n, 10)
	}
	t := time.Unix(int64(n/1e7)-11644473600, 0).UTC()
	return appendTime(dst, t.Year(), int(t.Month()), t.Day(), t.Hour(), t.Minute(), t.Second(), int(n%1e7), digits)
}

// appendSystemTime appends a SYSTEMTIME: eight numbers of two bytes, the third of which is the day of the week.
func appendSystemTime(dst, b []byte, digits int) []byte {
	n := func(i int) int { return int(binary.LittleEndian.Uint16(b[2*i:])) }
	return appendTime(dst, n(0), n(1), n(3), n(4), n(5), n(6), n(7)%1000*1e4, digits)
}

func appendTime(dst []byte, year, month, day, hour, minute, second, tenths, digits int) []byte {
	pad := func(n, width int) {
		for w := pow10(width - 1); w > 0; w /= 10 {
			dst = append(dst, byte('0'+n/w%10))
		}
	}
	pad(year, 4)
	dst = append(dst, '-')
	pad(month, 2)
	dst = append(dst, '-')
	pad(day, 2)
	dst = append(dst, 'T')
	pad(hour, 2)
	dst = append(dst, ':')
	pad(minute, 2)
	dst = append(dst, ':')
	pad(second, 2)
	dst = append(dst, '.')
	for w := 1_000_000; w > 0 && digits > 0; w /= 10 {
		dst = append(dst, byte('0'+tenths/w%10))
		digits--
	}
	return append(dst, 'Z')
}

func pow10(n int) int {
	p := 1
	for range n {
		p *= 10
	}
	return p
}
