// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/event"
)

// OwnProduct is the product under which rules find every event, whichever log it is from, by the columns of the event table.
// The category is the event's class, the service is its format.
const OwnProduct = "sekisho"

// The columns, by their bits in a ColumnSet.
const (
	columnTime = iota
	columnClass
	columnActivity
	columnOutcome
	columnReason
	columnAccount
	columnTarget
	columnSrcIP
	columnSrcPort
	columnSrcHost
	columnDstIP
	columnDstPort
	columnDstHost
	columnRelay
	columnService
	columnClient
	columnObject
	columnBytesIn
	columnBytesOut
	columnCount
	columnDuration
	columnCountry
	columnASN
	columnFormat
	columnRest // everything that is none of these
)

var columnNames = [columnRest]string{"time", "class", "activity", "outcome", "reason", "account", "target", "src_ip", "src_port", "src_host", "dst_ip", "dst_port", "dst_host",
	"src_is_relay", "service", "client", "object", "bytes_in", "bytes_out", "count", "duration_ms", "country", "asn", "format"}

// ColumnSet is columns of the event table. Its zero value is none.
type ColumnSet struct{ has uint32 }

// allColumns is every column and the remainder.
const allColumns = 1<<(columnRest+1) - 1

// ColumnsFor returns the columns that rules for our own events look at, and that a correlator asks of their matches: no others have to be
// written out.
func ColumnsFor(rules []*Rule, c *Correlator) *ColumnSet {
	s := &ColumnSet{}
	for _, r := range rules {
		r.Match.Tests(func(t *Test) {
			s.add(t.Field)
			if t.Kind == KindFieldRef {
				s.add(t.Text)
			}
		})
		for _, name := range c.Wants(r) {
			s.add(name)
		}
	}
	return s
}

func (s *ColumnSet) add(name string) {
	switch i := slices.Index(columnNames[:], name); {
	case name == "": // a keyword, which may stand anywhere
		s.has = allColumns
	case i >= 0:
		s.has |= 1 << i
	default:
		s.has |= 1 << columnRest
	}
}

// Columns appends what an event says, under the names of the event table; what stands in the remainder under its own names,
// unless a column has the name.
func Columns(fields []Field, e *event.Event) []Field {
	return (&ColumnSet{allColumns}).Append(fields, e)
}

// Append appends what an event says under the names of the set.
func (s *ColumnSet) Append(fields []Field, e *event.Event) []Field {
	from := len(fields)
	text := func(column int, value string) {
		if value != "" && s.has&(1<<column) != 0 {
			fields = append(fields, Field{Name: columnNames[column], Value: value})
		}
	}
	number := func(column int, n event.Int) {
		if v, ok := n.Get(); ok && s.has&(1<<column) != 0 {
			text(column, strconv.FormatInt(v, 10))
		}
	}
	port := func(column int, n uint32) {
		if n != 0 && s.has&(1<<column) != 0 {
			text(column, strconv.Itoa(int(n)))
		}
	}
	address := func(column int, a netip.Addr) {
		if a.IsValid() && s.has&(1<<column) != 0 {
			text(column, a.String())
		}
	}
	if s.has&(1<<columnTime) != 0 {
		text(columnTime, e.Time.Time().Format("2006-01-02T15:04:05.000000Z"))
	}
	text(columnClass, e.Class.String())
	text(columnActivity, e.Activity.String())
	text(columnOutcome, e.Outcome.String())
	text(columnReason, e.Reason.String())
	text(columnAccount, e.Account)
	text(columnTarget, e.Target)
	address(columnSrcIP, e.SrcIP)
	port(columnSrcPort, uint32(e.SrcPort))
	text(columnSrcHost, e.SrcHost)
	address(columnDstIP, e.DstIP)
	port(columnDstPort, uint32(e.DstPort))
	text(columnDstHost, e.DstHost)
	if e.SrcIsRelay {
		text(columnRelay, "true")
	}
	text(columnService, e.Service)
	text(columnClient, e.Client)
	text(columnObject, e.Object)
	number(columnBytesIn, e.BytesIn)
	number(columnBytesOut, e.BytesOut)
	number(columnCount, e.Count)
	number(columnDuration, e.Duration)
	text(columnCountry, e.Country)
	port(columnASN, e.ASN)
	text(columnFormat, e.Format)
	if s.has&(1<<columnRest) == 0 {
		return fields
	}
	columns := len(fields)
	for i := range e.Rest {
		f := &e.Rest[i]
		if value := RestText(f.Value); value != "" && !named(fields[from:columns], f.Name) {
			fields = append(fields, Field{Name: f.Name, Value: value})
		}
	}
	return fields
}

func named(fields []Field, name string) bool {
	for i := range fields {
		if fields[i].Name == name {
			return true
		}
	}
	return false
}

// RestText returns a value of a remainder as text.
func RestText(v event.Value) string {
	switch v.Kind {
	case event.KindInt:
		return strconv.FormatInt(v.Num, 10)
	case event.KindBool:
		return strconv.FormatBool(v.Num != 0)
	}
	return v.Text
}

// OwnSource returns the source of events of a class and format under OwnProduct.
func OwnSource(e *event.Event) *Source {
	return &Source{Product: OwnProduct, Services: []string{e.Format}, Categories: []string{e.Class.String()}}
}

// Generic appends what an event of the web, of a proxy, a firewall or a name server says, under the names that the taxonomy has
// for these categories.
func Generic(fields []Field, e *event.Event) []Field {
	text := func(name, value string) {
		if value != "" {
			fields = append(fields, Field{Name: name, Value: value})
		}
	}
	rest := func(name string) string {
		v, _ := e.Get(name)
		return RestText(v)
	}
	src, dst := "", ""
	if e.SrcIP.IsValid() {
		src = e.SrcIP.String()
	}
	if e.DstIP.IsValid() {
		dst = e.DstIP.String()
	}
	switch e.Class {
	case event.ClassHTTP:
		stem, query, _ := strings.Cut(e.Object, "?")
		text("c-uri", e.Object)
		text("cs-uri", e.Object)
		text("cs-uri-stem", stem)
		text("cs-uri-query", e.Object) // rules for web servers look for parts of the path there
		text("c-uri-query", query)
		if i := strings.LastIndexByte(stem, '.'); i > strings.LastIndexByte(stem, '/') {
			text("c-uri-extension", stem[i+1:])
		}
		text("c-useragent", e.Client)
		text("cs-user-agent", e.Client)
		text("cs-method", rest("method"))
		text("sc-status", rest("status"))
		text("cs-referer", rest("referer"))
		text("cs-referrer", rest("referer"))
		text("cs-version", rest("protocol"))
		text("cs-username", e.Account)
		host := e.DstHost
		if host == "" {
			host = rest("vhost")
		}
		text("cs-host", host)
		text("r-dns", host)
		text("c-ip", src)
		text("s-ip", dst)
	case event.ClassDNS:
		text("query", e.Object)
		text("QueryName", e.Object)
		text("record_type", rest("qtype"))
		text("qtype_name", rest("qtype"))
		text("answer", rest("answers"))
	case event.ClassNetwork:
		action := "allowed"
		if e.Outcome == event.OutcomeFailure {
			action = "denied"
			text("blocked", "true")
		}
		text("action", action)
	}
	text("src_ip", src)
	text("dst_ip", dst)
	text("id.orig_h", src)
	text("id.resp_h", dst)
	text("username", e.Account)
	text("dst_host", e.DstHost)
	for _, p := range [...]struct {
		n    uint16
		a, b string
	}{{e.SrcPort, "src_port", "id.orig_p"}, {e.DstPort, "dst_port", "id.resp_p"}} {
		if p.n != 0 {
			text(p.a, strconv.Itoa(int(p.n)))
			text(p.b, strconv.Itoa(int(p.n)))
		}
	}
	return fields
}

// FormatSource returns which log of the taxonomy a record of that format is from. e is the event made of it, nil where none was.
func FormatSource(format string, e *event.Event) *Source {
	one := func(product, service string, categories ...string) *Source {
		s := &Source{Product: product, Categories: categories}
		if service != "" {
			s.Services = strings.Split(service, ",")
		}
		return s
	}
	switch format {
	case "aws-cloudtrail":
		return one("aws", "cloudtrail")
	case "azure-activity":
		return one("azure", "activitylogs")
	case "entra-signin", "entra-signin-csv":
		return one("azure", "signinlogs")
	case "entra-audit":
		return one("azure", "auditlogs,pim,riskdetection")
	case "m365-audit", "m365-audit-csv":
		return one("m365", "audit,exchange,threat_detection,threat_management")
	case "gcp-audit":
		return one("gcp", "gcp.audit,google_workspace.login,google_workspace.admin")
	case "google-workspace":
		return one("gcp", "google_workspace.admin,google_workspace.login")
	case "okta", "github-audit":
		product, _, _ := strings.Cut(format, "-")
		return one(product, map[string]string{"okta": "okta", "github": "audit"}[product])
	case "onelogin":
		return one("onelogin", "onelogin.events")
	case "duo":
		return one("cisco", "duo")
	case "atlassian-audit":
		return one("bitbucket", "audit")
	case "openssh", "dropbear":
		return one("linux", "sshd,auth,syslog")
	case "pam":
		return one("linux", "auth,sudo,syslog,cron")
	case "auditd":
		return one("linux", "auditd")
	case "vsftpd", "guacamole":
		return one("linux", format+",syslog")
	case "apache-error":
		return one("apache", "apache,error")
	case "nginx-error":
		return one("nginx", "nginx,error")
	case "web-access", "w3c":
		if e != nil && e.Class == event.ClassNetwork {
			return one("", "", "firewall", "network")
		}
		if e != nil && e.Service == "proxy" {
			return one("", "", "proxy")
		}
		return one("", "access", "webserver")
	case "squid":
		return one("", "", "proxy")
	case "zeek":
		log := ""
		if e != nil {
			v, _ := e.Get("log")
			log = v.Text
		}
		return one("zeek", log, zeekCategories(log)...)
	case "bind-query", "dnsmasq-dns", "unbound", "nsd", "windows-dns":
		return one("", "dns", "dns", "network")
	case "fortigate":
		return one("fortigate", "event,sslvpnd,traffic", "firewall")
	case "cisco-asa":
		return one("cisco", "asa", "firewall")
	case "paloalto":
		return one("paloalto", "globalprotect", "firewall")
	case "netfilter", "checkpoint", "juniper-srx", "sonicwall", "sophos-xg", "pf", "pfsense", "yamaha-rtx", "watchguard":
		return one(format, "", "firewall")
	case "mssql", "mysql", "postgresql", "mongodb":
		return one("sql", "", "application", "database")
	}
	return one(format, "")
}

func zeekCategories(log string) []string {
	switch log {
	case "dns":
		return []string{"dns", "network"}
	case "conn":
		return []string{"firewall", "network"}
	case "http":
		return []string{"proxy"}
	}
	return nil
}
