// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/json"
	"math"
	"net/netip"
	"strings"
	"testing"
	"unicode/utf8"
)

// full is an event with everything.
func full() Event {
	return Event{Time: 1751328000_123456, Account: "taro@lab.example", Target: "root", SrcIP: netip.MustParseAddr("192.0.2.1"), SrcPort: 50000, SrcHost: "client",
		DstIP: netip.MustParseAddr("2001:db8::1"), DstPort: 443, DstHost: "www", SrcIsRelay: true, Service: "imap", Client: "curl/8", Object: "/a/b.txt",
		BytesIn: Some(1), BytesOut: Some(2), Count: Some(3), Duration: Some(4), Country: "JP", ASN: 64500, Format: "sample",
		Ref:  Ref{Input: 1, Part: Part{Line: 7, Offset: 800, Length: 90}, More: []Part{{Line: 9}}},
		Rest: []Field{Text("method", "GET"), Number("status", 200), Text("qtype", "A"), Number("pid", 1)}}
}

func checkOCSF(t *testing.T, s *ocsfSchema, e *Event) {
	t.Helper()
	b := e.AppendOCSF(nil, "logs/a.log")
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%v in %s", err, b)
	}
	for _, w := range s.check(t, v) {
		t.Errorf("%s %s %s %s: %s\n%s", e.Class, e.Activity, e.Outcome, e.Reason, w, b)
	}
}

// TestOCSFIsAccepted holds every combination of the vocabularies, full and empty, to the schema.
func TestOCSFIsAccepted(t *testing.T) {
	s := readOCSF(t)
	for c := range classNames {
		for a := range activityNames {
			for o := range outcomeNames {
				for r := range reasonNames {
					if t.Failed() {
						return
					}
					e := full()
					e.Class, e.Activity, e.Outcome, e.Reason = Class(c), Activity(a), Outcome(o), Reason(r)
					checkOCSF(t, s, &e)
					if r == 0 {
						checkOCSF(t, s, &Event{Class: Class(c), Activity: Activity(a), Outcome: Outcome(o)})
					}
				}
			}
		}
	}
	for i := range 16 {
		e := full()
		e.Class = []Class{ClassMail, ClassFile, ClassHTTP, ClassAccountChange}[i%4]
		e.Account = []string{"", "taro", "a@b", "x@-.-"}[i/4]
		e.Object, e.Target, e.SrcIP, e.DstIP = []string{"", "/", `\\srv\share\`, "https://x/"}[i/4], "", netip.Addr{}, netip.MustParseAddr("fe80::1%eth0")
		e.Activity = []Activity{ActSend, ActReceive, ActRead, ActCreate}[i%4]
		checkOCSF(t, s, &e)
	}
}

// TestOCSFCheckSees breaks accepted events: a check that accepts everything would prove nothing.
func TestOCSFCheckSees(t *testing.T) {
	s := readOCSF(t)
	e := full()
	e.Class, e.Activity = ClassAuthentication, ActLogon
	good := string(e.AppendOCSF(nil, "x"))
	for _, c := range [][3]string{
		{`"user":{"name":"taro@lab.example","type_id":0},`, "", "required"},
		{`"name":"taro@lab.example",`, "", "at_least_one"},
		{`"activity_id":1`, `"activity_id":55`, "not one of"},
		{`"type_uid":300201`, `"type_uid":300202`, "type_uid"},
		{`"ip":"192.0.2.1"`, `"ip":"somewhere"`, "ip_t"},
		{`"port":443`, `"port":70000`, "range"},
		{`"port":443`, `"port":"443"`, "whole number"},
		{`"svc_name"`, `"svc_nmae"`, "no attribute"},
		{`"category_uid":3`, `"category_uid":4`, "category_uid"},
		{`"class_uid":3002`, `"class_uid":39`, "no class"},
		{`"time":1751328000123,`, "", "required"},
	} {
		bad := strings.Replace(good, c[0], c[1], 1)
		if bad == good {
			t.Fatalf("%s is not in %s", c[0], good)
		}
		var v map[string]any
		if err := json.Unmarshal([]byte(bad), &v); err != nil {
			t.Fatal(err)
		}
		if wrong := strings.Join(s.check(t, v), "; "); !strings.Contains(wrong, c[2]) {
			t.Errorf("%s for %s: the check says %q, want something of %q", c[1], c[0], wrong, c[2])
		}
	}
}

func TestOCSFTableIsWhole(t *testing.T) {
	for i, c := range ocsfClasses {
		if int(c.class) != i || c.name == "" {
			t.Errorf("row %d is that of %s", i, c.class)
		}
	}
}

func FuzzOCSF(f *testing.F) {
	e := full()
	f.Add(uint8(1), uint8(1), uint8(1), uint8(1), e.Account, e.Target, e.Object, e.Service, "192.0.2.1", "2001:db8::1", e.Client, int64(e.Time))
	f.Add(uint8(8), uint8(17), uint8(200), uint8(200), "a@b.c", "\xff\x00", `\\a\`, "<script>", "::ffff:1.2.3.4", "fe80::1%é", "\u2028", int64(math.MinInt64))
	s := readOCSF(f)
	f.Fuzz(func(t *testing.T, class, activity, outcome, reason uint8, account, target, object, service, src, dst, client string, at int64) {
		a, _ := netip.ParseAddr(src)
		b, _ := netip.ParseAddr(dst)
		e := Event{Time: Micros(at), Class: Class(class), Activity: Activity(activity), Outcome: Outcome(outcome), Reason: Reason(reason), Account: account, Target: target,
			Object: object, Service: service, SrcIP: a.Unmap().WithZone(""), DstIP: b.Unmap().WithZone(""), Client: client, Rest: []Field{Text("method", client), Text("status", service)}}
		if out := e.AppendOCSF(nil, object); !utf8.Valid(out) {
			t.Errorf("not UTF-8: %q", out)
		}
		checkOCSF(t, s, &e)
	})
}
