// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/intake/listen"
	"github.com/sekisho/sekisho/vault"
	"github.com/sekisho/sekisho/vault/sealed"
	"github.com/sekisho/sekisho/vault/share"
)

// ServeOptions say how to watch live. Config, Profile and Log must be set.
type ServeOptions struct {
	Config  *config.Serve
	Profile *config.Profile
	Version string
	Log     *slog.Logger
	Ready   func(addresses map[string]string) // called once everything is open, with what is listened on, by kind

	// Reload asks for the configuration to be read again, with Read; nil: never.
	Reload <-chan struct{}
	Read   func() (*config.Serve, *config.Profile, error)

	expire   time.Duration // between two looks at what has expired, and before the first; 0: an hour; for tests
	patience time.Duration // that a replica may fail before it is a finding; 0: a quarter of an hour; for tests
	issue    time.Duration // between two looks at what was found; 0: the watch's default; for tests
}

// What passes through lives for a moment, and what is known of accounts stays: the collector need not look at it that often while there is
// room. At serveHeap bytes it does.
const (
	serveGC   = 200
	serveHeap = 640 << 20
)

// ourSource is the name under which the live system itself writes: no sender can have it.
const ourSource = "(sekisho)"

// Serve receives records, seals them, reads them and watches, until ctx ends; then it stops within ten seconds. What was acknowledged is
// sealed, and what was not yet watched is at the next start.
//
//	receivers ──► vault ──► acknowledged
//	                │ follow
//	                ▼
//	             formats ──► identity ──► watch ──► findings: on disk, sealed, told
func Serve(ctx context.Context, o ServeOptions) error {
	defer debug.SetGCPercent(debug.SetGCPercent(serveGC))
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(min(serveHeap, max(machineMemory()/4, 128<<20))))
	s := &server{o: o, log: o.Log, ledger: listen.NewLedger(), begun: time.Now(), addresses: map[string]string{}}
	if err := s.open(); err != nil {
		return err
	}
	return s.run(ctx)
}

// server is one live system.
type server struct {
	o         ServeOptions
	log       *slog.Logger
	vault     *sealed.Log
	ledger    *listen.Ledger
	receiver  *listen.Receiver
	rules     *ruleBook // nil: none are named
	watching  watching
	teller    *teller
	reloaded  reloaded
	retention retention
	replicas  replicas
	share     *share.Server // gives the vault to replicas on other machines; nil: nobody asks for it
	asked     []*cloud      // clouds
	begun     time.Time
	first     event.Position // of this run
	own       atomic.Int64   // records of ours that were sealed
	addresses map[string]string
	ready     atomic.Bool
	mismatch  atomic.Int64 // looks at the sum that did not close

	streams   []stream
	packets   []*net.UDPConn
	status    net.Listener
	accounted int64 // hours before this one are sealed
}

// stream is a listener of connections.
type stream struct {
	kind string
	l    net.Listener
	tls  *tls.Config
}

// open opens the vault and everything that is listened on, or nothing.
func (s *server) open() (err error) {
	defer func() {
		if err != nil {
			s.closeAll()
		}
	}()
	c := s.o.Config
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		return fmt.Errorf("node: make the folder: %w", err)
	}
	sources, err := s.sources()
	if err != nil {
		return err
	}
	key, made, err := vault.OpenKey(c.KeyHome)
	if err != nil {
		return err
	}
	if made {
		s.log.Info("a signing key was made", "folder", c.KeyHome, "fingerprint", key.Fingerprint())
	}
	kept, err := vaultRetention(c.Retention)
	if err != nil {
		return err
	}
	var opened *sealed.Opened
	if s.vault, opened, err = sealed.Open(filepath.Join(c.Data, "vault"), sealed.Options{Key: key, Retention: kept}); err != nil {
		return err
	}
	if opened.Expired > 0 || opened.Left != nil {
		s.log.Info("an expiry that was interrupted was brought to its end", "months", opened.Expired, "left", opened.Left)
	}
	s.first = opened.Next
	s.log.Info("the vault is open", "log", opened.Origin, "records", int64(opened.Next), "healed", opened.Healed, "rebuilt", opened.Rebuilt)
	if opened.Cut != nil {
		s.log.Warn("a crash tore the vault's last write; nothing of it had been acknowledged", "segment", opened.Cut.Segment, "offset", opened.Cut.Offset, "bytes", opened.Cut.Bytes)
	}
	if s.teller, err = newTeller(s); err != nil {
		return err
	}
	if s.rules, err = s.readRules(); err != nil {
		return err
	}
	if err = s.openWatch(); err != nil {
		return err
	}
	s.receiver = listen.NewReceiver(s.vault, sources, s.ledger, listen.Limits{Message: int(c.Message), Body: c.Body, Memory: c.Memory})
	if s.asked, err = s.openAsked(); err != nil {
		return err
	}
	return s.listen(sources.Certified())
}

func (s *server) sources() (*listen.Sources, error) { return sourcesOf(s.o.Config) }

func sourcesOf(c *config.Serve) (*listen.Sources, error) {
	var list []listen.Source
	for _, x := range c.Sources {
		list = append(list, listen.Source{Name: x.Name, From: x.From, Certificates: x.Certificates, Tokens: x.Tokens, Rate: x.Rate})
	}
	strange := c.Strangers == config.Yes || c.Strangers == config.Unsaid && len(list) == 0
	sources, err := listen.NewSources(list, strange)
	if err != nil {
		return nil, fmt.Errorf("%s: sources: %w", c.Path, err)
	}
	return sources, nil
}

// listen opens all addresses.
func (s *server) listen(certified bool) error {
	c := s.o.Config
	for _, l := range c.Listeners {
		if err := listen.CheckAddress(l.Address, l.Certificate != "", l.Plain); err != nil {
			return fmt.Errorf("%s:%d: listen.%s: %w", c.Path, l.Line, l.Kind, err)
		}
		if l.Kind == "udp" {
			at, err := net.ResolveUDPAddr("udp", l.Address)
			if err != nil {
				return fmt.Errorf("%s:%d: %w", c.Path, l.Line, err)
			}
			conn, err := net.ListenUDP("udp", at)
			if err != nil {
				return fmt.Errorf("%s:%d: %w", c.Path, l.Line, err)
			}
			s.packets = append(s.packets, conn)
			s.addresses[l.Kind] = conn.LocalAddr().String()
			continue
		}
		var t *tls.Config
		if l.Certificate != "" {
			var err error
			if t, err = listen.ServerTLS(l.Certificate, l.Key, l.Clients, certified && l.Kind != "http" || l.Kind == "vault"); err != nil {
				return fmt.Errorf("%s:%d: listen.%s: %w", c.Path, l.Line, l.Kind, err)
			}
		}
		at, err := net.Listen("tcp", l.Address)
		if err != nil {
			return fmt.Errorf("%s:%d: %w", c.Path, l.Line, err)
		}
		if l.Kind == "vault" {
			s.share = &share.Server{Dir: filepath.Join(c.Data, "vault"), Readers: l.Readers, Log: s.log}
		}
		s.streams = append(s.streams, stream{l.Kind, at, t})
		s.addresses[l.Kind] = at.Addr().String()
	}
	if c.Status == "" || c.Status == "off" {
		return nil
	}
	if err := listen.CheckAddress(c.Status, false, false); err != nil {
		return fmt.Errorf("%s: status: what is shown there is for this machine alone: %w", c.Path, err)
	}
	var err error
	if s.status, err = net.Listen("tcp", c.Status); err == nil {
		s.addresses["status"] = s.status.Addr().String()
	}
	return err
}

func (s *server) closeAll() {
	for _, l := range s.streams {
		l.l.Close()
	}
	for _, c := range s.packets {
		c.Close()
	}
	if s.status != nil {
		s.status.Close()
	}
	if w := s.watch(); w != nil {
		w.close()
	}
	if s.teller != nil {
		s.teller.close()
	}
	if s.vault != nil {
		s.vault.Close()
	}
}

// What a stop has time for, ten seconds in all.
const (
	stopReceivers = 5 * time.Second // after it, what is not sealed is told to be lost
	beat          = time.Second
)

// run receives and watches until ctx ends or something fails that cannot be mended while it runs.
func (s *server) run(ctx context.Context) error {
	run, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	kill, end := context.WithCancel(context.WithoutCancel(ctx))
	defer end()
	var receivers sync.WaitGroup
	fail := func(what string, err error) {
		if err != nil && run.Err() == nil {
			stop(fmt.Errorf("node: %s: %w", what, err))
		}
	}
	for _, l := range s.streams {
		receivers.Go(func() {
			switch l.kind {
			case "relp":
				fail("receive RELP", s.receiver.RELP(run, kill, l.l, l.tls))
			case "vault":
				fail("give the vault to replicas", s.share.Serve(run, l.l, l.tls))
			case "http":
				fail("receive HTTP", s.receiver.HTTP(run, kill, l.l, l.tls))
			default:
				fail("receive syslog", s.receiver.Syslog(run, kill, l.l, l.tls))
			}
		})
	}
	for _, c := range s.packets {
		receivers.Go(func() { fail("receive UDP", s.receiver.UDP(run, kill, c)) })
	}
	if patterns := s.o.Config.Follow; len(patterns) > 0 { // read here: a reload puts another configuration in place meanwhile
		states := maps.Clone(s.watch().follows)
		receivers.Go(func() {
			fail("follow files", s.receiver.Follow(run, kill, listen.FollowOptions{Patterns: patterns, States: states, Own: ourSource,
				Sealed:  func(n int64) { s.own.Add(n) },
				Problem: func(path string, err error) { s.log.Warn("a file cannot be followed", "path", path, "error", err) }}))
		})
	}
	for _, a := range s.asked {
		receivers.Go(func() { a.run(run) })
	}
	s.beginWatch(context.WithoutCancel(ctx), fail)
	telling, endTelling := context.WithCancel(context.WithoutCancel(ctx))
	defer endTelling()
	told := make(chan struct{})
	go func() {
		defer close(told)
		s.teller.queue.Run(telling)
	}()
	s.retention.rules, s.retention.vault = s.o.Config.Retention, filepath.Join(s.o.Config.Data, "vault")
	receivers.Go(func() { s.expire(run) })
	receivers.Go(func() { s.digests(run) })
	s.replicas.ctx = context.WithoutCancel(ctx)
	s.keepReplicas(s.o.Config.Replicas)
	receivers.Go(func() { s.watchReplicas(run) })
	shown := s.showStatus()
	s.ready.Store(true)
	notifySystemd("READY=1")
	s.log.Info("ready", "addresses", s.addresses)
	if s.o.Ready != nil {
		s.o.Ready(s.addresses)
	}
	s.beat(run, fail)
	notifySystemd("STOPPING=1")
	s.ready.Store(false)

	late := time.AfterFunc(stopReceivers, end)
	receivers.Wait()
	late.Stop()
	s.account(true)
	s.endReplicas()
	s.endWatch()
	endTelling()
	<-told
	shown()
	err := errors.Join(s.watch().close(), s.teller.close(), s.vault.Close())
	s.lastReplicas()
	if cause := context.Cause(run); cause != nil && ctx.Err() == nil {
		return cause
	}
	total := s.ledger.Total()
	s.log.Info("stopped", "offered", total.Offered, "sealed", total.Sealed, "lost", total.Lost)
	return err
}

// beat looks every second whether everything goes on, until ctx ends.
func (s *server) beat(ctx context.Context, fail func(string, error)) {
	tick := time.NewTicker(beat)
	defer tick.Stop()
	var open int64
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.o.Reload:
			fail("watch again after the configuration was read anew", s.reload(context.WithoutCancel(ctx), fail))
			continue
		case <-tick.C:
		}
		if s.healthy() == nil {
			notifySystemd("WATCHDOG=1")
		}
		s.account(false)
		// The vault counts for itself. What it has more than the receivers know of is on its way to be counted, and must not stay so.
		was := open
		open = s.unaccounted()
		if open < 0 || open != 0 && open == was || s.ledger.Check() != nil {
			s.mismatch.Add(1)
			s.log.Error("what was sealed is not what was counted", "records", open, "ledger", s.ledger.Check())
		}
	}
}

// unaccounted returns how many records more the vault holds since the start than were counted.
func (s *server) unaccounted() int64 {
	before := s.ledger.Total().Sealed + s.own.Load()
	return int64(s.vault.Status().Next-s.first) - before
}

// account seals the counts of hours that have ended, and at a stop those of the hour that goes on.
func (s *server) account(last bool) {
	hour := time.Now().Unix() / 3600
	if s.accounted == 0 {
		s.accounted = hour
	}
	if hour == s.accounted && !last {
		return
	}
	var rows []listen.Count
	for _, c := range s.ledger.Hours() {
		if c.Hour >= s.accounted && (c.Hour < hour || last) {
			rows = append(rows, c)
		}
	}
	s.accounted = hour
	if len(rows) > 0 {
		s.sealOwn("accounts", rows)
	}
}

// build names what findings depend on besides the records.
func (s *server) build() (string, error) {
	h := sha256.New()
	fmt.Fprintln(h, s.o.Version)
	if err := addFiles(h, s.o.Config.Org); err != nil {
		return "", err
	}
	if s.rules != nil {
		h.Write(s.rules.set.Sum[:])
		values, err := json.Marshal(s.o.Config.Values)
		if err != nil {
			return "", err
		}
		h.Write(values)
	}
	for _, d := range s.o.Profile.Directory {
		if err := addFiles(h, d.File); err != nil {
			return "", err
		}
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}
