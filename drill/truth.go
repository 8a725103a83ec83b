// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"cmp"
	"encoding/json"
	"fmt"
	"os"
	"time"
)

// TruthSchema names the form of truth.json.
const TruthSchema = "sekisho.drill-truth/1"

// Truth is what really happened in a drill. It lies beside the logs and is never read by what investigates them.
// Lists are sorted: accounts, addresses, hosts and acts by their first moment, then by name.
type Truth struct {
	Schema   string    `json:"schema"`
	Seal     string    `json:"sha256,omitempty"` // of the file, with noughts in this place; empty: made by hand or before there was one
	Name     string    `json:"name"`
	Seed     uint64    `json:"seed"`
	Verdict  string    `json:"verdict"` // breach, or clear for a drill without an attack
	Start    time.Time `json:"start"`
	End      time.Time `json:"end"`
	LogsFrom time.Time `json:"logs_from"` // the logs hold nothing older
	Zone     string    `json:"zone"`      // the institute's, as in org.yaml
	Without  []string  `json:"without"`   // the kinds of log that are missing
	Total    int       `json:"accounts_total"`
	Lines    int64     `json:"lines"`

	Files     []File     `json:"files"`
	Accounts  []Account  `json:"accounts"`
	Addresses []Address  `json:"addresses"`
	Shared    []Shared   `json:"shared"`
	Odd       []Odd      `json:"odd"`
	Hosts     []Host     `json:"hosts"`
	Acts      []Act      `json:"acts"`
	Exposure  []Exposure `json:"exposure"`
	Leaks     []Leak     `json:"leaks"`
	Clocks    []Clock    `json:"clocks"` // that are off, so that lines say another time
	Erased    []Erased   `json:"erased"` // what of the logs the intruder took out
	Found     *Found     `json:"found,omitempty"`
	Standing  Standing   `json:"standing"`

	altered bool // the seal is not that of the text that was read
}

// Found says how the incident came to light in the story, and what was known on that day.
type Found struct {
	Time      time.Time `json:"time"`
	How       string    `json:"how"`
	HowJa     string    `json:"how_ja,omitempty"`
	Addresses []string  `json:"addresses"`
	Accounts  []string  `json:"accounts"` // mail addresses
}

// File is one log file, its path below the logs folder.
type File struct {
	Path  string `json:"path"`
	Kind  string `json:"kind"`
	Lines int64  `json:"lines"`
}

// Account is one that the intruder got into.
type Account struct {
	UID       string    `json:"uid"`
	Mail      string    `json:"mail"`           // empty for an account of a machine
	Host      string    `json:"host,omitempty"` // the machine that it is an account of; empty for the directory's
	Group     int       `json:"group"`
	Stage     int       `json:"stage"` // the first stage it was part of
	Cause     string    `json:"cause"` // guessing, directory-read, unknown
	First     time.Time `json:"first"` // the intruder's first successful login, the lucky guess included
	Last      time.Time `json:"last"`
	Left      bool      `json:"left_list,omitempty"` // it was guessed at, and is not any more since its password was found
	Intruder  int       `json:"intruder,omitempty"`  // 2: somebody else than the one of the incident
	Addresses []string  `json:"addresses"`           // that the intruder's logins came from
	Logs      []string  `json:"logs"`                // kinds of log in this drill that show a bad login; none: nobody could know
}

// key is what an account is called here: by its mail address, or by its name on a machine.
func (a *Account) key() string { return plainName(cmp.Or(a.Mail, a.UID)) }

// Address is one that only the intruder used.
type Address struct {
	IP       string    `json:"ip"`
	Kind     string    `json:"kind"`
	Country  string    `json:"country"`
	ASN      uint32    `json:"asn"`
	Listed   bool      `json:"listed"` // in the institute's lists
	Intruder int       `json:"intruder,omitempty"`
	First    time.Time `json:"first"`
	Last     time.Time `json:"last"`
	Logs     []string  `json:"logs"`
}

// Shared is an address that several honest people use, whatever else came from it.
type Shared struct {
	IP   string `json:"ip"`
	Kind string `json:"kind"`
	Bad  bool   `json:"bad_sessions"` // the intruder came through it too
}

// Odd is an account that looks suspicious and is honest, and why.
type Odd struct {
	UID  string `json:"uid"`
	Mail string `json:"mail"`
	Why  string `json:"why"`
}

// Host is one that the intruder controlled or reached.
type Host struct {
	Name    string    `json:"name"`
	IP      string    `json:"ip"`
	Verdict string    `json:"verdict"` // compromised, reached
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Logs    []string  `json:"logs"`
}

// Act is one thing that the intruder did.
type Act struct {
	Name      string     `json:"name"`
	NameJa    string     `json:"name_ja,omitempty"`
	Stage     int        `json:"stage"` // of the logins; 0: none
	Attack    string     `json:"attack"`
	From      time.Time  `json:"from"`
	To        time.Time  `json:"to"`
	Trace     *time.Time `json:"first_trace"` // the first moment of it that a log of this drill shows; nil: none does
	Times     int        `json:"times"`
	Accounts  []string   `json:"accounts"` // mail addresses, or names on machines; for probing and guessing at everybody, none
	Addresses []string   `json:"addresses"`
	Hosts     []string   `json:"hosts"`
	Logs      []string   `json:"logs"` // kinds of log in this drill that show it; none: in no log
	Detectors []string   `json:"detectors"`
	Intruder  int        `json:"intruder,omitempty"`
	Note      string     `json:"note,omitempty"`
}

// firstTrace returns the first moment of an act that a log shows. Truths made before they said so have its beginning, or that of the
// logs.
func (a *Act) firstTrace(t *Truth) time.Time {
	if a.Trace != nil {
		return *a.Trace
	}
	return later(a.From, t.LogsFrom)
}

// In returns the act's name in a language; truths made before there were Japanese names have English ones alone.
func (a *Act) In(lang string) string { return named(a.Name, a.NameJa).in(lang) }

func named(en, ja string) phrase { return phrase{cmp.Or(ja, en), en} }

// Exposure is what was taken or seen.
type Exposure struct {
	Class   string `json:"class"` // mail, file, directory
	Account string `json:"account"`
	Of      string `json:"of,omitempty"` // whose data, where not the institute's own
	Level   string `json:"level"`
	Count   int64  `json:"count"` // messages, files, entries
	Bytes   int64  `json:"bytes"`
}

// ReadTruth reads a truth.json.
func ReadTruth(path string) (*Truth, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, notRead(path, err, phrase{"drill generate か drill run の --out のフォルダ、またはその truth.json を指定してください", "give the --out folder of drill generate or drill run, or its truth.json"})
	}
	t := new(Truth)
	if err := json.Unmarshal(data, t); err != nil {
		return nil, within(jsonWords(data, err), "正解 %s：", "read truth %s: ", path)
	}
	if t.Schema != TruthSchema {
		return nil, fmt.Errorf("drill: read truth %s: its schema is %q, not %q", path, t.Schema, TruthSchema)
	}
	t.check(data)
	return t, nil
}

// write writes the truth so that only its owner can read it: it spoils the exercise.
func (t *Truth) write(path string) error {
	t.Seal = unsealed
	data, err := json.MarshalIndent(t, "", " ")
	if err != nil {
		return fmt.Errorf("drill: write truth: %w", err)
	}
	data, t.Seal = seal(append(data, '\n'))
	if err := os.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("drill: write truth: %w", err)
	}
	return nil
}

func utc(t int64) time.Time { return time.UnixMicro(t).UTC() }
