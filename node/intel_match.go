// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/detectors"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/store"
	"github.com/sekisho/sekisho/store/duckdb"
)

// IntelMatch is what lists say of the whole history of a case.
type IntelMatch struct {
	Lists    []cases.IntelList `json:"lists"`
	Events   int64             `json:"events"` // that were compared
	Findings []cases.Finding   `json:"findings"`
}

// IntelMatchOptions say what is compared with what. Dir and Files must be set.
type IntelMatchOptions struct {
	Dir     string // of the case
	Files   []IntelFile
	Profile *config.Profile // nil: the one that the case was made with
	AnyTime bool            // take indicators for valid at all times
	Temp    string          // where what does not fit in memory goes
}

// MatchIntel compares the events of a case with lists and says what an investigation with these lists would find. It reads the
// case's store alone and changes nothing: the findings have no hashes of their records, for the inputs are not opened.
func MatchIntel(ctx context.Context, o IntelMatchOptions) (*IntelMatch, error) {
	if err := checkIntel(o.Files); err != nil {
		return nil, err
	}
	k, err := caseKnower(o.Dir, o.Profile)
	if err != nil {
		return nil, err
	}
	in, err := readIntel(ctx, o.Files, k.zone)
	if err != nil {
		return nil, err
	}
	if in == nil {
		return nil, event.Tell("照合するリストが指定されていません", "compare with the history: no list was given")
	}
	in.looker.AnyTime = o.AnyTime
	r, err := duckdb.Open(filepath.Join(o.Dir, storeName), duckdb.ReadOptions{Temp: o.Temp})
	if err != nil {
		return nil, event.Tell("事案の事象を開けません：%v", "open the case's events: %v", err)
	}
	defer r.Close()
	names, err := storedNames(ctx, r)
	if err != nil {
		return nil, err
	}
	out := &IntelMatch{}
	where, err := in.narrow(ctx, r, &out.Events)
	if err != nil {
		return nil, err
	}
	engine := detect.NewEngine(intelSpecs(), detect.Site{})
	people, inputs, paths := map[string]*event.Account{}, map[string]uint32{}, []string(nil)
	err = storedEvents(ctx, r, where, nil, func(e *storedEvent) error {
		n, ok := inputs[e.Input]
		if !ok {
			n = uint32(len(paths))
			inputs[e.Input] = n
			paths = append(paths, e.Input)
		}
		e.Ref.Input = n
		s := k.see(&e.Event)
		if s.Who = nil; e.AccountID != "" {
			a := people[e.AccountID]
			if a == nil {
				a = &event.Account{Handle: uint32(len(people) + 1), ID: e.AccountID, Name: cmp.Or(names[e.AccountID], e.Account)}
				people[e.AccountID] = a
			}
			s.Who = a
		}
		s.Listed = in.look(&e.Event)
		return engine.Observe(&s)
	})
	if err != nil {
		return nil, err
	}
	for _, f := range engine.Findings() {
		out.Findings = append(out.Findings, storedFinding(&f, paths))
	}
	in.release()
	out.Lists = in.lists
	return out, nil
}

// mostNamed is how many addresses and hosts a condition names before all events are looked at.
const mostNamed = 20000

// narrow returns a condition that every event fulfils of which a list may say something, and counts all events. Addresses and
// hosts are few against the events that name them: each is asked for once. What else lists name stands in few classes.
func (in *intelligence) narrow(ctx context.Context, r store.Reader, all *int64) (string, error) {
	rows, err := r.Query(ctx, `SELECT 0, src_ip, count(*) FROM events GROUP BY 2 UNION ALL SELECT 1, dst_ip, 0 FROM events GROUP BY 2 UNION ALL SELECT 2, src_host, 0 FROM events GROUP BY 2 UNION ALL SELECT 3, dst_host, 0 FROM events GROUP BY 2`)
	if err != nil {
		return "", fmt.Errorf("node: read the stored addresses: %w", err)
	}
	defer rows.Close()
	l := in.set.NewLooker()
	l.AnyTime = true
	var b strings.Builder
	b.WriteString("false")
	if in.set.Texts() {
		b.WriteString(" OR class NOT IN ('authentication', 'directory', 'lease')")
	}
	columns, named := [...]string{"src_ip", "dst_ip", "src_host", "dst_host"}, [4][]string{}
	n := 0
	for rows.Next() {
		var column, count int64
		var value sql.NullString
		if err := rows.Scan(&column, &value, &count); err != nil {
			return "", fmt.Errorf("node: read the stored addresses: %w", err)
		}
		*all += count
		if !value.Valid || column < 0 || column > 3 {
			continue
		}
		e := event.Event{Class: event.ClassNetwork, SrcHost: value.String}
		if ip, err := netip.ParseAddr(value.String); err == nil && column < 2 {
			e.SrcHost, e.SrcIP = "", ip
		}
		if len(l.Look(&e)) > 0 {
			named[column] = append(named[column], "'"+strings.ReplaceAll(value.String, "'", "''")+"'")
			n++
		}
	}
	if err := rows.Err(); err != nil {
		return "", fmt.Errorf("node: read the stored addresses: %w", err)
	}
	if n > mostNamed {
		return "true", nil
	}
	for i, list := range named {
		if len(list) > 0 {
			b.WriteString(" OR " + columns[i] + " IN (" + strings.Join(list, ", ") + ")")
		}
	}
	return b.String(), nil
}

func intelSpecs() []detect.Spec {
	for _, s := range detectors.All() {
		if s.Name == "intel-match" {
			return []detect.Spec{s}
		}
	}
	return nil
}

// storedFinding turns a finding over stored events into one of a case.
func storedFinding(f *event.Finding, paths []string) cases.Finding {
	c := cases.Finding{ID: f.ID(), Detector: f.Detector, Attack: f.Attack, Severity: cases.Severity(f.Severity.String()), First: cases.Time(f.First), Last: cases.Time(f.Last), Alerted: cases.Time(f.Alerted),
		Title: f.Title, Explanation: f.Explanation, Subjects: cases.Subjects{Accounts: f.Accounts, Addresses: f.Addresses, Hosts: f.Hosts}}
	for _, n := range f.Numbers {
		c.Numbers = append(c.Numbers, event.Figure{Name: n.Name, Value: cases.Round(n.Value)})
	}
	for i := range f.Evidence {
		e := cases.Evidence{Input: paths[f.Evidence[i].Input]}
		for _, p := range f.Evidence[i].Parts() {
			e.Parts = append(e.Parts, cases.Part{Line: p.Line, Offset: p.Offset, Length: p.Length})
		}
		c.Evidence = append(c.Evidence, e)
	}
	return c
}

// caseKnower knows what a case's profile says of addresses. Accounts are as the store resolved them.
func caseKnower(dir string, profile *config.Profile) (*knower, error) {
	o := &Options{Profile: profile}
	text, err := readBounded(filepath.Join(dir, givenName), maxGiven)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("node: read %s: %w", givenName, err)
	}
	var g given
	if err == nil {
		if err := json.Unmarshal(text, &g); err != nil {
			return nil, fmt.Errorf("node: read %s: %w", givenName, err)
		}
	}
	if o.Profile == nil && g.Profile != "" {
		if o.Profile, err = config.ReadProfile(g.Profile); errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("node: the profile that the case was made with: %w: name it with --org", err)
		} else if err != nil {
			return nil, fmt.Errorf("node: the profile that the case was made with: %w", err)
		}
	}
	if o.Profile == nil {
		o.Profile = &config.Profile{}
	}
	if g.Timezone != "" {
		if o.Zone, err = config.Zone(g.Timezone); err != nil {
			return nil, fmt.Errorf("node: the case's zone: %w", err)
		}
	}
	k := &knower{zone: o.zone(), places: map[placeKey]event.Place{}, hosts: map[string]event.Place{}, hour: -1 << 62}
	if err := k.readNetworks(o.Profile, nil); err != nil {
		return nil, err
	}
	return k, nil
}

// CheckIntel reads lists and says what came of each.
func CheckIntel(ctx context.Context, files []IntelFile) ([]cases.IntelList, error) {
	if err := checkIntel(files); err != nil {
		return nil, err
	}
	in, err := readIntel(ctx, files, time.UTC)
	if err != nil || in == nil {
		return nil, err
	}
	return in.lists, nil
}
