// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package breach

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// exposure says what was taken or could have been seen, as far as the records go: mail and files by what condemned visits
// did with them, the directory and its credentials by what was read of it.
func (s *scoping) exposure(accounts []*judgedAccount, hosts []*machine) []cases.Exposure {
	var out []cases.Exposure
	mailRecords := s.recordsOf(func(v *visit) int64 { return v.mail })
	for _, j := range accounts {
		if j.verdict != cases.AccountCompromised && j.verdict != cases.AccountSuspected {
			continue
		}
		out = append(out, mailOf(j, mailRecords)...)
		out = append(out, filesOf(j)...)
		out = append(out, cases.Exposure{Class: cases.ClassCredential, Account: j.p.who.Name, Level: credentialLevel(j), Basis: cases.Inferred,
			Count: cases.Count{Confirmed: 0, Estimated: 1, Upper: 1}, First: cases.Time(j.first), Last: cases.Time(j.last),
			Why: event.Words{Ja: "パスワードが知られていると見るべき", En: "the password must be taken as known to the intruder"}})
	}
	out = append(out, s.sharesOf(hosts)...)
	for i := range s.in.Findings {
		f := &s.in.Findings[i]
		if base(f.Detector) != "directory-read" || f.Severity < event.High {
			continue
		}
		out = append(out, directoryOf(f))
	}
	slices.SortStableFunc(out, func(a, b cases.Exposure) int {
		return cmp.Or(cmp.Compare(a.Class, b.Class), cmp.Compare(a.Account, b.Account), cmp.Compare(a.Object, b.Object))
	})
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

func mailOf(j *judgedAccount, recorded bool) []cases.Exposure {
	e := cases.Exposure{Class: cases.ClassMail, Account: j.p.who.Name, Object: "mailbox"}
	logins := int64(0)
	for _, v := range j.bad {
		e.Count.Confirmed += v.mail
		logins += v.logins + v.acts
		if v.mail > 0 || v.logins > 0 {
			if e.First == 0 || cases.Time(v.first) < e.First {
				e.First = cases.Time(v.first)
			}
			e.Last = max(e.Last, cases.Time(v.last))
		}
	}
	e.Count.Estimated, e.Count.Upper = e.Count.Confirmed, e.Count.Confirmed
	switch {
	case e.Count.Confirmed > 0:
		e.Level, e.Basis = cases.Viewed, cases.Recorded
		if e.Count.Confirmed >= 100 {
			e.Level = cases.LeakPresumed
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

func filesOf(j *judgedAccount) []cases.Exposure {
	e := cases.Exposure{Class: cases.ClassFile, Account: j.p.who.Name, Object: "files", Level: cases.Viewed, Basis: cases.Recorded}
	for _, v := range j.bad {
		if v.files == 0 {
			continue
		}
		e.Count.Confirmed += v.files
		e.Bytes += v.bytes
		if e.First == 0 || cases.Time(v.first) < e.First {
			e.First = cases.Time(v.first)
		}
		e.Last = max(e.Last, cases.Time(v.last))
	}
	if e.Count.Confirmed == 0 {
		return nil
	}
	e.Count.Estimated, e.Count.Upper = e.Count.Confirmed, e.Count.Confirmed
	if e.Bytes > 0 {
		e.Level = cases.Leaked
	}
	return []cases.Exposure{e}
}

// sharesOf adds files read over ways from condemned machines.
func (s *scoping) sharesOf(hosts []*machine) []cases.Exposure {
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
			out = append(out, cases.Exposure{Class: cases.ClassFile, Account: who, Object: to, Level: cases.Viewed, Basis: cases.Recorded,
				Count: cases.Count{Confirmed: e.files, Estimated: e.files, Upper: e.files}, First: cases.Time(max(e.first, h.first)), Last: cases.Time(e.last),
				Why: event.Words{Ja: fmt.Sprintf("侵入された %s からの読み取り", h.label()), En: fmt.Sprintf("read from the compromised host %s", h.label())}})
		}
	}
	return out
}

func directoryOf(f *event.Finding) cases.Exposure {
	e := cases.Exposure{Class: cases.ClassDirectory, Object: "directory", Level: cases.LeakPresumed, Basis: cases.Recorded, First: cases.Time(f.First), Last: cases.Time(f.Last)}
	for _, n := range f.Numbers {
		if n.Name == "entries" {
			e.Count.Confirmed, e.Count.Estimated, e.Count.Upper = int64(n.Value), int64(n.Value), int64(n.Value)
		}
	}
	e.Why = event.Words{Ja: "ディレクトリの全件に近い読み取り。パスワードハッシュを含む認証情報はすべて露出したものとして扱う",
		En: "most of the directory was read: take every credential in it, hashes included, as exposed"}
	return e
}
