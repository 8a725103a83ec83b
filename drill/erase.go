// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"slices"
	"time"
)

// Erased is a stretch of a host's own log that the intruder took out.
type Erased struct {
	Host string    `json:"host"`
	Log  string    `json:"log"` // its kind
	From time.Time `json:"from"`
	To   time.Time `json:"to"`
}

// erasure is the stretch that he erases, and the kinds of log that hold nothing of him there.
type erasure struct {
	from, to int64
	logs     trace
}

// erase chooses what he erases: of the hosts in his hands that keep their log themselves, everything from the moment he has the
// first of them to half-way through what follows. A kind of log that also stands on a host that he only reaches is left alone,
// so that the truth can say of each act which logs show it.
func (r *run) erase() error {
	past := r.o
	past.Erased = false
	truth, err := past.outline()
	if err != nil || len(truth.Acts) == 0 {
		return err
	}
	taken, touched := map[string]int64{}, map[string]int64{}
	for _, h := range truth.Hosts {
		touched[h.Name] = h.First.UnixMicro()
		if h.Verdict == "compromised" {
			taken[h.Name] = h.First.UnixMicro()
		}
	}
	e := erasure{from: 1 << 62}
	var last int64
	for _, a := range truth.Acts {
		last = max(last, a.To.UnixMicro())
	}
	for _, s := range r.l.sheets {
		if t, ok := taken[s.out.shape.host]; ok {
			e.from = min(e.from, t-10*minute)
		}
	}
	if e.from >= last {
		return nil
	}
	e.to = e.from + (last-e.from)/2
	names := kinds()
	for _, s := range r.l.sheets {
		if t, ok := touched[s.out.shape.host]; ok && t < e.to {
			e.logs |= 1 << slices.Index(names, s.kind)
		}
	}
	for _, s := range r.l.sheets {
		host := s.out.shape.host
		if t, ok := touched[host]; ok && t < e.to && taken[host] == 0 {
			e.logs &^= 1 << slices.Index(names, s.kind)
		}
	}
	for _, s := range r.l.sheets {
		if t, ok := taken[s.out.shape.host]; ok && t < e.to && e.logs>>slices.Index(names, s.kind)&1 == 1 {
			s.gap = [2]int64{e.from, e.to}
			r.g.gaps = append(r.g.gaps, Erased{Host: s.out.shape.host, Log: s.kind, From: utc(e.from), To: utc(e.to)})
		}
	}
	r.g.erased = e
	return nil
}
