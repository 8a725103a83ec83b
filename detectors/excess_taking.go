// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"math"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var excessTaking = detect.Spec{Name: "excess-taking", Attack: []string{"T1213", "T1039"}, New: newExcessTaking}

// Tunables of excess-taking.
const (
	excessLeast   = 20      // documents that the account never read before, taken in excessSpan, before they are looked at
	excessOverOwn = 3.0     // times the most that it ever took anew in as many days
	excessSpan    = 3       // days that are taken together: who is slow comes back tomorrow
	excessLearn   = 14      // days since the account first read here
	excessActive  = 5       // of them on which it did
	excessLarge   = 200     // documents for high severity from a new network
	excessSeen    = 2048    // documents of an account that are remembered; beyond them one counts as known
	excessReaders = 1 << 16 // accounts at a service that are watched
)

// excess looks for accounts that read, of a shared site or a file server, far more documents new to them than ever before, from a network,
// a machine or a client that is new to them too. In the incidents of May 2021 and February 2023 whole registers were taken through accounts that
// were allowed to read them.
type excess struct {
	detect.Trace
	readers map[readerKey]*docReader
	found   []*taken
}

type readerKey struct {
	who uint32
	at  string // the host or service whose documents they are
}

// docReader is what is known of one account's reading at one place.
type docReader struct {
	nets   [12]dated
	with   [8]dated // kinds of client
	seen   map[uint32]struct{}
	begun  int32
	active int
	day    int32
	days   [excessSpan]fresh // today and the days before, newest first
	most   int32             // documents new to it in excessSpan days, at most, from where it is known
	open   *taken
}

// fresh is what an account read on one day that it never read before.
type fresh struct {
	documents int32
	strange   int32 // from a network new to it
	bytes     int64 // of those
}

type taken struct {
	who       *event.Account
	at        string
	place     event.Place
	from      map[netip.Addr]struct{}
	documents int64
	bytes     int64
	days      int
	day       int32
	most      int32
	server    bool
	hidden    bool
	first     event.Micros
	last      event.Micros
	alerted   event.Micros
	evidence  detect.Evidence
}

func newExcessTaking(detect.Site) detect.Detector {
	return &excess{readers: map[readerKey]*docReader{}}
}

func (d *excess) Classes() detect.ClassSet { return detect.Classes(event.ClassHTTP, event.ClassFile) }

func (d *excess) Observe(s *event.Sighting) {
	if s.Who == nil || s.Who.System || s.Who.Service || s.Outcome != event.OutcomeSuccess || !s.SrcIP.IsValid() || s.Object == "" {
		return
	}
	switch s.Activity {
	case event.ActRead, event.ActDownload, event.ActCopy:
	default:
		return
	}
	if s.Class == event.ClassHTTP && !document(s) {
		return
	}
	key := readerKey{s.Who.Handle, s.DstHost}
	r := d.readers[key]
	if r == nil {
		if len(d.readers) >= excessReaders { // beyond the bound all that an account reads is of one place
			key.at = ""
			if r = d.readers[key]; r == nil && len(d.readers) >= 2*excessReaders {
				return
			}
		}
	}
	if r == nil {
		r = &docReader{seen: map[uint32]struct{}{}, begun: s.Day, day: s.Day}
		d.readers[key] = r
	}
	if r.day != s.Day {
		r.nextDay(s.Day)
	}
	strange := r.strange(s)
	k := hashText(s.Object)
	if _, ok := r.seen[k]; ok || len(r.seen) >= excessSeen {
		return
	}
	r.seen[k] = struct{}{}
	today := &r.days[0]
	today.documents++
	if strange {
		today.bytes += max(s.BytesIn.Or(0), 0)
		today.strange++
	}
	d.judge(s, key, r, strange)
}

// document says whether a page is worth counting: what the browser fetches by itself is not.
func document(s *event.Sighting) bool {
	if v, ok := s.Get("status"); !ok || v.Text != "200" && v.Text != "206" {
		return false
	}
	path, _, query := strings.Cut(s.Object, "?")
	switch ending(path) {
	case "css", "js", "png", "gif", "jpg", "jpeg", "svg", "ico", "woff", "woff2", "ttf", "map":
		return query
	}
	return true
}

// strange says whether the network or the kind of client is new to the account here, or was new lately.
func (r *docReader) strange(s *event.Sighting) bool {
	h := hashPrefix(network(s.SrcIP))
	if s.Src.Own && server(s.Src) { // a machine inside that no person sits at is a place of its own
		h = hashPrefix(netip.PrefixFrom(s.SrcIP, s.SrcIP.BitLen()))
	}
	strange := r.newLately(r.nets[:], h, s.Day)
	if s.Client != "" && r.newLately(r.with[:], hashFamily(s.Client), s.Day) {
		strange = true
	}
	return strange
}

// newLately says whether one is not among the known, or was added to them within excessLearn days, and remembers it for the one that was least
// lately used. What came in the account's first days is known.
func (r *docReader) newLately(known []dated, h uint32, day int32) bool {
	oldest := 0
	for i := range known {
		n := &known[i]
		if n.hash == h && n.last != 0 {
			n.last = day
			return day-n.day < excessLearn && n.day-r.begun >= excessLearn
		}
		if n.last < known[oldest].last {
			oldest = i
		}
	}
	known[oldest] = dated{hash: h, day: day, last: day}
	return day-r.begun >= excessLearn
}

func (r *docReader) sum() (all fresh) {
	for _, f := range r.days {
		all.documents += f.documents
		all.strange += f.strange
		all.bytes += f.bytes
	}
	return all
}

// nextDay closes the day. What was told of is no measure of what is usual, nor is what was read from a strange place: who comes every night would
// raise it himself.
func (r *docReader) nextDay(day int32) {
	if r.open == nil || r.open.day < r.day {
		all := r.sum()
		r.most = max(r.most, all.documents-all.strange)
	} else {
		r.days[0] = fresh{}
	}
	for n := min(day-r.day, excessSpan); n > 0; n-- {
		copy(r.days[1:], r.days[:])
		r.days[0] = fresh{}
	}
	r.day = day
	r.active++
}

func (d *excess) judge(s *event.Sighting, key readerKey, r *docReader, strange bool) {
	if o := r.open; o != nil && s.Day-o.day <= excessSpan {
		if strange { // what the owner reads meanwhile, where he always does, is his own
			o.add(s)
		}
		return
	}
	all := r.sum()
	if d.Asked(s.Who) {
		d.tell(s, r, all, strange)
	}
	if !strange || all.documents < excessLeast || 2*all.strange <= all.documents || s.Day-r.begun < excessLearn || r.active < excessActive || float64(all.documents) < excessOverOwn*float64(r.most) {
		return
	}
	o := &taken{who: s.Who, at: key.at, place: s.Src, from: map[netip.Addr]struct{}{}, documents: int64(all.strange) - 1, bytes: all.bytes - max(s.BytesIn.Or(0), 0), day: math.MinInt32, most: r.most,
		first: s.Time, alerted: s.Seen()}
	o.add(s)
	r.open = o
	d.found = append(d.found, o)
}

func (o *taken) add(s *event.Sighting) {
	o.documents++
	o.bytes += max(s.BytesIn.Or(0), 0)
	o.last = s.Time
	if o.day != s.Day {
		o.day = s.Day
		o.days++
	}
	o.server = o.server || s.Src.Own && server(s.Src)
	o.hidden = o.hidden || s.Src.Kind.Anonymous()
	if len(o.from) < 32 {
		o.from[s.SrcIP] = struct{}{}
	}
	o.evidence.Add(s.Event)
}

func (o *taken) severity() event.Severity {
	switch {
	case o.documents >= excessLarge && (o.hidden || o.server):
		return event.High
	case o.hidden, o.server:
		return event.Medium
	}
	return event.Low
}

func (d *excess) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for _, o := range d.found {
		out = append(out, o.finding())
	}
	return sortedFindings(out)
}

func (o *taken) finding() event.Finding {
	f := event.Finding{
		Key: fmt.Sprintf("%s %s %d", o.who.ID, o.at, o.first), Severity: o.severity(), First: o.first, Last: o.last, Alerted: o.alerted, Accounts: []string{o.who.ID}, Evidence: o.evidence.Refs(),
		Numbers: []event.Figure{figure("documents", float64(o.documents)), figure("most_before", float64(o.most)), figure("bytes", float64(o.bytes)), figure("days", float64(o.days)), figure("addresses", float64(len(o.from)))},
	}
	if o.at != "" {
		f.Hosts = []string{o.at}
	}
	for ip := range o.from {
		f.Addresses = append(f.Addresses, ip)
	}
	slices.SortFunc(f.Addresses, netip.Addr.Compare)
	f.Title = event.Words{
		Ja: fmt.Sprintf("%s が、これまで読んだことのない文書を多数取得（%d 件）", o.who.Name, o.documents),
		En: fmt.Sprintf("%s took many documents that it never read before (%d)", o.who.Name, o.documents)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s で、新しい接続元から %d 件（これまでの最大は %d 日間に %d 件）。閲覧を許された範囲の中でも、必要を超えて集められている可能性がある。異動や監査の準備、新しい端末への同期でも起こりうる。", o.at, o.documents, excessSpan, o.most),
		En: fmt.Sprintf("At %s, from a place new to the account, %d documents (at most %d in %d days before). It may be allowed to read them all and still take more than it needs. A change of duties, an audit, or a new machine that fetches everything once can look like this.", o.at, o.documents, o.most, excessSpan)}
	return f
}
