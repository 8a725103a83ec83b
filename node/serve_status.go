// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/sekisho/sekisho/intake/listen"
	"github.com/sekisho/sekisho/notify"
	"github.com/sekisho/sekisho/vault/share"
)

// ServeStatus is how a live system does.
type ServeStatus struct {
	Version   string            `json:"version"`
	Since     time.Time         `json:"since"`
	Healthy   bool              `json:"healthy"`
	Ready     bool              `json:"ready"`
	Problem   string            `json:"problem,omitempty"`
	Addresses map[string]string `json:"addresses"`
	Vault     struct {
		Records    int64     `json:"records"`
		Blocks     int64     `json:"blocks"`
		Checkpoint int64     `json:"checkpoint"` // blocks that the last signed one covers
		Signed     time.Time `json:"signed"`
	} `json:"vault"`
	Total   listen.Count     `json:"total"`   // since the start
	Sources []listen.Count   `json:"sources"` // since the start
	Hours   []listen.Count   `json:"hours"`   // of the last two days
	Refused map[string]int64 `json:"refused"`
	Open    int64            `json:"mismatches"` // looks at the sum that did not close
	Watch   struct {
		Behind   int64 `json:"behind"` // records that are sealed and not read yet
		Parsed   int64 `json:"parsed"`
		Unparsed int64 `json:"unparsed"`
		Events   int64 `json:"events"`
		Matches  int64 `json:"matches"`  // of Sigma rules for records under the names of their product
		Repeated int64 `json:"repeated"` // records that a sender sent again because an answer was lost: they are sealed, and counted once
		Beyond   int64 `json:"beyond"`   // too late to be watched, or dated too far ahead

		Duplicates int64 `json:"duplicates"` // events given once more under an identifier of their own: counted once
	} `json:"watch"`
	Asked    []AskedStatus `json:"asked,omitempty"`
	Rules    *RulesStatus  `json:"rules,omitempty"` // absent where none are named
	Findings int64         `json:"findings"`        // revisions since the start
	Told     notify.Status `json:"told"`
	Reloads  ReloadStatus  `json:"reloads"`

	Replicas  []ReplicaStatus  `json:"replicas,omitempty"`
	Readers   []share.Read     `json:"readers,omitempty"`   // who fetched the vault since the start, for replicas on other machines
	Retention *RetentionStatus `json:"retention,omitempty"` // absent where all is kept forever
}

// stalled is how long the watch may be silent: it says every second that it goes on, but a replay of late records takes its time.
const stalled = 2 * time.Minute

func (s *server) healthy() error {
	if st := s.vault.Status(); st.Error != "" {
		return errors.New(st.Error)
	}
	if at := s.watch().alive.Load(); at != 0 && time.Since(time.Unix(at, 0)) > stalled {
		return errors.New("the watch does not go on")
	}
	return nil
}

func (s *server) statusNow() *ServeStatus {
	o := &ServeStatus{Version: s.o.Version, Since: s.begun.UTC(), Ready: s.ready.Load(), Addresses: s.addresses, Total: s.ledger.Total(), Sources: s.ledger.Sources(), Hours: s.ledger.Hours(), Refused: s.ledger.Refused(), Open: s.mismatch.Load()}
	if err := s.healthy(); err != nil {
		o.Problem = err.Error()
	} else {
		o.Healthy = true
	}
	v := s.vault.Status()
	o.Vault.Records, o.Vault.Blocks, o.Vault.Checkpoint, o.Vault.Signed = int64(v.Next), v.Blocks, v.Checkpoint, v.Signed.UTC()
	w := s.watch()
	o.Watch.Behind = max(int64(v.Next)-w.at.Load(), 0)
	o.Watch.Parsed, o.Watch.Unparsed, o.Watch.Events = w.parsed.Load(), w.unparsed.Load(), w.events.Load()
	o.Watch.Duplicates, o.Watch.Beyond = w.twice.Load(), w.beyond.Load()
	o.Watch.Repeated = w.repeated.Load()
	o.Watch.Matches, o.Rules = w.matches.Load(), s.rules.status()
	o.Findings = s.teller.findings.Load()
	o.Told, o.Reloads = s.teller.queue.Status(), s.reloads()
	o.Retention = s.keeps()
	for _, r := range s.replicators() {
		o.Replicas = append(o.Replicas, r.status(v.Checkpoint))
	}
	if s.share != nil {
		o.Readers = s.share.Reads()
	}
	for _, a := range s.asked {
		o.Asked = append(o.Asked, a.status())
	}
	return o
}

// showStatus answers on the status address, on loopback, until the returned function is called.
func (s *server) showStatus() (stop func()) {
	if s.status == nil {
		return func() {}
	}
	m := http.NewServeMux()
	m.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { yesNo(w, s.healthy()) })
	m.HandleFunc("GET /readyz", func(w http.ResponseWriter, _ *http.Request) {
		err := s.healthy()
		if err == nil && !s.ready.Load() {
			err = errors.New("not open")
		}
		yesNo(w, err)
	})
	m.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		e := json.NewEncoder(w)
		e.SetIndent("", "  ")
		_ = e.Encode(s.statusNow())
	})
	m.HandleFunc("GET /metrics", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
		_, _ = w.Write(metrics(s.statusNow()))
	})
	only := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		host, _, err := net.SplitHostPort(r.Host)
		if err != nil {
			host = r.Host
		}
		if ip := net.ParseIP(strings.Trim(host, "[]")); host != "localhost" && (ip == nil || !ip.IsLoopback()) { // a name of another site that was made to lead here
			http.Error(w, "this address is not served here", http.StatusMisdirectedRequest)
			return
		}
		w.Header().Set("X-Content-Type-Options", "nosniff")
		w.Header().Set("Cache-Control", "no-store")
		m.ServeHTTP(w, r)
	})
	h := &http.Server{Handler: only, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 10 * time.Second, WriteTimeout: 30 * time.Second, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
	go func() { _ = h.Serve(s.status) }()
	return func() {
		last, cancel := context.WithTimeout(context.Background(), time.Second)
		defer cancel()
		if h.Shutdown(last) != nil {
			h.Close()
		}
	}
}

func yesNo(w http.ResponseWriter, err error) {
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	fmt.Fprintln(w, "ok")
}

// metrics writes the status as Prometheus reads it: https://prometheus.io/docs/instrumenting/exposition_formats/
func metrics(o *ServeStatus) []byte {
	var b bytes.Buffer
	head := func(name, kind, help string) { fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, kind) }
	one := func(name, kind, help string, v int64) {
		head(name, kind, help)
		fmt.Fprintf(&b, "%s %d\n", name, v)
	}
	number := func(yes bool) int64 {
		if yes {
			return 1
		}
		return 0
	}
	one("sekisho_healthy", "gauge", "1 if the vault takes records and the watch goes on.", number(o.Healthy))
	one("sekisho_vault_records", "gauge", "Records in the vault.", o.Vault.Records)
	one("sekisho_vault_blocks_unsigned", "gauge", "Blocks that no signed checkpoint covers yet.", o.Vault.Blocks-o.Vault.Checkpoint)
	one("sekisho_waiting_records", "gauge", "Records that wait to be sealed.", o.Total.Waiting)
	one("sekisho_accounting_mismatches_total", "counter", "Looks at the sum of records that did not close.", o.Open)
	one("sekisho_watch_behind_records", "gauge", "Records that are sealed and not read yet.", o.Watch.Behind)
	one("sekisho_watch_parsed_total", "counter", "Records that a parser took.", o.Watch.Parsed)
	one("sekisho_watch_unparsed_total", "counter", "Records that no parser took.", o.Watch.Unparsed)
	one("sekisho_watch_events_total", "counter", "Events that were watched.", o.Watch.Events)
	one("sekisho_watch_repeated_total", "counter", "Records that were sent again because an answer was lost; sealed, and counted once.", o.Watch.Repeated)
	one("sekisho_watch_beyond_total", "counter", "Events too late to be watched, or dated too far ahead.", o.Watch.Beyond)
	one("sekisho_watch_duplicates_total", "counter", "Events that were exported once more under their own identifier; counted once.", o.Watch.Duplicates)
	if len(o.Readers) > 0 {
		head("sekisho_vault_reader_seconds", "gauge", "When a replica on another machine last fetched, in Unix time.")
		for _, r := range o.Readers {
			fmt.Fprintf(&b, "sekisho_vault_reader_seconds{reader=%q} %d\n", r.Name, r.At.Unix())
		}
	}
	if o.Rules != nil {
		one("sekisho_rules", "gauge", "Sigma rules that tell of what they find.", int64(o.Rules.Rules))
		one("sekisho_rules_refused", "gauge", "Sigma rules that could not be used.", int64(o.Rules.Unusable))
		one("sekisho_rules_taken_out", "gauge", "1 if the Sigma rules fell over and were taken out.", number(o.Rules.Fault != ""))
		one("sekisho_rule_matches_total", "counter", "Matches of Sigma rules for records under the names of their product.", o.Watch.Matches)
	}
	one("sekisho_findings_total", "counter", "Revisions of findings.", o.Findings)
	one("sekisho_notifications_sent_total", "counter", "Notifications that were taken.", o.Told.Sent)
	one("sekisho_notifications_failed_total", "counter", "Tries to notify that failed.", o.Told.Failed)
	one("sekisho_notifications_abandoned_total", "counter", "Notifications that were given up.", o.Told.Lost)
	one("sekisho_notifications_waiting", "gauge", "Notifications that wait: for a contact to be reached, the morning, or an acknowledgement.", o.Told.Waiting)
	one("sekisho_contacts_failing", "gauge", "Contacts whose last notification was not taken.", int64(len(o.Told.Failing)))
	one("sekisho_reloads_total", "counter", "Configurations that were read anew and taken.", o.Reloads.Taken)
	one("sekisho_reloads_refused_total", "counter", "Configurations that were refused; the one before stayed.", o.Reloads.Refused)
	if r := o.Retention; r != nil {
		one("sekisho_expired_records_total", "counter", "Records that were destroyed because their time was over, since the start.", r.Records)
		one("sekisho_retention_failing", "gauge", "1 if what is due could not be let go of.", number(r.Problem != ""))
		one("sekisho_holds", "gauge", "Holds that keep records from expiring.", int64(r.Holds))
	}
	replicaMetrics(&b, o.Replicas, head)
	if len(o.Asked) > 0 {
		head("sekisho_asked_until_seconds", "gauge", "Until when a cloud's records are sealed, in Unix time.")
		for _, a := range o.Asked {
			fmt.Fprintf(&b, "sekisho_asked_until_seconds{source=%q,content=%q} %d\n", a.Source, a.Content, a.Until.Unix())
		}
		head("sekisho_asked_gaps_total", "counter", "What a cloud had and cannot be asked for any more.")
		for _, a := range o.Asked {
			fmt.Fprintf(&b, "sekisho_asked_gaps_total{source=%q,content=%q} %d\n", a.Source, a.Content, a.Gaps)
		}
		head("sekisho_asked_owed", "gauge", "Pieces that a cloud refused, and that are asked for again.")
		for _, a := range o.Asked {
			fmt.Fprintf(&b, "sekisho_asked_owed{source=%q,content=%q} %d\n", a.Source, a.Content, a.Owed)
		}
		head("sekisho_asked_failing", "gauge", "1 if the last question to a cloud was not answered.")
		for _, a := range o.Asked {
			fmt.Fprintf(&b, "sekisho_asked_failing{source=%q,content=%q} %d\n", a.Source, a.Content, number(a.Problem != ""))
		}
	}
	head("sekisho_records_total", "counter", "Records by source and what became of them.")
	for i := range o.Sources {
		c := &o.Sources[i]
		n := c.Source
		for _, x := range []struct {
			what string
			n    int64
		}{{"offered", c.Offered}, {"sealed", c.Sealed}, {"lost", c.Lost}, {"cut", c.Cut}} {
			fmt.Fprintf(&b, "sekisho_records_total{source=%q,outcome=%q} %d\n", n, x.what, x.n)
		}
		for _, why := range listen.Reasons() {
			if k := c.Rejected[why]; k > 0 {
				fmt.Fprintf(&b, "sekisho_records_total{source=%q,outcome=\"rejected\",reason=%q} %d\n", n, why, k)
			}
		}
	}
	head("sekisho_refused_total", "counter", "Connections and requests that were turned away.")
	for _, why := range listen.Refusals() {
		fmt.Fprintf(&b, "sekisho_refused_total{reason=%q} %d\n", why, o.Refused[why])
	}
	return b.Bytes()
}

// notifySystemd tells the service manager, if there is one.
func notifySystemd(what string) {
	path := os.Getenv("NOTIFY_SOCKET")
	if path == "" {
		return
	}
	c, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return
	}
	defer c.Close()
	_, _ = c.Write([]byte(what))
}
