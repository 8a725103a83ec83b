// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/intake"
)

// series is a log without years in its pieces, oldest first, as rotation left them; a log that was never rotated is one piece.
type series struct {
	pieces []*input
	offset int // years from the collection's beginning to the first record
}

// yearlessSeries puts the pieces of each rotated log without years in order and counts the New Years between them.
func (p *plan) yearlessSeries() []*series {
	by := map[string]*series{}
	var all []*series
	for _, in := range p.inputs {
		if !in.yearless {
			continue
		}
		in.turns = 0
		key := in.pieceOf()
		if by[key] == nil {
			by[key] = &series{}
			all = append(all, by[key])
		}
		by[key].pieces = append(by[key].pieces, in)
	}
	var out []*series
	for _, s := range all {
		if !s.order() { // nothing tells which is older: each stands for itself
			for _, in := range s.pieces {
				out = append(out, &series{pieces: []*input{in}})
			}
			continue
		}
		out = append(out, s)
	}
	return out
}

// rotated matches the number or the date that rotation gave a piece; numbers grow with age, dates shrink.
var rotated = regexp.MustCompile(`(?i)(?:\.(\d{1,3})|[._-](\d{8}|\d{4}-\d{2}-\d{2}|\d{4}-\d{2}))(?:\.(?:log|txt|gz|zst))*$`)

// order sorts the pieces by what rotation named them, and says whether it could.
func (s *series) order() bool {
	if len(s.pieces) == 1 {
		return true
	}
	type named struct {
		in   *input
		date string
		age  int
	}
	list, dated, numbered := make([]named, 0, len(s.pieces)), 0, 0
	for _, in := range s.pieces {
		n := named{in: in}
		if m := rotated.FindStringSubmatch(path.Base(in.file.Path)); m != nil {
			if m[2] != "" {
				n.date = strings.ReplaceAll(m[2], "-", "")
				dated++
			} else {
				n.age, _ = strconv.Atoi(m[1])
				n.age++ // the piece without a number is younger than .0
				numbered++
			}
		} else {
			n.date = "~" // the current piece
		}
		list = append(list, n)
	}
	if dated > 0 && numbered > 0 {
		return false
	}
	slices.SortStableFunc(list, func(a, b named) int {
		return cmp.Or(cmp.Compare(b.age, a.age), strings.Compare(a.date, b.date), strings.Compare(a.in.file.Path, b.in.file.Path))
	})
	for i := range list {
		s.pieces[i] = list[i].in
		if i > 0 && list[i].age == list[i-1].age && list[i].date == list[i-1].date {
			return false // two of one name: pieces of different machines, perhaps
		}
	}
	turns := s.countTurns()
	if slices.Reverse(s.pieces); s.countTurns() >= turns { // some number upwards
		slices.Reverse(s.pieces)
		s.countTurns()
	}
	return true
}

// countTurns counts for each piece the New Years before it, and returns those before the last.
func (s *series) countTurns() int {
	s.pieces[0].turns = 0
	for i := 1; i < len(s.pieces); i++ {
		before, in := s.pieces[i-1], s.pieces[i]
		in.turns = before.turns + before.stamps.NewYears
		// A piece may begin a little before the last one ends; only a long way back is a New Year.
		if back := yearDay(before.stamps.Last) - yearDay(in.stamps.First); back > overlapDays {
			in.turns++
		}
	}
	return s.pieces[len(s.pieces)-1].turns
}

// overlapDays is how far two pieces of a rotated log may overlap: far less than a year, and more than any clock is wrong.
const overlapDays = 15

// pieceOf names the log that a file is a piece of.
func (in *input) pieceOf() string {
	name := ""
	if in.primary != nil {
		name = in.primary.Name
	}
	return rotation.ReplaceAllString(in.file.Path, "") + "\x00" + name + "\x00" + in.settings.Host + "\x00" + in.settings.Realm
}

func (s *series) last() intake.Stamp { return s.pieces[len(s.pieces)-1].stamps.Last }

// newYears returns how many times the year turned between the first record and the last.
func (s *series) newYears() int {
	last := s.pieces[len(s.pieces)-1]
	return last.turns + last.stamps.NewYears
}

// days returns how many days the series covers, first and last included.
func (s *series) days() int {
	return s.newYears()*ringDays + yearDay(s.last()) - yearDay(s.pieces[0].stamps.First) + 1
}

// placeSeries says for each series how many New Years lie between the collection's beginning, a day of the year, and its first record.
func placeSeries(ring []*series, start int) {
	end := 0 // days from the beginning's 1 January to the end of a collection of more than a year
	for _, s := range ring {
		s.offset = 0
		if yearDay(s.pieces[0].stamps.First) < start {
			s.offset = 1
		}
		if s.days() > ringDays {
			end = max(end, (s.offset+s.newYears())*ringDays+yearDay(s.last()))
		}
	}
	for _, s := range ring {
		for s.days() <= ringDays && (s.offset+1+s.newYears())*ringDays+yearDay(s.last()) <= end+overlapDays {
			s.offset++
		}
	}
}
