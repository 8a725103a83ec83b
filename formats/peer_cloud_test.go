// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
	"go.yaml.in/yaml/v3"
)

// The suites of peers: records that nobody of this project wrote. What is asserted is that they are understood, and that
// what their own fields say plainly is what the events say.

// peerFolder returns ../shared/data/NAME beside the repository, or skips the test.
func peerFolder(t testing.TB, name string) string {
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			break
		}
		if filepath.Dir(dir) == dir {
			t.Skip("no go.mod above the test")
		}
		dir = filepath.Dir(dir)
	}
	path := filepath.Join(filepath.Dir(dir), "shared", "data", name)
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the suite %s is not here: %v", name, err)
	}
	return path
}

// tally reads records with one format and counts what came of them.
type tally struct {
	t      *testing.T
	format *Format
	parser Parser
	out    event.Batch
	line   int64

	records, taken int
	classes        map[string]int
	refused        map[string]string
	check          func(rec []byte, ev *event.Event)
}

func newTally(t *testing.T, f *Format) *tally {
	return &tally{t: t, format: f, parser: f.New(testEnv()), classes: map[string]int{}, refused: map[string]string{}}
}

func (y *tally) read(rec []byte) {
	y.line++
	y.records++
	if y.format.Sniff(rec) <= 0 {
		y.refused["not recognised"] = string(rec)
		return
	}
	y.out.Reset()
	err := y.parser.Parse(&event.Record{Part: event.Part{Line: y.line, Length: int64(len(rec))}, Data: rec}, &y.out)
	if err != nil {
		y.refused[err.Error()] = string(rec)
		return
	}
	y.taken++
	for i := range y.out.Events {
		ev := &y.out.Events[i]
		y.classes[ev.Class.String()+" "+ev.Activity.String()+" "+ev.Outcome.String()]++
		if y.check != nil {
			y.check(rec, ev)
		}
	}
}

// report logs the counts and fails below 98 percent understood.
func (y *tally) report() {
	y.t.Helper()
	y.t.Logf("%s: %d of %d records understood: %v", y.format.Name, y.taken, y.records, y.classes)
	for why, rec := range y.refused {
		y.t.Logf("%s: %.300s", why, rec)
	}
	if y.records == 0 || y.taken*100 < y.records*98 {
		y.t.Errorf("fewer than 98%% understood")
	}
}

func TestPeerSigmaRegression(t *testing.T) {
	y := newTally(t, &windows)
	y.check = func(rec []byte, ev *event.Event) {
		var in struct {
			Event struct {
				System struct{ Channel, Computer string }
			}
		}
		if json.Unmarshal(rec, &in) == nil && ev.DstHost != in.Event.System.Computer && ev.SrcHost != in.Event.System.Computer && ev.Class != event.ClassNetwork {
			t.Errorf("computer %s is nowhere in %s", in.Event.System.Computer, ev.AppendJSON(nil))
		}
	}
	walkFiles(t, peerFolder(t, "sigma-regression"), ".json", func(_ string, data []byte) {
		objs, err := objects(data)
		if err != nil { // some are cut off: the parser must say so, too
			return
		}
		for _, o := range objs {
			y.read(o)
		}
	})
	y.report()
}

func TestPeerOTRF(t *testing.T) {
	y := newTally(t, &windows)
	y.check = func(rec []byte, ev *event.Event) {
		if ev.Class != event.ClassAuthentication {
			return
		}
		var in struct{ TargetUserName, IpAddress, SubjectUserName string }
		if json.Unmarshal(rec, &in) != nil {
			return
		}
		name := ev.Account[strings.LastIndexByte(ev.Account, '\\')+1:]
		if in.TargetUserName != "" && in.TargetUserName != "-" && name != in.TargetUserName && name != in.SubjectUserName {
			t.Errorf("account %q of %.200s", ev.Account, rec)
		}
		if ip := strings.TrimPrefix(in.IpAddress, "::ffff:"); ip != "" && ip != "-" && ev.SrcIP.String() != ip {
			t.Errorf("address %s of %s", ev.SrcIP, in.IpAddress)
		}
	}
	walkFiles(t, peerFolder(t, "otrf-security-datasets"), ".zip", func(path string, data []byte) {
		if strings.Contains(path, "network") {
			return
		}
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		for _, f := range z.File {
			if !strings.HasSuffix(f.Name, ".json") || strings.Contains(f.Name, "__MACOSX") {
				continue
			}
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			lines := bufio.NewReaderSize(r, 1<<20)
			for {
				line, err := lines.ReadBytes('\n')
				if line = bytes.TrimSpace(line); len(line) > 0 {
					y.read(line)
				}
				if err == io.EOF {
					break
				}
				if err != nil {
					t.Fatal(err)
				}
			}
			_ = r.Close()
		}
	})
	y.report()
}

// TestPeerOTRFMessages reads logons whose fields were taken away: their text must give the same account and address.
func TestPeerOTRFMessages(t *testing.T) {
	compared := 0
	walkFiles(t, peerFolder(t, "otrf-security-datasets"), ".zip", func(path string, data []byte) {
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil || strings.Contains(path, "network") {
			return
		}
		for _, f := range z.File {
			if !strings.HasSuffix(f.Name, ".json") || strings.Contains(f.Name, "__MACOSX") {
				continue
			}
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			all, _ := io.ReadAll(r)
			_ = r.Close()
			for _, line := range bytes.Split(all, []byte("\n")) {
				compared += compareMessage(t, line)
			}
		}
	})
	t.Logf("%d events read from fields and from text alike", compared)
	if compared < 100 {
		t.Errorf("only %d compared", compared)
	}
}

func compareMessage(t *testing.T, line []byte) int {
	var in map[string]any
	if !bytes.Contains(line, []byte(`"EventID":4`)) && !bytes.Contains(line, []byte(`"EventID":51`)) || json.Unmarshal(line, &in) != nil {
		return 0
	}
	id, _ := in["EventID"].(float64)
	switch int(id) {
	case 4624, 4625, 4634, 4647, 4648, 4672, 4768, 4769, 4771, 4776, 5140, 5145, 5156, 4697, 4720, 4724, 4728, 4732:
	default:
		return 0
	}
	if in["Message"] == nil {
		return 0
	}
	bare := map[string]any{}
	for _, k := range []string{"EventID", "Channel", "Hostname", "SourceName", "TimeCreated", "EventTime", "@timestamp", "EventReceivedTime", "Message", "Keywords", "EventType"} {
		if v, ok := in[k]; ok {
			bare[k] = v
		}
	}
	short, _ := json.Marshal(bare)
	a, b := parseOne(t, line), parseOne(t, short)
	if a == nil || b == nil {
		return 0
	}
	for _, d := range [...][3]string{{"account", a.Account, b.Account}, {"target", a.Target, b.Target}, {"outcome", a.Outcome.String(), b.Outcome.String()},
		{"reason", a.Reason.String(), b.Reason.String()}, {"activity", a.Activity.String(), b.Activity.String()}, {"source", a.SrcIP.String(), b.SrcIP.String()}, {"destination", a.DstIP.String(), b.DstIP.String()}} {
		if d[1] != d[2] && int(id) != 4732 && int(id) != 4728 {
			t.Errorf("event %v: %s is %q by its fields and %q by its text: %.900s", id, d[0], d[1], d[2], in["Message"])
		}
	}
	return 1
}

func parseOne(t *testing.T, rec []byte) *event.Event {
	var out event.Batch
	if err := windows.New(testEnv()).Parse(&event.Record{Data: rec}, &out); err != nil || len(out.Events) != 1 {
		t.Errorf("%v: %.300s", err, rec)
		return nil
	}
	return &out.Events[0]
}

func TestPeerWazuhOffice365(t *testing.T) {
	data, err := os.ReadFile(filepath.Join(peerFolder(t, "wazuh-ruleset-tests"), "office365.ini"))
	if err != nil {
		t.Skip(err)
	}
	y := newTally(t, &m365Audit)
	for _, rec := range wazuhRecords(data) {
		y.read(rec)
	}
	y.report()
}

func TestPeerWazuhWindows(t *testing.T) {
	dir := peerFolder(t, "wazuh-ruleset-tests")
	y := newTally(t, &windows)
	for _, name := range []string{"win_security.ini", "win-generic_rules.ini", "sysmon.ini", "sysmon_eid_10.ini", "sysmon_eid_13.ini", "sysmon_eid_20.ini", "powershell.ini"} {
		data, err := os.ReadFile(filepath.Join(dir, name))
		if err != nil {
			continue
		}
		for _, rec := range wazuhRecords(data) {
			if json.Valid(rec) {
				y.read(rec)
			}
		}
	}
	y.report()
}

func wazuhRecords(data []byte) [][]byte {
	var recs [][]byte
	for _, line := range bytes.Split(data, []byte("\n")) {
		if _, rec, ok := bytes.Cut(line, []byte(" = ")); ok && bytes.HasPrefix(line, []byte("log ")) {
			if rec = bytes.TrimSpace(rec); len(rec) > 0 && rec[0] == '{' {
				recs = append(recs, rec)
			}
		}
	}
	return recs
}

// TestPeerPanther reads the records that Panther tests its rules with. Sign-ins that its rules call failed or successful by
// their code must be so here.
func TestPeerPanther(t *testing.T) {
	dir := peerFolder(t, "panther-analysis")
	entra, m365, win := newTally(t, &entraSignIn), newTally(t, &m365Audit), newTally(t, &windows)
	entra.check = func(rec []byte, ev *event.Event) {
		var in struct {
			Properties struct {
				IPAddress string `json:"ipAddress"`
				Status    *struct {
					ErrorCode int `json:"errorCode"`
				} `json:"status"`
			} `json:"properties"`
		}
		if json.Unmarshal(rec, &in) != nil || in.Properties.Status == nil {
			return
		}
		if (in.Properties.Status.ErrorCode == 0) != (ev.Outcome == event.OutcomeSuccess) || ev.SrcIP.String() != in.Properties.IPAddress {
			t.Errorf("%s of %.300s", ev.AppendJSON(nil), rec)
		}
	}
	walkFiles(t, dir, ".yml", func(path string, data []byte) {
		var rule struct {
			LogTypes []string `yaml:"LogTypes"`
			Tests    []struct {
				Log map[string]any `yaml:"Log"`
			} `yaml:"Tests"`
		}
		if yaml.Unmarshal(data, &rule) != nil {
			return
		}
		for _, test := range rule.Tests {
			rec, err := json.Marshal(test.Log)
			if err != nil || len(rule.LogTypes) == 0 {
				continue
			}
			category, _ := test.Log["category"].(string)
			switch {
			case rule.LogTypes[0] == "Azure.Audit" && strings.HasSuffix(category, "SignInLogs"):
				entra.read(rec)
			case strings.HasPrefix(rule.LogTypes[0], "Microsoft365.Audit"):
				m365.read(rec)
			case rule.LogTypes[0] == "Windows.EventLogs":
				win.read(rec)
			}
		}
	})
	entra.report()
	m365.report()
	win.report()
}

func walkFiles(t *testing.T, root, ext string, each func(path string, data []byte)) {
	t.Helper()
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ext {
			return err
		}
		data, err := os.ReadFile(path)
		if err == nil {
			each(path, data)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}
