// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"math/bits"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var directoryRead = detect.Spec{Name: "directory-read", Attack: []string{"T1087.002", "T1003"}, New: newDirectoryRead}

// Tunables of directory-read.
const (
	readShare    = 0.10 // of the directory on one day: a mass read
	readHalf     = 0.50 // of the directory: all of it, for practical purposes
	readLeast    = 30   // entries below which nothing is a mass read
	readPage     = 10   // entries that an answer must have to count towards a mass read; smaller ones are questions about somebody
	readUnsized  = 200  // entries that are a mass read where nobody knows how many accounts there are
	readLearn    = 14   // days from the directory's first record in which every habit is new
	readRoutine  = 3    // days of mass reads at one hour that make a habit
	readHours    = 2.0  // hours by which a habit may shift
	readGrowth   = 2.0  // times what the habit used to return
	readShared   = 3    // accounts that mass-read through one client, on readSharedOn days: a page that everybody may open
	readSharedOn = 5    // days
	readSlowDays = 30   // days over which small reads are put together
	readMost     = 1 << 14
)

// dirReads counts the entries that each pair of bound account and client gets from the directory. A backup reads everything
// every night; a thief reads everything once, from somewhere else, at another hour.
type dirReads struct {
	detect.Trace
	site    detect.Site
	size    float64 // entries in the directory: what the profile says, or the largest answer so far
	first   int32
	started bool
	pairs   map[readKey]*reader
	clients map[event.Line]*readClient
	homes   map[uint32]event.Line // of an account: the client it was first seen with
	inside  int                   // pairs of clients inside, and
	outside int                   // of others
}

type readKey struct {
	who    uint32 // handle, or a hash of the name with the top bit set
	client event.Line
}

type readClient struct {
	days  int
	last  int32
	names few
}

// reader is one pair.
type reader struct {
	id, name string // of the account; name also where there is no account
	place    event.Place
	faces    faces
	begun    int32
	moved    bool // the account had another client before

	day     int32
	today   int64
	minute  int16
	judged  bool // today's read has been judged
	secrets bool // today's read asked for more than names

	habit     [16]readDay // last days of mass reads
	nhabit    int
	sketch    *[64]uint64 // which questions for single entries were asked in the period
	sketchDay int32

	found *dirFinding
	held  []readDay // mass reads of the learning days, not yet known to be a habit
	early *dirFinding
}

type readDay struct {
	day     int32
	minute  int16
	entries int64
}

type dirFinding struct {
	severity event.Severity
	why      readWhy
	first    event.Micros
	last     event.Micros
	alerted  event.Micros
	entries  int64
	usual    int64
	days     int
	lastDay  int32
	share    float64
	secrets  bool
	evidence detect.Evidence
}

type readWhy uint8

const (
	readNew readWhy = iota
	readMoved
	readHour
	readMore
	readSlow
	readEarly
)

func newDirectoryRead(site detect.Site) detect.Detector {
	return &dirReads{site: site, size: float64(site.Accounts), pairs: map[readKey]*reader{}, clients: map[event.Line]*readClient{}, homes: map[uint32]event.Line{}}
}

func (d *dirReads) Classes() detect.ClassSet { return detect.Classes(event.ClassDirectory) }

func (d *dirReads) Observe(s *event.Sighting) {
	if s.Outcome == event.OutcomeFailure {
		return
	}
	switch s.Activity {
	case event.ActSearch, event.ActRead, event.ActList:
	default:
		return
	}
	if !d.started {
		d.first, d.started = s.Day, true
	}
	n := s.Count.Or(0)
	if n <= 0 {
		return
	}
	r := d.reader(s)
	if !s.Src.Own && s.SrcIP.IsValid() {
		r.faces.add(origin{line: lineOf(s)}, s.SrcIP)
	}
	if r.day != s.Day {
		r.day, r.today, r.judged, r.secrets, r.minute = s.Day, 0, false, false, s.Minute
	}
	if n < readPage {
		d.slow(r, s)
		return
	}
	r.today += n
	r.secrets = r.secrets || asksSecrets(s)
	d.judge(r, s)
}

func (d *dirReads) reader(s *event.Sighting) *reader {
	key := readKey{client: lineOf(s)}
	name := ""
	if s.Who != nil {
		key.who, name = s.Who.Handle, s.Who.Name
	} else if dn, ok := s.Get("dn"); ok {
		key.who, name = hashText(dn.Text)|1<<31, dn.Text
	}
	r := d.pairs[key]
	if r != nil {
		return r
	}
	bound := &d.outside
	if s.Src.Own {
		bound = &d.inside // who comes from many addresses outside takes no room from the machines inside
	}
	if *bound >= readMost {
		// Beyond the bound all pairs of one client are one: a thief cannot hide among pairs that it makes itself.
		key.who = 0
		if r = d.pairs[key]; r == nil && *bound >= 2*readMost {
			key = readKey{}
			r = d.pairs[key]
		}
		if r != nil {
			return r
		}
		name = ""
	}
	r = &reader{name: name, place: s.Src, begun: s.Day, day: s.Day, minute: s.Minute}
	if s.Who != nil && key.who != 0 {
		r.id = s.Who.ID
	}
	d.pairs[key] = r
	*bound++
	if key.who != 0 {
		if home, ok := d.homes[key.who]; !ok {
			d.homes[key.who] = key.client
		} else {
			r.moved = home.At.IsValid() && key.client.At.IsValid() && home != key.client
		}
	}
	return r
}

// asksSecrets says whether a search may have returned password hashes: it asked for them, for everything, or nobody knows.
func asksSecrets(s *event.Sighting) bool {
	v, ok := s.Get("attrs")
	if !ok || v.Text == "" {
		return true
	}
	l := strings.ToLower(v.Text)
	for len(l) > 0 {
		word := l
		if i := strings.IndexAny(l, " ,"); i >= 0 {
			word, l = l[:i], l[i+1:]
		} else {
			l = ""
		}
		switch word {
		case "*", "+", "userpassword", "sambantpassword", "sambalmpassword", "krbprincipalkey", "unicodepwd", "supplementalcredentials", "ipanthash", "pwdhistory":
			return true
		}
	}
	return false
}

// judge looks whether what the pair has read today is a mass read, and whether it does such things.
func (d *dirReads) judge(r *reader, s *event.Sighting) {
	size := d.size
	mass := size > 0 && float64(r.today) >= readShare*size && r.today >= readLeast || size == 0 && r.today >= readUnsized
	if d.site.Accounts == 0 {
		if n := float64(s.Count.Or(0)); n > d.size && n >= readUnsized {
			d.size = n
		}
		size = max(size, d.size)
	}
	if d.Asked(s.Who) {
		d.tell(s, r, size)
	}
	if !mass {
		return
	}
	if r.judged {
		d.more(r, s, size)
		return
	}
	r.judged = true
	page := d.everybodys(s)
	usual, habit, atHour, most := r.custom(s)
	this := readDay{s.Day, r.minute, r.today}
	r.note(this)
	switch {
	case page:
	case habit && atHour && float64(r.today) <= readGrowth*float64(most):
	case habit && atHour:
		d.raise(r, s, readMore, usual, size)
	case habit:
		d.raise(r, s, readHour, usual, size)
	case s.Day-d.first < readLearn:
		r.hold(this, s, size)
	case r.held != nil && r.near(this):
		r.hold(this, s, size)
	case r.moved:
		d.raise(r, s, readMoved, usual, size)
	default:
		d.raise(r, s, readNew, usual, size)
	}
}

// more adds to today's read what came after it was judged: a habit that suddenly returns far more, a finding that grows.
func (d *dirReads) more(r *reader, s *event.Sighting, size float64) {
	if r.nhabit > 0 {
		last := &r.habit[(r.nhabit-1)%len(r.habit)]
		if last.day == s.Day {
			last.entries = r.today
		}
	}
	for _, f := range []*dirFinding{r.found, r.early} {
		if f != nil && f.lastDay == s.Day {
			f.grow(r, s, size)
		}
	}
	if r.found == nil || r.found.lastDay != s.Day {
		if usual, habit, atHour, most := r.custom(s); habit && atHour && float64(r.today) > readGrowth*float64(most) && r.early == nil {
			d.raise(r, s, readMore, usual, size)
		}
	}
}

// custom says what the pair is used to read: how much, whether it is a habit, whether at this hour, and the most of any day.
func (r *reader) custom(s *event.Sighting) (usual int64, habit, atHour bool, most int64) {
	n, near := 0, 0
	for i := range min(r.nhabit, len(r.habit)) {
		h := &r.habit[i]
		if h.day == s.Day {
			continue
		}
		n++
		most = max(most, h.entries)
		if hoursApart(h.minute, s.Minute) <= readHours {
			near++
		}
	}
	return most, n >= readRoutine, near >= min(readRoutine, n), most
}

func (r *reader) note(h readDay) {
	r.habit[r.nhabit%len(r.habit)] = h
	r.nhabit++
}

// hold keeps a mass read of the learning days back: if it turns out to be a habit it was none.
func (r *reader) hold(h readDay, s *event.Sighting, size float64) {
	if len(r.held) < len(r.habit) {
		r.held = append(r.held, h)
	}
	if r.early == nil {
		r.early = &dirFinding{severity: event.Low, why: readEarly, first: s.Time, alerted: s.Seen()}
	}
	r.early.grow(r, s, size)
}

// near says whether a read is at the hour of those held.
func (r *reader) near(h readDay) bool {
	for _, x := range r.held {
		if hoursApart(x.minute, h.minute) > readHours {
			return false
		}
	}
	return true
}

func (d *dirReads) raise(r *reader, s *event.Sighting, why readWhy, usual int64, size float64) {
	f := r.found
	if f == nil {
		f = &dirFinding{why: why, first: s.Time, alerted: s.Seen(), usual: usual}
		r.found = f
	}
	f.grow(r, s, size)
}

func (f *dirFinding) grow(r *reader, s *event.Sighting, size float64) {
	if f.lastDay != s.Day {
		f.lastDay = s.Day
		f.days++
	}
	f.last = s.Time
	f.entries = max(f.entries, r.today)
	f.secrets = f.secrets || r.secrets
	f.evidence.Add(s.Event)
	f.share = max(f.share, min(float64(r.today)/max(size, 1), 1))
	if f.why == readEarly {
		return
	}
	sev := event.Medium
	if f.share >= readHalf && r.secrets && (f.why == readNew || f.why == readMoved) {
		sev = event.High
	}
	f.severity = max(f.severity, sev)
}

// everybodys says whether mass reads through this client are what a page does that many may open.
func (d *dirReads) everybodys(s *event.Sighting) bool {
	if !s.SrcIP.IsValid() || s.Who == nil {
		return false
	}
	c := d.clients[lineOf(s)]
	if c == nil {
		if len(d.clients) >= readMost {
			return false
		}
		c = &readClient{last: -1}
		d.clients[lineOf(s)] = c
	}
	shared := c.days >= readSharedOn && int(c.names.n) >= readShared
	c.names.add(s.Who.Handle)
	if c.last != s.Day {
		c.last = s.Day
		c.days++
	}
	return shared
}

// slow counts the different small questions of a pair that came up after the learning days: a directory read entry by entry.
func (d *dirReads) slow(r *reader, s *event.Sighting) {
	if r.begun-d.first < readLearn || d.size < readLeast || frontEnd(s.Src) || s.Object == "" {
		return
	}
	if r.sketch == nil {
		r.sketch, r.sketchDay = new([64]uint64), s.Day
	}
	if s.Day-r.sketchDay >= readSlowDays {
		clear(r.sketch[:])
		r.sketchDay = s.Day
	}
	h := hashText(s.Object) * 0x9e3779b1
	word, mask := h>>26, uint64(1)<<(h>>20&63)
	if r.sketch[word]&mask != 0 {
		return
	}
	r.sketch[word] |= mask
	set := 0
	for _, w := range r.sketch {
		set += bits.OnesCount64(w)
	}
	distinct := linearCount(set, 4096)
	if distinct < readHalf*min(d.size, 6000) || distinct < 2*readLeast {
		return
	}
	if r.found == nil {
		r.found = &dirFinding{why: readSlow, first: s.Time, alerted: s.Seen(), severity: event.Medium}
	}
	f := r.found
	f.last, f.entries, f.share = s.Time, max(f.entries, int64(distinct)), max(f.share, min(distinct/d.size, 1))
	f.evidence.Add(s.Event)
}

func (d *dirReads) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for key, r := range d.pairs {
		if r.found != nil {
			out = append(out, r.finding(key, r.found))
		}
		if r.early != nil && len(r.held) < readRoutine {
			early := *r.early
			if r.moved {
				early.severity = event.Medium // somebody else's account at this client, whatever the log's age
			}
			out = append(out, r.finding(key, &early))
		}
	}
	return sortedFindings(out)
}

func (r *reader) finding(key readKey, f *dirFinding) event.Finding {
	who := r.id
	if who == "" {
		who = r.name
	}
	client := "?"
	if key.client.At.IsValid() {
		client = key.client.String()
	}
	out := event.Finding{
		Key: fmt.Sprintf("%s %s %t", who, client, f.why == readEarly), Severity: f.severity, First: f.first, Last: f.last, Alerted: f.alerted, Evidence: f.evidence.Refs(),
		Numbers: []event.Figure{figure("entries", float64(f.entries)), figure("share", f.share), figure("usual_entries", float64(f.usual)), figure("days", float64(f.days))},
	}
	if r.id != "" {
		out.Accounts = []string{r.id}
	}
	at := client
	switch {
	case !key.client.At.IsValid() || frontEnd(r.place):
	case r.place.Own:
		at = machineName(r.place, key.client.At)
		out.Hosts = []string{at}
	default:
		out.Addresses = r.faces.of(origin{line: key.client})
	}
	name := r.name
	if name == "" {
		name = "?"
	}
	out.Title = event.Words{
		Ja: fmt.Sprintf("ディレクトリの大量読み取り（%s、%s から、%d 件）", name, at, f.entries),
		En: fmt.Sprintf("a mass read of the directory (%s, from %s, %d entries)", name, at, f.entries)}
	ja, en := f.words()
	if f.why != readEarly && f.why != readSlow {
		if f.secrets {
			ja += "全属性またはパスワードを含む要求なので、読まれた全員の認証情報が露出したものとして扱うこと。"
			en += " It asked for all attributes or for passwords: take the credentials of everybody in it as exposed."
		} else {
			ja += "要求は名前などの属性に限られ、パスワードは含まない。ID の一覧は知られたものとして扱うこと。"
			en += " It asked for names and the like, not for passwords: take the list of IDs as known."
		}
	}
	out.Explanation = event.Words{Ja: ja, En: en}
	return out
}

func (f *dirFinding) words() (ja, en string) {
	n, pct := f.entries, 100*f.share
	switch f.why {
	case readMoved:
		return fmt.Sprintf("このアカウントはこの接続元から使われたことがないのに、1 日でディレクトリの約 %.0f%%（%d 件）を読んだ。連携サーバの移設でも起こりうる。", pct, n),
			fmt.Sprintf("This account was never used from this client, and read about %.0f %% of the directory (%d entries) in one day. A service that moved to another server can look like this.", pct, n)
	case readHour:
		return fmt.Sprintf("日ごろ決まった時刻に行う読み取りが、別の時刻にあった（約 %.0f%%、%d 件）。手動での再実行でも起こりうる。", pct, n),
			fmt.Sprintf("A read that is a habit at its hour came at another one (about %.0f %%, %d entries). A job run again by hand can look like this.", pct, n)
	case readMore:
		return fmt.Sprintf("日ごろの読み取りは最大 %d 件だが、この日は %d 件だった。登録者の大幅な増加でも起こりうる。", f.usual, n),
			fmt.Sprintf("A habitual read that returned at most %d entries returned %d. A directory that grew can look like this.", f.usual, n)
	case readSlow:
		return fmt.Sprintf("%d 日以内に、1 件ずつの検索で約 %d 種類（約 %.0f%%）が調べられた。新しく導入した連携サーバでも起こりうる。", readSlowDays, n, pct),
			fmt.Sprintf("Within %d days about %d different entries (%.0f %%) were asked for one by one. A newly connected service can look like this.", readSlowDays, n, pct)
	case readEarly:
		return fmt.Sprintf("記録の始まりから %d 日以内の大量読み取り（約 %.0f%%、%d 件）で、定期的な繰り返しが見られない。比べる過去がないため、正当かどうか分からない。", readLearn, pct, n),
			fmt.Sprintf("A mass read (about %.0f %%, %d entries) in the first %d days of the log that did not turn out to be a habit. There is no past to compare it with, so nothing says whether it was legitimate.", pct, n, readLearn)
	}
	return fmt.Sprintf("大量に読むことのなかったこの組（アカウントと接続元）が、1 日でディレクトリの約 %.0f%%（%d 件、それまでの最大 %d 件）を読んだ。新しい連携や一括の名簿出力でも起こりうる。", pct, n, f.usual),
		fmt.Sprintf("This pair of account and client, which does not read in bulk (at most %d entries a day so far), read about %.0f %% of the directory (%d entries) in one day. A new service, or a list printed for everybody, can look like this.", f.usual, pct, n)
}
