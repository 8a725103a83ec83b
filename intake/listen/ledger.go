// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"cmp"
	"fmt"
	"slices"
	"sync"
)

// Reason says why a record that was offered was not taken.
type Reason uint8

// The reasons.
const (
	Malformed  Reason = iota // what came is not what the protocol wants
	Incomplete               // the connection ended in the middle of it; its sender knows that it was not taken
	TooLarge                 // a body larger than is taken
	TooFast                  // more than the source's rate, where it cannot be made to wait
	NotAllowed               // nobody who may write here
	Unsealed                 // the vault could not take it, and the sender was told
	reasons
)

var reasonNames = [reasons]string{"malformed", "incomplete", "too-large", "too-fast", "not-allowed", "unsealed"}

// Reasons returns the words of all reasons.
func Reasons() []string { return reasonNames[:] }

// gone in place of a reason says that nobody can send the record again.
const gone = reasons

// String returns the reason's word.
func (r Reason) String() string { return reasonNames[r] }

// Refusal says why a connection or a request was turned away before any record of it was seen.
type Refusal uint8

// The refusals.
const (
	RefusedSource  Refusal = iota // nobody who may write here
	RefusedCrowd                  // too many connections
	RefusedSlow                   // began and did not go on
	RefusedTLS                    // the handshake failed
	RefusedGarbage                // does not speak the protocol
	refusals
)

var refusalNames = [refusals]string{"source", "crowd", "slow", "tls", "garbage"}

// String returns the refusal's word.
func (r Refusal) String() string { return refusalNames[r] }

// Refusals returns the words of all refusals.
func Refusals() []string { return refusalNames[:] }

// Count is what became of the records that one source offered in one hour.
type Count struct {
	Source   string           `json:"source"`
	Hour     int64            `json:"hour"` // since 1970, UTC
	Offered  int64            `json:"offered"`
	Sealed   int64            `json:"sealed"`
	Rejected map[string]int64 `json:"rejected,omitempty"` // by reason
	Lost     int64            `json:"lost,omitempty"`     // known to have been sent, and gone
	Waiting  int64            `json:"waiting,omitempty"`
	Cut      int64            `json:"cut,omitempty"` // of those sealed, longer than is kept
	Bytes    int64            `json:"bytes"`         // sealed
}

// Open returns what is unaccounted for: nought, or the sum does not close.
func (c *Count) Open() int64 {
	n := c.Offered - c.Sealed - c.Lost - c.Waiting
	for _, r := range c.Rejected {
		n -= r
	}
	return n
}

// Add adds what another count holds.
func (c *Count) Add(o *Count) {
	c.Offered += o.Offered
	c.Sealed += o.Sealed
	c.Lost += o.Lost
	c.Waiting += o.Waiting
	c.Cut += o.Cut
	c.Bytes += o.Bytes
	for why, n := range o.Rejected {
		if c.Rejected == nil {
			c.Rejected = map[string]int64{}
		}
		c.Rejected[why] += n
	}
}

const (
	maxAccounts = 4096 // sources that are counted apart
	keptHours   = 48
	// Others is the source under which those are counted, and sealed, that come when there are too many.
	Others = "(others)"
)

// Ledger counts what is offered and what becomes of it, by source and hour of arrival. It may be used by many goroutines.
type Ledger struct {
	mu       sync.Mutex
	accounts map[string]*account
	refused  [refusals]int64
}

// account is one source's rows, the latest last.
type account struct {
	name string
	past Count // of rows that were given up
	rows []*row
}

type row struct {
	source                            string
	hour                              int64
	offered, sealed, lost, cut, bytes int64
	waiting                           int64
	rejected                          [reasons]int64
}

// NewLedger returns an empty ledger.
func NewLedger() *Ledger { return &Ledger{accounts: map[string]*account{}} }

// account returns the account of a source, or that of the others if there are too many.
func (l *Ledger) account(source string) *account {
	l.mu.Lock()
	defer l.mu.Unlock()
	a := l.accounts[source]
	if a == nil && len(l.accounts) >= maxAccounts {
		source = Others
		a = l.accounts[source]
	}
	if a == nil {
		a = &account{name: source}
		l.accounts[source] = a
	}
	return a
}

const hourOf = 3600 * 1e6

// row returns the row of an hour; the ledger is locked.
func (l *Ledger) row(a *account, hour int64) *row {
	for i := len(a.rows) - 1; i >= 0; i-- {
		if a.rows[i].hour == hour {
			return a.rows[i]
		}
	}
	r := &row{source: a.name, hour: hour}
	a.rows = append(a.rows, r)
	if len(a.rows) > keptHours && a.rows[0].waiting == 0 {
		c := a.rows[0].count()
		a.past.Add(&c)
		a.rows = slices.Delete(a.rows, 0, 1)
	}
	return r
}

// offer counts one record that waits from now on, and returns the row to settle it in.
func (l *Ledger) offer(a *account, at int64) *row {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := l.row(a, at/hourOf)
	r.offered++
	r.waiting++
	return r
}

// settle says what became of a batch that waited: sealed, or lost where it was not.
func (l *Ledger) settle(b *batch, sealed bool, why Reason) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for i, r := range b.rows {
		rec := &b.records[i]
		r.waiting--
		switch {
		case sealed:
			r.sealed++
			r.bytes += int64(len(rec.Data))
			if rec.Length > int64(len(rec.Data)) {
				r.cut++
			}
		case why == gone:
			r.lost++
		default:
			r.rejected[why]++
		}
	}
}

// reject counts records that were offered and not taken.
func (l *Ledger) reject(a *account, at int64, why Reason, n int64) {
	l.mu.Lock()
	r := l.row(a, at/hourOf)
	r.offered += n
	r.rejected[why] += n
	l.mu.Unlock()
}

// lose counts records of which it is known that they were sent, and are gone.
func (l *Ledger) lose(a *account, at, n int64) {
	l.mu.Lock()
	r := l.row(a, at/hourOf)
	r.offered += n
	r.lost += n
	l.mu.Unlock()
}

func (l *Ledger) refuse(why Refusal) {
	l.mu.Lock()
	l.refused[why]++
	l.mu.Unlock()
}

func (r *row) count() Count {
	c := Count{Source: r.source, Hour: r.hour, Offered: r.offered, Sealed: r.sealed, Lost: r.lost, Waiting: r.waiting, Cut: r.cut, Bytes: r.bytes}
	for why, n := range r.rejected {
		if n > 0 {
			if c.Rejected == nil {
				c.Rejected = map[string]int64{}
			}
			c.Rejected[Reason(why).String()] = n
		}
	}
	return c
}

// Hours returns the counts of the last two days, by source and hour.
func (l *Ledger) Hours() []Count {
	l.mu.Lock()
	defer l.mu.Unlock()
	var out []Count
	for _, a := range l.accounts {
		for _, r := range a.rows {
			out = append(out, r.count())
		}
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Or(cmp.Compare(a.Source, b.Source), cmp.Compare(a.Hour, b.Hour)) })
	return out
}

// Sources returns the sum of everything since the ledger was made, by source.
func (l *Ledger) Sources() []Count {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Count, 0, len(l.accounts))
	for _, a := range l.accounts {
		sum := Count{Source: a.name}
		sum.Add(&a.past)
		for _, r := range a.rows {
			c := r.count()
			sum.Add(&c)
		}
		out = append(out, sum)
	}
	slices.SortFunc(out, func(a, b Count) int { return cmp.Compare(a.Source, b.Source) })
	return out
}

// Total returns the sum of everything since the ledger was made.
func (l *Ledger) Total() Count {
	var sum Count
	for _, c := range l.Sources() {
		sum.Add(&c)
	}
	return sum
}

// Refused returns how many connections and requests were turned away, by the words of Refusal.
func (l *Ledger) Refused() map[string]int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := map[string]int64{}
	for why, n := range l.refused {
		out[Refusal(why).String()] = n
	}
	return out
}

// Check returns an error that names the sources and hours whose sum does not close.
func (l *Ledger) Check() error {
	for _, c := range l.Hours() {
		if n := c.Open(); n != 0 {
			return fmt.Errorf("listen: of %s in hour %d %d records are unaccounted for", c.Source, c.Hour, n)
		}
	}
	return nil
}
