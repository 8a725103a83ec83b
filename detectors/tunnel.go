// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var tunnel = detect.Spec{Name: "tunnel", Attack: []string{"T1219", "T1564.006", "T1572"}, New: newTunnels}

// Tunables of tunnel.
const (
	tunnelLearn    = 21      // days of the records in which whoever uses a developer's tunnel or a sandbox is taken for a developer
	tunnelSubjects = 1 << 13 // machines that are followed one by one
	tunnelWords    = 64      // words of a command line that are looked at
	tunnelLine     = 2048    // bytes of a command line that are looked at
)

// tunnels watches for programs and services that carry a connection from inside to anybody outside, and for Windows Sandbox, in which
// a program runs unseen. Developers use both: who did so from the beginning is one. An intruder's copy lies where nothing is installed,
// or is started by the system itself.
type tunnels struct {
	detect.Trace
	users   map[string]*tunnelUser
	first   int32
	started bool
}

// tunnelUser is a machine that uses a tunnel or a sandbox.
type tunnelUser struct {
	place event.Place
	known []string // products since the beginning
	found map[string]*tunnelUse
}

type tunnelUse struct {
	product     string
	sandbox     bool
	severity    event.Severity
	odd, system bool
	first, last event.Micros
	alerted     event.Micros
	times       int64
	days        int32
	day         int32
	who         []string
	address     netip.Addr
	line        string
	evidence    detect.Evidence
}

func newTunnels(detect.Site) detect.Detector { return &tunnels{users: map[string]*tunnelUser{}} }

func (d *tunnels) Classes() detect.ClassSet {
	return detect.Classes(event.ClassDNS, event.ClassHTTP, event.ClassProcess, event.ClassEntityChange, event.ClassFile)
}

func (d *tunnels) Observe(s *event.Sighting) {
	if !d.started {
		d.first, d.started = s.Day, true
	}
	switch s.Class {
	case event.ClassDNS:
		if s.Activity == event.ActQuery {
			d.name(s, s.Object)
		}
	case event.ClassHTTP:
		if s.Src.Own {
			d.name(s, hostOfURL(s))
		}
	case event.ClassProcess:
		if s.Activity == event.ActStart {
			d.command(s, s.Object, false)
		}
	case event.ClassEntityChange:
		if s.Activity == event.ActCreate || s.Activity == event.ActChange {
			d.command(s, s.Object, true)
			for _, f := range [...]string{"TaskContent", "TaskContentNew"} {
				if v, ok := s.Get(f); ok {
					d.command(s, v.Text, true)
				}
			}
		}
	case event.ClassFile:
		if s.Activity == event.ActCreate && hasSuffixFold(s.Object, ".wsb") {
			d.command(s, s.Object, false)
		}
	}
}

// hostOfURL returns the host that a request through a proxy asks for.
func hostOfURL(s *event.Sighting) string {
	o := s.Object
	if i := strings.Index(o, "://"); i >= 0 && i < 8 {
		o = o[i+3:]
	} else if i := strings.IndexByte(o, ':'); i <= 0 || strings.IndexByte(o, '/') >= 0 { // CONNECT host:443
		return ""
	}
	if i := strings.IndexAny(o, ":/?"); i >= 0 {
		o = o[:i]
	}
	return o
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}

// tunnelDomains are the names under which tunnels meet.
var tunnelDomains = [...]struct{ suffix, product string }{
	{"tunnels.api.visualstudio.com", "Visual Studio tunnel"}, {"devtunnels.ms", "Visual Studio tunnel"}, {"vscode.dev", ""},
	{"ngrok.io", "ngrok"}, {"ngrok.com", "ngrok"}, {"ngrok-agent.com", "ngrok"}, {"ngrok.app", "ngrok"}, {"ngrok-free.app", "ngrok"},
	{"argotunnel.com", "cloudflared"}, {"trycloudflare.com", "cloudflared"}, {"localtunnel.me", "localtunnel"}, {"loca.lt", "localtunnel"},
	{"serveo.net", "serveo"}, {"localhost.run", "localhost.run"}, {"lhr.life", "localhost.run"}, {"pagekite.me", "pagekite"}, {"pagekite.net", "pagekite"},
	{"bore.pub", "bore"}, {"zrok.io", "zrok"}, {"localtonet.com", "localtonet"}, {"loophole.site", "loophole"}, {"loophole.cloud", "loophole"},
	{"pinggy.io", "pinggy"}, {"pinggy.link", "pinggy"}, {"telebit.io", "telebit"}, {"portmap.io", "portmap"}, {"gsocket.io", "gs-netcat"},
}

// tunnelName returns whose tunnel a host's name is; empty for none.
func tunnelName(host string) string {
	host = strings.TrimSuffix(host, ".")
	for i := range tunnelDomains {
		t := &tunnelDomains[i]
		n := len(host) - len(t.suffix)
		if n >= 0 && host[len(host)-2]|0x20 == t.suffix[len(t.suffix)-2] && (n == 0 || host[n-1] == '.') && strings.EqualFold(host[n:], t.suffix) {
			return t.product
		}
	}
	return ""
}

func (d *tunnels) name(s *event.Sighting, host string) {
	if len(host) < 6 {
		return
	}
	product := tunnelName(host)
	if product == "" || product == "ngrok" && (strings.EqualFold(host, "ngrok.com") || hasSuffixFold(host, "www.ngrok.com")) {
		return // the maker's own pages are read by everybody
	}
	subject, address := "", netip.Addr{}
	switch {
	case s.Class == event.ClassDNS && s.Format == "windows": // Sysmon: the program that asked is known, and so is the host
		subject = shortHost(s.SrcHost)
	case s.SrcIP.IsValid():
		subject, address = machineName(s.Src, s.SrcIP), s.SrcIP
	}
	if subject == "" || resolverRole(s.Src.Role) {
		return
	}
	u := &sight{product: product, subject: subject, place: s.Src, address: address}
	if server(s.Src) {
		u.severity = event.Medium
	} else {
		u.severity = event.Low
	}
	d.note(s, u)
}

// resolverRole says whether a machine asks names for others.
func resolverRole(role string) bool {
	switch role {
	case "dns", "proxy", "resolver", "directory", "domain-controller", "gateway", "egress", "nat":
		return true
	}
	return false
}

// sight is one use that was seen.
type sight struct {
	product, subject string
	place            event.Place
	address          netip.Addr
	severity         event.Severity
	sandbox          bool
	odd, system      bool
	line             string
}

// command looks at a command line, at what a task or service runs, or at a sandbox's file.
func (d *tunnels) command(s *event.Sighting, line string, planted bool) {
	p := programOf(line)
	if p.product == "" {
		if d.Asked(s.Who) {
			d.tellRun(s, "", nil, event.Info)
		}
		return
	}
	u := &sight{product: p.product, subject: shortHost(s.DstHost), place: s.Dst, sandbox: p.sandbox, odd: p.odd, line: line[:min(len(line), 160)]}
	if planted {
		u.line = s.Object[:min(len(s.Object), 160)]
	}
	if u.subject == "" {
		return
	}
	u.system = s.Who != nil && (s.Who.System || s.Who.Service) || strings.HasSuffix(s.Account, "$") || planted
	switch {
	case p.sandbox && u.odd && u.system, !p.sandbox && (u.odd || u.system), p.weapon && server(s.Dst):
		u.severity = event.High
	case p.sandbox && (u.odd || u.system), p.weapon, server(s.Dst):
		u.severity = event.Medium
	default:
		u.severity = event.Low
	}
	d.note(s, u)
}

func (d *tunnels) note(s *event.Sighting, u *sight) {
	m := d.users[u.subject]
	if d.Asked(s.Who) {
		d.tellRun(s, u.product, m, u.severity)
	}
	if m == nil {
		if n := len(d.users); n >= 2*tunnelSubjects || n >= tunnelSubjects && u.severity == event.Low { // what is graver has room that is kept for it
			u.subject = "" // machines beyond the bound are told of together
			m = d.users[u.subject]
		}
		if m == nil {
			m = &tunnelUser{place: u.place, found: map[string]*tunnelUse{}}
			d.users[u.subject] = m
		}
	}
	if u.severity == event.Low {
		if slices.Contains(m.known, u.product) {
			return
		}
		if s.Day-d.first < tunnelLearn {
			m.known = append(m.known, u.product)
			return
		}
	}
	key := u.product
	if u.severity > event.Low {
		key += " !"
	}
	t := m.found[key]
	if t == nil {
		t = &tunnelUse{product: u.product, sandbox: u.sandbox, first: s.Time, alerted: s.Seen(), day: -1 << 30, address: u.address, line: u.line}
		m.found[key] = t
	}
	if t.day != s.Day {
		t.day = s.Day
		t.days++
	}
	if u.severity > t.severity {
		t.severity, t.line = u.severity, u.line
	}
	t.odd, t.system = t.odd || u.odd, t.system || u.system
	t.last = s.Time
	t.times++
	t.evidence.Add(s.Event)
	if s.Who != nil && !s.Who.System && len(t.who) < 16 && !slices.Contains(t.who, s.Who.ID) {
		t.who = append(t.who, s.Who.ID)
	}
}

func (d *tunnels) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for name, m := range d.users {
		for key, t := range m.found {
			out = append(out, t.finding(name, key, m))
		}
	}
	return sortedFindings(out)
}

func (t *tunnelUse) finding(name, key string, m *tunnelUser) event.Finding {
	f := event.Finding{
		Key: name + " " + key, Severity: t.severity, First: t.first, Last: t.last, Alerted: t.alerted, Accounts: t.who, Evidence: t.evidence.Refs(),
		Numbers: []event.Figure{figure("times", float64(t.times)), figure("days", float64(t.days))},
	}
	if name == "" {
		name = "?"
	} else if _, err := netip.ParseAddr(name); err == nil && !m.place.Own {
		f.Addresses = []netip.Addr{t.address}
	} else {
		f.Hosts = []string{name}
	}
	why := event.Words{Ja: "この機械では記録の始まりから見られなかった。", En: "This machine did not use it when the records began."}
	if t.line != "" {
		why.Ja, why.En = why.Ja+"（"+t.line+"）", why.En+" ("+t.line+")"
	}
	if t.odd {
		why.Ja += "プログラムや設定が、ふつう何も導入されない場所にある。"
		why.En += " The program, or its file, lies where nothing is installed."
	}
	if t.system {
		why.Ja += "人ではなく、システム・サービス・タスクが起動している。"
		why.En += " It is started by the system, a service or a task, not by a person."
	}
	if t.sandbox {
		f.Title = event.Words{Ja: fmt.Sprintf("%s で Windows サンドボックスが使われた（%d 日）", name, t.days), En: fmt.Sprintf("Windows Sandbox was used on %s (%d days)", name, t.days)}
		f.Explanation = event.Words{
			Ja: why.Ja + "サンドボックスの中で動くものは、外の記録やウイルス対策に残らない。不審なファイルを調べるための正当な利用もある。",
			En: why.En + " What runs inside a sandbox shows neither in the host's log nor to its virus protection. People also use it, rightly, to look at a suspicious file."}
		return f
	}
	f.Title = event.Words{Ja: fmt.Sprintf("%s から外へのトンネル（%s、%d 回）", name, t.product, t.times), En: fmt.Sprintf("a tunnel out of %s (%s, %d times)", name, t.product, t.times)}
	f.Explanation = event.Words{
		Ja: why.Ja + "トンネルを通れば、外の誰かがこの機械を操作し、内部へ入れる。通信は著名な事業者のものに見える。開発者の正当な利用かどうか、本人に確かめること。",
		En: why.En + " Through a tunnel somebody outside can use this machine and go on inside; the traffic looks like a well-known provider's. Ask its owner whether it is a developer's own work."}
	return f
}
