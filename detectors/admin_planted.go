// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"net/netip"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

// adminAct is what is told of an administrator.
type adminAct struct {
	kind                 string
	who                  *event.Account
	whom                 []string
	severity             event.Severity
	first, last, alerted event.Micros
	times, oddTimes      int64
	hosts                []string
	addresses            []netip.Addr
	from, detail         string
	newHost, odd, hidden bool
	made                 []event.Ref
	evidence             detect.Evidence
}

func (a *adminAct) finding(key string) event.Finding {
	f := event.Finding{
		Key: key, Attack: []string{"T1078"}, Severity: a.severity, First: a.first, Last: a.last, Alerted: max(a.alerted, a.first), Hosts: a.hosts, Addresses: a.addresses,
		Accounts: append([]string{a.who.ID}, a.whom...), Numbers: []event.Figure{figure("times", float64(a.times)), figure("hosts", float64(len(a.hosts)))},
		Evidence: append(a.made, a.evidence.Refs()...),
	}
	who, hosts := a.who.Name, strings.Join(a.hosts[:min(len(a.hosts), 4)], ", ")
	ja, en := "", ""
	if a.newHost {
		ja, en = ja+"このホストに入ったことはなかった。", en+" It had never been on that host."
	}
	if a.odd {
		ja, en = ja+"この管理者が働いたことのない時間帯である。", en+" This administrator never worked at that hour."
	}
	if a.hidden {
		ja, en = ja+"利用者を隠す接続元である。", en+" The address hides its user."
	}
	switch a.kind {
	case "session":
		if a.oddTimes > 0 && len(a.hosts) >= adminServers {
			f.Severity = max(f.Severity, event.Medium)
		}
		f.Title = event.Words{Ja: fmt.Sprintf("管理者 %s が見慣れない接続元 %s から %s に入った", who, a.from, hosts), En: fmt.Sprintf("the administrator %s came to %s from an unusual place, %s", who, hosts, a.from)}
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("管理者権限を持つ %s が、これまで使ったことのない接続元から %d 回入った。%s出張・在宅・新しい端末でも起こる。作業記録と照らし合わせること。", who, a.times, ja),
			En: fmt.Sprintf("%s, who has an administrator's rights, came %d times from a network never used before.%s A journey, work at home or a new machine can look like this: compare with the record of works.", who, a.times, en)}
	case "change":
		f.Attack = []string{"T1078", "T1136"}
		f.Title = event.Words{Ja: fmt.Sprintf("%s の設定が外部（%s）から %d 回変更された", hosts, a.from, a.times), En: fmt.Sprintf("settings of %s were changed from outside (%s), %d times", hosts, a.from, a.times)}
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("管理者 %s として、外部の見慣れない接続元から設定やアカウントが変更された（%s）。%s変更の内容を確かめ、作られたアカウントを止めること。管理を委託した業者の作業でも起こりうる。", who, a.detail, ja),
			En: fmt.Sprintf("Settings or accounts were changed as %s from a network outside that never did so (%s).%s Look at what was changed and close accounts that were made. A contractor's work can look like this.", who, a.detail, en)}
	case "raised":
		f.Attack = []string{"T1136"}
		f.Title = event.Words{Ja: fmt.Sprintf("新しいアカウントが作られ、すぐ管理者にされた（%s）", a.detail), En: fmt.Sprintf("a new account was made and raised to administrator at once (%s)", a.detail)}
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("%s は、ふだんアカウントを作る担当ではない。%d 時間以内に管理者の組に加えられた。侵入者は戻り口としてこれを行う。新しい担当者の着任や製品の導入でも起こる。", who, adminRaised),
			En: fmt.Sprintf("Making accounts is not what %s usually does, and within %d hours the new one was put into a group of administrators. An intruder makes a way back so. A new administrator or a new product can look like this.", who, adminRaised)}
	}
	return f
}

// privileged says whether a group gives an administrator's rights.
func privileged(group string) bool {
	g := strings.ToLower(group)
	for _, n := range [...]string{"domain admins", "enterprise admins", "schema admins", "administrators", "account operators", "backup operators", "domänen-admins", "wheel", "sudo", "super_admin", "global administrator", "dnsadmins"} {
		if strings.Contains(g, n) {
			return true
		}
	}
	return false
}

// shortName returns an account's plain name, small: of DOMAIN\name, name@domain, CN=name,OU=….
func shortName(n string) string {
	n = strings.ToLower(n)
	if rest, ok := strings.CutPrefix(n, "cn="); ok {
		n, _, _ = strings.Cut(rest, ",")
	} else if rest, ok := strings.CutPrefix(n, "uid="); ok {
		n, _, _ = strings.Cut(rest, ",")
	}
	n = n[strings.LastIndexByte(n, '\\')+1:]
	if i := strings.IndexByte(n, '@'); i > 0 {
		n = n[:i]
	}
	return n
}

// plantedName is a service or task by name.
type plantedName struct {
	hosts  few
	known  bool // since the beginning, or distributed
	plants []*planted
}

type planted struct {
	host                 string
	who                  *event.Account
	task, odd            bool
	detail               string
	first, last, alerted event.Micros
	times                int64
	evidence             detect.Evidence
}

// plant notes a service or task that is made on a server.
func (d *adminUse) plant(s *event.Sighting) {
	if s.Format != "windows" || s.Object == "" {
		return
	}
	v, _ := s.Get("event_id")
	task := v.Num == 4698
	if !task && v.Num != 4697 && v.Num != 7045 {
		return
	}
	name, runs, _ := strings.Cut(s.Object, ": ")
	if t, ok := s.Get("TaskContent"); ok {
		runs = t.Text
	}
	key := plantedStem(name)
	n := d.planted[key]
	if n == nil {
		if len(d.planted) >= adminNames {
			return
		}
		n = &plantedName{}
		d.planted[key] = n
	}
	host := shortHost(s.DstHost)
	n.hosts.add(hashText(host))
	odd := oddCommand(runs)
	if s.Day-d.first < adminLearn && !odd || !odd && n.hosts.n > adminSpread {
		n.known = true
	}
	if d.Asked(s.Who) {
		d.tellPlaced(s, n, odd)
	}
	if n.known && !odd || !d.server(s) {
		return
	}
	for _, p := range n.plants {
		if p.host == host {
			p.last = s.Time
			p.times++
			p.odd = p.odd || odd
			p.evidence.Add(s.Event)
			return
		}
	}
	if d.plants[host]++; d.plants[host] > adminEach || len(n.plants) > 64 {
		return
	}
	p := &planted{host: host, who: s.Who, task: task, odd: odd, detail: clipWords(s.Object), first: s.Time, last: s.Time, alerted: s.Seen(), times: 1}
	p.evidence.Add(s.Event)
	n.plants = append(n.plants, p)
}

// plantedStem is a name without the numbers and identifiers that products add: PDQDeployRunner-1, GoogleUpdate{…}, Task-S-1-5-21-….
func plantedStem(name string) string {
	if i := strings.IndexAny(name, "{"); i > 3 {
		name = name[:i]
	}
	if i := strings.Index(name, "S-1-5-"); i > 3 {
		name = name[:i]
	}
	b := make([]byte, 0, len(name))
	for i := 0; i < len(name) && len(b) < 120; i++ {
		c := name[i]
		if c >= '0' && c <= '9' || c == '.' || c == '_' || c == '-' {
			continue
		}
		if c >= 'A' && c <= 'Z' {
			c |= 0x20
		}
		b = append(b, c)
	}
	return string(b)
}

// oddCommand says whether what a service or task runs is what no product installs.
func oddCommand(runs string) bool {
	r := strings.ToLower(runs[:min(len(runs), 4096)])
	if oddPlace(r) {
		return true
	}
	for _, w := range [...]string{"-enc ", "-encodedcommand", "-e jab", "frombase64string", "downloadstring", "invoke-expression", "iex(", "iex (", "%comspec%", "cmd.exe /c echo", "mshta", "rundll32 javascript", "certutil -", "bitsadmin"} {
		if strings.Contains(r, w) {
			return true
		}
	}
	return false
}

func (d *adminUse) plantedFindings() []event.Finding {
	var out []event.Finding
	for key, n := range d.planted {
		for _, p := range n.plants {
			if n.known && !p.odd || !p.odd && int(n.hosts.n) > adminSpread {
				continue // it went out to many machines
			}
			out = append(out, p.finding(key))
		}
	}
	return out
}

func (p *planted) finding(key string) event.Finding {
	f := event.Finding{
		Key: "planted " + p.host + " " + key, Attack: []string{"T1543.003"}, Severity: event.Low, First: p.first, Last: p.last, Alerted: p.alerted, Hosts: []string{p.host},
		Numbers: []event.Figure{figure("times", float64(p.times))}, Evidence: p.evidence.Refs(),
	}
	if p.who != nil && !p.who.System {
		f.Accounts = []string{p.who.ID}
	}
	what := event.Words{Ja: "サービス", En: "service"}
	if p.task {
		what, f.Attack = event.Words{Ja: "タスク", En: "task"}, []string{"T1053.005"}
	}
	odd := event.Words{}
	if p.odd {
		f.Severity = event.Medium
		odd = event.Words{Ja: "実行される内容は、製品がふつう登録するものではない。", En: " What it runs is not what a product registers."}
	}
	f.Title = event.Words{Ja: fmt.Sprintf("サーバ %s に新しい%sが登録された（%s）", p.host, what.Ja, p.detail), En: fmt.Sprintf("a new %s on the server %s (%s)", what.En, p.host, p.detail)}
	f.Explanation = event.Words{
		Ja: odd.Ja + "この名前のものは、これまでどの機械にもほとんどなかった。侵入者は再起動後も動き続けるためにこれを作る。製品の導入や更新でも起こる。",
		En: strings.TrimSpace(odd.En + " Hardly any machine had one of that name before. An intruder makes one to be started again; so does a product that is installed or updated.")}
	return f
}
