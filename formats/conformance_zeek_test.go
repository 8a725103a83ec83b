// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"encoding/json"
	"net/netip"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// zeekSample stands for the times that Zeek's baselines have blanked out.
const zeekSample = "1747010467.000000"

// suiteZeek reads the logs that Zeek's own tests must write. Their header is the truth of what stands where; who and from where are
// compared with what a plain reader of the columns finds. Fragments without a header are not Zeek's logs and are left out.
func suiteZeek(t *testing.T) *suite {
	s := &suite{mark: 0.98, aside: map[string]string{
		"core.ppp/conn.log:10":                   "its time is nought",
		"core.pcap.filter-warning/notice.log:10": "its time is nought",
	},
		about: "Logs that the tests of [Zeek](https://zeek.org) expect Zeek to write (testing/btest/Baseline), in the tab-separated form. Times, which they blank out, are put in again. " +
			"What is asked is that every row is understood, and that address, port, account and time are those of its columns. Files without a header line are left out."}
	dir := peerFolder(t, "zeek-btest-baseline")
	walkFiles(t, dir, ".log", func(path string, data []byte) {
		if f := zeekFile(dir, path, bytes.ReplaceAll(data, []byte("XXXXXXXXXX.XXXXXX"), []byte(zeekSample))); f != nil {
			s.files = append(s.files, *f)
		}
	})
	return s
}

// suiteStratosphere reads the logs of malware and scans that Stratosphere's detector is tested with.
func suiteStratosphere(t *testing.T) *suite {
	s := &suite{mark: 0.98, aside: map[string]string{},
		about: "Zeek and Argus logs of malware and of scans from the tests of [Stratosphere](https://www.stratosphereips.org)'s Slips. Asked is what a plain reader of columns and members finds: address, port and time."}
	dir := peerFolder(t, "stratosphere")
	for _, ext := range []string{".log", ".binetflow"} {
		walkFiles(t, dir, ext, func(path string, data []byte) {
			if f := zeekFile(dir, path, data); f != nil {
				s.files = append(s.files, *f)
			}
		})
	}
	return s
}

// zeekFile makes a file of rows with what their columns say; nil if it has no header and is not JSON.
func zeekFile(dir, path string, data []byte) *suiteFile {
	rel, _ := filepath.Rel(dir, path)
	base, _, _ := strings.Cut(filepath.Base(path), ".")
	f := &suiteFile{path: filepath.ToSlash(rel), service: base, formats: []string{"zeek"}}
	if strings.HasSuffix(path, ".binetflow") {
		f.service, f.formats = "argus", []string{"netflow"}
	}
	var fields []string
	known := false
	for i, line := range strings.Split(strings.TrimSuffix(string(data), "\n"), "\n") {
		rec := said{line: i + 1, rec: line}
		switch {
		case strings.HasPrefix(line, "#fields\t"):
			fields, known = strings.Split(line, "\t")[1:], true
		case strings.HasPrefix(line, "{"):
			known = known || strings.Contains(line, `"ts":`)
			zeekSaidJSON(line, &rec)
		case fields != nil && !strings.HasPrefix(line, "#"):
			zeekSaid(base, fields, strings.Split(line, "\t"), &rec)
		case f.service == "argus":
			known = true
			if c := strings.Split(line, "\t"); len(c) > 8 && i > 0 {
				rec.outcome = claimNoEventNeeded
				if a, err := netip.ParseAddr(c[3]); err == nil && strings.TrimSpace(c[5]) != "<-" {
					rec.from, rec.outcome = a.String(), claimEvent
					rec.time, _ = time.Parse("2006/01/02 15:04:05.999999", c[0])
				}
			}
		}
		f.recs = append(f.recs, rec)
	}
	if !known || !f.zeekTimed(fields) {
		return nil
	}
	return f
}

// zeekTimed says whether a log has times: lists of loaded scripts and logs made up by tests have none.
func (f *suiteFile) zeekTimed(fields []string) bool {
	if fields == nil {
		return true
	}
	for _, name := range fields {
		if name == "ts" {
			return true
		}
	}
	return false
}

func zeekSaid(log string, fields, cells []string, rec *said) {
	if len(cells) != len(fields) {
		return
	}
	rec.outcome = claimNoEventNeeded
	at := map[string]string{}
	for i, name := range fields {
		if cells[i] != "-" && cells[i] != "(empty)" {
			at[name] = cells[i]
		}
	}
	zeekAsk(log, at, rec)
}

func zeekSaidJSON(line string, rec *said) {
	var in map[string]any
	if json.Unmarshal([]byte(line), &in) != nil {
		return
	}
	rec.outcome = claimNoEventNeeded
	at := map[string]string{}
	for k, v := range in {
		switch v := v.(type) {
		case string:
			at[k] = v
		case float64:
			at[k] = strconv.FormatFloat(v, 'f', 6, 64)
			if v == float64(int64(v)) && k != "ts" {
				at[k] = strconv.FormatInt(int64(v), 10)
			}
		}
	}
	zeekAsk("", at, rec)
}

// zeekAsk asks for address, ports and time of the logs that become one event a row.
func zeekAsk(log string, at map[string]string, rec *said) {
	if at["conn_state"] == "" && log != "dns" && log != "http" && log != "ssl" && log != "smtp" && log != "smb_files" {
		return
	}
	if strings.Contains(log, "ssh") || at["id.orig_h"] == "" || at["ts"] == "" {
		return
	}
	if ts, err := strconv.ParseFloat(at["ts"], 64); err == nil && ts > 0 {
		rec.time = time.UnixMicro(int64(ts*1e6 + 0.5)).UTC()
	}
	if a, err := netip.ParseAddr(at["id.orig_h"]); err == nil {
		rec.from = a.String()
	}
	rec.outcome = claimEvent
	port, dst, dport := at["id.orig_p"], at["id.resp_h"], at["id.resp_p"]
	rec.also = func(events []*event.Event) string {
		for _, ev := range events {
			if strconv.Itoa(int(ev.SrcPort)) == port && ev.DstIP.String() == netip.MustParseAddr(dst).Unmap().WithZone("").String() && strconv.Itoa(int(ev.DstPort)) == dport {
				return ""
			}
		}
		return "ports " + port + " and " + dport + ", destination " + dst
	}
}
