// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"context"

	"github.com/sekisho/sekisho/event"
)

// Asked is a sink for records of one source that somebody asked for: it counts them as the receiver counts those that are sent.
type Asked struct {
	r       *Receiver
	account *account
}

// Asked returns the sink of a source. Records that it does not seal are refused, and whoever asked asks again.
func (r *Receiver) Asked(source string) *Asked { return &Asked{r, r.ledger.account(source)} }

// Append seals records of the source.
func (a *Asked) Append(ctx context.Context, records []event.Received) (event.Position, error) {
	b := &batch{records: records}
	for i := range records {
		b.rows = append(b.rows, a.r.ledger.offer(a.account, int64(records[i].At)))
	}
	at, err := a.r.sink.Append(ctx, records)
	a.r.ledger.settle(b, err == nil, Unsealed)
	return at, err
}
