// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
	"go.yaml.in/yaml/v3"
)

// suiteOTRF reads the simulations of attacks of OTRF. Their records carry their own truth: the fields that Windows and Zeek wrote.
func suiteOTRF(t *testing.T) *suite {
	dir := peerFolder(t, "otrf-security-datasets")
	s := &suite{mark: 0.98, aside: map[string]string{},
		about: "Logs of simulated attacks, of [OTRF's Security-Datasets](https://github.com/OTRF/Security-Datasets): Windows events as NXLog and others write them in JSON, Linux audit records, Zeek's logs. " +
			"What is asked is what the records' own fields say, found by name: of a Windows logon (4624, 4625) the account, the address and the outcome, of a Zeek record with an originator the address, of each the time."}
	walkFiles(t, dir, ".zip", func(path string, data []byte) {
		z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		name, _ := filepath.Rel(dir, path)
		for _, in := range z.File {
			if strings.Contains(in.Name, "__MACOSX") || in.FileInfo().IsDir() {
				continue
			}
			r, err := in.Open()
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			_ = r.Close()
			if err != nil {
				t.Fatal(err)
			}
			f := suiteFile{path: filepath.ToSlash(name) + "/" + in.Name, service: "windows", formats: []string{"windows"}}
			switch {
			case strings.Contains(path, "zeek"):
				f.service, f.formats = "zeek", []string{"zeek"}
				switch in.Name {
				case "packet_filter.log", "loaded_scripts.log", "stats.log", "capture_loss.log", "reporter.log", "analyzer.log": // of Zeek itself
					f.noSniff = true
				}
			case strings.Contains(path, "linux"):
				f.service, f.formats = "auditd", []string{"auditd"}
			}
			for i, line := range strings.Split(strings.TrimRight(string(text), "\n"), "\n") {
				f.recs = append(f.recs, otrfSaid(i+1, strings.TrimRight(line, "\r"), f.service, in.Name))
			}
			s.files = append(s.files, f)
		}
	})
	return s
}

func otrfSaid(line int, rec, service, name string) said {
	one := said{line: line, rec: rec}
	var in map[string]any
	if json.Unmarshal([]byte(rec), &in) != nil {
		return one
	}
	text := func(key string) string { v, _ := in[key].(string); return v }
	switch service {
	case "windows":
		one.outcome = claimEvent
		one.time, _ = time.Parse(time.RFC3339Nano, text("TimeCreated"))
		// @timestamp alone is when the record was shipped, and EventTime has no zone: nothing is asked then.
		if id, _ := in["EventID"].(float64); (id == 4624 || id == 4625) && text("Channel") == "Security" {
			one.account = text("TargetUserName")
			if ip := strings.TrimPrefix(text("IpAddress"), "::ffff:"); ip != "-" {
				one.from = ip
			}
			if one.outcome = claimLogin; id == 4625 {
				one.outcome = claimFailedLogin
			}
		}
	case "zeek":
		if name != "conn.log" && name != "dns.log" && name != "ssl.log" && name != "http.log" && name != "kerberos.log" && name != "dce_rpc.log" {
			return one
		}
		if one.outcome = claimEvent; name == "kerberos.log" && in["request_type"] == nil {
			one.outcome = claimNoEventNeeded // Zeek saw no request
			return one
		}
		one.from = text("id.orig_h") + text("id_orig_h")
		if ts, ok := in["ts"].(float64); ok {
			one.time = time.UnixMicro(int64(ts * 1e6))
		} else {
			one.time, _ = time.Parse(time.RFC3339Nano, text("ts"))
		}
	}
	return one
}

// suiteDatadog reads the samples by which Datadog tests its pipelines, with the attributes that these must give.
func suiteDatadog(t *testing.T) *suite {
	peerFolder(t, "datadog-extras")
	s := &suite{mark: 0.98, aside: map[string]string{},
		about: "Samples with which Datadog tests its [log pipelines](https://github.com/DataDog/integrations-extras), and what these must give of them: account, address and moment. *other* asks for the name that was looked up."}
	for _, of := range []struct {
		name    string
		formats []string
	}{{"auth0", []string{"auth0"}}, {"bind9", []string{"bind-query"}}, {"ngrok", nil}} {
		var in struct {
			Tests []struct {
				Sample string
				Result struct {
					Custom    map[string]any
					Timestamp int64
				}
			}
		}
		if err := yaml.Unmarshal(peerFile(t, "datadog-extras/"+of.name+"/assets/logs/"+of.name+"_tests.yaml"), &in); err != nil {
			t.Fatal(err)
		}
		f := suiteFile{path: of.name + "_tests.yaml", service: of.name, formats: of.formats, each: true, noSniff: of.name == "bind9"}
		for i, test := range in.Tests {
			one := said{line: i + 1, rec: test.Sample, outcome: claimNoEventNeeded}
			if test.Result.Timestamp > 0 {
				one.time = time.UnixMilli(test.Result.Timestamp)
			}
			custom := test.Result.Custom
			switch of.name {
			case "auth0":
				one.outcome = claimEvent
				one.account, _ = pantherGet(custom, "data.user_name").(string)
				one.from, _ = pantherGet(custom, "data.ip").(string)
			case "bind9":
				if custom["event_type"] != "queries" {
					one.time = time.Time{}
					break
				}
				one.outcome = claimEvent
				one.from, _ = pantherGet(custom, "network.client.ip").(string)
				asked, _ := pantherGet(custom, "dns.question.name").(string)
				one.also = func(events []*event.Event) string {
					for _, ev := range events {
						if strings.TrimSuffix(ev.Object, ".") == asked {
							return ""
						}
					}
					return fmt.Sprintf("nobody asked for %s", asked)
				}
			}
			f.recs = append(f.recs, one)
		}
		s.files = append(s.files, f)
	}
	return s
}
