// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package live

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/event/sorted"
)

// kept is a sighting that stands alone: the event is its own copy, and accounts are the watch's own.
type kept struct {
	Event     event.Event
	Who, Whom *event.Account
	Src, Dst  event.Place
	Day       int32
	Minute    int16
	Weekday   int8
	Listed    []event.Listed
	Delay     event.Micros
}

func (k *kept) sighting() event.Sighting {
	return event.Sighting{Event: &k.Event, Who: k.Who, Whom: k.Whom, Src: k.Src, Dst: k.Dst, Day: k.Day, Minute: k.Minute, Weekday: k.Weekday, Listed: k.Listed, Delay: k.Delay}
}

// compare gives the canonical order.
func compare(a, b *kept) int {
	if c := cmp.Compare(a.Event.Time, b.Event.Time); c != 0 {
		return c
	}
	return sorted.Compare(&a.Event, &b.Event)
}

// same says whether b, which comes right after a in order, is the same event, exported once more.
func same(a, b *kept) bool {
	return a.Event.Unique && b.Event.Unique && a.Event.Time == b.Event.Time && bytes.Equal(sorted.AppendContent(nil, &a.Event), sorted.AppendContent(nil, &b.Event))
}

// waiting is one that waits for its turn, with the bytes that put it in order among those of its time.
type waiting struct {
	kept
	key []byte
}

func (x *waiting) size() int64 {
	return int64(512 + len(x.key) + 64*len(x.Event.Rest))
}

func order(list []*waiting) {
	slices.SortFunc(list, func(a, b *waiting) int {
		return cmp.Or(cmp.Compare(a.Event.Time, b.Event.Time), bytes.Compare(a.key, b.key))
	})
}

// waiting copies a sighting out of its batch.
func (w *Watch) waiting(s *event.Sighting) *waiting {
	k := kept{Event: *s.Event, Who: w.accounts.own(s.Who), Whom: w.accounts.own(s.Whom), Src: s.Src, Dst: s.Dst, Day: s.Day, Minute: s.Minute, Weekday: s.Weekday, Listed: slices.Clone(s.Listed), Delay: s.Delay}
	k.Event.Rest, k.Event.Ref.More = slices.Clone(s.Event.Rest), slices.Clone(s.Event.Ref.More)
	return &waiting{k, sorted.AppendPlace(sorted.AppendContent(nil, s.Event), &s.Ref)}
}

// table gives every account one value and one handle that stay the same over restarts. Those of the directory always find room. Of names
// that are in none, which anybody can make up, only so many do; the others have a handle made from their identity, and no one value.
type table struct {
	list []*event.Account
	byID map[string]*event.Account
	last map[*event.Account]*event.Account // of the caller's values

	strangers int // in no directory
}

const (
	tableLast      = 1 << 16
	tableStrangers = 1 << 17
	madeHandle     = 1 << 31 // bit of the handles that are made from identities
)

func newTable() table {
	return table{byID: map[string]*event.Account{}, last: map[*event.Account]*event.Account{}}
}

// own returns the watch's own value of an account. What is known of it may change: then it is so from now on.
func (t *table) own(a *event.Account) *event.Account {
	if a == nil {
		return nil
	}
	if b := t.last[a]; b != nil {
		return b
	}
	b := t.byID[a.ID]
	if b == nil && !a.Listed {
		if t.strangers >= tableStrangers {
			b = &event.Account{}
			*b = *a
			b.Handle = madeHandle | uint32(hashed(a.ID))
			return b
		}
		t.strangers++
	}
	if b == nil {
		b = &event.Account{}
		t.list = append(t.list, b)
		t.byID[a.ID] = b
		b.Handle = uint32(len(t.list))
	}
	handle := b.Handle
	*b = *a
	b.Handle, b.Groups = handle, slices.Clone(a.Groups)
	if len(t.last) >= tableLast {
		clear(t.last)
	}
	t.last[a] = b
	return b
}

// find returns the watch's own value of an account that was read back; nil if there must be one and is not.
func (t *table) find(a *event.Account) *event.Account {
	if b := t.byID[a.ID]; b != nil || a.Handle < madeHandle {
		return b
	}
	return a
}

// hashed is FNV-1a, mixed.
func hashed(s string) uint64 {
	h := uint64(0xcbf29ce484222325)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 0x100000001b3
	}
	return (h ^ h>>31) * 0x94d049bb133111eb >> 32
}
