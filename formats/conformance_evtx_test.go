// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/evtx"
)

// suiteEvtxParser reads the event log files with which the evtx parser of O. Ben-Amram is tested. Of some records it keeps what evtx_dump
// must write; those are compared with what our reader writes, element by element.
func suiteEvtxParser(t *testing.T) *suite {
	dir := peerFolder(t, "evtx-parser-samples")
	s := &suite{mark: 0.98, aside: map[string]string{}}
	shots, held := evtxSnapshots(t, filepath.Join(dir, "tests", "snapshots"))
	total := len(shots)
	for _, path := range evtxFiles(t, dir) {
		name, _ := filepath.Rel(dir, path)
		f := evtxSuiteFile(t, path, filepath.ToSlash(name), "evtx")
		for i := range f.recs {
			rec := &f.recs[i]
			if strings.Contains(path, "bad_chunk_magic") {
				rec.outcome = claimNothing // a piece of memory: whole pages of it are gone
			}
			text, err := evtxText(rec)
			if err != nil {
				continue
			}
			ours := flatXML(text)
			id := evtxIdentity(ours)
			for k := range shots {
				if shot := shots[k]; shot.id == id {
					held[shot.name] = true
					rec.time = shot.time
					before := rec.also
					rec.also = func(events []*event.Event) string {
						if before != nil {
							if said := before(events); said != "" {
								return said
							}
						}
						if d := flatDifference(ours, shot.flat); d != "" {
							return shot.name + ": " + d
						}
						return ""
					}
				}
			}
		}
		s.files = append(s.files, f)
	}
	found := 0
	for _, ok := range held {
		if ok {
			found++
		}
	}
	s.about = fmt.Sprintf("Event log files (.evtx), among them dirty and damaged ones, by which the [evtx](https://github.com/omerbenamram/evtx) parser is tested. Of some records it keeps what evtx_dump writes in XML and JSON: "+
		"%d of its %d such snapshots are of files that are here, and *other* compares each, every element and attribute, with what the reader here writes in XML; *time* is theirs. Of the file with a bad chunk "+
		"magic, a piece of memory, nothing is asked but to survive it.", found, total)
	return s
}

// evtxSuiteFile makes records of an event log file, each of which must give an event.
func evtxSuiteFile(t *testing.T, path, name, service string) suiteFile {
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	f := suiteFile{path: name, service: service, formats: []string{"windows"}}
	evtxRecords(data, func(rec *event.Record) {
		f.recs = append(f.recs, said{line: len(f.recs) + 1, rec: string(rec.Data), around: rec.Around, within: rec.Within, offset: rec.Offset, outcome: claimEvent})
	})
	return f
}

func evtxText(rec *said) ([]byte, error) {
	var c evtx.Chunk
	c.Reset(rec.around)
	return c.AppendXML(nil, rec.within, rec.within+len(rec.rec))
}

type evtxSnapshot struct {
	name, id string
	time     time.Time
	flat     []string
}

// evtxSnapshots returns what evtx_dump must write of records.
func evtxSnapshots(t *testing.T, dir string) (shots []evtxSnapshot, held map[string]bool) {
	held = map[string]bool{}
	paths, _ := filepath.Glob(filepath.Join(dir, "test_record_samples__*.snap"))
	for _, path := range paths {
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		_, rest, _ := strings.Cut(strings.TrimPrefix(string(data), "---\n"), "\n---\n")
		shot := evtxSnapshot{name: strings.TrimSuffix(strings.TrimPrefix(filepath.Base(path), "test_record_samples__"), ".snap")}
		if strings.HasPrefix(rest, "{") {
			var v any
			if err := json.Unmarshal([]byte(rest), &v); err != nil {
				t.Fatalf("%s: %v", path, err)
			}
			flatJSON(&shot.flat, "", v)
			slices.Sort(shot.flat)
		} else {
			shot.flat = flatXML([]byte(rest))
		}
		shot.id = evtxIdentity(shot.flat)
		for _, s := range shot.flat {
			if v, ok := strings.CutPrefix(s, "/Event/System/TimeCreated@SystemTime="); ok {
				shot.time, _ = time.Parse(time.RFC3339Nano, v+"Z")
			}
		}
		shots, held[shot.name] = append(shots, shot), false
	}
	return shots, held
}

// evtxIdentity returns what tells a record from all others.
func evtxIdentity(flat []string) string {
	var id []string
	for _, s := range flat {
		for _, name := range []string{"/Event/System/EventRecordID=", "/Event/System/Channel=", "/Event/System/Computer=", "/Event/System/TimeCreated@SystemTime="} {
			if strings.HasPrefix(s, name) {
				id = append(id, s)
			}
		}
	}
	return strings.Join(id, " ")
}

// flatXML returns the texts and attributes of a document, each as path=value, sorted. A named Data is an element of that name.
func flatXML(data []byte) (flat []string) {
	d := xml.NewDecoder(strings.NewReader(string(data)))
	var path []string
	var text []string
	for {
		token, err := d.Token()
		if err != nil {
			if !errors.Is(err, io.EOF) {
				flat = append(flat, "broken: "+err.Error())
			}
			slices.Sort(flat)
			return flat
		}
		switch token := token.(type) {
		case xml.StartElement:
			name := token.Name.Local
			for _, a := range token.Attr {
				if name == "Data" && a.Name.Local == "Name" {
					name = a.Value
				}
			}
			path, text = append(path, name), append(text, "")
			for _, a := range token.Attr {
				if a.Name.Local != "xmlns" && a.Name.Space != "xmlns" && !(token.Name.Local == "Data" && a.Name.Local == "Name") {
					flatAdd(&flat, "/"+strings.Join(path, "/")+"@"+a.Name.Local, a.Value)
				}
			}
		case xml.CharData:
			if len(text) > 0 {
				text[len(text)-1] += string(token)
			}
		case xml.EndElement:
			flatAdd(&flat, "/"+strings.Join(path, "/"), text[len(text)-1])
			path, text = path[:len(path)-1], text[:len(text)-1]
		}
	}
}

var numbered = regexp.MustCompile(`_\d+$`)

// flatJSON does the same with the three ways in which evtx_dump writes JSON.
func flatJSON(flat *[]string, path string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for key, value := range v {
			owner, apart := strings.CutSuffix(key, "_attributes")
			switch {
			case key == "#attributes":
				flatAttributes(flat, path, value)
			case apart:
				flatAttributes(flat, path+"/"+owner, value)
			case key == "#text":
				flatJSON(flat, path, value)
			default:
				flatJSON(flat, path+"/"+numbered.ReplaceAllString(key, ""), value)
			}
		}
	case []any:
		for _, one := range v {
			flatJSON(flat, path, one)
		}
	case string:
		flatAdd(flat, path, v)
	case float64:
		flatAdd(flat, path, strconv.FormatFloat(v, 'f', -1, 64))
	case bool:
		flatAdd(flat, path, strconv.FormatBool(v))
	}
}

func flatAttributes(flat *[]string, path string, v any) {
	m, _ := v.(map[string]any)
	for key, value := range m {
		if key != "xmlns" {
			flatAdd(flat, path+"@"+key, fmt.Sprint(value))
		}
	}
}

// flatAdd adds a value as both sides would write it: nothing for what is empty, without the braces of a GUID, times without noughts behind.
func flatAdd(flat *[]string, path, value string) {
	value = strings.TrimSpace(value)
	if n := len(value); n == 38 && value[0] == '{' || n == 36 && strings.Count(value, "-") == 4 {
		value = strings.ToUpper(strings.Trim(value, "{}"))
	}
	if strings.HasSuffix(path, "SystemTime") {
		value = strings.TrimSuffix(value, "Z")
		if len(value) > 26 {
			value = value[:26]
		}
		value = strings.TrimRight(value, "0")
	}
	if value != "" {
		*flat = append(*flat, path+"="+value)
	}
}

func flatDifference(a, b []string) string {
	for i := range max(len(a), len(b)) {
		x, y := "nothing", "nothing"
		if i < len(a) {
			x = a[i]
		}
		if i < len(b) {
			y = b[i]
		}
		if x != y {
			path, _, _ := strings.Cut(y, "=")
			if testing.Verbose() {
				return fmt.Sprintf("at %s: %q is not %q", path, x, y)
			}
			return "otherwise at " + path
		}
	}
	return ""
}

var attackID = regexp.MustCompile(`(?:^|[_ ])(?:EID_)?(\d{3,5})`)

// suiteEvtxAttack reads event log files of attacks. Their names say little that can be held against an event: the numbers of the events
// in them.
func suiteEvtxAttack(t *testing.T) *suite {
	dir := peerFolder(t, "evtx-attack-samples")
	s := &suite{mark: 0.98, aside: map[string]string{},
		about: "Event log files (.evtx) recorded of attacks, of [EVTX-ATTACK-SAMPLES](https://github.com/sbousseaden/EVTX-ATTACK-SAMPLES). Each record must give an event at the time at which it was written, " +
			"within a second. Their truth is weak: where a file's name holds event numbers (of three digits and more), *other* asks that records of these numbers be read from it."}
	for _, path := range evtxFiles(t, dir) {
		name, _ := filepath.Rel(dir, path)
		f := evtxSuiteFile(t, path, filepath.ToSlash(name), strings.ToLower(strings.ReplaceAll(filepath.Dir(filepath.ToSlash(name)), " ", "-")))
		ids := map[int64]bool{}
		for _, m := range attackID.FindAllStringSubmatch(strings.TrimSuffix(filepath.Base(path), ".evtx"), -1) {
			n, _ := strconv.ParseInt(m[1], 10, 64)
			ids[n] = true
		}
		read := map[int64]bool{}
		for i := range f.recs {
			if text, err := evtxText(&f.recs[i]); err == nil {
				for _, s := range flatXML(text) {
					if v, ok := strings.CutPrefix(s, "/Event/System/EventID="); ok {
						n, _ := strconv.ParseInt(v, 10, 64)
						read[n] = true
						if ids[n] {
							delete(ids, n)
							f.recs[i].also = func(events []*event.Event) string {
								for _, ev := range events {
									if v, _ := ev.Get("event_id"); v.Num == n {
										return ""
									}
								}
								return fmt.Sprintf("no event %d", n)
							}
						}
					}
					if v, ok := strings.CutPrefix(s, "/Event/System/TimeCreated@SystemTime="); ok {
						f.recs[i].time, _ = time.Parse(time.RFC3339Nano, v+"Z")
					}
				}
			}
		}
		for n := range ids { // no record has that number
			if len(f.recs) > 0 && len(read) > 0 {
				f.recs[0].also = func([]*event.Event) string { return fmt.Sprintf("no record %d is read from it", n) }
			}
		}
		s.files = append(s.files, f)
	}
	return s
}
