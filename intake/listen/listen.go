// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package listen receives records that others send: syslog over UDP, TCP and TLS, RELP, and over HTTP what shippers speak (the Elasticsearch
// bulk interface, Splunk's HTTP event collector, OpenTelemetry logs) and plain lines. It does not read what the records mean. It hands
// them to a Sink, which returns when they are durable, and only then tells the sender, where the protocol can.
//
//	connection ──► frames ──► pump (two batches) ──► Sink.Append ──► acknowledged
//	                 │
//	                 └──► Ledger: offered = sealed + rejected + lost + waiting, by source and hour
//
// Who sends is told by a certificate, a token or an address, never by what stands in a record, so that no source writes as another.
// Whatever comes, memory stays bounded: where the sink is slow, reading stops, and the sender waits. UDP cannot wait; what the
// kernel drops there is counted.
package listen

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Sink takes batches of records. It returns without an error only when all of them are durable, and does not keep their Data after it
// has returned. The position is that of the first. It is called by many goroutines at once.
type Sink interface {
	Append(ctx context.Context, batch []event.Received) (event.Position, error)
}

// Limits bound what senders can make the receiver hold. The zero value means the defaults.
type Limits struct {
	Message     int           // bytes of a message that are kept; the rest is cut and counted; default 64 KiB
	Body        int64         // bytes of an HTTP body, unpacked; default 16 MiB
	Memory      int64         // bytes of all records that wait to be sealed; default 64 MiB
	Connections int           // at once, of one listener; default 1024
	PerAddress  int           // at once, from one address; default 256
	Slow        time.Duration // for the rest of a message that has begun, a handshake or a header; default one minute
}

// The defaults of Limits.
const (
	defaultMessage     = 64 << 10
	defaultBody        = 16 << 20
	defaultMemory      = 64 << 20
	defaultConnections = 1024
	defaultPerAddress  = 256
	defaultSlow        = time.Minute
)

func (l *Limits) defaults() {
	if l.Message <= 0 {
		l.Message = defaultMessage
	}
	if l.Body <= 0 {
		l.Body = defaultBody
	}
	if l.Memory <= 0 {
		l.Memory = defaultMemory
	}
	if l.Connections <= 0 {
		l.Connections = defaultConnections
	}
	if l.PerAddress <= 0 {
		l.PerAddress = defaultPerAddress
	}
	if l.Slow <= 0 {
		l.Slow = defaultSlow
	}
}

// Receiver is what all listeners of a process share.
type Receiver struct {
	sink    Sink
	ledger  *Ledger
	sources atomic.Pointer[Sources]
	limits  Limits
	budget  *budget
	now     func() time.Time
}

// NewReceiver returns a receiver for a sink.
func NewReceiver(sink Sink, sources *Sources, ledger *Ledger, limits Limits) *Receiver {
	limits.defaults()
	r := &Receiver{sink: sink, ledger: ledger, limits: limits, budget: newBudget(limits.Memory), now: time.Now}
	r.sources.Store(sources)
	return r
}

// SetSources changes who may write while it receives: at the next packet and request, and at the next connection of clients that stay.
func (r *Receiver) SetSources(sources *Sources) { r.sources.Store(sources) }

// textOf returns a peer as it stands in records.
func textOf(peer netip.AddrPort) string {
	return netip.AddrPortFrom(peer.Addr().Unmap(), peer.Port()).String()
}

// trimmed returns a message without the line's end, or the zero byte, that some senders put behind it.
func trimmed(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r' || b[len(b)-1] == 0) {
		b = b[:len(b)-1]
	}
	return b
}
