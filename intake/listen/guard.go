// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"fmt"
	"net"
	"net/netip"
	"sync"
)

// CheckAddress refuses an address beyond this machine on which records would come in the clear, unless that is forced: whoever
// is on the way could read and forge them.
func CheckAddress(address string, encrypted, forced bool) error {
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return fmt.Errorf("listen: %q is no address to listen on: write it like 127.0.0.1:5514", address)
	}
	if encrypted || forced || host == "localhost" {
		return nil
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.IsLoopback() {
		return nil
	}
	return fmt.Errorf("listen: %s can be reached from other machines, and what comes there would be neither secret nor sure: give a certificate (tls), or say plain: true if the network is trusted", address)
}

// guard is a listener that bounds connections, of all and of one address. Those beyond are closed at once, so that they hold nothing.
type guard struct {
	net.Listener
	r   *Receiver
	mu  sync.Mutex
	all int
	by  map[netip.Addr]int
}

func (r *Receiver) guard(l net.Listener) *guard {
	return &guard{Listener: l, r: r, by: map[netip.Addr]int{}}
}

// Accept returns the next connection that there is room for.
func (g *guard) Accept() (net.Conn, error) {
	for {
		c, err := g.Listener.Accept()
		if err != nil {
			return nil, err
		}
		at := peerOf(c).Addr()
		g.mu.Lock()
		ok := g.all < g.r.limits.Connections && g.by[at] < g.r.limits.PerAddress
		if ok {
			g.all++
			g.by[at]++
		}
		g.mu.Unlock()
		if ok {
			return &guarded{Conn: c, leave: sync.OnceFunc(func() { g.leave(at) })}, nil
		}
		g.r.ledger.refuse(RefusedCrowd)
		c.Close()
	}
}

func (g *guard) leave(at netip.Addr) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.all--
	if g.by[at]--; g.by[at] <= 0 {
		delete(g.by, at)
	}
}

type guarded struct {
	net.Conn
	leave func()
}

// Close closes the connection and gives its place to another.
func (c *guarded) Close() error {
	defer c.leave()
	return c.Conn.Close()
}

// peerOf returns who is at the other end.
func peerOf(c net.Conn) netip.AddrPort {
	if a, ok := c.RemoteAddr().(*net.TCPAddr); ok {
		p := a.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap().WithZone(""), p.Port())
	}
	return netip.AddrPort{}
}
