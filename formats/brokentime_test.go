// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// TestBrokenTime breaks the times of all samples of all formats, each record's alone and those of the whole file: a record whose time is
// none must be refused, or bear a time that unbroken records of it bear. None may have another, made of month 13 or of hour 25.
//
// Where the time stands in a record is found by changing its digits and seeing what becomes of the event.
func TestBrokenTime(t *testing.T) {
	all := All()
	for _, path := range samples(t) {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			data, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s := newDatedSample(all, cut(path, data))
			s.breakEach()
			s.breakAll()
			if s.events > 0 && s.dated == 0 && s.broken == 0 {
				t.Errorf("no time was found in a sample of %d events", s.events)
			}
			slices.Sort(s.wrong)
			for i, w := range slices.Compact(s.wrong) {
				if i == 12 {
					t.Errorf("and more")
					break
				}
				t.Error(w)
			}
		})
	}
}

// datedSample is a sample with the times that its records have as they are written.
type datedSample struct {
	recs  []event.Record
	order []*Format
	times [][]event.Micros // of the events that a record is a part of
	wrong []string
	lines map[int64]brokenRecord // that were broken
	next  int64

	events, dated, broken int // records that events are made of, of which the time was found, and that were broken with all others
}

type brokenRecord struct {
	of   int // the record that it was made of
	text []byte
}

func newDatedSample(all []Format, recs []event.Record) *datedSample {
	s := &datedSample{recs: recs, times: make([][]event.Micros, len(recs)), lines: map[int64]brokenRecord{}, next: int64(len(recs)) + 1000}
	var sample [][]byte
	for i := range recs {
		recs[i].Line = int64(i + 1)
		sample = append(sample, recs[i].Data)
	}
	listed := map[*Format]bool{}
	for _, g := range Recognise(all, sample[:min(len(sample), 200)]) {
		s.order, listed[g.Format] = append(s.order, g.Format), true
	}
	for i := range all {
		if !listed[&all[i]] {
			s.order = append(s.order, &all[i])
		}
	}
	var out event.Batch
	rd := NewReader(s.order, distantEnv())
	for i := range recs {
		_ = rd.Read(&recs[i], &out)
	}
	rd.Flush(&out)
	s.events = len(out.Events)
	for i := range out.Events {
		for _, p := range out.Events[i].Ref.Parts() {
			s.times[p.Line-1] = append(s.times[p.Line-1], out.Events[i].Time)
		}
	}
	return s
}

// breakEach reads the records in order and, after each, what is made of it by breaking its time.
func (s *datedSample) breakEach() {
	rd := NewReader(s.order, distantEnv())
	var out event.Batch
	for i := range s.recs {
		n := len(out.Events)
		_ = rd.Read(&s.recs[i], &out)
		was, ok := timeOf(out.Events[n:], s.recs[i].Line)
		if !ok {
			continue
		}
		before := len(s.lines)
		read := func(text []byte) (at event.Micros, ok bool) {
			clock := *rd.env.Clock
			defer func() { *rd.env.Clock = clock }()
			s.next++
			n, rec := len(out.Events), s.recs[i]
			rec.Line, rec.Data, rec.Length = s.next, text, int64(len(text))
			s.lines[s.next] = brokenRecord{i, text}
			_ = rd.Read(&rec, &out)
			return timeOf(out.Events[n:], s.next)
		}
		for _, text := range brokenTexts(s.recs[i].Data, func(text []byte) (time.Duration, bool) {
			at, ok := read(text)
			delete(s.lines, s.next) // a time that is right, only another one
			s.next++
			return time.Duration(at-was) * time.Microsecond, ok
		}) {
			read(text)
		}
		if len(s.lines) > before {
			s.dated++
		}
		again := s.recs[i]
		_ = rd.Read(&again, &out)
	}
	rd.Flush(&out)
	s.check(out.Events, "")
}

// distantEnv has a zone that no sample has, so that a zone which was not read shows.
func distantEnv() *Env {
	env := testEnv()
	env.Clock.Zone = time.FixedZone("", -(3*3600 + 30*60))
	return env
}

// timeOf returns the time of the first event that the line is a part of.
func timeOf(events []event.Event, line int64) (event.Micros, bool) {
	for i := range events {
		if slices.ContainsFunc(events[i].Ref.Parts(), func(p event.Part) bool { return p.Line == line }) {
			return events[i].Time, true
		}
	}
	return 0, false
}

// elsewhere are the formats that take the time from another place of the record where its own cannot be read, as their pages say; the two are
// within hours of each other, by the zone.
var elsewhere = map[string]string{
	"cef": "syslog's head", "leef": "syslog's head", "samba": "syslog's head", "watchguard": "syslog's head",
	"freeradius-detail": "the block's first line",
	"suricata":          "the record of a flow, at its end",
	"entra-audit":       "TimeGenerated", "m365-audit-csv": "CreationDate",
	"kea-leases": "none: changing the lease's length moves its beginning, which is reckoned from its end",
}

// astrayBefore is 1990: of events before it the case tells that no record can have been made then. Half of a number of seconds is such a time.
const astrayBefore = event.Micros(631152000) * 1e6

// check tells of the events of broken records whose time is not one that the unbroken one has.
func (s *datedSample) check(events []event.Event, how string) {
	for i := range events {
		var may []event.Micros
		var text []byte
		of := 0
		for _, p := range events[i].Ref.Parts() {
			if b, ok := s.lines[p.Line]; ok {
				may, text, of = append(may, s.times[b.of]...), b.text, b.of
			} else if int(p.Line) <= len(s.times) {
				may = append(may, s.times[p.Line-1]...)
			} else {
				may = append(may, events[i].Time) // of a probe
			}
		}
		at, apart := events[i].Time, event.Micros(time.Second/time.Microsecond)
		if elsewhere[events[i].Format] != "" {
			apart = event.Micros(15 * time.Hour / time.Microsecond)
		}
		if text != nil && at >= astrayBefore && !slices.ContainsFunc(may, func(m event.Micros) bool { return m-at < apart && at-m < apart }) {
			was := "no time"
			if len(may) > 0 {
				was = may[0].Time().Format(time.RFC3339)
			}
			s.wrong = append(s.wrong, fmt.Sprintf("record %d %s: %s reads %s where it was %s: %.300q", of+1, how, events[i].Format, events[i].Time.Time().Format(time.RFC3339), was, text))
		}
	}
}

// What a stretch of a record says of the time.
var invalidOf = map[string][]string{
	"second": {"61", "99", "XX", "  "}, "minute": {"60", "99", "XX", "  "}, "hour": {"24", "25", "99", "XX"},
	"day": {"00", "32", "99", "XX"}, "month": {"00", "13", "99", "XX"}, "year": {"XX"}, "zone": {"99", "XX"},
}

// brokenTexts returns rec with its time broken in all ways. moved tells by how much the event's time is another in a text, and whether there is
// an event.
func brokenTexts(rec []byte, moved func([]byte) (time.Duration, bool)) (out [][]byte) {
	put := func(at, n int, text string) []byte {
		return slices.Concat(rec[:at], []byte(text), rec[at+n:])
	}
	first, last := -1, -1
	month, day := [2]int{-9}, [2]int{-99}
	for at := 0; at < len(rec); at++ {
		if !isDigit(rec[at]) || at > 0 && (isDigit(rec[at-1]) || isHexLetter(rec[at-1])) {
			continue
		}
		n := 1
		for at+n < len(rec) && isDigit(rec[at+n]) {
			n++
		}
		if at+n < len(rec) && isHexLetter(rec[at+n]) {
			continue
		}
		run := string(rec[at : at+n])
		if n >= 9 && n <= 19 && run[0] == '1' {
			if d, ok := moved(put(at, n, nextNumber(run))); ok && d == time.Second {
				for _, bad := range []string{strings.Repeat("X", n), run[:n/2] + strings.Repeat("X", n-n/2), strings.Repeat("9", n), strings.Repeat("0", n), run + run, run[:n/2], ""} {
					out = append(out, put(at, n, bad))
				}
				continue
			}
		}
		for k := 0; k < n && n <= 20; k += 2 {
			w := min(2, n-k)
			if w == 1 && n > 1 {
				continue
			}
			role := roleOf(rec[at+k:at+k+w], func(text string) (time.Duration, bool) { return moved(put(at+k, w, text)) })
			for _, bad := range invalidOf[role] {
				if bad == "13" && behindYear(rec[at+n:]) {
					continue // 13/2/2025 is a day of February, whatever the other rows begin with
				}
				out = append(out, put(at+k, w, bad))
			}
			if w == 2 && role != "" {
				out = append(out, put(at+k+1, 1, "X"))
			}
			switch role {
			case "":
				continue
			case "month":
				month = [2]int{at + k, w}
			case "day":
				day = [2]int{at + k, w}
			}
			if first < 0 {
				first = at + k
			}
			last = at + k + w
		}
	}
	if d := day[0] - month[0]; d >= -5 && d <= 5 {
		feb := put(day[0], day[1], "30")
		if month[0] < day[0] || day[1] == 2 {
			out = append(out, slices.Concat(feb[:month[0]], []byte("02"), feb[month[0]+month[1]:]))
		}
	}
	if first >= 0 {
		half := (first + last) / 2
		out = append(out, put(half, last-half, ""), put(half, last-half, strings.Repeat(" ", last-half)), put(first, last-first, ""), put(first, last-first, strings.Repeat("0", last-first)))
	}
	for _, m := range monthWord.FindAllIndex(rec, 8) {
		out = append(out, put(m[0], 3, "Xxx"))
		if d := day[0] - m[0]; d >= -3 && d <= 5 {
			feb := put(m[0], 3, "Feb")
			out = append(out, slices.Concat(feb[:day[0]], []byte("30"), feb[day[0]+day[1]:]))
		}
	}
	return out
}

// behindYear says whether the day and the year follow a month, or a day that stands where the month may: "/2/2025".
func behindYear(rest []byte) bool { return behindIt.Match(rest) }

func isHexLetter(c byte) bool { return c >= 'a' && c <= 'f' }

var behindIt = regexp.MustCompile(`^([-/.])(?:\d{1,2}[-/.])?(?:20)?\d\d\b`)

var monthWord = regexp.MustCompile(`\b(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)\b`)

// nextNumber returns a number of the time since some beginning that is a second later, where it has ten digits of seconds, or eleven as
// those since 1601 have.
func nextNumber(run string) string {
	at := 10
	if len(run) == 18 || len(run) == 17 {
		at = 11
	}
	if len(run) < at {
		return run
	}
	v, _ := strconv.ParseInt(run[:at], 10, 64)
	return strconv.FormatInt(v+1, 10) + run[at:]
}

// roleOf returns what one or two digits say of the time.
func roleOf(was []byte, moved func(string) (time.Duration, bool)) string {
	v, _ := strconv.Atoi(string(was))
	step := 1
	if v >= 12 || v == 9 && len(was) == 1 {
		step = -1
	}
	d, ok := moved(fmt.Sprintf("%0*d", len(was), v+step))
	if !ok {
		return ""
	}
	d *= time.Duration(step)
	switch d.Abs() {
	case time.Second:
		return "second"
	case time.Minute:
		return "minute"
	case time.Hour:
		if d < 0 {
			return "zone"
		}
		return "hour"
	case 24 * time.Hour:
		return "day"
	}
	switch days := int(d.Abs() / (24 * time.Hour)); {
	case days >= 28 && days <= 31:
		return "month"
	case days == 365 || days == 366 || days > 36000 && days < 37000:
		return "year"
	}
	return ""
}

// wholeBreaks break all times that a text writes out.
var wholeBreaks = []struct {
	how, with string
	of        *regexp.Regexp
}{
	{"hour 25", "25$1", regexp.MustCompile(`\b(?:[01]\d|2[0-3])(:[0-5]\d:[0-5]\d)`)},
	{"minute 61", "${1}61$2", regexp.MustCompile(`\b(\d?\d:)[0-5]\d(:[0-5]\d)`)},
	{"second 61", "${1}61", regexp.MustCompile(`\b(\d?\d:[0-5]\d:)[0-5]\d`)},
	{"time XX", "XX:XX:XX", regexp.MustCompile(`\b\d?\d:[0-5]\d:[0-5]\d`)},
	{"month 13", "${1}13$2", regexp.MustCompile(`\b((?:19|20)\d\d[-/.])\d\d([-/.]\d\d)`)},
	{"day 32", "${1}32", regexp.MustCompile(`\b((?:19|20)\d\d[-/.]\d\d[-/.])\d\d`)},
	{"30 February", "${1}02${2}30", regexp.MustCompile(`\b((?:19|20)\d\d([-/.]))\d\d[-/.]\d\d`)},
	{"Feb 30", "Feb 30 ", regexp.MustCompile(`\b(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) [ \d]?\d `)},
	{"day 32", "${1}32 ", regexp.MustCompile(`\b((?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) )[ \d]?\d `)},
	{"30/Feb", "30/Feb/", regexp.MustCompile(`\b\d\d/(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)/`)},
	{"hexadecimal XX", "6XXXXXXX", regexp.MustCompile(`^[56][0-9a-f]{7}\b`)},
	{"epoch XX", "17XXXXXX", regexp.MustCompile(`\b1[4-9]\d{8}(?:\d{3}|\d{6}|\d{9})?\b`)},
}

// breakAll reads the whole sample with all its times broken in one way: what joins records sees none that is right.
func (s *datedSample) breakAll() {
	for _, b := range wholeBreaks {
		rd := NewReader(s.order, distantEnv())
		var out event.Batch
		clear(s.lines)
		for i, rec := range s.recs {
			if text := b.of.ReplaceAll(rec.Data, []byte(b.with)); !bytes.Equal(text, rec.Data) {
				rec.Data, rec.Length = text, int64(len(text))
				s.lines[rec.Line] = brokenRecord{i, text}
			}
			_ = rd.Read(&rec, &out)
		}
		rd.Flush(&out)
		s.broken += len(s.lines)
		s.check(out.Events, b.how)
	}
}
