// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var ciRemoteControl = detect.Spec{Name: "ci-remote-control", Attack: []string{"T1072", "T1059"}, New: newCIControl}

// Tunables of ci-remote-control.
const (
	ciLearn      = 14   // days of the CI server's log in which whoever commands is taken for a developer
	ciKnown      = 512  // networks and clients that are remembered for each server
	ciMachines   = 1024 // commanded machines that are followed
	ciPolls      = 48   // connections to the CI server that make a machine one that it commands
	ciReach      = 3    // new inside machines, reached by a path for remote control
	ciReachDays  = 7    // within so many days
	ciReachLearn = 21   // days of the machine's connections before a new one means something
)

// ciControl watches a CI server's pages for orders from where none came before, and the machines that take orders from it for
// connections they never made. A build machine inside that polls a server outside is a door: whoever can log in there commands it.
type ciControl struct {
	detect.Trace
	servers  map[string]*ciServer
	machines map[netip.Addr]*polled
	known    remembered
}

type ciServer struct {
	place   event.Place
	first   int32
	nets    [3][]uint32 // from where orders of each rank came
	clients [3][]uint32
	orders  map[string]*ciOrders // by machine; the empty name is the server itself
}

// ciOrders are orders to one machine that came from strangers.
type ciOrders struct {
	severity  event.Severity
	addresses map[netip.Addr]struct{}
	accounts  map[string]struct{}
	first     event.Micros
	last      event.Micros
	alerted   event.Micros
	times     int64
	hidden    int64 // through addresses that hide their user
	rank      int
	evidence  detect.Evidence
}

// polled is a machine inside that asks a CI server for work.
type polled struct {
	place   event.Place
	server  event.Place
	to      netip.Addr
	begun   int32
	polls   int64
	reached []netip.Addr // new inside machines, in ciReachDays
	since   int32
	found   *ciReached
}

type ciReached struct {
	first, last event.Micros
	alerted     event.Micros
	machines    int
	evidence    detect.Evidence
}

func newCIControl(detect.Site) detect.Detector {
	return &ciControl{servers: map[string]*ciServer{}, machines: map[netip.Addr]*polled{}, known: remembered{days: scanRemember}}
}

func (d *ciControl) Classes() detect.ClassSet {
	return detect.Classes(event.ClassHTTP, event.ClassNetwork)
}

func ciRole(p event.Place) bool {
	return p.Role == "ci" || p.Role == "ci-server" || p.Role == "jenkins" || p.Role == "gitlab"
}

func (d *ciControl) Observe(s *event.Sighting) {
	switch {
	case s.Class == event.ClassHTTP && ciRole(s.Dst):
		d.page(s)
	case s.Class == event.ClassNetwork && openConnection(s) && s.Src.Own && s.SrcIP.IsValid() && s.DstIP.IsValid():
		d.connection(s)
	}
}

// The ranks of orders.
const (
	orderBuild  = iota // starts a job that is there
	orderConfig        // changes what a job does, or what may log in
	orderScript        // runs what it is given
	orderNone   = -1
)

// orderOf says what a request orders, and which machine, by the paths of Jenkins, GitLab, Gitea, TeamCity and Rundeck.
func orderOf(s *event.Sighting) (rank int, machine string) {
	if s.Activity != event.ActSend && s.Activity != event.ActWrite {
		return orderNone, ""
	}
	path, _, _ := strings.Cut(s.Object, "?")
	path = strings.TrimSuffix(path, "/")
	if i := strings.Index(path, "/computer/"); i >= 0 {
		machine, _, _ = strings.Cut(path[i+len("/computer/"):], "/")
	}
	switch last := path[strings.LastIndexByte(path, '/')+1:]; last {
	case "script", "scriptText", "cli", "execute", "adhoc":
		return orderScript, machine
	case "configSubmit", "createItem", "config.xml", "doCreateItem", "installNecessaryPlugins", "uploadPlugin", "createCredentials", "runners", "hooks", "variables":
		return orderConfig, machine
	case "build", "buildWithParameters", "play", "retry", "pipeline", "pipelines", "trigger", "rebuild", "dispatches", "run":
		return orderBuild, machine
	}
	if strings.Contains(path, "/pluginManager/") {
		return orderConfig, machine
	}
	return orderNone, ""
}

func (d *ciControl) page(s *event.Sighting) {
	rank, machine := orderOf(s)
	if rank == orderNone || s.Outcome == event.OutcomeFailure || !s.SrcIP.IsValid() {
		return
	}
	name := machineName(s.Dst, s.Dst.IP)
	c := d.servers[name]
	if c == nil {
		if len(d.servers) >= ciKnown {
			return
		}
		c = &ciServer{place: s.Dst, first: s.Day, orders: map[string]*ciOrders{}}
		d.servers[name] = c
	}
	net := hashPrefix(network(s.SrcIP))
	newNet, newClient := !knows(c.nets[rank:], net), !knows(c.clients[rank:], hashFamily(s.Client))
	sev, strange := orderSeverity(rank, s, newNet, newClient, s.Day-c.first < ciLearn)
	if d.Asked(s.Who) || d.Asking() && s.Who == nil {
		d.tellOrder(s, c, rank, newNet, newClient, strange)
	}
	if !strange {
		remember(&c.nets[rank], net, ciKnown)
		remember(&c.clients[rank], hashFamily(s.Client), ciKnown)
		return
	}
	o := c.orders[machine]
	if o == nil {
		if len(c.orders) >= ciMachines {
			machine = ""
			o = c.orders[machine]
		}
		if o == nil {
			o = &ciOrders{addresses: map[netip.Addr]struct{}{}, accounts: map[string]struct{}{}, first: s.Time, alerted: s.Seen()}
			c.orders[machine] = o
		}
	}
	o.add(s, rank, sev)
}

// knows looks an order's origin up among those of the same rank and of graver ones.
func knows(lists [][]uint32, h uint32) bool {
	for _, l := range lists {
		if slices.Contains(l, h) {
			return true
		}
	}
	return false
}

// orderSeverity says how grave an order is, and whether it came from a stranger. Strangers are not learnt, so that an intruder does
// not become a developer by coming again.
func orderSeverity(rank int, s *event.Sighting, newNet, newClient, learning bool) (event.Severity, bool) {
	hidden := s.Src.Kind.Anonymous() && !s.Src.Own
	switch {
	case !newNet:
		return 0, false
	case learning && !hidden:
		return 0, false
	case rank == orderScript && !s.Src.Own && (hidden || newClient):
		return event.High, true
	case rank == orderScript && !learning:
		return event.Medium, true
	case rank == orderConfig && !s.Src.Own && (hidden || newClient):
		return event.Medium, true
	case rank == orderBuild && hidden:
		return event.Medium, true
	case rank == orderBuild && !s.Src.Own && newClient && !learning:
		return event.Low, true
	}
	return 0, false
}

func (o *ciOrders) add(s *event.Sighting, rank int, sev event.Severity) {
	o.severity = max(o.severity, sev)
	if len(o.addresses) < 256 {
		o.addresses[s.SrcIP] = struct{}{}
	}
	if s.Who != nil && len(o.accounts) < sourceAccounts {
		o.accounts[s.Who.ID] = struct{}{}
	}
	o.last = s.Time
	o.times++
	o.rank = max(o.rank, rank)
	if s.Src.Kind.Anonymous() && !s.Src.Own {
		o.hidden++
	}
	o.evidence.Add(s.Event)
}

// connection notes which machines poll a CI server, and whom they reach inside.
func (d *ciControl) connection(s *event.Sighting) {
	m := d.machines[s.SrcIP]
	if ciRole(s.Dst) {
		if m == nil {
			if len(d.machines) >= ciMachines*8 {
				return
			}
			m = &polled{place: s.Src, server: s.Dst, to: s.DstIP, begun: s.Day}
			d.machines[s.SrcIP] = m
		}
		m.polls++
		return
	}
	if m == nil || !internal(s) || pathOf(s) != wayAdmin || ciRole(s.Src) {
		return
	}
	if !d.known.new(hashWay(s.SrcIP, s.DstIP, 0), s.Day) || s.Day-m.begun < ciReachLearn || m.polls < ciPolls {
		return
	}
	m.reach(s)
}

func (m *polled) reach(s *event.Sighting) {
	if s.Day-m.since > ciReachDays {
		m.reached, m.since = m.reached[:0], s.Day
	}
	if len(m.reached) < sourceAccounts {
		m.reached = append(m.reached, s.DstIP)
	}
	if m.found == nil {
		if len(m.reached) < ciReach {
			return
		}
		m.found = &ciReached{first: s.Time, alerted: s.Seen()}
	}
	m.found.last = s.Time
	m.found.machines++
	m.found.evidence.Add(s.Event)
}

func (d *ciControl) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for name, c := range d.servers {
		var all ciOrders
		all.addresses, all.accounts = map[netip.Addr]struct{}{}, map[string]struct{}{}
		for _, machine := range sortedKeys(c.orders) {
			o := c.orders[machine]
			all.merge(o)
			if machine != "" {
				out = append(out, o.finding(name, machine))
			}
		}
		if all.times > 0 {
			out = append(out, all.finding(name, ""))
		}
	}
	for ip, m := range d.machines {
		if m.found != nil {
			out = append(out, m.finding(ip))
		}
	}
	return sortedFindings(out)
}

func (o *ciOrders) merge(p *ciOrders) {
	o.severity, o.rank = max(o.severity, p.severity), max(o.rank, p.rank)
	o.times, o.hidden = o.times+p.times, o.hidden+p.hidden
	for a := range p.addresses {
		o.addresses[a] = struct{}{}
	}
	for id := range p.accounts {
		o.accounts[id] = struct{}{}
	}
	if o.first == 0 || p.first < o.first {
		o.first, o.alerted = p.first, p.alerted
	}
	o.last = max(o.last, p.last)
	o.evidence.Merge(&p.evidence)
}

func (o *ciOrders) finding(server, machine string) event.Finding {
	host := cmp.Or(machine, server)
	f := event.Finding{
		Key: server + " " + machine, Severity: o.severity, First: o.first, Last: o.last, Alerted: o.alerted, Hosts: []string{host}, Evidence: o.evidence.Refs(),
		Numbers: []event.Figure{figure("orders", float64(o.times)), figure("addresses", float64(len(o.addresses))), figure("through_hidden_addresses", float64(o.hidden))},
	}
	for a := range o.addresses {
		f.Addresses = append(f.Addresses, a)
	}
	for id := range o.accounts {
		f.Accounts = append(f.Accounts, id)
	}
	what := [...]event.Words{{Ja: "ジョブの実行", En: "jobs were started"}, {Ja: "設定の変更", En: "settings were changed"}, {Ja: "任意の命令の実行", En: "scripts were run"}}[o.rank]
	f.Title = event.Words{
		Ja: fmt.Sprintf("CI サーバ %s を通じた %s への指令（%s、%d 回）", server, host, what.Ja, o.times),
		En: fmt.Sprintf("%s was commanded through the CI server %s (%s, %d times)", host, server, what.En, o.times)}
	if machine == "" {
		f.Title = event.Words{
			Ja: fmt.Sprintf("CI サーバ %s への見慣れない接続元からの指令（%s、%d 回）", server, what.Ja, o.times),
			En: fmt.Sprintf("the CI server %s took orders from strangers (%s, %d times)", server, what.En, o.times)}
	}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s で、これまで指令のなかったネットワーク（%d アドレス、うち利用者を隠すもの %d 回）から %s があった。CI サーバに指令できる者は、それにつながる内部の機械を動かせる。開発者の出張先や自宅の新しい回線、外部サービスからの連携でも起こりうる。", server, len(o.addresses), o.hidden, what.Ja),
		En: fmt.Sprintf("On %s %s from networks that never commanded it before (%d addresses; %d times through ones that hide their user). Whoever commands the CI server commands the machines inside that listen to it. A developer on a journey or with a new line at home, or a hook of another service, can look like this.", server, what.En, len(o.addresses), o.hidden)}
	return f
}

func (m *polled) finding(ip netip.Addr) event.Finding {
	host, server := machineName(m.place, ip), machineName(m.server, m.to)
	f := event.Finding{
		Key: "reach " + ip.String(), Severity: event.Medium, First: m.found.first, Last: m.found.last, Alerted: m.found.alerted, Hosts: []string{host},
		Evidence: m.found.evidence.Refs(), Numbers: []event.Figure{figure("new_machines", float64(m.found.machines)), figure("polls", float64(m.polls))},
	}
	if !m.server.Own {
		f.Addresses = []netip.Addr{m.to}
	}
	f.Title = event.Words{
		Ja: fmt.Sprintf("CI サーバの指令を受ける %s が、内部の %d 台に初めて接続した", host, m.found.machines),
		En: fmt.Sprintf("%s, which takes orders from a CI server, reached %d machines inside for the first time", host, m.found.machines)}
	f.Explanation = event.Words{
		Ja: fmt.Sprintf("%s は CI サーバ %s に %d 回問い合わせている機械で、%d 日以内に %d 台以上へ遠隔操作用のポートで初めて接続した。配布先の追加でも起こりうる。", host, server, m.polls, ciReachDays, ciReach),
		En: fmt.Sprintf("%s asks the CI server %s for work (%d times so far) and within %d days connected to %d machines or more by paths for remote control that it had never used. New targets of a deployment can look like this.", host, server, m.polls, ciReachDays, ciReach)}
	return f
}

// sortedKeys returns the keys of a map by name in order.
func sortedKeys[V any](m map[string]V) []string {
	out := make([]string, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
