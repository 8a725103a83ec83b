// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill_test

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/drill"
)

// winRecord is what the tests look at of a Windows event, as an independent reader sees it.
type winRecord struct {
	Timestamp time.Time `json:"@timestamp"`
	Event     struct{ Created time.Time }
	Winlog    struct {
		Computer string            `json:"computer_name"`
		Channel  string            `json:"channel"`
		ID       string            `json:"event_id"`
		Record   int64             `json:"record_id"`
		Data     map[string]string `json:"event_data"`
	}
}

func ofDomain(f drill.File) bool {
	return f.Kind == "domain" || f.Kind == "endpoints" || f.Kind == "windows" && strings.HasSuffix(f.Path, ".gz")
}

// windowsOf returns the events of a drill's Windows domain, file by file.
func windowsOf(t *testing.T, dir string, truth *drill.Truth) []winRecord {
	t.Helper()
	var out []winRecord
	for _, f := range truth.Files {
		if !ofDomain(f) {
			continue
		}
		for i, line := range records(t, dir, f) {
			var r winRecord
			if err := json.Unmarshal(line, &r); err != nil {
				t.Fatalf("%s:%d: %v: %s", f.Path, i+1, err, line)
			}
			out = append(out, r)
		}
	}
	return out
}

// understood lets the project's own parsers read the domain's files, the firewall's and the old file server's, and counts the
// events of each kind of log, class, activity and outcome.
func understood(t *testing.T, dir string, truth *drill.Truth) map[string]int {
	t.Helper()
	counts := map[string]int{}
	for _, f := range truth.Files {
		if !ofDomain(f) && f.Kind != "fortigate" && f.Kind != "smb" {
			continue
		}
		for _, e := range readBack(t, dir, f, truth.Start.Year()) {
			counts[f.Kind+" "+e.Class.String()+" "+e.Activity.String()+" "+e.Outcome.String()]++
		}
	}
	return counts
}

// TestDomainLife checks an ordinary month of the Windows domain: every line is understood, what looks bad and is not is there,
// and each log of each host numbers its records in the order in which they were written.
func TestDomainLife(t *testing.T) {
	drill.WholeStory(t)
	dir, truth := made(t, drill.Options{Name: "ransomware-subsidiary-2023", Quiet: true, Accounts: 100, Days: 45})
	counts := understood(t, dir, truth)
	for what, least := range map[string]int{
		"domain authentication logon success": 2000, "domain authentication logon failure": 40, "domain authentication ticket success": 1500,
		"windows file read success": 2000, "windows file write success": 2000, "windows file delete success": 2000, "windows remote-session logon success": 50, "windows entity-change create success": 5,
		"endpoints process start success": 800, "endpoints authentication logon failure": 10, "endpoints entity-change create success": 20, "smb file rename success": 1000,
	} {
		if counts[what] < least {
			t.Errorf("%d of %q, want %d at least", counts[what], what, least)
		}
	}
	last, odd, seen := map[string]winRecord{}, 0, map[string]int{}
	near := []string{"PSEXESVC", "PDQDeployRunner", "robocopy", "vssadmin  delete", "code-tunnel.exe", "WindowsSandbox.exe", "nltest", "-ExecutionPolicy Bypass"}
	for _, r := range windowsOf(t, dir, truth) {
		log := r.Winlog.Computer + " " + r.Winlog.Channel
		if before, ok := last[log]; ok && (r.Winlog.Record != before.Winlog.Record+1 || r.Timestamp.Before(before.Timestamp)) {
			t.Fatalf("%s: record %d at %v after %d at %v", log, r.Winlog.Record, r.Timestamp, before.Winlog.Record, before.Timestamp)
		}
		last[log] = r
		if wait := r.Event.Created.Sub(r.Timestamp); wait < 0 || wait > time.Minute {
			odd++ // a clock that is off
		}
		seen[r.Winlog.ID]++
		for _, what := range near {
			if strings.Contains(r.Winlog.Data["CommandLine"]+r.Winlog.Data["ServiceName"]+r.Winlog.Data["TaskContent"], what) {
				seen[what]++
			}
		}
	}
	for _, what := range append(near, "4624", "4625", "4634", "4648", "4672", "4768", "4769", "4771", "4776", "5140", "5145", "4688", "4697", "7045", "4698", "4723", "4728", "1149", "21", "24", "5861", "4104") {
		if seen[what] == 0 {
			t.Errorf("no %s in an ordinary month", what)
		}
	}
	if odd == 0 {
		t.Error("no clock is off")
	}
	pcs := 0
	for log := range last {
		pcs += strings.Count(log, " Security") * strings.Count(log[:3], "pc-")
	}
	if pcs < 10 || pcs > 80 {
		t.Errorf("%d PCs forward their events, want some tens", pcs)
	}
}

// twins makes a drill and its quiet twin, checks that the twin has none of the words and addresses that only the intruder
// leaves, and that the domain's ordinary life is the same in both but for record numbers.
func twins(t *testing.T, o drill.Options, words ...string) (string, *drill.Truth) {
	t.Helper()
	dir, truth := made(t, o)
	o.Quiet = true
	quiet, none := made(t, o)
	if none.Verdict != "clear" || len(none.Acts)+len(none.Accounts)+len(none.Addresses) > 0 {
		t.Errorf("the quiet twin's truth: %+v", none)
	}
	for _, a := range truth.Addresses {
		words = append(words, a.IP)
	}
	loud := map[string]int{}
	for _, f := range truth.Files {
		if ofDomain(f) {
			for _, line := range records(t, dir, f) {
				loud[unnumbered(line)]++
			}
		}
	}
	lost := 0
	for _, f := range none.Files {
		for i, line := range records(t, quiet, f) {
			for _, w := range words {
				if at := bytes.Index(line, []byte(w)); at >= 0 && (at+len(w) == len(line) || line[at+len(w)] < '0' || line[at+len(w)] > '9') {
					t.Fatalf("%s:%d: the quiet twin has %q: %s", f.Path, i+1, w, line)
				}
			}
			if ofDomain(f) {
				key := unnumbered(line)
				if loud[key]--; loud[key] < 0 {
					lost++
				}
			}
		}
	}
	if lost > 0 {
		t.Errorf("%d lines of the domain's ordinary life are missing in the drill with the attack", lost)
	}
	return dir, truth
}

// unnumbered is a line without its record number.
func unnumbered(line []byte) string {
	before, after, _ := bytes.Cut(line, []byte(`"record_id":`))
	return string(before) + string(after[min(9, len(after)):])
}

// act returns the act of that name.
func act(t *testing.T, truth *drill.Truth, name string) drill.Act {
	t.Helper()
	i := slices.IndexFunc(truth.Acts, func(a drill.Act) bool { return a.Name == name })
	if i < 0 {
		t.Fatalf("there is no act %q", name)
	}
	return truth.Acts[i]
}

func unseen(truth *drill.Truth) (names []string) {
	for _, a := range truth.Acts {
		if len(a.Logs) == 0 {
			names = append(names, a.Name)
		}
	}
	return names
}

// TestMirrorFace checks the cast and the traces of the story of document 003, pressed to six weeks.
func TestMirrorFace(t *testing.T) {
	drill.WholeStory(t)
	dir, truth := twins(t, drill.Options{Name: "mirrorface", Accounts: 100, Days: 42}, "ScnCfg", `Libraries\\code.exe`, "update.wsb", "cdn-jcat.example", "csvde")
	understood(t, dir, truth)
	if got := unseen(truth); len(got) != 2 {
		t.Errorf("in no log: %q; want the stealer and what ran in the sandbox", got)
	}
	causes := map[string]int{}
	for _, a := range truth.Accounts {
		causes[a.Cause]++
	}
	if causes["phishing"] != 2 || causes["stolen-file"] < 2 || len(truth.Addresses) != 8 {
		t.Errorf("accounts by cause %v, %d addresses; want 2 by phishing, some of a file, 8", causes, len(truth.Addresses))
	}
	if f := truth.Found; f == nil || len(f.Addresses) != 1 || f.Time.Before(act(t, truth, "the PC's log emptied").From) {
		t.Errorf("what was known at first: %+v", f)
	}
	opened := act(t, truth, "the document is opened")
	if len(opened.Accounts) != 2 || len(opened.Hosts) != 2 || !slices.Contains(opened.Logs, "endpoints") {
		t.Errorf("opened: %+v", opened)
	}
	chain := map[string]bool{}
	for _, r := range windowsOf(t, dir, truth) {
		parent, image := r.Winlog.Data["ParentProcessName"], r.Winlog.Data["NewProcessName"]
		for _, link := range [][2]string{{"OUTLOOK.EXE", "msedge.exe"}, {"explorer.exe", "WINWORD.EXE"}, {"WmiPrvSE.exe", "explorer.exe"}, {"explorer.exe", "ScnCfg32.exe"}, {"ScnCfg32.exe", "cmd.exe"}, {"ScnCfg32.exe", "code.exe"}, {"svchost.exe", "WindowsSandbox.exe"}} {
			if strings.HasSuffix(parent, link[0]) && strings.HasSuffix(image, link[1]) {
				chain[link[1]] = true
			}
		}
		if r.Winlog.ID == "1102" {
			chain["1102"] = true
		}
	}
	if len(chain) != 8 {
		t.Errorf("of the chain of programs there are only %v", chain)
	}
	for _, h := range truth.Hosts {
		if h.Name == "fs2" && h.Verdict != "reached" {
			t.Errorf("%+v", h)
		}
	}
}

// TestRansomware checks the story of document 004's ransomware: in through the subsidiary, at the end thousands of files within
// minutes, and nothing in any log of where he came from.
func TestRansomware(t *testing.T) {
	drill.WholeStory(t)
	dir, truth := twins(t, drill.Options{Name: "ransomware-subsidiary-2023", Accounts: 100, Days: 42}, ".hkslock", "HOW_TO_RESTORE", "svc-veeam2", "ntdsutil", "delete catalog", "DisableRealtimeMonitoring")
	understood(t, dir, truth)
	if got := unseen(truth); len(got) != 1 {
		t.Errorf("in no log: %q; want the reading of the subsidiary's server alone", got)
	}
	dark := 0
	for _, a := range truth.Addresses {
		if len(a.Logs) == 0 {
			dark++
		}
	}
	if len(truth.Addresses) != 3 || dark != 2 {
		t.Errorf("%d addresses, %d of them in no log; want 3 and the 2 that he called the VPN from", len(truth.Addresses), dark)
	}
	if f := truth.Found; f == nil || len(f.Accounts) != 1 || f.Time.Before(act(t, truth, "shares encrypted").To) {
		t.Errorf("what was known at first: %+v", f)
	}
	locked, first, last := 0, time.Time{}, time.Time{}
	for _, r := range windowsOf(t, dir, truth) {
		if r.Winlog.ID == "5145" && strings.HasSuffix(r.Winlog.Data["RelativeTargetName"], ".hkslock") {
			if locked++; first.IsZero() {
				first = r.Timestamp
			}
			last = r.Timestamp
		}
	}
	if locked < 1800 || last.Sub(first) > 20*time.Minute {
		t.Errorf("%d files encrypted in %v, want thousands within minutes", locked, last.Sub(first))
	}
	order := []string{"passwords tried at the subsidiary's VPN", "an old account lets him in at the subsidiary's VPN", "the subsidiary's server entered", "the head office scanned through the tunnel",
		"servers of the head office entered as an administrator", "the domain's database copied on a controller", "a little sent out", "virus protection turned off by PsExec", "backups and shadow copies deleted", "event logs emptied", "shares encrypted"}
	for i := 1; i < len(order); i++ {
		if before, after := act(t, truth, order[i-1]), act(t, truth, order[i]); !before.From.Before(after.From) {
			t.Errorf("%q at %v is not before %q at %v", order[i-1], before.From, order[i], after.From)
		}
	}
	if e := act(t, truth, "shares encrypted"); !slices.Contains(e.Logs, "smb") || !slices.Contains(e.Logs, "windows") || len(e.Hosts) != 3 {
		t.Errorf("%+v", e)
	}
}
