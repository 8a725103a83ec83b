// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

const carriedSSH = "Failed password for root from 203.0.113.9 port 4022 ssh2"

// TestCarried reads one line of sshd, and others, as shippers bring them.
func TestCarried(t *testing.T) {
	for name, rec := range map[string]string{
		"journal":            `{"__REALTIME_TIMESTAMP":"1741000000123456","_HOSTNAME":"gate","SYSLOG_IDENTIFIER":"sshd","_PID":"812","PRIORITY":"6","MESSAGE":"` + carriedSSH + `","_COMM":"sshd"}`,
		"journal export":     "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1741000000123456\n_HOSTNAME=gate\nPRIORITY=6\nSYSLOG_IDENTIFIER=sshd\n_PID=812\nMESSAGE=" + carriedSSH + "\n",
		"journal of a value": "__CURSOR=s=1\n__REALTIME_TIMESTAMP=1741000000123456\n_HOSTNAME=gate\nSYSLOG_IDENTIFIER=sshd\nMESSAGE\n\x38\x00\x00\x00\x00\x00\x00\x00" + carriedSSH + "\nPRIORITY=6\n",
		"journal bytes": `{"__REALTIME_TIMESTAMP":"1741000000123456","_HOSTNAME":"gate","SYSLOG_IDENTIFIER":"sshd","MESSAGE":[` +
			strings.Trim(strings.ReplaceAll(fmt.Sprint([]byte(carriedSSH)), " ", ","), "[]") + `]}`,
		"filebeat":        `{"@timestamp":"2025-03-03T11:06:41.000Z","@metadata":{"beat":"filebeat"},"log":{"offset":9,"file":{"path":"/var/log/auth.log"}},"message":"Mar  3 20:06:40 gate sshd[812]: ` + carriedSSH + `","host":{"name":"gate"}}`,
		"filebeat parsed": `{"@timestamp":"2025-03-03T11:06:40.123456Z","host":{"hostname":"gate"},"process":{"name":"sshd","pid":812},"event":{"original":"` + carriedSSH + `"}}`,
		"logstash":        `{"@version":"1","@timestamp":"2025-03-03T11:06:40.123456Z","host":"gate","program":"sshd","pid":"812","message":"` + carriedSSH + `","type":"syslog"}`,
		"fluent-bit":      `{"date":1741000000.123456,"host":"gate","ident":"sshd","pid":"812","message":"` + carriedSSH + `"}`,
		"fluent-bit tail": `{"date":1741000000.123456,"log":"Mar  3 20:06:40 gate sshd[812]: ` + carriedSSH + `"}`,
		"rsyslog":         `{"timestamp":"2025-03-03T20:06:40.123456+09:00","host":"gate","severity":"info","syslogtag":"sshd[812]:","message":"` + carriedSSH + `"}`,
		"rsyslog msg":     `{"msg":" ` + carriedSSH + `","timereported":"2025-03-03T20:06:40.123456+09:00","hostname":"gate","programname":"sshd","procid":"812"}`,
		"syslog-ng":       `{"PROGRAM":"sshd","PID":"812","MESSAGE":"` + carriedSSH + `","HOST":"gate","ISODATE":"2025-03-03T20:06:40.123456+09:00"}`,
		"gelf":            `{"version":"1.1","host":"gate","short_message":"` + carriedSSH + `","timestamp":1741000000.123456,"level":6,"_application_name":"sshd","_process_id":812}`,
		"splunk":          `{"preview":false,"result":{"_raw":"Mar  3 20:06:40 gate sshd[812]: ` + carriedSSH + `","_time":"2025-03-03T20:06:40.000+09:00","host":"gate"}}`,
		"azure":           `{"TimeGenerated":"2025-03-03T11:06:40.123456Z","Computer":"gate","Facility":"authpriv","ProcessName":"sshd","ProcessID":812,"SyslogMessage":"` + carriedSSH + `"}`,
		"docker":          `{"log":"Mar  3 20:06:40 gate sshd[812]: ` + carriedSSH + `\n","stream":"stdout","time":"2025-03-03T11:06:40.123456789Z"}`,
		"docker bare":     `{"log":"sshd[812]: ` + carriedSSH + `\r\n","stream":"stderr","time":"2025-03-03T11:06:40.123456789Z"}`,
		"kubernetes":      `2025-03-03T11:06:40.123456789Z stdout F Mar  3 20:06:40 gate sshd[812]: ` + carriedSSH,
		"relay":           `<38>Mar  3 20:06:41 relay <38>Mar  3 20:06:40 gate sshd[812]: ` + carriedSSH,
		"kiwi":            "2025-03-03 20:06:41\tAuth.Info\tgate\tMar  3 20:06:40 gate sshd[812]: " + carriedSSH,
		"kiwi bare":       "2025-03-03 20:06:40\tAuth.Error\tgate\tsshd[812]: " + carriedSSH,
		"fluentd":         "2025-03-03T20:06:40+09:00\tsyslog.auth\t" + `{"host":"gate","ident":"sshd","pid":"812","message":"` + carriedSSH + `"}`,
		"octets":          "113 <38>1 2025-03-03T20:06:40+09:00 gate sshd 812 - - " + carriedSSH,
		"year first":      "2025 Mar  3 20:06:40 gate sshd[812]: " + carriedSSH,
		"chained":         "Mar  3 20:06:40 s_net@gate/relay1 sshd[812]: " + carriedSSH,
		"priority":        "Mar  3 20:06:40 gate <authpriv.info> sshd[812]: " + carriedSSH,
		"twice":           `{"log":"{\"@timestamp\":\"2025-03-03T11:06:40.123456Z\",\"message\":\"Mar  3 20:06:40 gate sshd[812]: ` + carriedSSH + `\"}\n","stream":"stdout","time":"2025-03-03T11:06:40.123456789Z"}`,
	} {
		t.Run(name, func(t *testing.T) {
			for pass := range 2 { // the second time it is known to be carried
				ev, f, err := readTwice(rec, pass+1)
				if err != nil {
					t.Fatal(err)
				}
				if f != "openssh" || ev.Account != "root" || ev.SrcIP.String() != "203.0.113.9" || ev.Outcome != event.OutcomeFailure {
					t.Errorf("%s: %s", f, ev.AppendJSON(nil))
				}
				if got := ev.Time.Time().Format("2006-01-02T15:04:05"); got != "2025-03-03T11:06:40" {
					t.Errorf("time %s", got)
				}
				if ev.DstHost != "gate" && !strings.HasPrefix(name, "docker bare") {
					t.Errorf("host %q", ev.DstHost)
				}
				if ev.Ref.Line != int64(pass+1) || ev.Ref.Length != int64(len(rec)) {
					t.Errorf("the way back leads to %+v", ev.Ref)
				}
			}
			all := All()
			if g := Recognise(all, [][]byte{[]byte(rec)}); len(g) == 0 || g[0].Format.Name != "openssh" {
				t.Errorf("recognised as %v", g)
			}
		})
	}
}

// readTwice reads the record n times and returns the last event.
func readTwice(text string, n int) (*event.Event, string, error) {
	all := All()
	order := make([]*Format, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	r := NewReader(order, testEnv())
	var out event.Batch
	for i := range n {
		out.Reset()
		rec := event.Record{Part: event.Part{Line: int64(i + 1), Length: int64(len(text))}, Data: []byte(text)}
		if err := r.Read(&rec, &out); err != nil {
			return nil, "", err
		}
	}
	if len(out.Events) != 1 {
		return nil, "", fmt.Errorf("%d events", len(out.Events))
	}
	return &out.Events[0], r.Last().Name, nil
}

// TestNotCarried holds against text that only looks like a line: what a program says is a message.
func TestNotCarried(t *testing.T) {
	for _, rec := range []string{
		"Mar  3 20:06:40 gate app[1]: Mar  3 20:06:40 gate sshd[812]: " + carriedSSH,
		"Mar  3 20:06:40 gate app: <38>Mar  3 20:06:40 gate sshd[812]: " + carriedSSH,
		`{"__REALTIME_TIMESTAMP":"1741000000123456","_HOSTNAME":"gate","SYSLOG_IDENTIFIER":"app: x sshd","MESSAGE":"` + carriedSSH + `"}`,
		`{"user":"x","comment":"Mar  3 20:06:40 gate sshd[812]: ` + carriedSSH + `","time":"2025-03-03T11:06:40Z"}`,
	} {
		if ev, f, err := readTwice(rec, 1); err == nil && f == "openssh" {
			t.Errorf("%s\nread as %s", rec, ev.AppendJSON(nil))
		}
	}
}

// TestPieces joins what a container's runtime has split, of each of the two streams by itself.
func TestPieces(t *testing.T) {
	all := All()
	order := make([]*Format, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	r := NewReader(order, testEnv())
	r.SetInput(3)
	var out event.Batch
	for i, text := range []string{
		`2025-03-03T11:06:40.1Z stdout F Mar  3 20:06:39 gate sshd[811]: Failed password for taro from 203.0.113.8 port 4021 ssh2`,
		`2025-03-03T11:06:40.2Z stdout P Mar  3 20:06:40 gate sshd[812]: Failed pass`,
		`2025-03-03T11:06:40.2Z stderr P Mar  3 20:06:40 gate sshd[900]: Failed password for ro`,
		`2025-03-03T11:06:40.2Z stdout P word for root from 203.0`,
		`2025-03-03T11:06:40.2Z stderr F ot from 203.0.113.10 port 1 ssh2`,
		`2025-03-03T11:06:40.3Z stdout F .113.9 port 4022 ssh2`,
		`2025-03-03T11:06:40.4Z stdout F Mar  3 20:06:41 gate sshd[813]: Failed password for jiro from 203.0.113.11 port 4023 ssh2`,
		`2025-03-03T11:06:40.4Z stdout P Mar  3 20:06:42 gate sshd[814]: Failed password for saburo from 203.0.113.12 port 4023 ssh2`,
	} {
		if i == 7 {
			r.SetInput(4)
		}
		rec := event.Record{Part: event.Part{Line: int64(i + 1), Length: int64(len(text))}, Data: []byte(text)}
		if err := r.Read(&rec, &out); err != nil {
			t.Errorf("line %d: %v", i+1, err)
		}
	}
	r.Flush(&out)
	var got []string
	for i := range out.Events {
		ev := &out.Events[i]
		lines := ""
		for _, part := range ev.Ref.Parts() {
			lines += fmt.Sprint(" ", part.Line)
		}
		got = append(got, ev.Account+" "+ev.SrcIP.String()+lines)
	}
	want := []string{"taro 203.0.113.8 1", "root 203.0.113.10 3 5", "root 203.0.113.9 2 4 6", "jiro 203.0.113.11 7", "saburo 203.0.113.12 8"}
	if strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("read %q, want %q", got, want)
	}
	// A line that never ends is held to a bound.
	long := []byte("2025-03-03T11:06:40.2Z stdout P " + strings.Repeat("x", 16<<10))
	for i := range 200 {
		rec := event.Record{Part: event.Part{Line: int64(i + 9), Length: int64(len(long))}, Data: long}
		_ = r.Read(&rec, &out)
	}
	if n := len(r.pieces.held[0].line); n > maxPieced {
		t.Errorf("%d bytes are held", n)
	}
}

// TestCarriedYear takes the year from the shipper where the line has none.
func TestCarriedYear(t *testing.T) {
	for when, want := range map[string]string{"2019-01-01T00:00:02Z": "2018-12-31", "2019-12-31T23:59:59Z": "2019-12-31"} {
		ev, _, err := readTwice(`{"@timestamp":"`+when+`","message":"Dec 31 23:59:58 gate sshd[812]: `+carriedSSH+`","agent":{"type":"filebeat"}}`, 1)
		if err != nil {
			t.Fatal(err)
		}
		if got := ev.Time.Add(9 * 3600e9).Time().Format("2006-01-02"); got != want {
			t.Errorf("%s: %s, want %s", when, got, want)
		}
	}
}
