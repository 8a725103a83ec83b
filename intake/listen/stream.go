// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"

	"github.com/sekisho/sekisho/event"
)

// peer is one connection that sends.
type peer struct {
	r      *Receiver
	origin *origin
	from   string
	conn   net.Conn
}

// Syslog receives syslog messages of RFC 3164 and RFC 5424 on a listener, over TLS where t is not nil. It returns when ctx has ended and
// everything that was read is settled; kill ends the wait for the sink.
func (r *Receiver) Syslog(ctx, kill context.Context, l net.Listener, t *tls.Config) error {
	return r.serve(ctx, l, t, func(p *peer) { p.syslog(ctx, kill) })
}

// serve accepts connections until ctx ends, and returns when all of them have ended.
func (r *Receiver) serve(ctx context.Context, l net.Listener, t *tls.Config, handle func(*peer)) error {
	g := r.guard(l)
	stop := context.AfterFunc(ctx, func() { l.Close() })
	defer stop()
	var open sync.WaitGroup
	defer open.Wait()
	pause := 5 * time.Millisecond
	for {
		c, err := g.Accept()
		if ctx.Err() != nil {
			if err == nil {
				c.Close()
			}
			return nil
		}
		if errors.Is(err, net.ErrClosed) {
			return err
		}
		if err != nil { // too many open files: it passes
			time.Sleep(pause)
			pause = min(2*pause, time.Second)
			continue
		}
		pause = 5 * time.Millisecond
		open.Go(func() {
			defer c.Close()
			if p := r.welcome(ctx, c, t); p != nil {
				bye := context.AfterFunc(ctx, func() { p.leave() })
				defer bye()
				handle(p)
			}
		})
	}
}

// welcome shakes hands and finds out who it is; nil if nobody who may write.
func (r *Receiver) welcome(ctx context.Context, c net.Conn, t *tls.Config) *peer {
	var certs []*x509.Certificate
	at := peerOf(c)
	if t != nil {
		secure := tls.Server(c, t)
		hello, cancel := context.WithTimeout(ctx, min(r.limits.Slow, 10*time.Second))
		defer cancel()
		if err := secure.HandshakeContext(hello); err != nil {
			r.ledger.refuse(RefusedTLS)
			return nil
		}
		certs, c = secure.ConnectionState().PeerCertificates, secure
	}
	o, err := r.sources.Load().bind(r.ledger, at.Addr(), certs, "")
	if err != nil {
		r.ledger.refuse(RefusedSource)
		return nil
	}
	return &peer{r: r, origin: o, from: textOf(at), conn: c}
}

// What a stop leaves to a connection.
const (
	lastLook = 100 * time.Millisecond // to read what lies in the kernel: its sender believes it delivered
	lastCall = 3 * time.Second        // to seal and to answer
)

// leave ends a connection at a stop.
func (p *peer) leave() {
	_ = p.conn.SetReadDeadline(time.Now().Add(lastLook))
	time.AfterFunc(lastCall, func() { p.conn.Close() })
}

// record makes what is sealed of a message.
func (p *peer) record(data []byte, length int64) event.Received {
	rec := event.Received{Source: p.origin.name, From: p.from, At: event.Of(p.r.now())}
	rec.Data, rec.Length = data, length
	if len(rec.Data) > p.r.limits.Message {
		rec.Data = rec.Data[:p.r.limits.Message]
	}
	return rec
}

// wait lets a source that is too fast wait.
func (p *peer) wait(ctx context.Context) {
	if d, _ := p.origin.bucket.take(p.r.now(), 1, true); d > 0 {
		select {
		case <-ctx.Done():
		case <-time.After(d):
		}
	}
}

func (p *peer) syslog(ctx, kill context.Context) {
	pump := p.r.newPump(kill, true, nil)
	defer pump.close()
	f := newFrames(p.conn, p.conn, &p.r.limits)
	for {
		data, length, err := f.nextSyslog()
		if len(data) > 0 { // also what there is of a message that did not end: it is evidence
			p.wait(ctx)
			if pump.add(p.record(data, length), p.origin, 0) != nil {
				return
			}
		}
		if err != nil {
			p.ended(ctx, err)
			return
		}
	}
}

// ended counts why a connection ended, where that is the sender's doing.
func (p *peer) ended(ctx context.Context, err error) {
	switch {
	case ctx.Err() != nil:
	case errors.Is(err, os.ErrDeadlineExceeded):
		p.r.ledger.refuse(RefusedSlow)
	case errors.Is(err, errFraming):
		p.r.ledger.refuse(RefusedGarbage)
	case errors.Is(err, io.EOF), errors.Is(err, net.ErrClosed):
	}
}

// ServerTLS makes the TLS configuration of a listener from a certificate and its key in PEM, and, where clients are told by certificates,
// those of the authorities that sign them.
func ServerTLS(certFile, keyFile, clientsFile string, required bool) (*tls.Config, error) {
	cert, err := tls.LoadX509KeyPair(certFile, keyFile)
	if err != nil {
		return nil, err
	}
	t := &tls.Config{Certificates: []tls.Certificate{cert}, MinVersion: tls.VersionTLS12}
	if clientsFile == "" {
		if required {
			return nil, errors.New("listen: sources are told by certificates, so the authority that signs these must be given (clients)")
		}
		return t, nil
	}
	pem, err := os.ReadFile(clientsFile)
	if err != nil {
		return nil, err
	}
	t.ClientCAs = x509.NewCertPool()
	if !t.ClientCAs.AppendCertsFromPEM(pem) {
		return nil, errors.New("listen: " + clientsFile + " holds no certificate in PEM")
	}
	t.ClientAuth = tls.VerifyClientCertIfGiven
	if required {
		t.ClientAuth = tls.RequireAndVerifyClientCert
	}
	return t, nil
}

// addrOf returns the address of a packet's sender.
func addrOf(a netip.AddrPort) netip.Addr { return a.Addr().Unmap().WithZone("") }
