// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package duckdb keeps events in one file of DuckDB, columns side by side, and answers SQL over it. It is the store of a
// case and of a single machine. Writing goes around database/sql (chunk.go), because that is several times faster; reading
// goes through it, locked down (reader.go).
//
// The file has what store.Tables names, as views and tables, over events_raw and its companions, which are not for use.
package duckdb

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"syscall"

	bindings "github.com/duckdb/duckdb-go-bindings"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/store"
)

// Options bounds a Writer. The zero value works. No option changes an answer, but for Spellings, and that is counted.
type Options struct {
	Inputs    []store.Input // what Event.Ref.Input counts
	Memory    int64         // bytes for DuckDB's buffers; default 256 MiB
	Threads   int           // of DuckDB; default: all cores
	Spellings int           // distinct spellings of accounts that are resolved one by one; default 1,000,000
}

// Stats says what a Writer has done.
type Stats struct {
	Events     int64
	Spellings  int   // distinct spellings of accounts
	Unresolved int64 // events whose account's spelling came after there was room for no more; they resolve as "others"
}

// Writer makes a store; see store.Writer.
type Writer struct {
	path, part, temp string
	opt              Options
	db               bindings.Database
	conn             bindings.Connection
	events           *appender
	codes            *codes
	realms           []string     // of the codes
	realmOf          []uint32     // of each input
	words            [columns]int // of each vocabulary
	ips              [1 << ipBits]ipText
	scratch          []byte
	stats            Stats
	done             bool
}

// ipText is a cache of one address's text.
type ipText struct {
	ip   netip.Addr
	text string
}

const ipBits = 12

// Create begins the store that will stand at path once it is finished. Until then there is a file beside it, path+".part".
func Create(path string, o Options) (*Writer, error) {
	if strings.Contains(path, "?") {
		return nil, fmt.Errorf("duckdb: create %s: DuckDB cannot write to a path with a question mark: choose another folder", path)
	}
	if o.Memory <= 0 {
		o.Memory = 256 << 20
	}
	if o.Spellings <= 0 {
		o.Spellings = 1_000_000
	}
	w := &Writer{path: path, part: path + ".part", temp: path + ".tmp", opt: o, codes: newCodes(o.Spellings)}
	w.nameRealms()
	for _, p := range []string{w.part, w.part + ".wal"} { // of a run that was killed
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("duckdb: create %s: %w", path, err)
		}
	}
	if err := w.open(); err != nil {
		_ = w.Close()
		return nil, fmt.Errorf("duckdb: create %s: %w", path, err)
	}
	return w, nil
}

func (w *Writer) nameRealms() {
	w.realmOf = make([]uint32, len(w.opt.Inputs))
	known := map[string]uint32{}
	for i, in := range w.opt.Inputs {
		n, ok := known[in.Realm]
		if !ok {
			n = uint32(len(w.realms))
			known[in.Realm] = n
			w.realms = append(w.realms, in.Realm)
		}
		w.realmOf[i] = n
	}
}

func (w *Writer) open() error {
	settings := [][2]string{
		{"memory_limit", strconv.FormatInt(w.opt.Memory, 10) + "B"},
		{"temp_directory", w.temp},
		{"autoinstall_known_extensions", "false"},
		{"autoload_known_extensions", "false"},
		{"storage_compatibility_version", "v1.2.0"},
		{"checkpoint_threshold", "1TB"}, // once, at the end
	}
	if w.opt.Threads > 0 {
		settings = append(settings, [2]string{"threads", strconv.Itoa(w.opt.Threads)})
	}
	var err error
	if w.db, err = openDatabase(w.part, settings); err != nil {
		return err
	}
	if err := os.Chmod(w.part, 0o600); err != nil {
		return err
	}
	if bindings.Connect(w.db, &w.conn) == bindings.StateError {
		return errors.New("no connection")
	}
	for _, q := range createTables() {
		if err := w.exec(q); err != nil {
			return err
		}
	}
	if err := w.exec("BEGIN"); err != nil { // one transaction: full row groups go to the file as they come
		return err
	}
	raw := rawColumns()
	kinds, words := make([]kind, len(raw)), make([][]string, len(raw))
	for i, c := range raw {
		kinds[i], words[i], w.words[i] = c.kind, c.words, len(c.words)
	}
	w.events, err = newAppender(w.conn, "events_raw", kinds, words)
	return err
}

func (w *Writer) exec(query string) error {
	var res bindings.Result
	defer bindings.DestroyResult(&res)
	if bindings.Query(w.conn, query, &res) == bindings.StateError {
		return failure(bindings.ResultError(&res))
	}
	return nil
}

// Known makes room for a spelling before any event comes, so that an intruder's inventions cannot take its place.
func (w *Writer) Known(realm, account string) {
	for i, r := range w.realms {
		if r == realm {
			w.codes.code(uint32(i), account)
		}
	}
}

// Append adds events in canonical order.
func (w *Writer) Append(events []event.Event) error {
	if w.done {
		return errors.New("duckdb: append events: the store is finished")
	}
	for i := range events {
		if err := w.add(&events[i]); err != nil {
			return fmt.Errorf("duckdb: write events to %s: %w", w.part, err)
		}
	}
	w.stats.Events += int64(len(events))
	return nil
}

// Times outside of these cannot be shown as dates of four digits; nothing real lies there.
const (
	minTime event.Micros = -62135596800_000000 // year 1
	maxTime event.Micros = 253402300800_000000 // year 10000
)

func (w *Writer) add(e *event.Event) error {
	a := w.events
	a.i64(colTime, int64(e.Time), e.Time != 0 && e.Time >= minTime && e.Time < maxTime)
	a.u8(colClass, within(uint8(e.Class), w.words[colClass]))
	a.u8(colActivity, within(uint8(e.Activity), w.words[colActivity]))
	a.u8(colOutcome, within(uint8(e.Outcome), w.words[colOutcome]))
	if e.Reason == event.ReasonNone {
		a.noWord(colReason)
	} else if int(e.Reason) < w.words[colReason] {
		a.u8(colReason, uint8(e.Reason))
	} else {
		a.u8(colReason, uint8(event.ReasonOther))
	}
	w.addAccount(e)
	a.str(colSrcIP, w.ip(e.SrcIP))
	a.u16(colSrcPort, e.SrcPort, e.SrcPort != 0)
	a.str(colSrcHost, e.SrcHost)
	a.str(colDstIP, w.ip(e.DstIP))
	a.u16(colDstPort, e.DstPort, e.DstPort != 0)
	a.str(colDstHost, e.DstHost)
	a.u8(colSrcIsRelay, truth(e.SrcIsRelay))
	a.str(colService, e.Service)
	a.str(colClient, e.Client)
	a.str(colObject, e.Object)
	w.addInt(colBytesIn, e.BytesIn)
	w.addInt(colBytesOut, e.BytesOut)
	w.addInt(colCount, e.Count)
	w.addInt(colDuration, e.Duration)
	a.str(colCountry, e.Country)
	a.u32(colASN, e.ASN, e.ASN != 0)
	a.str(colFormat, e.Format)
	a.u32(colInput, e.Ref.Input, true)
	a.i64(colLine, e.Ref.Line, true)
	a.i64(colOffset, e.Ref.Offset, true)
	a.i64(colLength, e.Ref.Length, true)
	w.scratch = e.AppendRest(w.scratch[:0])
	a.bytes(colRest, w.scratch)
	a.str(colTarget, e.Target)
	return a.next()
}

func (w *Writer) addAccount(e *event.Event) {
	w.events.str(colAccount, e.Account)
	if e.Account == "" {
		w.events.u32(colAccountCode, 0, false)
		return
	}
	var realm uint32
	if int(e.Ref.Input) < len(w.realmOf) {
		realm = w.realmOf[e.Ref.Input]
	}
	code, ok := w.codes.code(realm, e.Account)
	if !ok {
		w.stats.Unresolved++
	}
	w.events.u32(colAccountCode, code, ok)
}

func (w *Writer) addInt(col int, i event.Int) {
	n, ok := i.Get()
	w.events.i64(col, n, ok)
}

// ip returns the address's canonical text; the same address comes often.
func (w *Writer) ip(ip netip.Addr) string {
	if !ip.IsValid() {
		return ""
	}
	b := ip.As16()
	h := (binary.LittleEndian.Uint64(b[:]) ^ binary.LittleEndian.Uint64(b[8:])) * 0x9e3779b97f4a7c15
	slot := &w.ips[h>>(64-ipBits)]
	if slot.ip != ip {
		*slot = ipText{ip, ip.String()}
	}
	return slot.text
}

// within returns the code, or that of "other" or "unknown", which all vocabularies have first.
func within(code uint8, words int) uint8 {
	if int(code) < words {
		return code
	}
	return 0
}

func truth(b bool) uint8 {
	if b {
		return 1
	}
	return 0
}

// Stats returns what was done so far.
func (w *Writer) Stats() Stats {
	st := w.stats
	st.Spellings = w.codes.len()
	return st
}

// Finish resolves the accounts, makes what people query, and puts the file in its place: one file, nothing beside it.
func (w *Writer) Finish(ctx context.Context, resolve store.Resolve) error {
	if w.done {
		return errors.New("duckdb: finish: the store is finished")
	}
	w.done = true
	stop := context.AfterFunc(ctx, func() { bindings.Interrupt(w.conn) })
	err := w.finish(ctx, resolve)
	stop()
	if err == nil {
		err = w.shut()
	}
	if err == nil {
		err = place(w.part, w.path)
	}
	if err == nil {
		return nil
	}
	if ctx.Err() != nil {
		err = ctx.Err()
	}
	return errors.Join(fmt.Errorf("duckdb: finish %s: %w", w.path, err), w.Close())
}

func (w *Writer) finish(ctx context.Context, resolve store.Resolve) error {
	if err := w.events.finish(); err != nil {
		return err
	}
	if err := w.writeInputs(); err != nil {
		return err
	}
	if err := w.writeAliases(ctx, resolve); err != nil {
		return err
	}
	for _, q := range append(createViews(), "COMMIT", "CHECKPOINT") {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := w.exec(q); err != nil {
			return err
		}
	}
	return nil
}

func (w *Writer) writeInputs() error {
	a, err := newAppender(w.conn, "inputs_raw", []kind{kindU32, kindText, kindText, kindText}, nil)
	if err != nil {
		return err
	}
	defer a.close()
	for i, in := range w.opt.Inputs {
		a.u32(0, uint32(i), true)
		a.str(1, in.Path)
		a.str(2, in.Realm)
		a.str(3, in.Host)
		if err := a.next(); err != nil {
			return err
		}
	}
	return a.finish()
}

// writeAliases asks what each spelling meant. A spelling that meant nothing keeps a row, so that codes stay places in a list.
func (w *Writer) writeAliases(ctx context.Context, resolve store.Resolve) error {
	a, err := newAppender(w.conn, "aliases_raw", []kind{kindU32, kindText, kindText, kindTime, kindTime, kindText, kindText}, nil)
	if err != nil {
		return err
	}
	defer a.close()
	for code := range w.codes.len() {
		if code%10000 == 0 && ctx.Err() != nil {
			return ctx.Err()
		}
		realm := ""
		if n := w.codes.realm[code]; int(n) < len(w.realms) {
			realm = w.realms[n]
		}
		if err := writeAlias(a, uint32(code), true, realm, w.codes.spelling(code), resolve); err != nil {
			return err
		}
	}
	if err := writeAlias(a, 0, false, "", "", resolve); err != nil {
		return err
	}
	return a.finish()
}

func writeAlias(a *appender, code uint32, coded bool, realm, account string, resolve store.Resolve) error {
	var periods []store.Period
	if resolve != nil {
		periods = resolve(realm, account)
	}
	if len(periods) == 0 {
		periods = []store.Period{{}}
	}
	for _, p := range periods {
		a.u32(0, code, coded)
		a.str(1, realm)
		a.str(2, account)
		a.i64(3, int64(p.From), p.From != 0)
		a.i64(4, int64(p.To), p.To != 0)
		a.str(5, p.ID)
		a.str(6, p.Name)
		if err := a.next(); err != nil {
			return err
		}
	}
	return nil
}

// shut closes the database.
func (w *Writer) shut() error {
	if w.events != nil {
		w.events.close()
		w.events = nil
	}
	bindings.Disconnect(&w.conn)
	bindings.Close(&w.db)
	if err := os.RemoveAll(w.temp); err != nil {
		return err
	}
	if _, err := os.Stat(w.part + ".wal"); err == nil {
		return errors.New("DuckDB left a log beside its file")
	}
	return nil
}

// place makes the finished file durable under its name.
func place(part, path string) error {
	f, err := os.OpenFile(part, os.O_RDWR, 0)
	if err != nil {
		return err
	}
	if err := errors.Join(f.Sync(), f.Close()); err != nil {
		return err
	}
	return os.Rename(part, path)
}

// Close gives up a store that is not finished, and removes what there is of it. After Finish it does nothing.
func (w *Writer) Close() error {
	if w.events == nil && w.db.Ptr == nil {
		return nil
	}
	w.done = true
	_ = w.shut()
	var errs []error
	for _, p := range []string{w.part, w.part + ".wal"} {
		if err := os.Remove(p); err != nil && !errors.Is(err, os.ErrNotExist) {
			errs = append(errs, err)
		}
	}
	return errors.Join(errs...)
}

// failure makes an error of what DuckDB says, and says what to do where that is known.
func failure(msg string) error {
	switch {
	case msg == "":
		msg = "DuckDB does not say why"
	case strings.Contains(msg, "No space left on device"):
		return fmt.Errorf("%s: %w: free some, or choose a folder on another disk", firstLine(msg), syscall.ENOSPC)
	case strings.Contains(msg, "Out of Memory"):
		return fmt.Errorf("%s: %w", firstLine(msg), store.ErrMemory)
	}
	return errors.New(firstLine(msg))
}

func firstLine(s string) string {
	s, _, _ = strings.Cut(strings.TrimSpace(s), "\n")
	return s
}
