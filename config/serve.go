// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Serve is the configuration of the live system. Paths are ready to open.
type Serve struct {
	Path      string
	Data      string // folder of the vault, of states and findings
	Org       string // the institute's profile; empty: none
	KeyHome   string // folder of the signing key
	Listeners []Listener
	Status    string // address of health, metrics and status
	Strangers Choice // whether those who are no source may write
	Sources   []Source
	Message   int64 // bytes; 0: the default
	Body      int64
	Memory    int64
	Follow    []string            // patterns of files to follow
	Ask       []Ask               // clouds that are asked for their records
	Rules     []string            // files and folders of Sigma rules, and BuiltinRules
	Values    map[string][]string // of placeholders in rules, by name
	Webhook   string
	Severity  string // from which findings are told; empty: medium
	Contacts  []Recipient
	Quiet     []QuietHours
	Retention *Retention // nil: all is kept forever, and not encrypted
	Replicas  []Replica  // where the vault is copied to

	Warnings []Warning
}

// Listener is one address that is listened on.
type Listener struct {
	Kind        string // udp, tcp, tls, relp, http; vault: gives the vault to replicas on other machines
	Address     string
	Plain       bool   // beyond this machine without TLS
	Certificate string // of the listener, in PEM; with it, it speaks TLS
	Key         string
	Clients     string   // certificates of the authorities that sign those of clients
	Readers     []string // of vault: names of the certificates that may read it
	Line        int
}

// Source says who may write under a name.
type Source struct {
	Name         string
	From         []netip.Prefix
	Certificates []string
	Tokens       []string // read from the files that are named
	Rate         float64
	Line         int
}

// What is listened on where nothing is said.
const (
	defaultStatus = "127.0.0.1:8089"
	serveKeys     = "data, org, key, listen, status, strangers, sources, limits, follow, ask, rules, placeholders, notify, retention, replicas"
	// BuiltinRules is the name under which the rules that come with the program are asked for.
	BuiltinRules = "builtin"
)

func defaultListeners() []Listener {
	return []Listener{{Kind: "udp", Address: "127.0.0.1:5514"}, {Kind: "tcp", Address: "127.0.0.1:5514"}, {Kind: "relp", Address: "127.0.0.1:2514"}, {Kind: "http", Address: "127.0.0.1:8088"}}
}

// ReadServe reads the configuration of the live system. All mistakes are told at once, each with its line and what to write instead.
func ReadServe(path string) (*Serve, error) {
	d := &document{file: path}
	root, err := d.open(path)
	if err != nil {
		return nil, fmt.Errorf("config: read %s: %w", path, err)
	}
	s := &Serve{Path: path, Status: defaultStatus}
	if root == nil {
		root = &yaml.Node{Kind: yaml.MappingNode, Line: 1}
	}
	folder := filepath.Dir(path)
	said := false
	d.each(root, "", serveKeys, func(key, where string, v *yaml.Node) bool {
		switch key {
		case "data":
			s.Data = within(folder, d.text(v, where))
		case "org":
			s.Org = d.file1(folder, v, where)
		case "key":
			s.KeyHome = within(folder, d.text(v, where))
		case "listen":
			said = true
			s.Listeners = d.listeners(folder, v, where)
		case "status":
			s.Status = d.text(v, where)
		case "strangers":
			s.Strangers = d.choice(v, where)
		case "sources":
			d.items(v, where, func(where string, v *yaml.Node) { s.Sources = append(s.Sources, d.source(folder, v, where)) })
		case "limits":
			d.limits(s, v, where)
		case "follow":
			for _, p := range d.texts(v, where) {
				s.Follow = append(s.Follow, within(folder, p))
			}
		case "ask":
			d.items(v, where, func(where string, v *yaml.Node) { s.Ask = append(s.Ask, d.ask(s, folder, v, where)) })
		case "rules":
			s.Rules = d.rules(folder, v, where)
		case "placeholders":
			s.Values = d.placeholders(folder, v, where)
		case "notify":
			d.notify(s, folder, v, where)
		case "retention":
			d.retention(s, folder, v, where)
		case "replicas":
			d.replicas(s, folder, v, where)
		default:
			return false
		}
		return true
	})
	if s.Data == "" {
		d.wrong(root, "data", "is missing: name the folder that holds the vault, like data: /var/lib/sekisho")
	}
	if !s.apart() {
		d.wrong(root, "retention.key", "lies within data: who takes that disk, or a copy of it, would have the records and their key; put it elsewhere")
	}
	d.replicasApart(s)
	if len(s.Values) > 0 && len(s.Rules) == 0 {
		d.warn(root, "placeholders", "gives values to rules, and no rules are named: write rules: [builtin, rules/]")
	}
	if !said {
		s.Listeners = defaultListeners()
	}
	if s.KeyHome == "" {
		s.KeyHome = filepath.Join(s.Data, "key")
	}
	s.Warnings = d.warnings
	if err := d.err(); err != nil {
		return nil, fmt.Errorf("config: %w", err)
	}
	return s, nil
}

func within(folder, path string) string {
	if path == "" || filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(folder, path)
}

// file1 returns the path of a file that must be there.
func (d *document) file1(folder string, n *yaml.Node, where string) string {
	path := within(folder, d.text(n, where))
	if path == "" {
		return ""
	}
	if _, err := os.Stat(path); err != nil {
		d.wrong(n, where, "%v: a path is relative to the folder of this file", err)
	}
	return path
}

func (d *document) listeners(folder string, n *yaml.Node, where string) (out []Listener) {
	d.each(n, where, "udp, tcp, tls, relp, http, vault", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "udp", "tcp", "tls", "relp", "http", "vault":
		default:
			return false
		}
		d.items(v, where, func(where string, v *yaml.Node) {
			l := Listener{Kind: key, Line: v.Line}
			if v.Kind == yaml.ScalarNode {
				l.Address = d.text(v, where)
			} else {
				d.listener(&l, folder, v, where)
			}
			if _, port, ok := strings.Cut(l.Address, ":"); !ok || port == "" {
				d.wrong(v, where, "%q is no address: write it like 127.0.0.1:5514", cut(l.Address, 60))
			}
			if key == "tls" && l.Certificate == "" {
				d.wrong(v, where, "tls needs a certificate and its key: {address: …, certificate: server.crt, key: server.key}")
			}
			if key == "vault" && (l.Certificate == "" || l.Clients == "" || len(l.Readers) == 0) {
				d.amiss(v, where, "には certificate、key、clients、readers がすべて必要です（例 {address: 192.0.2.1:7443, certificate: server.crt, key: server.key, clients: ca.crt, readers: [second.example.jp]}）",
					"needs certificate, key, clients and readers, like {address: 192.0.2.1:7443, certificate: server.crt, key: server.key, clients: ca.crt, readers: [second.example.jp]}")
			}
			if key == "vault" && slices.ContainsFunc(out, func(x Listener) bool { return x.Kind == "vault" }) {
				d.amiss(v, where, "は一つだけ書けます。取り寄せる名前はすべて readers に並べてください", "can stand once: name all who may read under its readers")
			}
			if key != "vault" && len(l.Readers) > 0 {
				d.amiss(v, where, "に readers は書けません。readers は listen.vault のものです", "takes no readers: they belong to listen.vault")
			}
			if key == "udp" && l.Certificate != "" {
				d.wrong(v, where, "udp cannot be encrypted: use tls, or relp with a certificate")
			}
			if (l.Certificate == "") != (l.Key == "") || l.Clients != "" && l.Certificate == "" {
				d.wrong(v, where, "certificate and key belong together, and clients need both")
			}
			out = append(out, l)
		})
		return true
	})
	return out
}

func (d *document) listener(l *Listener, folder string, n *yaml.Node, where string) {
	d.each(n, where, "address, plain, certificate, key, clients, readers", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "address":
			l.Address = d.text(v, where)
		case "plain":
			l.Plain, _ = d.truth(v, where)
		case "certificate":
			l.Certificate = d.file1(folder, v, where)
		case "key":
			l.Key = d.file1(folder, v, where)
		case "clients":
			l.Clients = d.file1(folder, v, where)
		case "readers":
			l.Readers = d.texts(v, where)
		default:
			return false
		}
		return true
	})
}

func (d *document) source(folder string, n *yaml.Node, where string) Source {
	s := Source{Line: n.Line}
	d.each(n, where, "name, from, certificate, token_file, rate", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "name":
			s.Name = d.text(v, where)
		case "from":
			s.From = d.prefixes(v, where)
		case "certificate":
			s.Certificates = d.texts(v, where)
		case "token_file":
			d.items(v, where, func(where string, v *yaml.Node) {
				if path := d.file1(folder, v, where); path != "" {
					s.Tokens = append(s.Tokens, d.token(path, v, where))
				}
			})
		case "rate":
			r, err := strconv.ParseFloat(d.text(v, where), 64)
			if err != nil || r <= 0 || r > 1e9 {
				d.wrong(v, where, "is the number of records a second, like 5000")
			}
			s.Rate = r
		case "token":
			d.wrong(v, where, "a secret does not stand in this file: write it to a file that only Sekisho can read, and name that as token_file")
		default:
			return false
		}
		return true
	})
	if s.Name == "" {
		d.wrong(n, where, "has no name")
	}
	return s
}

// secretFile holds a file to what a secret's file must be.
func (d *document) secretFile(path string, n *yaml.Node, where string) {
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&0o007 != 0 {
		d.wrong(n, where, "%s can be read by everybody: chmod o= %s", path, path)
	}
}

// token reads a secret, which is never part of a message.
func (d *document) token(path string, n *yaml.Node, where string) string {
	b, err := os.ReadFile(path)
	if err != nil {
		return "" // said already
	}
	d.secretFile(path, n, where)
	b = bytes.TrimSpace(b)
	if len(b) < 16 || len(b) > 4096 || bytes.ContainsAny(b, " \n\r\t") {
		d.wrong(n, where, "%s does not hold a token of 16 characters or more without blanks: openssl rand -hex 24 > %s", path, path)
		return ""
	}
	return string(b)
}

func (d *document) limits(s *Serve, n *yaml.Node, where string) {
	d.each(n, where, "message, body, memory", func(key, where string, v *yaml.Node) bool {
		switch key {
		case "message":
			s.Message = d.size(v, where, 1<<10, 8<<20)
		case "body":
			s.Body = d.size(v, where, 64<<10, 1<<30)
		case "memory":
			s.Memory = d.size(v, where, 16<<20, 16<<30)
		default:
			return false
		}
		return true
	})
}

// size reads a number of bytes, with KiB, MiB or GiB behind it.
func (d *document) size(n *yaml.Node, where string, least, most int64) int64 {
	s := d.text(n, where)
	unit := int64(1)
	for word, of := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30} {
		if rest, ok := strings.CutSuffix(s, word); ok {
			s, unit = strings.TrimSpace(rest), of
		}
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil || v <= 0 || v > most/unit || v*unit < least {
		d.wrong(n, where, "is a size from %d bytes to %d MiB: write it like 64KiB or 16MiB", least, most>>20)
		return 0
	}
	return v * unit
}

func isLoopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && ip.IsLoopback()
}
