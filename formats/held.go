// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"strings"
)

// held says that records which nobody of this project wrote were held against a format: those of a suite, or of a daemon.
type held struct {
	format, by string
	records    int // of a suite; 0 for a daemon, whose log is new in every test
}

// neverHeld is said of formats that have met no record from outside, on their page, in the case and in the report.
const neverHeld = "No record from outside was held against this parser: it was written from the maker's description."

// heldDaemons are the programs whose own logs are read in the tests while clients succeed and fail. A test holds the list against the tests.
var heldDaemons = [...]held{
	{format: "389ds", by: "389 Directory Server"},
	{format: "apache-error", by: "Apache HTTP Server"},
	{format: "bind-query", by: "BIND"},
	{format: "dnsmasq-dhcp", by: "dnsmasq"},
	{format: "dnsmasq-dns", by: "dnsmasq"},
	{format: "dovecot", by: "Dovecot"},
	{format: "freeradius", by: "FreeRADIUS"},
	{format: "freeradius-detail", by: "FreeRADIUS"},
	{format: "isc-dhcpd", by: "ISC DHCP"},
	{format: "isc-leases", by: "ISC DHCP"},
	{format: "kea", by: "Kea"},
	{format: "kea-leases", by: "Kea"},
	{format: "krb5kdc", by: "MIT Kerberos"},
	{format: "nginx-error", by: "nginx"},
	{format: "openldap", by: "OpenLDAP"},
	{format: "openssh", by: "OpenSSH"},
	{format: "openvpn", by: "OpenVPN"},
	{format: "postfix", by: "Postfix"},
	{format: "proftpd", by: "ProFTPD"},
	{format: "samba", by: "Samba"},
	{format: "softether", by: "SoftEther VPN Server 5.01 in English and Japanese, once"},
	{format: "squid", by: "Squid"},
	{format: "unbound", by: "Unbound"},
	{format: "vsftpd", by: "vsftpd"},
	{format: "web-access", by: "nginx and Apache HTTP Server"},
}

// heldOf returns what a format was held against.
func heldOf(format string) (suites, daemons []held) {
	for _, h := range heldSuites {
		if h.format == format {
			suites = append(suites, h)
		}
	}
	for _, h := range heldDaemons {
		if h.format == format {
			daemons = append(daemons, h)
		}
	}
	return suites, daemons
}

// label says of the formats that have met no record from outside that it is so.
func label(all []Format) []Format {
	for i := range all {
		if suites, daemons := heldOf(all[i].Name); len(suites)+len(daemons) == 0 && all[i].Unverified == "" {
			all[i].Unverified = neverHeld
		}
	}
	return all
}

// heldWords is what a page says of what the format was held against.
func (f *Format) heldWords() string {
	suites, daemons := heldOf(f.Name)
	if len(suites)+len(daemons) == 0 {
		return neverHeld
	}
	var said []string
	for _, h := range suites {
		said = append(said, fmt.Sprintf("[%s](../conformance/%s.md) (%d records)", h.by, h.by, h.records))
	}
	out := ""
	if len(said) > 0 {
		out = "Suites of other projects: " + strings.Join(said, ", ") + "."
	}
	for i, h := range daemons {
		switch {
		case i > 0:
			out += ", " + h.by
		case out == "":
			out = "The program itself, as the tests run it: " + h.by
		default:
			out += " The program itself, as the tests run it: " + h.by
		}
	}
	if len(daemons) > 0 {
		out += "."
	}
	return out
}
