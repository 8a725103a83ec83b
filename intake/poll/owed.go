// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package poll

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"
)

// What a vendor refuses again and again would keep everything that came later waiting for as long as the vendor keeps it. So the bookmark
// moves on, and the piece is asked for by itself, ever more seldom. More than so many are no matter of single pieces: then the question fails.
const (
	maxOwed      = 256
	owedAgain    = 10 * time.Minute
	owedMostWait = 6 * time.Hour
)

// owe writes down a piece that was refused, and says whether it is a new one.
func (s *state) owe(o Owed, now time.Time) (bool, error) {
	if slices.ContainsFunc(s.Owed, func(x Owed) bool { return x.What == o.What }) {
		return false, nil
	}
	if len(s.Owed) >= maxOwed {
		return false, fmt.Errorf("poll: %d pieces are refused, and one more: %s", maxOwed, o.Why)
	}
	o.Noted, o.Next = now, now.Add(owedAgain)
	s.Owed = append(slices.Clone(s.Owed), o)
	return true, nil
}

// settle takes a piece off those that are owed, and says whether it was one.
func (s *state) settle(what string) bool {
	at := slices.IndexFunc(s.Owed, func(x Owed) bool { return x.What == what })
	if what == "" || at < 0 {
		return false
	}
	s.Owed = slices.Delete(slices.Clone(s.Owed), at, at+1)
	return true
}

// askOwed asks for what is owed and due. What the vendor keeps no more is a gap. A failure that is not of a piece alone is left to the
// question that follows, which meets it too; only what cannot be sealed is an error.
func (p *Poller) askOwed(ctx context.Context, from, to time.Time) error {
	again, ok := p.o.Vendor.(Again)
	now := p.o.Now().UTC()
	for _, o := range slices.Clone(p.state.Owed) {
		if now.Sub(o.Noted) > p.o.Vendor.Terms().Kept {
			if err := p.take(ctx, Page{Missing: []Missing{{What: o.What, Why: o.Why}}, Piece: o.What}, o.Noted, now); err != nil {
				return err
			}
			continue
		}
		if !ok || now.Before(o.Next) {
			continue
		}
		page, err := again.Again(ctx, o)
		switch {
		case err == nil:
			if err := p.take(ctx, page, from, to); err != nil {
				return err
			}
		case aboutPiece(err):
			if err := p.putOff(o, err, now); err != nil {
				return err
			}
		default:
			return ctx.Err()
		}
	}
	return nil
}

// putOff sets when a piece is asked for again.
func (p *Poller) putOff(o Owed, why error, now time.Time) error {
	at := slices.IndexFunc(p.state.Owed, func(x Owed) bool { return x.What == o.What })
	if at < 0 {
		return errors.New("poll: a piece is owed and is not")
	}
	o.Tries++
	o.Why, o.Next = printable(why.Error()), now.Add(min(owedAgain<<min(o.Tries, 8), owedMostWait))
	p.state.Owed = slices.Clone(p.state.Owed)
	p.state.Owed[at] = o
	return p.state.write(p.o.State)
}
