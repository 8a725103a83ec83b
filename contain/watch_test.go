// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package contain

import (
	"net/netip"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

const minute = event.Micros(60e6)

// shown shows events to a watch over one closing and returns what it found.
func shown(c Closing, sightings ...event.Sighting) []event.Finding {
	w := NewWatch([]Closing{c})
	for i := range sightings {
		w.Observe(&sightings[i])
	}
	return w.Findings(func(*Closing) bool { return true })
}

func login(when event.Micros, ip, host string, who *event.Account, ok event.Outcome) event.Sighting {
	return event.Sighting{Who: who, Event: &event.Event{Time: when, Class: event.ClassAuthentication, Activity: event.ActLogon, Outcome: ok, SrcIP: netip.MustParseAddr(ip), DstHost: host, Service: "ssh", Format: "openssh",
		Ref: event.Ref{Part: event.Part{Line: int64(when / minute), Length: 10}}}}
}

func flow(when event.Micros, from, to, host string, act event.Activity, ok event.Outcome) event.Sighting {
	return event.Sighting{Event: &event.Event{Time: when, Class: event.ClassNetwork, Activity: act, Outcome: ok, SrcIP: netip.MustParseAddr(from), DstIP: netip.MustParseAddr(to), SrcHost: host, Format: "fortigate"}}
}

func denied(when event.Micros) event.Sighting {
	s := login(when, "203.0.113.9", "", nil, event.OutcomeFailure)
	s.Reason = event.ReasonDenied
	return s
}

// TestUseAfterClosing holds that use after closing is a critical finding, and that use before it, refusals and others' use are none.
func TestUseAfterClosing(t *testing.T) {
	taro, made := &event.Account{Handle: 1, ID: "A-taro", Name: "taro"}, &event.Account{Handle: 2, ID: "A-made", Name: "made"}
	closed, good, bad := 100*minute, event.OutcomeSuccess, event.OutcomeFailure
	address := Closing{Kind: cases.BlockAddress, Address: netip.MustParseAddr("203.0.113.9"), From: closed, By: "suzuki"}
	host := Closing{Kind: cases.IsolateHost, Host: "files", Address: netip.MustParseAddr("10.1.0.5"), From: closed, By: "suzuki"}
	account := Closing{Kind: cases.DisableAccount, Account: "A-made", Name: "made", From: closed, By: "suzuki"}
	until := address
	until.To = 200 * minute
	for what, c := range map[string]struct {
		closing Closing
		seen    event.Sighting
		found   bool
	}{
		"login from a blocked address":                {address, login(101*minute, "203.0.113.9", "gw", taro, good), true},
		"failed login from a blocked address":         {address, login(101*minute, "203.0.113.9", "gw", taro, bad), true},
		"before the block":                            {address, login(99*minute, "203.0.113.9", "gw", taro, good), false},
		"at the moment of the block":                  {address, login(closed, "203.0.113.9", "gw", taro, good), false},
		"another address":                             {address, login(101*minute, "203.0.113.10", "gw", taro, good), false},
		"refused at the border":                       {address, flow(101*minute, "203.0.113.9", "10.1.0.1", "", event.ActRefuse, bad), false},
		"refused by a policy":                         {address, denied(101 * minute), false},
		"called from inside":                          {address, flow(101*minute, "10.1.0.1", "203.0.113.9", "", event.ActConnect, good), true},
		"after the block was lifted":                  {until, login(201*minute, "203.0.113.9", "gw", taro, good), false},
		"before it was lifted":                        {until, login(199*minute, "203.0.113.9", "gw", taro, good), true},
		"an isolated host talks":                      {host, flow(101*minute, "10.1.0.5", "192.0.2.1", "", event.ActConnect, good), true},
		"it talks under its name with a domain":       {host, flow(101*minute, "10.9.9.9", "192.0.2.1", "FILES.lab.example", event.ActConnect, good), true},
		"its address is another machine's":            {host, flow(101*minute, "10.1.0.5", "192.0.2.1", "printer", event.ActConnect, good), false},
		"a name that only begins like its":            {host, flow(101*minute, "10.9.9.9", "192.0.2.1", "files2", event.ActConnect, good), false},
		"somebody logs in to it":                      {host, login(101*minute, "10.1.0.9", "files.lab.example", taro, good), true},
		"somebody fails to":                           {host, login(101*minute, "10.1.0.9", "files.lab.example", taro, bad), false},
		"its talk is refused":                         {host, flow(101*minute, "10.1.0.5", "192.0.2.1", "", event.ActRefuse, bad), false},
		"it talked before":                            {host, flow(99*minute, "10.1.0.5", "192.0.2.1", "", event.ActConnect, good), false},
		"a disabled account logs in":                  {account, login(101*minute, "192.0.2.7", "gw", made, good), true},
		"a disabled account is turned away":           {account, login(101*minute, "192.0.2.7", "gw", made, bad), false},
		"another account":                             {account, login(101*minute, "192.0.2.7", "gw", taro, good), false},
		"a disabled account logged in before":         {account, login(50*minute, "192.0.2.7", "gw", made, good), false},
		"a new password is its owner's, not a matter": {Closing{Kind: cases.ResetPassword, Account: "A-taro", From: closed}, login(101*minute, "192.0.2.7", "gw", taro, good), false},
	} {
		list := shown(c.closing, c.seen)
		if (len(list) == 1) != c.found {
			t.Errorf("%s: %d findings", what, len(list))
			continue
		}
		if !c.found {
			continue
		}
		f := &list[0]
		if f.Severity != event.Critical || f.First != c.seen.Time || len(f.Evidence) != 1 || f.Evidence[0].Line != c.seen.Ref.Line || !strings.Contains(f.Explanation.En, "suzuki") || strings.Contains(f.Explanation.Ja+f.Explanation.En+f.Title.Ja+f.Title.En, "%!") {
			t.Errorf("%s: %+v", what, f)
		}
		if (c.seen.Outcome == bad || c.closing.Kind == cases.IsolateHost) && len(f.Accounts) > 0 {
			t.Errorf("%s: names %v, who did nothing wrong", what, f.Accounts)
		}
	}
}

// TestUseIsBounded holds that use without end keeps its count and a bounded part of its evidence, the first and the last.
func TestUseIsBounded(t *testing.T) {
	var all []event.Sighting
	for i := range event.Micros(5000) {
		all = append(all, login((101+i)*minute, "203.0.113.9", "gw", nil, event.OutcomeFailure))
	}
	list := shown(Closing{Kind: cases.BlockAddress, Address: netip.MustParseAddr("203.0.113.9"), From: 100 * minute, By: "x"}, all...)
	if len(list) != 1 {
		t.Fatal(list)
	}
	f := &list[0]
	if f.Numbers[0].Value != 5000 || len(f.Evidence) != 2*keptRefs || f.Evidence[0].Line != 101 || f.Evidence[2*keptRefs-1].Line != 5100 {
		t.Errorf("%v, %d records, %v", f.Numbers, len(f.Evidence), f.Evidence)
	}
	if found := NewWatch(nil).Findings(nil); found != nil {
		t.Errorf("nothing closed, found %v", found)
	}
	w := NewWatch([]Closing{{Kind: cases.BlockAddress, Address: netip.MustParseAddr("203.0.113.9"), From: 1}})
	w.Observe(&all[0])
	if found := w.Findings(func(*Closing) bool { return false }); len(found) != 0 {
		t.Errorf("the scope holds nothing against it any more: %v", found)
	}
}
