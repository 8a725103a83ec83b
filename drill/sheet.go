// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bufio"
	"bytes"
	"cmp"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// sheet is one log: lines are added in any order within an hour, or for later hours, and come out sorted by time.
// The press, on the other core, sorts and writes what was cut off while the next hour is being rendered.
// A sheet belongs to one goroutine, its press to another; they share nothing but the chunks.
type sheet struct {
	kind  string
	buf   []byte
	marks []mark
	gap   [2]int64 // what was erased
	off   bool     // this kind of log is missing: nothing is kept
	out   *press
}

// mark says when a line was written and where it lies in the buffer.
type mark struct {
	t   int64
	off uint32
	n   uint32
}

// chunk is what a sheet hands to its press: every line of it is older than what comes later.
type chunk struct {
	out   *press
	buf   []byte
	marks []mark
}

// open returns the buffer to append one line to, without its newline; close keeps it under time t.
func (s *sheet) open() []byte { return s.buf }

func (s *sheet) close(t int64, b []byte) {
	if s.off || t >= s.gap[0] && t < s.gap[1] {
		s.buf = b[:len(s.buf)]
		return
	}
	start := uint32(len(s.buf))
	s.buf = b
	s.marks = append(s.marks, mark{t, start, uint32(len(b)) - start})
}

// cut takes away everything before upto. What is later stays.
func (s *sheet) cut(upto int64, spare chunk) chunk {
	c := chunk{s.out, s.buf, s.marks}
	s.buf, s.marks = spare.buf[:0], spare.marks[:0]
	kept := c.marks[:0]
	for _, m := range c.marks {
		if m.t < upto {
			kept = append(kept, m)
			continue
		}
		off := uint32(len(s.buf))
		s.buf = append(s.buf, c.buf[m.off:m.off+m.n]...)
		s.marks = append(s.marks, mark{m.t, off, m.n})
	}
	c.marks = kept
	return c
}

// take cuts off what lies before upto, with memory that the press is done with if there is any.
func (s *sheet) take(upto int64) chunk {
	if len(s.marks) == 0 {
		return chunk{}
	}
	var spare chunk
	select {
	case spare = <-s.out.spare:
	default:
	}
	return s.cut(upto, spare)
}

// giveBack lets the sheet have the memory of a chunk again.
func (c chunk) giveBack() {
	select {
	case c.out.spare <- c:
	default:
	}
}

// order sorts the lines of a chunk by time, leaves out those outside the window (a session that ends after it has no line)
// and numbers them where their host does. Lines of one time stay in the order in which they were written.
func (c *chunk) order() {
	p := c.out
	slices.SortFunc(c.marks, func(a, b mark) int {
		if a.t != b.t {
			return cmp.Compare(a.t, b.t)
		}
		return cmp.Compare(a.off, b.off)
	})
	c.marks = slices.DeleteFunc(c.marks, func(m mark) bool { return m.t < p.from || m.t >= p.cal.end() })
	if p.shape.serial {
		for _, m := range c.marks {
			p.number(c.buf[m.off : m.off+m.n])
		}
	}
}

// shape says how the lines of a sheet become files.
type shape struct {
	path   string // below the logs folder; %s in it is replaced by the period's name
	naming naming
	period period
	host   string // that keeps it itself, so that who has the host can erase it; empty: it is sent away
	array  bool   // a JSON array, one object a line
	newest bool   // newest first
	serial bool   // lines carry a running record number, blank so far
	hosts  bool   // … in each log of each host its own
}

type naming uint8

const (
	numbered naming = iota // slapd.log, slapd.log.1, slapd.log.2.gz … as logrotate with delaycompress leaves them
	dated                  // %s is replaced by the period's first day, or month
	suffixed               // maillog, maillog-20250928.gz …
	versions               // query.log, query.log.0, query.log.1 … as BIND keeps them
)

type period uint8

const (
	whole period = iota
	daily
	fourHourly
	weekly // from Sunday
	monthly
)

// press finishes one sheet's lines and writes its files.
type press struct {
	kind   string
	log    string // its path without what rotation adds
	dir    string
	shape  shape
	cal    calendar
	from   int64 // nothing before it is written
	files  []File
	until  int64 // the end of the period being written
	last   int   // index of the last period
	file   *os.File
	zip    *gzip.Writer
	w      *bufio.Writer
	held   []byte // newest first: the period's lines until its end
	heldAt []mark
	empty  bool
	serial int        // the last record number given
	spare  chan chunk // a written chunk, whose memory the sheet takes again

	serials map[string]int // … by log and host, where a file holds several
}

// serialBlank is where a record number will stand; numbers have that many digits.
const serialBlank = "000000000"

// number gives a line the next record number: hosts number their records in the order of time.
func (p *press) number(line []byte) {
	i := bytes.Index(line, []byte(`"record_id":`+serialBlank))
	if i < 0 {
		return
	}
	line = line[:i+len(`"record_id":`)]
	if !p.shape.hosts {
		p.serial++
		strconv.AppendInt(line, int64(104200000+p.serial), 10)
		return
	}
	_, log, _ := bytes.Cut(line, []byte(`"channel":"`)) // and the host, which stands behind it
	log, _, _ = bytes.Cut(log, []byte(`","event_id"`))
	n, ok := p.serials[string(log)]
	if !ok {
		d := roll(uint64(len(log)), textKey(string(log)))
		n = 100_000_000 + d.n(700_000_000)
	}
	n++
	p.serials[string(log)] = n
	strconv.AppendInt(line, int64(n), 10)
}

func newPress(kind, dir string, s shape, cal calendar, from int64) *press {
	p := &press{kind: kind, log: logName(s.path), dir: dir, shape: s, cal: cal, from: max(from, cal.start), until: -1 << 62, spare: make(chan chunk, 1), serials: map[string]int{}}
	p.last, _, _ = p.periodOf(cal.end() - 1)
	return p
}

// periodOf returns the number of the period that holds t, counted from the one that holds the first line there can be.
func (p *press) periodOf(t int64) (index int, from, to int64) {
	n, from, to := p.absolute(t)
	first, _, _ := p.absolute(p.from)
	return n - first, from, to
}

func (p *press) absolute(t int64) (n int, from, to int64) {
	local := t + jst
	d := local / day
	switch p.shape.period {
	case daily:
		return int(d), d*day - jst, (d+1)*day - jst
	case fourHourly:
		q := local / (4 * hour)
		return int(q), q*4*hour - jst, (q+1)*4*hour - jst
	case weekly:
		w := (d + 4) / 7 // 1970-01-01 was a Thursday
		return int(w), (w*7-4)*day - jst, (w*7+3)*day - jst
	case monthly:
		y, m, dom := civil(d)
		first := d - int64(dom) + 1
		next := first + 28
		for {
			if _, mm, _ := civil(next); mm != m {
				break
			}
			next++
		}
		return y*12 + m, first*day - jst, next*day - jst
	}
	return 0, p.cal.start, p.cal.end()
}

// name returns the path of a period's file when the drill is over.
func (p *press) name(index int, from int64) string {
	age := p.last - index
	switch {
	case p.shape.naming == dated:
		return p.dated(from)
	case p.shape.naming == suffixed && age > 0:
		return p.suffixed(from)
	}
	return p.aged(age)
}

// dated returns the path of the file of the period that begins then.
func (p *press) dated(from int64) string {
	y, m, d := civil((from + jst) / day)
	name := fmt.Sprintf("%04d-%02d", y, m)
	switch p.shape.period {
	case daily:
		name = fmt.Sprintf("%04d-%02d-%02d", y, m, d)
	case fourHourly:
		name = fmt.Sprintf("%04d-%02d-%02dT%02d", y, m, d, (from+jst)/hour%24)
	}
	return strings.Replace(p.shape.path, "%s", name, 1)
}

// suffixed returns the path that the file of the period which began then is given at the period's end.
func (p *press) suffixed(from int64) string {
	_, _, to := p.absolute(from)
	y, m, d := civil((to + jst) / day)
	return fmt.Sprintf("%s-%04d%02d%02d.gz", p.shape.path, y, m, d)
}

// aged returns the path of a file that so many periods have ended after; 0: the one in use.
func (p *press) aged(age int) string {
	switch {
	case age == 0:
		return p.shape.path
	case p.shape.naming == versions:
		return fmt.Sprintf("%s.%d", p.shape.path, age-1)
	case age == 1:
		return p.shape.path + ".1"
	}
	return fmt.Sprintf("%s.%d.gz", p.shape.path, age)
}

// write writes the lines of a chunk to the files of their periods.
func (p *press) write(c chunk) error {
	c.order()
	for _, m := range c.marks {
		if m.t >= p.until {
			if err := p.turn(m.t); err != nil {
				return err
			}
		}
		p.files[len(p.files)-1].Lines++
		line := c.buf[m.off : m.off+m.n]
		if p.shape.newest {
			p.heldAt = append(p.heldAt, mark{m.t, uint32(len(p.held)), m.n})
			p.held = append(p.held, line...)
			continue
		}
		p.put(line)
	}
	return nil
}

// put writes one line; an error stays in the buffered writer and comes out when the file is finished.
func (p *press) put(line []byte) {
	if p.shape.array && !p.empty {
		p.w.WriteByte(',')
	}
	if p.shape.array {
		p.w.WriteByte('\n')
	}
	p.empty = false
	p.w.Write(line)
	if !p.shape.array {
		p.w.WriteByte('\n')
	}
}

// turn closes the period's file and opens that of the one that holds t.
func (p *press) turn(t int64) error {
	if err := p.finish(); err != nil {
		return err
	}
	index, from, to := p.periodOf(t)
	p.until = to
	name := p.name(index, from)
	path := filepath.Join(p.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("drill: make folder: %w", err)
	}
	file, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o644)
	if err != nil {
		return fmt.Errorf("drill: create log: %w", err)
	}
	p.file = file
	var w io.Writer = file
	p.zip = nil
	if filepath.Ext(name) == ".gz" {
		p.zip, err = gzip.NewWriterLevel(file, gzip.BestSpeed)
		if err != nil {
			return fmt.Errorf("drill: compress %s: %w", name, err)
		}
		w = p.zip
	}
	p.w = bufio.NewWriterSize(w, 1<<17)
	p.empty = true
	if p.shape.array {
		p.w.WriteByte('[')
	}
	p.files = append(p.files, File{Path: name, Kind: p.kind})
	return nil
}

// finish writes what is held and closes the file.
func (p *press) finish() error {
	if p.file == nil {
		return nil
	}
	for i := len(p.heldAt) - 1; i >= 0; i-- {
		m := p.heldAt[i]
		p.put(p.held[m.off : m.off+m.n])
	}
	p.held, p.heldAt = p.held[:0], p.heldAt[:0]
	if p.shape.array {
		p.w.WriteString("\n]\n")
	}
	err := p.w.Flush()
	if p.zip != nil && err == nil {
		err = p.zip.Close()
	}
	if cerr := p.file.Close(); err == nil {
		err = cerr
	}
	p.file = nil
	if err != nil {
		return fmt.Errorf("drill: write %s: %w", p.files[len(p.files)-1].Path, err)
	}
	return nil
}

// abandon closes the file without finishing it.
func (p *press) abandon() {
	if p.file != nil {
		p.file.Close()
		p.file = nil
	}
}
