// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"encoding/binary"
	"encoding/json"
	"math"
	"strings"
)

// The wire format of protobuf, as much as log records need: a key of field number and kind, then a varint, eight bytes, bytes with their length
// before them, or four bytes. Field numbers are those of opentelemetry/proto/logs/v1/logs.proto and common/v1/common.proto.

const (
	wireVarint = 0
	wireEight  = 1
	wireBytes  = 2
	wireFour   = 5
)

// field is one field of a message.
type field struct {
	number int
	kind   int
	value  uint64 // of numbers
	bytes  []byte
}

// nextField reads a field from the front of b.
func nextField(b []byte) (f field, rest []byte, ok bool) {
	key, n := binary.Uvarint(b)
	if n <= 0 || key>>3 == 0 || key>>3 > 1<<29 {
		return f, nil, false
	}
	f.number, f.kind, b = int(key>>3), int(key&7), b[n:]
	switch f.kind {
	case wireVarint:
		f.value, n = binary.Uvarint(b)
		if n <= 0 {
			return f, nil, false
		}
		return f, b[n:], true
	case wireEight:
		if len(b) < 8 {
			return f, nil, false
		}
		f.value = binary.LittleEndian.Uint64(b)
		return f, b[8:], true
	case wireFour:
		if len(b) < 4 {
			return f, nil, false
		}
		f.value = uint64(binary.LittleEndian.Uint32(b))
		return f, b[4:], true
	case wireBytes:
		size, n := binary.Uvarint(b)
		if n <= 0 || size > uint64(len(b)-n) {
			return f, nil, false
		}
		f.bytes = b[n : n+int(size)]
		return f, b[n+int(size):], true
	}
	return f, nil, false
}

// fields calls take for every field of a message.
func fields(b []byte, take func(f field) error) error {
	for len(b) > 0 {
		f, rest, ok := nextField(b)
		if !ok {
			return errOTLP
		}
		if err := take(f); err != nil {
			return err
		}
		b = rest
	}
	return nil
}

// proto writes every log record of an ExportLogsServiceRequest.
func (w *otlpWriter) proto(body []byte) error {
	return fields(body, func(f field) error {
		if f.number != 1 || f.kind != wireBytes {
			return nil
		}
		return w.protoResource(f.bytes)
	})
}

// protoResource takes a ResourceLogs: the resource may stand behind its records.
func (w *otlpWriter) protoResource(b []byte) error {
	var resource json.RawMessage
	err := fields(b, func(f field) error {
		if f.number != 1 || f.kind != wireBytes {
			return nil
		}
		if len(f.bytes) > w.most {
			return errTooLarge
		}
		var err error
		resource, err = protoPairs(f.bytes, 1, 0)
		return err
	})
	if err != nil {
		return err
	}
	return fields(b, func(f field) error {
		if f.number != 2 || f.kind != wireBytes {
			return nil
		}
		return w.protoScope(f.bytes, resource)
	})
}

func (w *otlpWriter) protoScope(b []byte, resource json.RawMessage) error {
	scope := ""
	err := fields(b, func(f field) error {
		if f.number != 1 || f.kind != wireBytes {
			return nil
		}
		return fields(f.bytes, func(f field) error {
			if f.number == 1 && f.kind == wireBytes {
				scope = text(f.bytes)
			}
			return nil
		})
	})
	if err != nil {
		return err
	}
	return fields(b, func(f field) error {
		if f.number != 2 || f.kind != wireBytes {
			return nil
		}
		if len(f.bytes) > w.most {
			return errTooLarge
		}
		o := otlpRecord{Resource: resource, Scope: scope}
		if err := o.proto(f.bytes); err != nil {
			return err
		}
		return w.write(&o)
	})
}

// proto takes a LogRecord.
func (o *otlpRecord) proto(b []byte) error {
	err := fields(b, func(f field) error {
		var err error
		switch {
		case f.number == 1 && f.kind == wireEight:
			o.Timestamp = otlpTime(f.value)
		case f.number == 11 && f.kind == wireEight:
			o.Observed = otlpTime(f.value)
		case f.number == 2 && f.kind == wireVarint:
			o.Number = int64(f.value)
		case f.number == 3 && f.kind == wireBytes:
			o.Severity = text(f.bytes)
		case f.number == 5 && f.kind == wireBytes:
			o.Body, err = protoValue(f.bytes, 0)
		case f.number == 9 && f.kind == wireBytes:
			o.Trace = hexOf(f.bytes)
		case f.number == 10 && f.kind == wireBytes:
			o.Span = hexOf(f.bytes)
		case f.number == 12 && f.kind == wireBytes:
			o.Event = text(f.bytes)
		}
		return err
	})
	if err == nil {
		o.Attributes, err = protoPairs(b, 6, 0)
	}
	if o.Timestamp == "" {
		o.Timestamp = o.Observed
	}
	return err
}

// protoPairs writes the KeyValues that are field n of a message.
func protoPairs(b []byte, n, depth int) (json.RawMessage, error) {
	if depth > otlpDepth {
		return nil, nil
	}
	var o objectWriter
	err := fields(b, func(f field) error {
		if f.number != n || f.kind != wireBytes {
			return nil
		}
		var key string
		var value json.RawMessage
		err := fields(f.bytes, func(f field) error {
			var err error
			switch {
			case f.number == 1 && f.kind == wireBytes:
				key = text(f.bytes)
			case f.number == 2 && f.kind == wireBytes:
				value, err = protoValue(f.bytes, depth+1)
			}
			return err
		})
		o.add(key, value)
		return err
	})
	return o.done(), err
}

// protoValue writes an AnyValue.
func protoValue(b []byte, depth int) (json.RawMessage, error) {
	if depth > otlpDepth {
		return nil, nil
	}
	var out json.RawMessage
	err := fields(b, func(f field) error {
		var v any
		var err error
		switch {
		case f.number == 1 && f.kind == wireBytes:
			v = text(f.bytes)
		case f.number == 2 && f.kind == wireVarint:
			v = f.value != 0
		case f.number == 3 && f.kind == wireVarint:
			v = int64(f.value)
		case f.number == 4 && f.kind == wireEight:
			if d := math.Float64frombits(f.value); !math.IsNaN(d) && !math.IsInf(d, 0) {
				v = d
			}
		case f.number == 5 && f.kind == wireBytes:
			var list []json.RawMessage
			err = fields(f.bytes, func(f field) error {
				if f.number != 1 || f.kind != wireBytes {
					return nil
				}
				one, err := protoValue(f.bytes, depth+1)
				list = append(list, orNull(one))
				return err
			})
			v = list
		case f.number == 6 && f.kind == wireBytes:
			out, err = protoPairs(f.bytes, 1, depth+1)
			return err
		case f.number == 7 && f.kind == wireBytes:
			v = base64Of(f.bytes)
		default:
			return nil
		}
		if err == nil {
			out, err = json.Marshal(v)
		}
		return err
	})
	return out, err
}

// text returns bytes as text; what is no UTF-8 is marked as such.
func text(b []byte) string { return strings.ToValidUTF8(string(b), "\ufffd") }
