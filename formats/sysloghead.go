// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

// syslogHead is what stood before the message of a line. Most lines come right behind one of the same program, host and process, and often
// of the same second: such a head is compared, not read again.
type syslogHead struct {
	text    [96]byte
	n       int  // of text, up to the message; 0: none is kept
	plain   bool // it begins with "Jan  2 15:04:05 ", so that another time may stand there
	civil   Civil
	host    headSpan
	program headSpan
	pid     headSpan
}

// headSpan is a piece of a head.
type headSpan struct{ from, to uint8 }

func (s headSpan) of(b []byte) []byte {
	if s.to == 0 {
		return nil
	}
	return b[s.from:s.to:len(b)]
}

// keep takes in the head of b, as it was read.
func (h *syslogHead) keep(b []byte, s *Syslog, t *Civil, ok bool) {
	h.n = 0
	n := len(b) - len(s.Message)
	if !ok || len(s.Program) == 0 || len(s.Message) == 0 || n > len(h.text) {
		return
	}
	h.n = copy(h.text[:], b[:n])
	h.plain, h.civil = plainStamp(b), *t
	h.host, h.program, h.pid = headSpanOf(b, s.Host), headSpanOf(b, s.Program), headSpanOf(b, s.PID)
}

// headSpanOf says where in b a piece of it lies that was cut from it without a bound of its own.
func headSpanOf(b, piece []byte) headSpan {
	if len(piece) == 0 {
		return headSpan{}
	}
	from := cap(b) - cap(piece)
	return headSpan{uint8(from), uint8(from + len(piece))}
}

// again says whether b has the head that is kept, but perhaps for the time, and puts it into s and t. What reading a head looks at lies
// before the message, but for a space or "[ID " with which that might begin, and a mark of byte order.
func (h *syslogHead) again(b []byte, s *Syslog, t *Civil) bool {
	n := h.n
	if n == 0 || len(b) <= n || b[n] == ' ' || b[n] == '[' || b[n] == 0xef {
		return false
	}
	if string(b[:n]) != string(h.text[:n]) {
		if !h.plain || string(b[15:n]) != string(h.text[15:n]) {
			return false
		}
		other, used := parseBSDStamp(b)
		if used != 15 {
			return false
		}
		h.civil = other
		copy(h.text[:15], b)
	}
	*t = h.civil
	s.Host, s.Program, s.PID, s.Message = h.host.of(b), h.program.of(b), h.pid.of(b), b[n:]
	return true
}
