// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"slices"
	"sort"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var recordGap = detect.Spec{Name: "record-gap", Attack: []string{"T1070.001"}, New: newRecordGap}

// Tunables of record-gap.
const (
	gapLeast   = 5       // records that are missing in one place
	gapSeen    = 300     // records of a log, before its numbering is trusted
	gapOften   = 4       // places with missing records that a log may have; more are an export of chosen records, which says nothing
	gapReorder = 128     // records of which the numbers may be out of order in time
	gapAnew    = 32      // records in a row with numbers far behind: the numbering began anew
	gapStreams = 1 << 14 // logs (channel and computer) that are followed
)

// recordGaps follows the numbers that Windows gives the records of each log. They have no holes: what is missing was taken out, was
// overwritten before it was collected, or was lost on the way.
type recordGaps struct {
	detect.Trace
	streams map[streamKey]*recordStream
}

type streamKey struct{ channel, host string }

type recordStream struct {
	place   event.Place
	next    int64 // number of the record that should come; 0: none came yet
	last    numbered
	waiting []numbered // in order of number
	seen    int64
	behind  int
	anew    int64
	gaps    []recordHole
	places  int64
	missing int64
}

type numbered struct {
	number int64
	at     event.Micros
	seen   event.Micros
	ref    event.Ref
}

type recordHole struct {
	before, after numbered
	missing       int64
}

func newRecordGap(detect.Site) detect.Detector {
	return &recordGaps{streams: map[streamKey]*recordStream{}}
}

func (d *recordGaps) Classes() detect.ClassSet { return everyClass() }

func (d *recordGaps) Observe(s *event.Sighting) {
	if s.Format != "windows" {
		return
	}
	var number, id int64
	channel := ""
	for i := range s.Rest {
		switch f := &s.Rest[i]; f.Name {
		case "record":
			number = f.Value.Num
		case "channel":
			channel = f.Value.Text
		case "event_id":
			id = f.Value.Num
		}
	}
	host := writerOf(s, id)
	if number <= 0 || number >= 1<<62 || channel == "" || channel == "ForwardedEvents" || host == "" || strings.Contains(channel, "Sysmon") {
		return
	}
	key := streamKey{channel, host}
	r := d.streams[key]
	if r == nil {
		if len(d.streams) >= gapStreams {
			return
		}
		r = &recordStream{place: s.Dst}
		d.streams[key] = r
	}
	ref := s.Ref
	ref.More = slices.Clone(ref.More)
	r.add(numbered{number, s.Time, s.Seen(), ref})
}

// writerOf returns the computer whose log the record stood in. Some records are about a host that this one turned to.
func writerOf(s *event.Sighting, id int64) string {
	switch id {
	case 4648, 1024, 22:
		return s.SrcHost
	}
	if id >= 5150 && id <= 5159 && s.DstHost == "" {
		return s.SrcHost
	}
	return s.DstHost
}

func (r *recordStream) add(n numbered) {
	if r.next > 0 && n.number < r.next {
		// A copy of a record, or one that came very late; many of them one after the other are a numbering that began anew.
		if r.behind++; r.behind >= gapAnew && r.next-n.number > gapReorder {
			r.drain(0)
			r.next, r.behind = 0, 0
			r.anew++
		}
		return
	}
	r.behind = 0
	i := sort.Search(len(r.waiting), func(i int) bool { return r.waiting[i].number >= n.number })
	if i < len(r.waiting) && r.waiting[i].number == n.number {
		return
	}
	r.waiting = slices.Insert(r.waiting, i, n)
	if r.next > 0 {
		for len(r.waiting) > 0 && r.waiting[0].number == r.next {
			r.take()
		}
	}
	r.drain(gapReorder)
}

// drain takes waiting records in order of number until no more than some wait.
func (r *recordStream) drain(most int) {
	for len(r.waiting) > most {
		r.take()
	}
}

func (r *recordStream) take() {
	n := r.waiting[0]
	r.waiting = slices.Delete(r.waiting, 0, 1)
	if r.next > 0 && n.number > r.next {
		lost := n.number - r.next
		r.missing += lost
		r.places++
		if lost >= gapLeast && len(r.gaps) < gapOften {
			r.gaps = append(r.gaps, recordHole{r.last, n, lost})
		}
	}
	r.next, r.last = n.number+1, n
	r.seen++
}

func (d *recordGaps) Findings(asOf event.Micros) []event.Finding {
	var out []event.Finding
	for key, r := range d.streams {
		if len(r.waiting) > 0 && asOf == detect.Over { // until then the missing ones may come
			r = detect.Clone(r)
			r.drain(0)
		}
		if r.seen < gapSeen || r.places > gapOften {
			continue
		}
		for _, h := range r.gaps {
			out = append(out, r.finding(key, h))
		}
	}
	return sortedFindings(out)
}

func (r *recordStream) finding(key streamKey, h recordHole) event.Finding {
	from, to := min(h.before.at, h.after.at), max(h.before.at, h.after.at)
	f := event.Finding{
		Key: fmt.Sprintf("%s %s %d", key.host, key.channel, h.before.number), Severity: event.Low, First: from, Last: to, Alerted: max(from, h.after.seen),
		Numbers: []event.Figure{figure("missing", float64(h.missing)), figure("from_number", float64(h.before.number+1)), figure("to_number", float64(h.after.number-1)),
			figure("hours", (to-from).Seconds()/3600), figure("records_seen", float64(r.seen))},
		Evidence: []event.Ref{h.before.ref, h.after.ref},
	}
	host := key.host
	if r.place.Host != "" && strings.HasPrefix(strings.ToLower(host), strings.ToLower(r.place.Host)) {
		host = r.place.Host
	}
	f.Hosts = []string{host}
	if guarded(key.channel) {
		f.Severity = event.Medium
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("%s のログ（%s）から %d 件の記録が欠けている", host, key.channel, h.missing),
		En: fmt.Sprintf("%d records are missing from the log %s of %s", h.missing, key.channel, host)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("Windows は記録に続き番号を付ける。%d 番から %d 番までがなく、ほかの %d 件には %d か所しか抜けがない。記録が消された、収集の前に上書きされた、転送の途中で失われた、のいずれかである。元のファイルや転送先の控えと照らし合わせること。",
			h.before.number+1, h.after.number-1, r.seen, r.places),
		En: fmt.Sprintf("Windows numbers its records without holes. Numbers %d to %d are not there, while the other %d records have holes in %d places only. They were taken out, were overwritten before they were collected, or were lost on the way. Compare with the file on the host and with copies.",
			h.before.number+1, h.after.number-1, r.seen, r.places)}
	return f
}
