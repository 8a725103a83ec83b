// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"net/netip"
	"path"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/event/sorted"
	"github.com/sekisho/sekisho/identity"
)

// relays gives relayed logins the addresses that the front end's own log has for them. Arrivals come from a second run over
// the events, a few seconds ahead of the one that asks.
type relays struct {
	joins   map[netip.Addr]*identity.RelayJoin
	pages   []identity.RelayPage
	fronts  []string // by input
	scout   chan []scouted
	ahead   []scouted
	next    int
	done    bool
	stop    context.CancelFunc
	failed  error
	matched [3]int64 // by identity.Match
}

// scouted is an arrival, or only the moment up to which the scout has come.
type scouted struct {
	join    *identity.RelayJoin
	arrival identity.Arrival
	upTo    event.Micros
}

// learnRelays looks for front ends whose logs stand beside the directory's; nil if there is nothing to join.
func learnRelays(ctx context.Context, s *sorted.Sorter, p *plan) (*relays, error) {
	r := &relays{joins: map[netip.Addr]*identity.RelayJoin{}}
	for _, in := range p.inputs {
		front := in.settings.Host
		if front == "" {
			front = path.Dir(in.file.Path)
		}
		r.fronts = append(r.fronts, front)
	}
	l := identity.NewRelayLearner()
	err := s.EventsOf(ctx, identity.RelayClasses(), func(batch []event.Event) error {
		for i := range batch {
			l.Observe(&batch[i], r.front(&batch[i]))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("node: look for front ends: %w", err)
	}
	if r.pages = l.Pages(); len(r.pages) == 0 {
		return nil, nil
	}
	for _, p := range r.pages {
		r.joins[p.Relay] = identity.NewRelayJoin(p)
	}
	return r, nil
}

func (r *relays) front(e *event.Event) string {
	if int(e.Ref.Input) < len(r.fronts) {
		return r.fronts[e.Ref.Input]
	}
	return ""
}

// begin starts the scout.
func (r *relays) begin(ctx context.Context, s *sorted.Sorter) {
	ctx, r.stop = context.WithCancel(ctx)
	r.scout = make(chan []scouted, 64)
	go func() {
		defer close(r.scout)
		r.failed = s.Events(ctx, func(batch []event.Event) error {
			select {
			case r.scout <- r.look(batch):
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		})
	}()
}

// look takes the arrivals out of a batch.
func (r *relays) look(batch []event.Event) []scouted {
	var out []scouted
	for i := range batch {
		e := &batch[i]
		if e.Class != event.ClassHTTP {
			continue
		}
		for _, p := range r.pages {
			if j := r.joins[p.Relay]; j.Is(e, r.front(e)) {
				out = append(out, scouted{j, identity.Arrival{At: e.Time, IP: e.SrcIP, Client: e.Client, Country: e.Country, ASN: e.ASN}, e.Time})
			}
		}
	}
	if n := len(batch); n > 0 {
		out = append(out, scouted{upTo: batch[n-1].Time})
	}
	return out
}

// fetch offers the joins all arrivals up to t.
func (r *relays) fetch(t event.Micros) {
	for {
		for r.next < len(r.ahead) {
			a := &r.ahead[r.next]
			if a.upTo > t {
				return
			}
			if a.join != nil {
				a.join.Arrive(a.arrival)
			}
			r.next++
		}
		if r.done {
			return
		}
		more, ok := <-r.scout
		if !ok {
			r.done = true
			return
		}
		r.ahead, r.next = more, 0
	}
}

// reveal returns the event with its true source, if it is a relayed login that an arrival belongs to; else the event itself.
func (r *relays) reveal(e *event.Event, room *event.Event) *event.Event {
	if e.Class != event.ClassAuthentication || !e.SrcIsRelay {
		return e
	}
	j := r.joins[e.SrcIP]
	if j == nil || e.Activity != event.ActLogon || e.Account == "" {
		return e
	}
	r.fetch(j.Wants(e.Time))
	a, m := j.Attempt(e.Time)
	r.matched[m]++
	if m == identity.NoMatch || m == identity.ByOrder && e.Outcome != event.OutcomeFailure {
		return e // a success is nobody's but whose it surely is
	}
	*room = *e
	room.SrcIP, room.SrcPort, room.SrcHost, room.SrcIsRelay = a.IP, 0, "", false
	room.Client, room.Country, room.ASN = a.Client, a.Country, a.ASN
	how := "order"
	if m == identity.ByItself {
		how = "time"
	}
	room.Rest = append(append(make([]event.Field, 0, len(e.Rest)+2), e.Rest...), event.Text("relay", e.SrcIP.String()), event.Text("joined", how))
	return room
}

// end stops the scout.
func (r *relays) end() {
	r.stop()
	for range r.scout { // until it has noticed
	}
}
