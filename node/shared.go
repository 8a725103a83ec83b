// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"fmt"
	"net/netip"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/identity"
)

// learnShared finds the addresses whose ports tell the homes behind them, before anything is made of the logins from there.
func (v *investigation) learnShared(ctx context.Context) error {
	if !v.ported {
		return nil
	}
	l := identity.NewSharedLearner()
	err := v.sorter.EventsOf(ctx, identity.SharedClasses(), func(batch []event.Event) error {
		for i := range batch {
			l.Observe(&batch[i])
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("node: look for shared addresses: %w", err)
	}
	v.know.shared = l.Shared(func(ip netip.Addr) bool { return v.know.know.Address(ip, "", 0, 0).Shared })
	return nil
}
