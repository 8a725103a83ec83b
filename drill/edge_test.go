// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill_test

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/drill"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/formats"
)

// reader reads a drill's lines as they come, each log with parsers of its own.
type reader struct {
	t      *testing.T
	year   int
	logs   map[string]*formats.Reader
	left   int
	each   func(l drill.Line)
	events map[string]int // by kind of log, class, activity and outcome
}

func (r *reader) line(l drill.Line) error {
	if r.each != nil {
		r.each(l)
	}
	if r.logs == nil {
		return nil
	}
	f := r.logs[l.Log]
	if f == nil {
		all := formats.All()
		order := make([]*formats.Format, len(all))
		for i := range all {
			order[i] = &all[i]
		}
		f = formats.NewReader(order, &formats.Env{Clock: &formats.Clock{Zone: time.FixedZone("JST", 9*3600), Year: r.year}, Intern: formats.NewInterner()})
		r.logs[l.Log] = f
	}
	var out event.Batch
	if err := f.Read(&event.Record{Data: l.Text}, &out); err != nil {
		if r.left++; r.left <= 3 {
			r.t.Errorf("%s: %v: %s", l.Log, err, l.Text)
		}
	}
	for _, e := range out.Events {
		r.events[l.Kind+" "+e.Class.String()+" "+e.Activity.String()+" "+e.Outcome.String()]++
	}
	return nil
}

// stream makes a drill line by line.
func stream(t *testing.T, o drill.Options, parse bool, each func(l drill.Line)) (*drill.Truth, map[string]int) {
	t.Helper()
	r := &reader{t: t, each: each, events: map[string]int{}, year: 2023}
	if parse {
		r.logs = map[string]*formats.Reader{}
	}
	truth, err := drill.Stream(t.Context(), o, r.line)
	if err != nil {
		t.Fatal(err)
	}
	return truth, r.events
}

// without returns all kinds of log but these.
func without(keep ...string) []string {
	return slices.DeleteFunc(drill.Logs(), func(k string) bool { return slices.Contains(keep, k) })
}

// hisAddresses returns the addresses of a drill that are the intruder's alone.
func hisAddresses(t *testing.T, o drill.Options) map[string]bool {
	t.Helper()
	o.Without = drill.Logs()
	truth, _ := stream(t, o, false, nil)
	his := map[string]bool{}
	for _, a := range truth.Addresses {
		his[a.IP] = true
	}
	return his
}

// addressesIn returns the addresses that stand in a line.
func addressesIn(line []byte, from map[string]bool, found func(ip string)) {
	start := 0
	for i := range len(line) + 1 {
		if i < len(line) && (line[i] == '.' || line[i] >= '0' && line[i] <= '9') {
			continue
		}
		if i-start >= len("1.1.1.1") && from[string(line[start:i])] {
			found(string(line[start:i]))
		}
		start = i + 1
	}
}

// TestEdgeIncidents checks for each incident at the edge, pressed to five weeks: every line is read by the project's own
// parsers; each of the intruder's addresses stands in logs, in none but those that the truth says; and the same institute
// without him has none of his addresses in any line.
func TestEdgeIncidents(t *testing.T) {
	drill.WholeStory(t)
	for _, c := range []struct {
		name                string
		accounts, addresses int // addresses: at least
		hosts               []string
	}{
		{"jaxa-2023", 3 + 1 + 5, 11, []string{"edge1", "mon1", "y-srv-m"}},
		{"vpn-zeroday-2024", 0, 15, []string{"edge1"}},
		{"mail-appliance-2023", 0, 9, []string{"mgw1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			o := drill.Options{Name: c.name, Accounts: 100, Days: 35}
			his := hisAddresses(t, o)
			shown := map[string]map[string]bool{}
			truth, _ := stream(t, o, true, func(l drill.Line) {
				addressesIn(l.Text, his, func(ip string) {
					if shown[ip] == nil {
						shown[ip] = map[string]bool{}
					}
					shown[ip][l.Kind] = true
				})
			})
			for _, a := range truth.Addresses {
				for kind := range shown[a.IP] {
					if !slices.Contains(a.Logs, kind) {
						t.Errorf("%s stands in %s, the truth says %v", a.IP, kind, a.Logs)
					}
				}
				if len(shown[a.IP]) == 0 && len(a.Logs) > 0 {
					t.Errorf("%s stands in no line, the truth says %v", a.IP, a.Logs)
				}
			}
			if truth.Verdict != "breach" || len(truth.Accounts) != c.accounts || len(truth.Addresses) < c.addresses {
				t.Errorf("verdict %s, %d accounts, %d addresses; want breach, %d, %d", truth.Verdict, len(truth.Accounts), len(truth.Addresses), c.accounts, c.addresses)
			}
			for _, h := range c.hosts {
				if !slices.ContainsFunc(truth.Hosts, func(x drill.Host) bool { return x.Name == h && x.Verdict == "compromised" }) {
					t.Errorf("%s is not among the hosts that were his: %v", h, truth.Hosts)
				}
			}
			for _, a := range truth.Acts {
				if a.Times == 0 {
					t.Errorf("%s never happened", a.Name)
				}
			}
			o.Quiet = true
			none, _ := stream(t, o, false, func(l drill.Line) {
				addressesIn(l.Text, his, func(ip string) { t.Fatalf("%s: without him, a line has his address %s: %s", l.Log, ip, l.Text) })
			})
			if none.Verdict != "clear" || len(none.Accounts)+len(none.Addresses)+len(none.Hosts)+len(none.Acts)+len(none.Exposure) != 0 {
				t.Errorf("the truth without him is not empty: %+v", none)
			}
		})
	}
}

// TestEdgeNearMisses checks that ordinary life at the edge and at the mail gateway holds what looks like an attack and is none.
func TestEdgeNearMisses(t *testing.T) {
	drill.WholeStory(t)
	t.Parallel()
	found := map[string]int{}
	wanted := map[string]string{ // by what it is, what stands in its line
		"a program that crashes":                      `logdesc="Application crashed"`,
		"a restart":                                   `logdesc="FortiGate started"`,
		"the configuration taken":                     `has been downloaded by user fwadmin`,
		"an administrator from outside":               `ui="https(61.206.119.30)" method="https" srcip=61.206.119.30 dstip=150.29.147.1 action="login" status="success"`,
		"an administrator's wrong password":           `login failed from https(10.11.1.250) because of invalid password`,
		"a new account on the device":                 `cfgpath="user.local"`,
		"a stranger's name at the portal":             `reason="sslvpn_login_unknown_user"`,
		"a member's wrong password at the portal":     `reason="sslvpn_login_permission_denied"`,
		"a connection that asks for nothing":          `action="ssl-exit-error"`,
		"a stranger at the administrators' page":      `reason="name_invalid"`,
		"a desktop through a tunnel":                  `srcintf="ssl.root" srcintfrole="undefined" dstip=10.`,
		"the device calling its maker":                `subtype="local" level="notice" vd="root" srcip=150.29.147.1 `,
		"the gateway's report to its maker":           "(telemetry.mgw-vendor.example)",
		"the maker's support":                         "(support.mgw-vendor.example)",
		"a program that asks Microsoft Graph":         "Microsoft Graph Command Line Tools",
		"a stranger's mail that a blocklist kept out": "blocked using zen.spamhaus.org",
	}
	_, events := stream(t, drill.Options{Name: "mail-appliance-2023", Accounts: 100, Days: 63, Quiet: true, Start: time.Date(2023, 5, 20, 15, 0, 0, 0, time.UTC),
		Without: without("fortigate", "fortigate-events", "dns", "mail-gateway", "signins")}, true, func(l drill.Line) {
		for what, text := range wanted {
			if bytes.Contains(l.Text, []byte(text)) {
				found[what]++
			}
		}
	})
	for what := range wanted {
		if found[what] == 0 {
			t.Errorf("ordinary life has no line about %s", what)
		}
	}
	for what, least := range map[string]int{
		"fortigate-events authentication logon success": 500, "fortigate-events authentication logon failure": 1500, "fortigate-events authentication logoff success": 500,
		"mail-gateway mail send success": 20_000, "mail-gateway mail receive success": 20_000, "mail-gateway mail refuse failure": 2000,
	} {
		if events[what] < least {
			t.Errorf("%s: %d events, want %d at least", what, events[what], least)
		}
	}
}

func day(t *testing.T, text string) time.Time {
	t.Helper()
	d, err := time.ParseInLocation("2006-01-02 15:04", text, time.FixedZone("JST", 9*3600))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestJAXA2023 holds the script to what the notice says (F116), in the notice's order.
func TestJAXA2023(t *testing.T) {
	drill.WholeStory(t)
	t.Parallel()
	truth, _ := stream(t, drill.Options{Name: "jaxa-2023", Without: drill.Logs()}, false, nil)
	first := truth.Hosts[0]
	if first.Name != "edge1" || !first.First.Equal(day(t, "2023-06-15 10:41")) {
		t.Errorf("the first host is %s, at %v; want the VPN device", first.Name, first.First)
	}
	pcs := 0
	for _, h := range truth.Hosts {
		pcs += strings.Count(h.Name, "pc-")
	}
	members, mail, files, directory := 0, 0, 0, 0
	for _, a := range truth.Accounts {
		if strings.Contains(a.Mail, "@") {
			members++
			if a.First.Before(day(t, "2023-06-15 21:00")) || a.Cause != "unknown" {
				t.Errorf("%+v: a member's account is used before it was stolen", a)
			}
		}
	}
	for _, e := range truth.Exposure {
		switch {
		case e.Class == "mail" && e.Level == "leaked":
			mail++
		case e.Class == "file" && e.Account != "" && e.Level == "leaked":
			files++
		case e.Class == "file" && e.Account == "" && e.Level != "leak-presumed":
			t.Errorf("files of servers: %+v; the notice says they may have leaked", e)
		case e.Class == "directory":
			directory++
		}
	}
	if members != 13 || mail != 12 || files != 12 || directory != 1 || pcs != 2 {
		t.Errorf("%d members, mail of %d, files of %d, %d directories, %d terminals", members, mail, files, directory, pcs)
	}
	last, programs := time.Time{}, 0
	for _, a := range truth.Acts {
		if a.To.After(last) {
			last = a.To
		}
		if strings.HasPrefix(a.Name, "an unknown program") {
			programs++
			if a.To.After(day(t, "2023-10-05 15:31")) {
				t.Errorf("%s: reaches its home until %v", a.Name, a.To)
			}
		}
	}
	if programs != 3 || last.Month() != time.October {
		t.Errorf("%d unknown programs; the last act is at %v", programs, last)
	}
}

// TestVPNZeroday2024 proves the negative that F117 asks for: the device was his for a while, and no line of any log has him, or
// the device, anywhere behind it.
func TestVPNZeroday2024(t *testing.T) {
	drill.WholeStory(t)
	t.Parallel()
	o := drill.Options{Name: "vpn-zeroday-2024", Accounts: 100, Without: without("fortigate", "fortigate-events", "slapd", "sshd", "windows", "smb", "signins", "audit")}
	his := hisAddresses(t, o)
	from, to := day(t, "2024-02-08 13:17"), day(t, "2024-02-08 17:12")
	stats := 0
	truth, _ := stream(t, o, false, func(l drill.Line) {
		text := string(l.Text)
		addressesIn(l.Text, his, func(ip string) {
			if l.Kind != "fortigate" && l.Kind != "fortigate-events" || strings.Contains(text, "tunnel-up") || strings.Contains(text, `logdesc="Admin login successful"`) {
				t.Errorf("%s: %s is behind the device: %s", l.Log, ip, text)
			}
		})
		if l.Kind == "fortigate" && strings.Contains(text, "srcip=172.16.5.1 ") {
			t.Errorf("the device itself goes inside: %s", text)
		}
		if l.Kind == "slapd" && strings.Contains(text, `BIND dn="cn=edge,`) && strings.Contains(text, "10.200.") {
			t.Errorf("the device's password is used elsewhere: %s", text)
		}
		if l.Time.After(from) && l.Time.Before(to) {
			if strings.Contains(text, `action="tunnel-up"`) && l.Time.After(day(t, "2024-02-08 15:14")) {
				t.Errorf("a tunnel while the portal is closed: %s", text)
			}
			stats += strings.Count(text, `action="perf-stats"`)
		}
	})
	if len(truth.Accounts) != 0 || len(truth.Exposure) != 0 || len(truth.Hosts) != 1 || truth.Hosts[0].Verdict != "compromised" {
		t.Errorf("accounts %v, exposure %v, hosts %v", truth.Accounts, truth.Exposure, truth.Hosts)
	}
	waves := 0
	for _, a := range truth.Acts {
		waves += strings.Count(a.Name, "wave:")
		if a.From.Before(day(t, "2024-01-01 00:00")) {
			t.Errorf("%s begins at %v", a.Name, a.From)
		}
	}
	if waves != 5 || stats < 44 {
		t.Errorf("%d waves; %d records of the device's health between entry and end", waves, stats)
	}
}

// TestMailAppliance2023 holds the mails at risk to the mails that the gateway's own log shows between the dates of F121, and the
// gateway's silence and replacement to the days that the notice gives.
func TestMailAppliance2023(t *testing.T) {
	drill.WholeStory(t)
	t.Parallel()
	hit, out, back := day(t, "2022-10-05 11:48"), day(t, "2023-06-14 18:00"), day(t, "2023-06-15 19:30")
	taken, after := int64(0), 0
	truth, _ := stream(t, drill.Options{Name: "mail-appliance-2023", Accounts: 100, Without: without("mail-gateway")}, false, func(l drill.Line) {
		switch {
		case l.Time.After(out.Add(20*time.Second)) && l.Time.Before(back):
			t.Errorf("the gateway tells of a mail while it stands still: %s", l.Text)
		case !l.Time.Before(back):
			after++
			if !bytes.Contains(l.Text, []byte(" mgw2 postfix/")) {
				t.Errorf("after the replacement the old box takes mail: %s", l.Text)
			}
		case bytes.Contains(l.Text, []byte(" message-id=<")) && !l.Time.Before(hit):
			taken++
		}
	})
	if len(truth.Exposure) != 1 || truth.Exposure[0].Class != "mail" || truth.Exposure[0].Level != "possible" {
		t.Fatalf("exposure %+v", truth.Exposure)
	}
	if n := truth.Exposure[0].Count; n < taken-8 || n > taken+8 || n < 100_000 { // a mail under way at a date may count on either side
		t.Errorf("%d mails at risk, the log shows %d", n, taken)
	}
	if after < 5000 || len(truth.Accounts) != 0 {
		t.Errorf("%d lines after the replacement; accounts %v", after, truth.Accounts)
	}
	if h := truth.Hosts[0]; h.Name != "mgw1" || h.Last.Before(day(t, "2023-06-18 00:00")) {
		t.Errorf("the old box is last heard at %v", h.Last)
	}
}
