// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package contain

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// FileName is the file of a case that keeps what people said that they did.
const FileName = "containment.json"

// MaxFile bounds that file, in bytes.
const MaxFile = 64 << 20

const fileSchema = "sekisho.containment/1"

// Act is what a mark says of an item.
type Act string

// The acts.
const (
	MarkDone     Act = "done"     // it is in effect
	MarkVerified Act = "verified" // somebody saw that it is in effect
	MarkReopened Act = "reopened" // it is no longer in effect: lifted, undone, given back to service
)

// Mark is one thing that a person said of an item of the list. Marks are only ever added.
type Mark struct {
	ID       string     `json:"id"` // C-…
	Act      Act        `json:"act"`
	By       string     `json:"by"`
	At       cases.Time `json:"at"`       // from when on it holds
	Recorded cases.Time `json:"recorded"` // when it was written down
	Why      string     `json:"why,omitempty"`

	// What the item was when it was marked, so that it can be looked for also where the scope proposes it no longer.
	Kind    cases.ContainmentKind `json:"kind"`
	What    event.Words           `json:"what"`
	Subject cases.Subject         `json:"subject"`
	Account string                `json:"account_id,omitempty"` // A-…, of the subject
	HostIP  string                `json:"host_ip,omitempty"`    // of the subject
}

type file struct {
	Schema string `json:"schema"`
	Marks  []Mark `json:"marks"` // in the order in which they were written down
}

// Decode reads the marks of a case.
func Decode(text []byte) ([]Mark, error) {
	var f file
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, event.Tell("%s を読めません：%v", "read %s: %v", FileName, err)
	}
	if f.Schema != fileSchema {
		return nil, event.Tell("%s を読めません：%q は %s ではありません", "read %s: its schema is %q and not %s", FileName, f.Schema, fileSchema)
	}
	for i := range f.Marks {
		if m := &f.Marks[i]; m.ID == "" || m.At.IsZero() || m.Act != MarkDone && m.Act != MarkVerified && m.Act != MarkReopened {
			return nil, event.Tell("%s を読めません：%d 番目の記載に id、act、at のいずれかがありません", "read %s: mark %d lacks its id, act or at", FileName, i+1)
		}
	}
	return f.Marks, nil
}

// Encode writes the marks of a case.
func Encode(marks []Mark) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	err := e.Encode(file{fileSchema, marks})
	return b.Bytes(), err
}

// Refused is the error of Add: what was asked for is wrong, and nothing was recorded.
type Refused struct{ err error }

func (e *Refused) Error() string { return e.err.Error() }

func (e *Refused) Unwrap() error { return e.err }

func refuse(ja, en string, args ...any) error { return &Refused{event.Tell(ja, en, args...)} }

// maxSaid is how long a name or a reason may be, in characters.
const maxSaid = 500

// Add adds a mark on the item with that identity, and says what is wrong with it: what is not in the list cannot be marked, what was not done
// cannot be verified or reopened, nothing is done twice or in the future.
func Add(marks []Mark, c *cases.Case, m Mark) ([]Mark, error) {
	k := slices.IndexFunc(c.Containment, func(k cases.Containment) bool { return k.ID == m.ID })
	s := standing(marks, m.ID)
	switch {
	case k < 0 && !(m.Act == MarkReopened && s.state != cases.Proposed): // what is proposed no longer can still be undone
		return nil, refuse("項目 %q はこの事案の封じ込めにありません：sekisho contain で一覧を確かめてください", "this case's containment has no item %q: sekisho contain lists them", m.ID)
	case strings.TrimSpace(m.By) == "":
		return nil, refuse("%s：誰が行ったかを --by で指定してください", "%s: say with --by who did it", m.ID)
	case utf8.RuneCountInString(m.By) > maxSaid || utf8.RuneCountInString(m.Why) > maxSaid:
		return nil, refuse("%s：--by と --why は %d 文字までです", "%s: --by and --why take %d characters at most", m.ID, maxSaid)
	case m.At > m.Recorded:
		return nil, refuse("%s：%s は未来の時刻です。実施してから記録してください", "%s: %s lies in the future: record it once it is done", m.ID, m.At)
	case m.Act == MarkDone && s.state != cases.Proposed:
		return nil, refuse("%s は %s が %s に実施したと記録されています：訂正するには、先に --reopen で取り消してください", "%s: %s is on record as having done it at %s; to correct that, --reopen it first", m.ID, s.doneBy, s.doneAt)
	case m.Act != MarkDone && s.state == cases.Proposed:
		return nil, refuse("%s は実施したと記録されていません：先に --done で記録してください", "%s is not on record as done: record that first, with --done", m.ID)
	case m.Act != MarkDone && m.At < s.doneAt:
		return nil, refuse("%s：%s は実施の時刻 %s より前です", "%s: %s is before it was done, at %s", m.ID, m.At, s.doneAt)
	}
	if k < 0 {
		m.Kind, m.What, m.Subject, m.Account, m.HostIP = s.item.Kind, s.item.What, s.item.Subject, s.item.Account, s.item.HostIP
		return append(slices.Clone(marks), m), nil
	}
	item := &c.Containment[k]
	m.Kind, m.What, m.Subject = item.Kind, item.What, item.Subject
	for i := range c.Accounts {
		if a := &c.Accounts[i]; a.Name == m.Subject.Account {
			m.Account = a.ID
		}
	}
	for i := range c.Hosts {
		if h := &c.Hosts[i]; m.Subject.Host != "" && HostName(h) == m.Subject.Host && h.IP.IsValid() {
			m.HostIP = h.IP.String()
		}
	}
	return append(slices.Clone(marks), m), nil
}

// stand is how far an item has come, as marks say.
type stand struct {
	item   Mark // the latest mark on it
	state  cases.ContainmentState
	by     string
	at     cases.Time
	doneBy string
	doneAt cases.Time
}

func (s *stand) take(m *Mark) {
	s.item, s.by, s.at = *m, m.By, m.At
	switch m.Act {
	case MarkDone:
		s.state, s.doneBy, s.doneAt = cases.Done, m.By, m.At
	case MarkVerified:
		s.state = cases.Verified
	case MarkReopened:
		s.state = cases.Proposed
	}
}

func standing(marks []Mark, id string) stand {
	s := stand{state: cases.Proposed}
	for i := range marks {
		if marks[i].ID == id {
			s.take(&marks[i])
		}
	}
	return s
}

// standings returns how far each item that was ever marked has come, in the order in which they were marked first.
func standings(marks []Mark) []stand {
	at := map[string]int{}
	var out []stand
	for i := range marks {
		n, ok := at[marks[i].ID]
		if !ok {
			n = len(out)
			at[marks[i].ID] = n
			out = append(out, stand{state: cases.Proposed})
		}
		out[n].take(&marks[i])
	}
	return out
}

// Apply puts into the list what people said of its items, and the findings of use after they were closed.
func Apply(list []cases.Containment, marks []Mark, findings []cases.Finding) {
	byID := map[string]stand{}
	for _, s := range standings(marks) {
		byID[s.item.ID] = s
	}
	used := map[string]bool{}
	for i := range findings {
		used[findings[i].ID] = true
	}
	for i := range list {
		k := &list[i]
		s, ok := byID[k.ID]
		if !ok || s.state == cases.Proposed {
			continue
		}
		by := s.by
		k.State, k.By, k.At = s.state, &by, s.at
		if s.state == cases.Verified {
			k.DoneBy, k.DoneAt = s.doneBy, s.doneAt
		}
		if id := findingOf(k, s.item.Account); id != "" && used[id] {
			k.Findings = append(k.Findings, id)
		}
	}
}

// findingOf returns the identity that a finding of use of an item's subject has; empty where there can be none.
func findingOf(k *cases.Containment, account string) string {
	c := Closing{Kind: k.Kind, Account: account, Host: k.Subject.Host}
	if k.Kind == cases.BlockAddress {
		ip, err := netip.ParseAddr(k.Subject.Address)
		if err != nil {
			return ""
		}
		c.Address = ip.Unmap()
	}
	if !closes(k.Kind) {
		return ""
	}
	return event.Identity("F-", Detector, keyOf(&c))
}

// Decisions tells every mark as a decision of a person.
func Decisions(marks []Mark) []cases.Decision {
	out := make([]cases.Decision, 0, len(marks))
	for i := range marks {
		m := &marks[i]
		out = append(out, cases.Decision{At: m.At, By: m.By, What: fmt.Sprintf("containment %s %s: %s", m.ID, m.Kind, m.Act), Why: m.Why})
	}
	return out
}
