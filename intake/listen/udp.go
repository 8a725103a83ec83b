// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"github.com/sekisho/sekisho/event"
)

// UDP receives syslog messages, one a datagram. Its senders cannot wait: what comes while the sink is slow lies in the kernel's
// buffer, and what finds no room there is lost, which is counted where the kernel tells. Who sends is told by the address alone, and anybody on
// the way can write another's: UDP proves nothing.
func (r *Receiver) UDP(ctx, kill context.Context, c *net.UDPConn) error {
	drops := watchDrops(c)
	pump := r.newPump(kill, true, nil)
	defer pump.close()
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Now().Add(lastLook)) })
	defer stop()
	u := udp{r: r, pump: pump, kernel: r.ledger.account("(udp " + c.LocalAddr().String() + ")"), senders: map[netip.Addr]*sender{}, room: make([]byte, 64<<10)}
	oob := make([]byte, 128)
	for {
		n, on, _, at, err := c.ReadMsgUDPAddrPort(u.room, oob)
		switch {
		case err != nil && ctx.Err() != nil:
			return nil
		case errors.Is(err, net.ErrClosed):
			return err
		case err != nil: // an ICMP answer to nobody; too long a datagram cannot be
			continue
		}
		now := event.Of(r.now())
		if lost := drops.since(oob[:on]); lost > 0 {
			r.ledger.lose(u.kernel, int64(now), lost)
		}
		if err := u.datagram(u.room[:n], addrOf(at), now); err != nil {
			return err
		}
	}
}

type udp struct {
	r       *Receiver
	pump    *pump
	kernel  *account // of the socket: the kernel does not say whose datagrams it dropped
	senders map[netip.Addr]*sender
	room    []byte
}

// sender is what is known of an address.
type sender struct {
	origin *origin // nil: may not write
	from   string
}

func (u *udp) datagram(b []byte, at netip.Addr, now event.Micros) error {
	s := u.senders[at]
	if s == nil {
		if len(u.senders) >= maxAccounts { // addresses can be made up
			clear(u.senders)
		}
		o, err := u.r.sources.Load().bind(u.r.ledger, at, nil, "")
		if err != nil {
			o = nil
		}
		s = &sender{o, at.String()}
		u.senders[at] = s
	}
	if s.origin == nil {
		u.r.ledger.reject(u.kernel, int64(now), NotAllowed, 1)
		return nil
	}
	if _, ok := s.origin.bucket.take(u.r.now(), 1, false); !ok {
		u.r.ledger.reject(s.origin.account, int64(now), TooFast, 1)
		return nil
	}
	b = trimmed(b)
	if len(b) == 0 { // a datagram of nothing was offered all the same
		u.r.ledger.reject(s.origin.account, int64(now), Malformed, 1)
		return nil
	}
	rec := event.Received{Source: s.origin.name, From: s.from, At: now}
	rec.Length = int64(len(b))
	rec.Data = b[:min(len(b), u.r.limits.Message)]
	return u.pump.add(rec, s.origin, 0)
}
