// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// exposure says what was taken or could have been seen, as far as the records go: mail and files by what condemned visits
// did with them, the directory and its credentials by what was read of it.
func (s *scoping) exposure(accounts []*judgedAccount, hosts []*machine) ([]cases.Exposure, map[string][]event.Ref) {
	var out []cases.Exposure
	refs := map[string][]event.Ref{}
	bulk := s.inBulk()
	mailRecords := s.recordsOf(func(v *visit) int64 { return v.mail })
	for _, j := range accounts {
		if j.verdict != cases.AccountCompromised && j.verdict != cases.AccountSuspected {
			continue
		}
		sure := s.certainty(j) == cases.Confirmed
		from := len(out)
		out = append(out, mailOf(j, sure, mailRecords, bulk[j.p.who.ID])...)
		out = append(out, filesOf(j, sure)...)
		out = append(out, cases.Exposure{ID: exposureID(cases.ClassCredential, j.p.who.ID, "password"), Class: cases.ClassCredential, Account: j.p.who.Name, Level: credentialLevel(j), Basis: cases.Inferred,
			Count: cases.Count{Confirmed: 0, Estimated: 1, Upper: 1}, First: cases.Time(j.first), Last: cases.Time(j.last),
			Why: event.Words{Ja: "パスワードが知られていると見るべき", En: "the password must be taken as known to the intruder"}})
		for i := range out[from:] {
			e := &out[from+i]
			refs[e.ID] = shownBy(j, e.Class, bulk[j.p.who.ID])
		}
	}
	out = append(out, s.sharesOf(hosts, refs)...)
	for i := range s.in.Findings {
		f := &s.in.Findings[i]
		if base(f.Detector) != "directory-read" || f.Severity < event.High {
			continue
		}
		e := directoryOf(f)
		refs[e.ID] = f.Evidence[:min(len(f.Evidence), mostShown)]
		out = append(out, e)
	}
	slices.SortStableFunc(out, func(a, b cases.Exposure) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Object, b.Object))
	})
	return out, refs
}

// exposureID returns the identity of a row, by which a person's review of it finds it again in every later revision: of what it is about, and
// of nothing that more records may change, such as times, counts and levels.
func exposureID(class cases.ExposureClass, about ...string) string {
	return event.Identity("E-", append([]string{string(class)}, about...)...)
}

// mostShown bounds the records that one row leads back to.
const mostShown = 8

// shownBy returns records of the condemned sessions that an account's row of that class rests on, and of findings where no session is condemned.
func shownBy(j *judgedAccount, class cases.ExposureClass, bulk *taken) []event.Ref {
	var out []event.Ref
	add := func(r event.Ref) {
		if len(out) < mostShown && !slices.ContainsFunc(out, func(o event.Ref) bool { return o.Input == r.Input && o.Part == r.Part }) {
			out = append(out, r)
		}
	}
	for _, v := range j.bad {
		switch {
		case class == cases.ClassMail && v.mail == 0 && v.logins == 0, class == cases.ClassFile && v.files == 0:
			continue
		}
		add(v.ref)
		add(v.lastRef)
	}
	if class == cases.ClassMail && bulk != nil && (len(j.bad) == 0 || bulk.by(j.bad)) {
		for _, f := range bulk.findings {
			for _, r := range f.Evidence {
				add(r)
			}
		}
	}
	return out
}

// recordsOf says whether any visit at all has such records: only then does their absence mean something.
func (s *scoping) recordsOf(n func(*visit) int64) bool {
	for _, v := range s.ordered {
		if n(v) > 0 {
			return true
		}
	}
	return false
}

func credentialLevel(j *judgedAccount) cases.Level {
	if j.verdict == cases.AccountCompromised {
		return cases.LeakPresumed
	}
	return cases.Possible
}

// taken are the messages and whole folders that findings of mail read in bulk tell of one account.
type taken struct {
	findings          []*event.Finding
	messages, folders int64 // at least; of findings about this account alone
}

// inBulk returns the findings of mail read in bulk by account, as identity.
func (s *scoping) inBulk() map[string]*taken {
	out := map[string]*taken{}
	for i := range s.in.Findings {
		f := &s.in.Findings[i]
		if base(f.Detector) != "mail-bulk-read" {
			continue
		}
		for _, id := range f.Accounts {
			t := out[id]
			if t == nil {
				t = &taken{}
				out[id] = t
			}
			t.findings = append(t.findings, f)
			for _, n := range f.Numbers {
				switch {
				case n.Name == "folders" && len(f.Accounts) == 1:
					t.folders += int64(n.Value)
				case n.Name == "folders" && n.Value > 0:
					t.folders++
				case n.Name == "messages" && len(f.Accounts) == 1:
					t.messages += int64(n.Value)
				}
			}
		}
	}
	return out
}

// by says whether any of it was read in a session that is condemned: from its address, while it was used.
func (t *taken) by(bad []*visit) bool {
	if t == nil {
		return false
	}
	for _, f := range t.findings {
		for _, v := range bad {
			for _, u := range v.uses() {
				if slices.Contains(f.Addresses, u.ip) && f.First <= v.last && f.Last >= v.first {
					return true
				}
			}
		}
	}
	return false
}

// bulkRead is how many messages read in condemned sessions are taken for the mailbox copied rather than looked at.
const bulkRead = 100

// mailOf says what of one account's mail was read. What a record shows is confirmed only where it is confirmed whose session it was: of a
// session that is presumed to be the intruder's, what it read is presumed too.
func mailOf(j *judgedAccount, sure, recorded bool, bulk *taken) []cases.Exposure {
	e := cases.Exposure{ID: exposureID(cases.ClassMail, j.p.who.ID, "mailbox"), Class: cases.ClassMail, Account: j.p.who.Name, Object: "mailbox"}
	read, logins := int64(0), int64(0)
	for _, v := range j.bad {
		read += v.mail
		logins += v.logins + v.acts
		if v.mail > 0 || v.logins > 0 {
			spanned(&e, v.first, v.last)
		}
	}
	inBulk := bulk.by(j.bad)
	if len(j.bad) == 0 && bulk != nil { // suspected, and its mail was taken
		return []cases.Exposure{suspectedMail(e, bulk)}
	}
	whole := int64(0)
	if inBulk {
		read, whole = max(read, bulk.messages), bulk.folders
	}
	switch {
	case read > 0 || inBulk:
		e.Level, e.Basis = cases.Viewed, cases.Recorded
		e.Why = event.Words{Ja: "不正と確認したログインの間の閲覧の記録", En: "records of what was read in sessions that are confirmed to be the intruder's"}
		if inBulk || read >= bulkRead {
			e.Level = cases.LeakPresumed
			e.Why = event.Words{Ja: "不正と確認したログインの間に、大量に取得された記録がある", En: "records of mail taken in bulk in sessions that are confirmed to be the intruder's"}
		}
		e.Count = cases.Count{Confirmed: read, Estimated: read, Upper: read, Undetermined: whole}
		presume(&e, sure)
		if whole > 0 {
			e.Why.Ja += fmt.Sprintf("。フォルダ単位の取得が %d 件あり、含まれるメールの数は記録にない", whole)
			e.Why.En += fmt.Sprintf("; folders taken as a whole: %d, how many messages they held is not on record", whole)
		}
	case logins == 0:
		return nil
	case recorded:
		e.Level, e.Basis = cases.Possible, cases.Inferred
		e.Why = event.Words{Ja: "ログインはあるが、閲覧の記録はない", En: "logins, but no record of anything read"}
	default:
		e.Level, e.Basis = cases.LevelUndetermined, cases.Inferred
		e.Count.Undetermined = 1
		e.Why = event.Words{Ja: "何を閲覧したかを示す記録がない", En: "no record shows what was read"}
	}
	return []cases.Exposure{e}
}

// suspectedMail is the mail of an account of which no session is condemned, and which was read in bulk.
func suspectedMail(e cases.Exposure, bulk *taken) cases.Exposure {
	for _, f := range bulk.findings {
		spanned(&e, f.First, f.Last)
	}
	e.Level, e.Basis = cases.Possible, cases.Recorded
	e.Count = cases.Count{Estimated: bulk.messages, Upper: bulk.messages, Undetermined: bulk.folders}
	e.Why = event.Words{Ja: "大量に取得された記録がある。取得したのが本人でないことは確かめられていない", En: "records of mail taken in bulk; that it was not its owner who took it is not established"}
	return e
}

// spanned widens the time of e.
func spanned(e *cases.Exposure, first, last event.Micros) {
	if e.First == 0 || cases.Time(first) < e.First {
		e.First = cases.Time(first)
	}
	e.Last = max(e.Last, cases.Time(last))
}

// presume lowers what records show to what can be said of it where it is only presumed that the sessions were the intruder's.
func presume(e *cases.Exposure, sure bool) {
	if sure {
		return
	}
	e.Count.Confirmed = 0
	switch e.Level {
	case cases.Leaked, cases.LeakPresumed:
		e.Level = cases.LeakPresumed
		e.Why = event.Words{Ja: "不正と推定したログインの間に取得された記録がある（本人の利用である可能性は残る）", En: "records of what was taken in sessions that are presumed to be the intruder's; its owner is not excluded"}
	default:
		e.Level = cases.Possible
		e.Why = event.Words{Ja: "不正と推定したログインの間の閲覧の記録がある（本人の利用である可能性は残る）", En: "records of what was read in sessions that are presumed to be the intruder's; its owner is not excluded"}
	}
}

func filesOf(j *judgedAccount, sure bool) []cases.Exposure {
	e := cases.Exposure{ID: exposureID(cases.ClassFile, j.p.who.ID, "files"), Class: cases.ClassFile, Account: j.p.who.Name, Object: "files", Level: cases.Viewed, Basis: cases.Recorded}
	for _, v := range j.bad {
		if v.files == 0 {
			continue
		}
		e.Count.Confirmed += v.files
		e.Bytes += v.bytes
		spanned(&e, v.first, v.last)
	}
	if e.Count.Confirmed == 0 {
		return nil
	}
	e.Count.Estimated, e.Count.Upper = e.Count.Confirmed, e.Count.Confirmed
	if e.Bytes > 0 {
		e.Level = cases.Leaked
	}
	presume(&e, sure)
	return []cases.Exposure{e}
}

// sharesOf adds files read over ways from condemned machines.
func (s *scoping) sharesOf(hosts []*machine, refs map[string][]event.Ref) []cases.Exposure {
	var out []cases.Exposure
	for _, h := range hosts {
		if h.verdict != cases.HostCompromised || !h.ip.IsValid() {
			continue
		}
		for _, e := range s.eorder {
			if e.key.from != h.ip || e.files == 0 || e.last < h.first {
				continue
			}
			who := ""
			if len(e.accounts) > 0 {
				who = e.accounts[0].Name
			}
			to := e.dst.Host
			if to == "" {
				to = cmp.Or(e.key.host, e.key.to.String())
			}
			id := exposureID(cases.ClassFile, "share", e.key.from.String(), e.key.to.String(), e.key.host, strconv.Itoa(int(e.key.port)))
			refs[id] = []event.Ref{e.ref}
			out = append(out, cases.Exposure{ID: id, Class: cases.ClassFile, Account: who, Object: to, Level: cases.Viewed, Basis: cases.Recorded,
				Count: cases.Count{Confirmed: e.files, Estimated: e.files, Upper: e.files}, First: cases.Time(max(e.first, h.first)), Last: cases.Time(e.last),
				Why: event.Words{Ja: fmt.Sprintf("侵入された %s からの読み取り", h.label()), En: fmt.Sprintf("read from the compromised host %s", h.label())}})
		}
	}
	return out
}

func directoryOf(f *event.Finding) cases.Exposure {
	e := cases.Exposure{ID: exposureID(cases.ClassDirectory, f.ID()), Class: cases.ClassDirectory, Object: "directory", Level: cases.LeakPresumed, Basis: cases.Recorded, First: cases.Time(f.First), Last: cases.Time(f.Last)}
	for _, n := range f.Numbers {
		if n.Name == "entries" {
			e.Count.Confirmed, e.Count.Estimated, e.Count.Upper = int64(n.Value), int64(n.Value), int64(n.Value)
		}
	}
	e.Why = event.Words{Ja: "ディレクトリの全件に近い読み取り。パスワードハッシュを含む認証情報はすべて露出したものとして扱う",
		En: "most of the directory was read: take every credential in it, hashes included, as exposed"}
	return e
}
