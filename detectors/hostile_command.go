// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"math/bits"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/detect"
	"github.com/sekisho/sekisho/event"
)

var hostileCommand = detect.Spec{Name: "hostile-command", Attack: []string{"T1003", "T1047", "T1087.002", "T1204.002", "T1490", "T1562.001"}, New: newHostileCommand}

// Tunables of hostile-command.
const (
	hostileLearn = 21      // days of the records in which what an account runs is taken for its work
	hostileHabit = 3       // weeks in which it ran such a thing, which make that its work for good
	hostileLook  = 4       // kinds of looking around that are not the account's work, on one machine within
	hostileSpan  = 60      // minutes
	hostileSlow  = 5       // kinds of them on any machines within
	hostileDays  = 14      // days
	hostileMany  = 3       // machines on which protection was turned off within a day: high
	hostileLine  = 2048    // bytes of a command line that are looked at
	hostileMost  = 1 << 14 // accounts that are followed
	hostileEach  = 1 << 10 // machines of one account
)

// commands watches command lines for what intruders do on a machine and those who work on it hardly: looking around, taking the directory
// or the passwords, turning protection off, deleting what one could recover by.
type commands struct {
	detect.Trace
	users  map[string]*commander
	system *commander // what machines did in their own name
	first  int32
	begun  bool
}

type commander struct {
	who   *event.Account
	name  string
	kinds [orderKinds]usedKind
	deeds [deedLaunch + 1]usedKind
	hosts map[string]*looking
	slow  *looking
	found map[string]*command
}

type usedKind struct {
	weeks  int16
	learnt bool
	last   int32 // day that was counted
}

// looking is what an account looked at on one machine, or over all of them.
type looking struct {
	at    [orderKinds]event.Micros
	named [orderKinds]string
	held  detect.Evidence
}

// command is what is told.
type command struct {
	deed                 deed
	slow                 bool
	severity             event.Severity
	first, last, alerted event.Micros
	times                int64
	kinds                uint32
	hosts                []string
	what                 []string
	odd, server          bool
	dayHosts             []string
	day                  int32
	evidence             detect.Evidence
}

func newHostileCommand(detect.Site) detect.Detector { return &commands{users: map[string]*commander{}} }

func (d *commands) Classes() detect.ClassSet { return detect.Classes(event.ClassProcess) }

func (d *commands) Observe(s *event.Sighting) {
	if !d.begun {
		d.first, d.begun = s.Day, true
	}
	if s.Activity != event.ActStart && s.Activity != event.ActOther || s.Object == "" || s.DstHost == "" {
		return
	}
	o := commandLineOf(s.Object)
	if o.deed <= deedLook {
		if l := launchOf(s); l.deed != deedNone {
			o = l
		}
	}
	asked := d.Asked(s.Who)
	if o.deed == deedNone {
		if asked {
			d.tellNothing(s)
		}
		return
	}
	u := d.user(s)
	if u == nil {
		return
	}
	odd := oddParent(s)
	if o.deed == deedLook {
		work := u.look(s, o, d.first, odd)
		if asked {
			d.tellLook(s, u, work, odd)
		}
		return
	}
	k := &u.deeds[o.deed]
	work := k.uses(s.Day, d.first)
	if o.deed > deedExport { // the first weeks excuse nothing
		work = k.weeks >= hostileHabit
	}
	if asked {
		d.tellDeed(s, o, k, work, odd)
	}
	if work && !odd && o.deed != deedSecrets {
		return
	}
	if s.Who == nil || s.Who.System { // machines do it when told from elsewhere: they are one story
		if d.system == nil {
			d.system = &commander{name: "SYSTEM", found: map[string]*command{}}
		}
		u = d.system
	}
	u.tell(s, o, odd, work)
}

// user returns who runs it: the account, or for a system's own name the machine with it.
func (d *commands) user(s *event.Sighting) *commander {
	name := strings.ToLower(s.Account)
	if s.Who != nil && !s.Who.System {
		name = s.Who.ID
	} else {
		name += " on " + shortHost(s.DstHost)
	}
	u := d.users[name]
	if u == nil {
		if len(d.users) >= hostileMost {
			name = "" // those beyond the bound are one
			u = d.users[name]
		}
		if u == nil {
			u = &commander{who: s.Who, name: s.Account, hosts: map[string]*looking{}, found: map[string]*command{}}
			d.users[name] = u
		}
	}
	return u
}

// oddParent says whether what started the command, or the command itself, lies where nothing is installed.
func oddParent(s *event.Sighting) bool {
	for _, name := range [...]string{"ParentProcessName", "ParentImage"} {
		if v, ok := s.Get(name); ok && oddPlace(strings.ToLower(v.Text)) {
			return true
		}
	}
	return false
}

// uses notes a use and says whether it is the account's work: it did so in the log's first weeks, or week after week since.
func (k *usedKind) uses(day, first int32) bool {
	learning := day-first < hostileLearn
	work := learning || k.learnt || k.weeks >= hostileHabit
	k.learnt = k.learnt || learning
	if k.weeks == 0 || day-k.last >= 7 {
		k.weeks, k.last = min(k.weeks+1, hostileHabit), day
	}
	return work
}

// look takes one command that looks around, and says whether such ones are the account's work.
func (u *commander) look(s *event.Sighting, o order, first int32, odd bool) (work bool) {
	if work = u.kinds[o.kind].uses(s.Day, first); work && !odd {
		return work
	}
	host := shortHost(s.DstHost)
	m := u.hosts[host]
	if m == nil && len(u.hosts) < hostileEach {
		m = &looking{}
		u.hosts[host] = m
	}
	if u.slow == nil {
		u.slow = &looking{}
	}
	if m != nil {
		if n := m.add(s, o, hostileSpan*60e6); bits.OnesCount32(n) >= hostileLook {
			u.looked(s, m, n, odd, false)
			return work
		}
	}
	if n := u.slow.add(s, o, hostileDays*86400e6); bits.OnesCount32(n) >= hostileSlow {
		u.looked(s, u.slow, n, odd, true)
	}
	return work
}

// add notes a kind and returns those within the span.
func (m *looking) add(s *event.Sighting, o order, span event.Micros) uint32 {
	m.at[o.kind], m.named[o.kind] = s.Time, o.what
	n := uint32(0)
	for k, at := range m.at {
		if at != 0 && s.Time-at <= span {
			n |= 1 << k
		}
	}
	if n == 1<<o.kind {
		m.held = detect.Evidence{}
	}
	m.held.Add(s.Event)
	return n
}

// looked tells that enough kinds came together.
func (u *commander) looked(s *event.Sighting, m *looking, kinds uint32, odd, slow bool) {
	key := "look " + shortHost(s.DstHost)
	if slow {
		key = "look slowly"
	}
	c := u.act(s, key, deedLook)
	if c == nil {
		return
	}
	if c.kinds == 0 {
		c.evidence.Merge(&m.held)
		for k, at := range m.at {
			if kinds>>k&1 != 0 {
				c.first = min(c.first, at)
			}
		}
	} else {
		c.evidence.Add(s.Event)
	}
	for k, name := range m.named {
		if kinds>>k&1 != 0 && !slices.Contains(c.what, name) && len(c.what) < 12 {
			c.what = append(c.what, name)
		}
	}
	c.kinds |= kinds
	c.odd, c.slow = c.odd || odd, slow
	switch {
	case slow && !odd:
		c.severity = max(c.severity, event.Low)
	case odd && !slow:
		c.severity = event.High
	default:
		c.severity = max(c.severity, event.Medium)
	}
}

// tell takes a deed that is told of by itself.
func (u *commander) tell(s *event.Sighting, o order, odd, work bool) {
	key := [...]string{"", "", "export", "secrets", "recovery", "shield", "launch"}[o.deed]
	c := u.act(s, key, o.deed)
	if c == nil {
		return
	}
	c.evidence.Add(s.Event)
	if !slices.Contains(c.what, o.what) && len(c.what) < 12 {
		c.what = append(c.what, o.what)
	}
	c.odd, c.server = c.odd || odd, c.server || server(s.Dst)
	if c.day != s.Day {
		c.day = s.Day
		c.dayHosts = c.dayHosts[:0]
	}
	if host := shortHost(s.DstHost); len(c.dayHosts) < hostileMany && !slices.Contains(c.dayHosts, host) {
		c.dayHosts = append(c.dayHosts, host)
	}
	sev := event.Medium
	switch o.deed {
	case deedSecrets, deedRecovery:
		sev = event.High
		if work {
			sev = event.Low
		}
	case deedShield:
		if len(c.dayHosts) >= hostileMany || odd {
			sev = event.High
		}
	case deedExport:
		if odd {
			sev = event.High
		}
	}
	if sev > c.severity && c.times > 1 {
		c.alerted = s.Seen()
	}
	c.severity = max(c.severity, sev)
}

// act finds or begins what is told under a key.
func (u *commander) act(s *event.Sighting, key string, what deed) *command {
	c := u.found[key]
	if c == nil {
		if len(u.found) >= 64 {
			return nil
		}
		c = &command{deed: what, first: s.Time, alerted: s.Seen(), day: s.Day}
		u.found[key] = c
	}
	c.last = s.Time
	c.times++
	if host := shortHost(s.DstHost); len(c.hosts) < 32 && !slices.Contains(c.hosts, host) {
		c.hosts = append(c.hosts, host)
	}
	return c
}

func (d *commands) Findings(event.Micros) []event.Finding {
	var out []event.Finding
	for name, u := range d.users {
		for key, c := range u.found {
			out = append(out, c.finding(name+" "+key, u))
		}
	}
	if d.system != nil {
		for key, c := range d.system.found {
			out = append(out, c.finding("system "+key, d.system))
		}
	}
	return sortedFindings(out)
}

func (c *command) finding(key string, u *commander) event.Finding {
	f := event.Finding{Key: key, Severity: c.severity, First: c.first, Last: c.last, Alerted: max(c.alerted, c.first), Hosts: c.hosts, Evidence: c.evidence.Refs(),
		Numbers: []event.Figure{figure("commands", float64(c.times)), figure("machines", float64(len(c.hosts))), figure("kinds", float64(max(bits.OnesCount32(c.kinds), len(c.what))))}}
	who := u.name
	if u.who != nil && !u.who.System {
		f.Accounts, who = []string{u.who.ID}, u.who.Name
	}
	hosts, list := strings.Join(c.hosts[:min(len(c.hosts), 4)], ", "), strings.Join(c.what, ", ")
	ja, en := "", ""
	if c.odd {
		ja, en = "起動元のプログラムは、ふつう何も導入されない場所にある。", " The program that started it lies where nothing is installed."
	}
	switch c.deed {
	case deedLook:
		f.Attack = []string{"T1033", "T1069.002", "T1087.002"}
		f.Title = event.Words{Ja: fmt.Sprintf("%s が %s で、機械とドメインを調べるコマンドを続けて実行した", who, hosts), En: fmt.Sprintf("%s looked over machine and domain on %s", who, hosts)}
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("このアカウントがふだん使わない種類の調査コマンド（%s）が続いた。%s侵入した者が最初に行うことだが、障害対応でも起こる。本人に確かめること。", list, ja),
			En: fmt.Sprintf("Commands that this account does not use by way of work (%s) came one after another.%s It is what an intruder does first; somebody who looks for a fault does it too. Ask the owner.", list, en)}
	case deedExport:
		f.Attack = []string{"T1087.002"}
		f.Title = event.Words{Ja: fmt.Sprintf("%s が %s でディレクトリを書き出した（%s）", who, hosts, list), En: fmt.Sprintf("%s wrote the directory into a file on %s (%s)", who, hosts, list)}
		f.Explanation = event.Words{
			Ja: "全アカウントの一覧を得るためのコマンドで、このアカウントの仕事としては記録にない。" + ja + "名簿の作成や移行の作業でも使われる。出力されたファイルを確かめること。",
			En: "It is how one gets a list of all accounts, and not this account's work as far as the records go." + en + " Lists and migrations are made so, too. Look for the file."}
	case deedSecrets:
		f.Attack = []string{"T1003"}
		f.Title = event.Words{Ja: fmt.Sprintf("%s でパスワード情報が取り出された（%s）", hosts, list), En: fmt.Sprintf("passwords were taken out of %s (%s)", hosts, list)}
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("%s が、メモリ・レジストリ・ドメインのデータベースから認証情報を取り出すコマンドを実行した。%sその機械を使った全員（ドメインコントローラなら全アカウント）の認証情報が漏れたものとして扱う。バックアップや移行の作業で使われることもある。", who, ja),
			En: fmt.Sprintf("%s ran what takes credentials out of memory, the registry or the domain's database.%s Take the credentials of everybody who used the machine as exposed; on a domain controller, everybody's. Backups and migrations use such commands now and then.", who, en)}
	case deedRecovery:
		f.Attack = []string{"T1490"}
		f.Title = event.Words{Ja: fmt.Sprintf("%s で復旧手段が削除された（%s）", hosts, list), En: fmt.Sprintf("what one could recover by was deleted on %s (%s)", hosts, list)}
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("%s がシャドウコピーやバックアップの一覧を削除した。%s暗号化の直前に行われることが多い。バックアップを今すぐネットワークから切り離すこと。容量の整理でも起こる。", who, ja),
			En: fmt.Sprintf("%s deleted shadow copies or the catalogue of backups.%s It is often the last thing before files are encrypted: take backups off the network now. Somebody who is short of space does it too.", who, en)}
	case deedLaunch:
		c.launched(&f, hosts, list)
	case deedShield:
		f.Attack = []string{"T1562.001"}
		f.Title = event.Words{Ja: fmt.Sprintf("%s で防御機能が止められた（%s）", hosts, list), En: fmt.Sprintf("protection was turned off on %s (%s)", hosts, list)}
		f.Explanation = event.Words{
			Ja: fmt.Sprintf("%s が、ウイルス対策・ファイアウォール・監査などを止めるコマンドを実行した。%s製品の入れ替えや障害の切り分けでも行われる。作業記録と照らし合わせること。", who, ja),
			En: fmt.Sprintf("%s ran what turns virus protection, the firewall or auditing off.%s It is done, too, when products are replaced or a fault is looked for: compare with the record of works.", who, en)}
	}
	return f
}
