// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package contain says what is to be done about a breach, in which order, what of it people did, and whether what they closed was used
// again. It acts on nothing: it proposes, keeps what people say that they did, and looks.
//
// The order is that in which an intruder is not warned halfway: quiet work first, then everything that he can notice at one moment, ways
// in before passwords, since whoever still holds a machine or a session reads the new password too.
package contain

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// Steps of a containment, in order. What is of one step is done together.
const (
	stepQuiet = 1 + iota
	stepPrepare
	stepCut
	stepPersistence
	stepCredentials
	stepWatch
)

// StepWords says what a step is and why it comes where it does.
func StepWords(step int) (title, why event.Words) {
	w := func(ja, en string) event.Words { return event.Words{Ja: ja, En: en} }
	switch step {
	case stepQuiet:
		return w("静かに保全する", "Preserve, quietly"), w("侵入者から見えない作業だけを先に行う。遮断や変更の後では、メモリや記録が失われ、侵入者も痕跡を消しにかかる。",
			"Only what the intruder cannot see comes first. After anything is cut or changed, memory and records are lost and he begins to clean up.")
	case stepPrepare:
		return w("同時に行う準備をする", "Prepare to act at one moment"), w("手順 3 から 5 を一度に始められるようにする。一部だけを先に行うと、残った経路から対応を知られ、別の経路を作られる。",
			"Make steps 3 to 5 ready to begin at once. Where a part is done ahead, he learns of it through what is left and makes himself another way.")
	case stepCut:
		return w("侵入者の通信を断つ", "Cut the intruder off"), w("ここから先は侵入者に気付かれる。パスワードより先に通信を断つのは、手元の機器やセッションから新しいパスワードを読まれないためである。",
			"From here on he notices. Communications are cut before passwords change, since whoever holds a machine or a session reads the new password too.")
	case stepPersistence:
		return w("戻る手段を取り除く", "Remove his ways back"), w("転送設定、アプリの同意、侵入者の作ったアカウントは、パスワードを変えても残る。",
			"Rules, consents and accounts that he made outlive any change of passwords.")
	case stepCredentials:
		return w("認証情報を変える", "Change the credentials"), w("パスワードを変えてから、そのアカウントのセッションを無効化する。逆の順では、古いパスワードで新しいセッションを作られる。機器の間の移動に使われたアカウントから始める。",
			"The password first, then the account's sessions: the other way round the old password opens a new session. Accounts that led from machine to machine come first.")
	case stepWatch:
		return w("再使用を見張る", "Watch for use"), w("閉じたはずのものが後で使われていれば、閉じていないか、知らない経路がある。",
			"What was closed and is used later was not closed, or there is a way that nobody knows of.")
	}
	return event.Words{}, event.Words{}
}

// Plan returns what is to be done about a case, in order, all of it proposed. It rests on the case's verdicts, findings and exposure, names
// only what is condemned, and is empty unless the verdict is breach or suspicious.
func Plan(c *cases.Case) []cases.Containment {
	if c.Verdict != cases.Breach && c.Verdict != cases.Suspicious {
		return nil
	}
	p := &planner{c: c, finding: map[string]*cases.Finding{}}
	for i := range c.Findings {
		p.finding[c.Findings[i].ID] = &c.Findings[i]
	}
	p.add(stepQuiet, cases.PreserveRecords, "preserve", cases.Subject{}, say("消える記録から順に保全する（sekisho preserve）", "preserve the records, those that expire first before the others (sekisho preserve)"), event.Words{})
	hosts := p.hosts()
	p.images(hosts)
	quiet := len(p.out)
	p.isolate(hosts)
	p.block()
	p.disable()
	p.settings()
	p.accounts()
	p.directory()
	p.hostKeys(hosts)
	p.read()
	if len(p.out) > quiet {
		p.add(stepPrepare, cases.Prepare, "prepare", cases.Subject{}, say("手順 3 から 5 の担当者・手順・開始時刻を決める。連絡には、侵入者に読まれない手段（電話、対面）だけを使う", "settle who does steps 3 to 5, how, and when they begin; speak of it only where the intruder cannot listen (by telephone, in person)"), event.Words{})
		p.add(stepWatch, cases.WatchAfterwards, "watch", cases.Subject{}, say("実施した項目を記録し（sekisho contain mark）、その後の記録を加えて調べ直す（sekisho investigate --add）", "record what was done (sekisho contain mark) and look again with the records since (sekisho investigate --add)"), event.Words{})
	}
	slices.SortStableFunc(p.out, func(a, b cases.Containment) int { return cmp.Compare(a.Step, b.Step) })
	for i := range p.out {
		p.out[i].Order = i + 1
	}
	return p.out
}

type planner struct {
	c       *cases.Case
	finding map[string]*cases.Finding
	out     []cases.Containment
}

// say fills a text in both languages; an argument that is words counts in the language of the text.
func say(ja, en string, args ...any) event.Words {
	if len(args) == 0 {
		return event.Words{Ja: ja, En: en}
	}
	of := func(pick func(event.Words) string) []any {
		out := slices.Clone(args)
		for i, a := range out {
			if w, ok := a.(event.Words); ok {
				out[i] = pick(w)
			}
		}
		return out
	}
	return event.Words{Ja: fmt.Sprintf(ja, of(func(w event.Words) string { return w.Ja })...), En: fmt.Sprintf(en, of(func(w event.Words) string { return w.En })...)}
}

// add proposes an act. Key is what its identity is made from: the same act has the same one in every revision.
func (p *planner) add(step int, kind cases.ContainmentKind, key string, about cases.Subject, what, why event.Words) *cases.Containment {
	p.out = append(p.out, cases.Containment{ID: event.Identity("C-", key), What: what, Why: why, Subject: about, Step: step, Kind: kind, State: cases.Proposed})
	return &p.out[len(p.out)-1]
}

// HostName is what a host is called in the list: its name, or its address where it has none.
func HostName(h *cases.Host) string {
	if h.Name == "" && h.IP.IsValid() {
		return h.IP.String()
	}
	return h.Name
}

// hosts returns the compromised ones: those that talk to the outside first, then in the order in which they were entered.
func (p *planner) hosts() []*cases.Host {
	var out []*cases.Host
	outward := map[*cases.Host]int{}
	for i := range p.c.Hosts {
		h := &p.c.Hosts[i]
		if h.Verdict != cases.HostCompromised || h.Lent { // what was lent goes to somebody else next: there is no machine to take
			continue
		}
		outward[h] = 1
		for _, id := range h.Findings {
			if f := p.finding[id]; f != nil && outwardFinding(f.Detector) {
				outward[h] = 0
			}
		}
		out = append(out, h)
	}
	slices.SortStableFunc(out, func(a, b *cases.Host) int {
		return cmp.Or(cmp.Compare(outward[a], outward[b]), cmp.Compare(a.First, b.First), cmp.Compare(HostName(a), HostName(b)))
	})
	return out
}

func outwardFinding(detector string) bool {
	switch cases.DetectorName(detector) {
	case "beacon", "tunnel", "appliance-outbound", "long-connection", "upload", "small-chunk-upload", "ci-remote-control":
		return true
	}
	return false
}

// images proposes to take the memory and disks of hosts, those that the intruder used last first: what memory holds of him fades.
func (p *planner) images(hosts []*cases.Host) {
	byLast := slices.Clone(hosts)
	slices.SortStableFunc(byLast, func(a, b *cases.Host) int {
		return cmp.Or(cmp.Compare(b.Last, a.Last), cmp.Compare(HostName(a), HostName(b)))
	})
	for i, h := range byLast {
		n, why := HostName(h), event.Words{}
		if i == 0 {
			why = say("最後の痕跡が新しいものほど、メモリに残るものが多い：新しい順に並べている", "the later its last trace, the more its memory still holds: these stand in that order")
		}
		p.add(stepQuiet, cases.ImageHost, "image "+n, cases.Subject{Host: n}, say("%s のメモリ、次にディスクを取得する（電源は切らない）", "take the memory of %s, then its disks (do not switch it off)", n), why)
	}
}

func (p *planner) isolate(hosts []*cases.Host) {
	for _, h := range hosts {
		n := HostName(h)
		p.add(stepCut, cases.IsolateHost, "isolate "+n, cases.Subject{Host: n}, say("%s の通信を止める（電源は切らない）", "cut %s off the network (do not switch it off)", n), h.Why)
	}
}

// block proposes to block addresses outside that are the intruder's alone. Shared ones are left out: whoever blocks them blocks honest people.
func (p *planner) block() {
	for i := range p.c.Addresses {
		a := &p.c.Addresses[i]
		if a.Verdict != cases.AddressAttacker || a.Kind == "own" || inside(a.IP) {
			continue
		}
		ip := a.IP.String()
		k := p.add(stepCut, cases.BlockAddress, "block "+ip, cases.Subject{Address: ip}, say("%s との通信を、双方向とも止める", "block %s, both ways", ip), blockWhy(a))
		if k.Intervals = slices.Clone(a.Intervals); len(k.Intervals) == 0 && !a.First.IsZero() {
			k.Intervals = []cases.Span{{From: a.First, To: a.Last}}
		}
	}
}

func inside(ip netip.Addr) bool {
	return ip.IsPrivate() || ip.IsLoopback() || ip.IsLinkLocalUnicast() || ip.IsUnspecified()
}

// blockWhy says for whom the address was, and how long a block of it makes sense.
func blockWhy(a *cases.Address) event.Words {
	switch a.Kind {
	case "tor", "vpn":
		return say("利用者を隠すサービスの出口であり、侵入者は別の出口からも来る。単独の遮断では防げない", "an exit of a service that hides its users: he comes through others too, and blocking this one alone stops nobody")
	case "residential", "mobile", "hotel":
		return say("回線は別の人に割り当て直されることがある。期限を決め、期間の後に解除を検討する", "such a line is lent to others later: set an end, and look at lifting the block then")
	}
	return a.Why
}

// disable proposes to disable accounts that the intruder made.
func (p *planner) disable() {
	for i := range p.c.Accounts {
		a := &p.c.Accounts[i]
		if a.Verdict == cases.AccountCompromised && madeByIntruder(a) {
			p.add(stepPersistence, cases.DisableAccount, "disable "+a.ID, cases.Subject{Account: a.Name}, say("%s を停止する（削除しない）", "disable %s (do not delete it)", a.Name),
				say("不正に使われたアカウントが作ったアカウントである。削除すると、記録との対応が失われる", "an account that the intruder used made it; deleting it loses what its records belong to"))
		}
	}
}

func madeByIntruder(a *cases.Account) bool {
	return slices.ContainsFunc(a.Terms, func(t cases.Term) bool { return t.Name == "made-by" && t.Nats > 0 })
}

// settings proposes to look through rules, forwarding and consents of mailboxes that findings tell of.
func (p *planner) settings() {
	told := map[string][]*cases.Finding{}
	for i := range p.c.Findings {
		f := &p.c.Findings[i]
		if cases.DetectorName(f.Detector) == "mailbox-change" && f.Hidden == nil {
			for _, id := range f.Subjects.Accounts {
				told[id] = append(told[id], f)
			}
		}
	}
	for i := range p.c.Accounts {
		a := &p.c.Accounts[i]
		if a.Verdict != cases.AccountCompromised || len(told[a.ID]) == 0 {
			continue
		}
		var ja, en []string
		for _, f := range told[a.ID][:min(len(told[a.ID]), 3)] {
			ja, en = append(ja, f.Title.Ja+"（"+f.ID+"）"), append(en, f.Title.En+" ("+f.ID+")")
		}
		p.add(stepPersistence, cases.RemoveSettings, "settings "+a.ID, cases.Subject{Account: a.Name},
			say("%s の転送設定、受信ルール、アプリの同意、委任を、控えを取ってから本人の知らないものだけ削除する", "of %s: list forwarding, inbox rules, apps' consents and delegates, keep a copy, and remove what its owner does not know", a.Name),
			event.Words{Ja: strings.Join(ja, "、"), En: strings.Join(en, "; ")})
	}
}

// accounts proposes new passwords and the end of sessions, for accounts that led from machine to machine first.
func (p *planner) accounts() {
	moved, held := map[string]bool{}, map[string]bool{}
	for i := range p.c.Hosts {
		if h := &p.c.Hosts[i]; h.Verdict == cases.HostCompromised {
			held[h.Name], held[h.IP.String()] = true, true
		}
	}
	for i := range p.c.Path {
		if s := &p.c.Path[i]; held[s.From] && s.Account != "" {
			moved[s.Account] = true
		}
	}
	var list []*cases.Account
	for i := range p.c.Accounts {
		if a := &p.c.Accounts[i]; a.Verdict == cases.AccountCompromised && !madeByIntruder(a) {
			list = append(list, a)
		}
	}
	late := func(a *cases.Account) int {
		if moved[a.Name] {
			return 0
		}
		return 1
	}
	slices.SortStableFunc(list, func(a, b *cases.Account) int {
		return cmp.Or(cmp.Compare(late(a), late(b)), cmp.Compare(a.First, b.First), cmp.Compare(a.ID, b.ID))
	})
	for _, a := range list {
		why := a.Why
		if moved[a.Name] {
			why = say("侵入された機器から別の機器への移動に使われた", "it led from a compromised machine to another")
		}
		about := cases.Subject{Account: a.Name}
		p.add(stepCredentials, cases.ResetPassword, "reset "+a.ID, about, say("%s のパスワードを変更し、登録済みの二要素認証に本人の知らないものがないか確かめる", "reset the password of %s, and see that no second factor is registered that its owner does not know", a.Name), why)
		p.add(stepCredentials, cases.RevokeSessions, "revoke "+a.ID, about, say("%s のセッションとトークンをすべて無効化する", "revoke all sessions and tokens of %s", a.Name),
			say("パスワードを変えても、発行済みのセッションとトークンは残る", "sessions and tokens that were issued outlive the password"))
	}
}

// directory proposes to change everything that a directory held, where most of it was read, or its host was entered.
func (p *planner) directory() {
	for i := range p.c.Findings {
		f := &p.c.Findings[i]
		if cases.DetectorName(f.Detector) != "directory-read" || f.Severity != cases.High && f.Severity != cases.Critical {
			continue
		}
		p.add(stepCredentials, cases.RotateDirectory, "directory", cases.Subject{}, everyPassword,
			say("%s（%s）。Active Directory では krbtgt を、複製の後に 2 回変更する", "%s (%s); in Active Directory change krbtgt twice, with replication between", f.Title, f.ID))
		return
	}
	for i := range p.c.Hosts {
		if h := &p.c.Hosts[i]; h.Verdict == cases.HostCompromised && (h.Role == "directory" || h.OwnRole == "directory") {
			p.add(stepCredentials, cases.RotateDirectory, "directory", cases.Subject{}, everyPassword,
				say("ディレクトリを持つ %s に侵入された。Active Directory では krbtgt を、複製の後に 2 回変更する", "%s, which holds the directory, was entered; in Active Directory change krbtgt twice, with replication between", HostName(h)))
			return
		}
	}
}

// everyPassword is what is to be done where a directory was read, or whoever holds it was entered.
var everyPassword = say("ディレクトリの全パスワードを露出したものとして扱い、変更する。サービス用・管理用・接続用（bind）の認証情報と鍵を含む", "take every password in the directory as exposed and change them all, with those of services, administrators and binds, and the keys in it")

// hostKeys proposes to change what a compromised host held.
func (p *planner) hostKeys(hosts []*cases.Host) {
	for _, h := range hosts {
		n := HostName(h)
		p.add(stepCredentials, cases.RotateHostKeys, "host keys "+n, cases.Subject{Host: n},
			say("%s にあった認証情報を変更する：ローカル管理者、サービス・接続用パスワード、SSH・TLS・署名の鍵、API トークン、ここでログインした人のもの", "change the credentials that %s held: local administrators, passwords of services and binds, SSH, TLS and signing keys, API tokens, and those of people who logged in on it", n),
			say("侵入された機器にあった秘密は、読まれたものとして扱う", "secrets on a machine that was entered are taken as read"))
	}
}

// read proposes to look for secrets in what was taken or read, and to change them.
func (p *planner) read() {
	type thing struct{ account, object string }
	seen := map[thing]bool{}
	for i := range p.c.Exposure {
		e := &p.c.Exposure[i]
		if e.Class != cases.ClassMail && e.Class != cases.ClassFile || e.Level != cases.Leaked && e.Level != cases.LeakPresumed && e.Level != cases.Viewed || seen[thing{e.Account, e.Object}] {
			continue
		}
		seen[thing{e.Account, e.Object}] = true
		where := say("%s のメール（%s）", "the mail of %s (%s)", e.Account, e.Object)
		if e.Class == cases.ClassFile {
			where = say("%s のファイル（%s）", "the files of %s (%s)", e.Account, e.Object)
			if e.Account == "" {
				where = say("%s のファイル", "the files of %s", e.Object)
			}
		}
		p.add(stepCredentials, cases.RotateRead, "read "+string(e.Class)+"\x00"+e.Account+"\x00"+e.Object, cases.Subject{Account: e.Account, Object: e.Object},
			say("%sにあるパスワード・鍵を洗い出し、変更する", "list the passwords and keys in %s, and change them", where),
			say("%s。件数は確認 %d、最大 %d", "%s; confirmed: %d, at most: %d", e.Level.Words(), e.Count.Confirmed, e.Count.Upper))
	}
	names := map[string]string{}
	for i := range p.c.Accounts {
		if a := &p.c.Accounts[i]; a.Verdict == cases.AccountCompromised {
			names[a.ID] = a.Name
		}
	}
	for i := range p.c.Findings {
		f := &p.c.Findings[i]
		if cases.DetectorName(f.Detector) != "password-search" || f.Hidden != nil {
			continue
		}
		for _, id := range f.Subjects.Accounts {
			if name, ok := names[id]; ok {
				p.add(stepCredentials, cases.RotateRead, "found "+f.ID+" "+id, cases.Subject{Account: name}, say("%s として検索された文書・メールの中のパスワードを変更する", "change the passwords in what was searched for as %s", name),
					say("%s（%s）", "%s (%s)", f.Title, f.ID))
			}
		}
	}
}
