// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"testing"
	"time"

	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
)

// TestFollow holds that a source keeps its realm and its delay under its own number, whichever comes first: after a restart the numbers are
// those of before, and the sources come in another order.
func TestFollow(t *testing.T) {
	k, err := newKnower(&Options{Profile: &config.Profile{}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	k.follow([]*input{{number: 2, settings: config.Settings{Realm: "lab", Delay: time.Minute}}})
	see := func(number uint32) event.Sighting {
		e := &event.Event{Time: event.Of(time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)), Class: event.ClassAuthentication, Account: "taro"}
		e.Ref.Input = number
		return k.see(e)
	}
	if s := see(2); s.Who == nil || s.Delay != 60e6 {
		t.Errorf("the third source, which came first: %+v", s)
	}
	if s := see(0); s.Who != nil {
		t.Errorf("a source that did not come yet: %+v", s)
	}
	k.follow([]*input{{number: 0, settings: config.Settings{Realm: "office"}}})
	if a, b := see(0), see(2); a.Who == nil || b.Who == nil || a.Who.ID == b.Who.ID || a.Delay != 0 {
		t.Errorf("two realms: %+v and %+v", a.Who, b.Who)
	}
}
