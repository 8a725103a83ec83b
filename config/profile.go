// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package config reads what people write for Sekisho: the institute's profile (org.yaml) and the answers that owners and
// administrators gave. It reads and checks these files and nothing else: who an account is and what an address is, is the
// work of package identity, and node hands it what stands here.
//
// Every key of the profile is optional. A mistake is an error that names the file, the line and the key and says what to
// write instead, all mistakes at once; a key that is not known is a Warning and ignored, so that an older Sekisho reads
// a newer file.
package config

import (
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"time"
)

// Profile is an institute's description of itself. The zero value is a profile that says nothing.
type Profile struct {
	Path string // the file it came from; empty for the zero profile

	Name     string
	Zone     *time.Location // for records that carry no zone; nil: not said
	ZoneName string         // as written
	Year     int            // for records without a year; 0: not said
	Domains  []string       // the institute's own mail and login domains, lower case; one without a dot is a NetBIOS name

	Directory []Directory
	Inputs    []Input // in the order of the file: the first that says something about a key wins
	Networks  []Network
	Hosts     []Host
	Intel     []Intel
	Groups    []Group   // sorted by name
	Contacts  []Contact // in the order of the file
	Formats   string    // folder of formats of one's own; empty: not said

	Exceptions   []Exception // in the order of the file
	AlertsPerDay int         // 0: not said

	formatsLine int

	Warnings []Warning
}

// Directory is one CSV of people and accounts.
type Directory struct {
	Realm string // empty: it speaks for every realm that has no directory of its own
	File  string // path, ready to open
	Line  int
}

// Input says about some files what they cannot say themselves.
type Input struct {
	Glob string
	Line int
	Settings
	has settingKeys
}

// Settings are what the profile says about one input.
type Settings struct {
	Host     string // the host that wrote the records
	Realm    string // the realm that its login IDs belong to
	Format   string // the parser to use
	Zone     *time.Location
	ZoneName string
	// ClockOffset is how far the source's clock is ahead of true time: it is taken off every time that is read.
	ClockOffset time.Duration
	// Delay is how late records usually arrive, for the moment at which a live system would have alerted.
	Delay time.Duration
	// RelayFor names the hosts behind this one, whose logs show this host's address in place of the person's.
	RelayFor []string
}

type settingKeys uint8

const (
	hasHost settingKeys = 1 << iota
	hasRealm
	hasFormat
	hasZone
	hasOffset
	hasDelay
	hasRelay
)

// Network is a range of addresses with a name.
type Network struct {
	Name       string
	Ranges     []netip.Prefix // at least one
	Own        Choice         // whether it is the institute's own
	Kind       string         // university, hotel, …; empty: not said
	Restricted bool           // only Allowed may reach into it
	Allowed    []netip.Prefix
	Shared     bool // many homes stand behind each of its addresses
	Line       int
}

// Choice is a truth value that may be left open.
type Choice uint8

// The choices.
const (
	Unsaid Choice = iota
	Yes
	No
)

// Host is a server with a name.
type Host struct {
	Name    string
	Aliases []string
	IPs     []netip.Addr
	Role    string // see Roles; empty: not said
	Line    int
}

// Intel is a list of addresses that the institute brought, or, of the kind indicators, of anything that others know to be bad.
type Intel struct {
	Kind       string // tor, vpn, hosting, bad, indicators, university, mobile, residential, hotel, country
	File       string // path, ready to open; of indicators a folder too
	From, To   time.Time
	Name       string // what to call it; empty: by its file
	Confidence string // high, medium, low; empty: as the list says of itself
	Line       int
}

// Group is a set of accounts that belong together in somebody's eyes, perhaps an intruder's. An account belongs to it that
// is in one of the departments, is in one of the directory's groups, or is named.
type Group struct {
	Name        string
	Departments []string
	Groups      []string
	Accounts    []string
}

// Exception says that what one detector finds about one account, host or range of addresses is ordinary until a date. One of Account, Host
// and Ranges is set.
type Exception struct {
	Detector string
	Account  string
	Host     string
	Ranges   []netip.Prefix
	From     time.Time // zero: not said
	Until    time.Time // the first moment at which it no longer holds; always set
	By, Why  string    // always set
	Line     int
}

// Contact is a person to be reached out of band.
type Contact struct {
	Role, Name, Phone, Mail, Note string
}

// Roles are the roles of hosts that Sekisho knows. Others are kept and shown.
func Roles() []string {
	return []string{"auth-server", "directory", "file-server", "mail", "vpn", "dns", "proxy", "monitor", "backup", "build", "ci",
		"hypervisor", "vendor", "web", "database", "firewall", "syslog", "bastion", "scanner", "admin", "research", "printer", "workstation"}
}

// Kinds are the kinds of addresses of case.json that a profile may give to a network or a list.
func Kinds() []string {
	return []string{"tor", "vpn", "hosting", "university", "mobile", "residential", "hotel"}
}

// ReadProfile reads an institute's profile. Paths in it are taken relative to the file, and looked for. The error lists
// every mistake as "file:line: key: what is wrong: what to write".
func ReadProfile(path string) (*Profile, error) {
	d := &document{file: path}
	root, err := d.open(path)
	if err != nil {
		return nil, fmt.Errorf("config: read profile %s: %w", path, err)
	}
	p := readProfile(d, root)
	p.resolvePaths(d, filepath.Dir(path))
	if err := d.err(); err != nil {
		return nil, fmt.Errorf("config: read profile %s:\n%w", path, err)
	}
	p.Path, p.Warnings = path, d.warnings
	return p, nil
}

// Settings returns what the profile says about the input at that path: for each key, the first entry whose glob matches
// (see Match) and that has the key.
func (p *Profile) Settings(path string) Settings {
	var s Settings
	var done settingKeys
	for i := range p.Inputs {
		in := &p.Inputs[i]
		if in.has&^done == 0 || !Match(in.Glob, path) {
			continue
		}
		s.take(&in.Settings, in.has&^done)
		done |= in.has
	}
	return s
}

func (s *Settings) take(from *Settings, keys settingKeys) {
	if keys&hasHost != 0 {
		s.Host = from.Host
	}
	if keys&hasRealm != 0 {
		s.Realm = from.Realm
	}
	if keys&hasFormat != 0 {
		s.Format = from.Format
	}
	if keys&hasZone != 0 {
		s.Zone, s.ZoneName = from.Zone, from.ZoneName
	}
	if keys&hasOffset != 0 {
		s.ClockOffset = from.ClockOffset
	}
	if keys&hasDelay != 0 {
		s.Delay = from.Delay
	}
	if keys&hasRelay != 0 {
		s.RelayFor = from.RelayFor
	}
}

// Unused returns a warning for every entry under inputs whose glob matches none of the paths: most often a slip of the pen.
func (p *Profile) Unused(paths []string) []Warning {
	var out []Warning
entries:
	for i := range p.Inputs {
		in := &p.Inputs[i]
		for _, path := range paths {
			if Match(in.Glob, path) {
				continue entries
			}
		}
		out = append(out, Warning{p.Path, in.Line, fmt.Sprintf("inputs[%d].glob: %q matches none of the %d files read", i, in.Glob, len(paths))})
	}
	return out
}

// resolvePaths makes relative paths relative to the profile, and says now, with the line, which files are not there.
func (p *Profile) resolvePaths(d *document, folder string) {
	find := func(file string, line int, where string) string {
		if !filepath.IsAbs(file) {
			file = filepath.Join(folder, file)
		}
		if info, err := os.Stat(file); err != nil {
			d.wrongLine(line, where, "%v: write the path relative to %s", err, d.file)
		} else if !info.Mode().IsRegular() && (where != "intel.indicators" || !info.IsDir()) {
			d.wrongLine(line, where, "%s is no ordinary file", file)
		}
		return file
	}
	if p.Formats != "" {
		if !filepath.IsAbs(p.Formats) {
			p.Formats = filepath.Join(filepath.Dir(d.file), p.Formats)
		}
		if info, err := os.Stat(p.Formats); err != nil {
			d.wrongLine(p.formatsLine, "formats", "%v: write the path of a folder, relative to %s", err, d.file)
		} else if !info.IsDir() {
			d.wrongLine(p.formatsLine, "formats", "%s is no folder", p.Formats)
		}
	}
	for i := range p.Directory {
		e := &p.Directory[i]
		e.File = find(e.File, e.Line, "directory")
	}
	for i := range p.Intel {
		e := &p.Intel[i]
		e.File = find(e.File, e.Line, "intel."+e.Kind)
	}
}
