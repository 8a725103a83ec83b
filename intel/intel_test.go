// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intel

import (
	"fmt"
	"io"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

func readText(t testing.TB, s *Set, src Source, text string) *List {
	t.Helper()
	l, err := s.Read(src, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func readSample(t testing.TB, s *Set, name string) *List {
	t.Helper()
	path := filepath.Join("testdata", name)
	l, err := s.Read(Source{Path: path}, func() (io.ReadCloser, error) { return os.Open(path) })
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// told writes in a line each what lists say of an event.
func told(hits []event.Listed) string {
	var out []string
	for _, h := range hits {
		text := fmt.Sprintf("%s %s %s", h.Kind, h.Value, h.Severity)
		if h.Below {
			text += " below"
		}
		if h.Wider {
			text += " wider"
		}
		if h.Anon {
			text += " anon"
		}
		if h.Shared {
			text += " shared"
		}
		out = append(out, text)
	}
	return strings.Join(out, "; ")
}

func at(s string) event.Micros {
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		panic(err)
	}
	return event.Of(t)
}

func from(day, ip string) *event.Event {
	return &event.Event{Time: at(day), Class: event.ClassAuthentication, SrcIP: netip.MustParseAddr(ip)}
}

func asked(t *testing.T, l *Looker, e *event.Event, want string) {
	t.Helper()
	if got := told(l.Look(e)); got != want {
		t.Errorf("%s %s %s %s: %q, want %q", e.SrcIP, e.DstIP, e.DstHost, e.Object, got, want)
	}
}

func left(l *List) string {
	var out []string
	for _, r := range l.LeftOut {
		out = append(out, fmt.Sprintf("%d %s", r.N, r.Why))
	}
	return strings.Join(out, "; ")
}

func TestSTIX(t *testing.T) {
	s := New()
	l := readSample(t, s, "stix.json")
	s.Finish()
	if l.Format != "stix" || l.Indicators != 11 {
		t.Errorf("format %s, %d indicators, left out: %s", l.Format, l.Indicators, left(l))
	}
	const want = "1 a pattern of yara; 1 an observable that no indicator stands for; 1 called benign; 1 neither an address, a network, a domain, a URL, a hash nor a mail address; " +
		"1 observations that must all be made; 1 several things that must be seen together; 1 taken back by its author (revoked); 1 the comparison LIKE; 1 the path windows-registry-key:key"
	if got := left(l); got != want {
		t.Errorf("left out\n%s, want\n%s", got, want)
	}
	k := s.NewLooker()
	asked(t, k, from("2025-05-10", "203.0.113.7"), "address 203.0.113.7 high")
	asked(t, k, from("2025-04-30", "203.0.113.7"), "")
	asked(t, k, from("2025-06-01", "203.0.113.7"), "")
	if k.Outside[0] != 2 {
		t.Errorf("%d outside of their time", k.Outside[0])
	}
	asked(t, k, from("2025-05-10", "203.0.113.8"), "") // revoked later in the same bundle
	asked(t, k, from("2025-05-10", "198.51.100.77"), "network 198.51.100.64/26 low")
	asked(t, k, from("2025-05-10", "2001:db8:7::1"), "address 2001:db8:7::1 medium wider")
	asked(t, k, &event.Event{Time: at("2025-05-10"), Class: event.ClassDNS, Object: "a.b.C2.example A"}, "domain c2.example medium below")
	asked(t, k, &event.Event{Time: at("2025-05-10"), Class: event.ClassDNS, Object: "notc2.example"}, "")
	asked(t, k, &event.Event{Time: at("2025-05-10"), Class: event.ClassHTTP, DstHost: "files.example", Object: "/stage/two.bin?k=1"}, "url files.example/stage/two.bin?k=1 medium")
	hash := event.Event{Time: at("2025-05-10"), Class: event.ClassProcess, Rest: []event.Field{event.Text("Hashes", "MD5=00112233445566778899AABBCCDDEEFF,SHA256="+strings.Repeat("AB", 32))}}
	asked(t, k, &hash, "hash 00112233445566778899aabbccddeeff medium; hash "+strings.Repeat("ab", 32)+" medium")
	mail := event.Event{Time: at("2025-05-10"), Class: event.ClassMail, Rest: []event.Field{event.Text("sender", "Soumu <Soumu@Mail.example>")}}
	asked(t, k, &mail, "mail soumu@mail.example medium")
	asked(t, k, from("2025-05-10", "192.0.2.99"), "address 192.0.2.99 medium anon")
}

func TestPattern(t *testing.T) {
	for pattern, want := range map[string]string{
		"[ipv4-addr:value = '203.0.113.7']":                                                                 "1",
		"[ipv4-addr:value='203.0.113.7' OR domain-name:value IN ('a.example', 'b.example')]":                "3",
		"([ipv4-addr:value = '203.0.113.7'] OR [url:value = 'http://a.example/x'])":                         "2",
		"[file:hashes.'SHA-256' = '" + strings.Repeat("a1", 32) + "' AND file:name = 'it\\'s.exe']":         "1 wider",
		"[file:hashes.MD5 = '" + strings.Repeat("a1", 16) + "' AND file:hashes.'SSDEEP' = '3:x:y']":         "1 wider",
		"[ipv4-addr:value = '203.0.113.7'] WITHIN 300 SECONDS":                                              "1 wider",
		"[ipv4-addr:value = '203.0.113.7'] START t'2025-05-01T00:00:00Z' STOP t'2025-06-01T00:00:00Z'":      "1 2025-05-01",
		"[network-traffic:dst_ref.type = 'ipv4-addr' AND network-traffic:dst_ref.value = '203.0.113.7/32']": "1 wider",
		"[ipv4-addr:value = '203.0.113.7'] FOLLOWEDBY [url:value = 'http://a.example/']":                    "0: observations that must all be made",
		"[ipv4-addr:value = '203.0.113.7' AND domain-name:value = 'a.example']":                             "0: " + together,
		"[NOT ipv4-addr:value = '203.0.113.7']":                                                             "error",
		"[ipv4-addr:value NOT = '203.0.113.7']":                                                             "0: the comparison NOT =",
		"[ipv4-addr:value ISSUBSET '198.51.100.0/24']":                                                      "1",
		"[windows-registry-key:values[*].name = 'x']":                                                       "0: the path windows-registry-key:values[*].name",
		"[ipv4-addr:value = '10.0.0.1":                                                                      "error",
		"":                                                                                                  "error",
		"[ipv4-addr:value = '203.0.113.7'] and more":                                                        "error",
		strings.Repeat("(", 100000):                                                                         "error",
		"[(" + strings.Repeat("(", 40) + "a:b = 'c'" + strings.Repeat(")", 40) + ")]":                       "error",
	} {
		p, err := parsePattern(pattern)
		got := fmt.Sprint(len(p.obs))
		if p.wider {
			got += " wider"
		}
		if !p.from.IsZero() {
			got += " " + p.from.Format(time.DateOnly)
		}
		if len(p.leftOut) > 0 {
			got += ": " + strings.Join(p.leftOut, ", ")
		}
		if err != nil {
			got = "error"
		}
		if got != want {
			t.Errorf("%.90s: %s, want %s", pattern, got, want)
		}
	}
}

func TestMISP(t *testing.T) {
	s := New()
	l := readSample(t, s, "misp.json")
	s.Finish()
	if l.Format != "misp" || l.Indicators != 7 {
		t.Errorf("format %s, %d indicators, left out: %s", l.Format, l.Indicators, left(l))
	}
	const want = "1 an attribute of the type ssdeep; 1 deleted; 1 first_seen or last_seen is no time; 1 not meant for detection (to_ids is false)"
	if got := left(l); got != want {
		t.Errorf("left out\n%s, want\n%s", got, want)
	}
	k := s.NewLooker()
	asked(t, k, from("2025-05-10", "203.0.113.20"), "address 203.0.113.20 high")
	asked(t, k, from("2025-05-10", "203.0.113.21"), "") // to_ids is false
	asked(t, k, from("2025-05-10", "203.0.113.99"), "") // of a related event
	asked(t, k, from("2025-05-10", "203.0.113.22"), "address 203.0.113.22 high wider")
	asked(t, k, from("2025-07-10", "203.0.113.22"), "")
	hits := k.Look(from("2025-05-10", "203.0.113.20"))
	if hits[0].Label != "OSINT - credential phishing of universities" || hits[0].Name != "misp.json" {
		t.Errorf("label %q of %q", hits[0].Label, hits[0].Name)
	}
	asked(t, k, &event.Event{Time: at("2025-05-10"), Class: event.ClassNetwork, DstIP: netip.MustParseAddr("203.0.113.30"), DstHost: "www.login.example"},
		"address 203.0.113.30 low; domain login.example low below")
}

func TestTable(t *testing.T) {
	s := New()
	l := readText(t, s, Source{Path: "c2.csv"}, `# exported 2025-05-01
"first_seen","ioc_value","ioc_type","valid_from","valid_until","confidence_level","malware_printable"
"2025-05-01","203.0.113.7:443","ip:port","2025-05-01","2025-05-31","90","Example RAT, version 2"
"2025-05-01","evil[.]example","domain","","","40",""
"2025-05-01","not a value","domain","","","40",""
"2025-05-01","203.0.113.9","ip","yesterday","","40",""
`)
	m := readText(t, s, Source{Path: "notice.csv", Zone: time.FixedZone("JST", 9*3600)}, "対象日,接続元IPアドレス,備考\r\n2025/05/10,198.51.100.1,ログイン試行\r\n2025/05/11,198.51.100.1-198.51.100.6,\r\n,0.0.0.0/0,全部\r\n")
	s.Finish()
	if l.Format != "csv" || l.Indicators != 2 || left(l) != "1 its time cannot be read; 1 neither an address, a network, a domain, a URL, a hash nor a mail address" {
		t.Errorf("%s %d: %s", l.Format, l.Indicators, left(l))
	}
	if m.Indicators != 5 || left(m) != "1 a network so wide that it says nothing of an address" || m.Samples[0].Line != 4 {
		t.Errorf("%d: %s %v", m.Indicators, left(m), m.Samples)
	}
	k := s.NewLooker()
	asked(t, k, from("2025-05-31", "203.0.113.7"), "address 203.0.113.7 high")
	asked(t, k, from("2025-06-01", "203.0.113.7"), "")
	asked(t, k, &event.Event{Time: at("2025-06-01"), Class: event.ClassNetwork, DstHost: "EVIL.example."}, "domain evil.example medium")
	night := from("2025-05-09", "198.51.100.1")
	night.Time = night.Time.Add(15 * time.Hour) // the day of the notice is one in Japan
	asked(t, k, night, "address 198.51.100.1 medium")
	night.Time = night.Time.Add(-time.Second)
	asked(t, k, night, "")
	noon := from("2025-05-11", "198.51.100.5")
	asked(t, k, noon, "network 198.51.100.4/31 medium")
}

func TestPlain(t *testing.T) {
	s := New()
	l := readText(t, s, Source{Path: "list.txt"}, strings.Join([]string{
		"# comment", "203.0.113.7 # brute force", "203[.]0[.]113[.]8", "198.51.100.0/24;a network", "hxxps://bad[.]example/a/b", "0.0.0.0 ads.example", "bad@mail.example",
		"00112233445566778899aabbccddeeff  dropper.exe", "co.jp", "localhost", "AS64500", "0.0.0.0/0", "127.0.0.1", "8.8.8.8", "github.com", "::ffff:192.0.2.5", "x", "203.0.113.100-203.0.113.103",
		"00112233445566778899aabbccddeeff,5b1b2c3d-0000-4000-8000-000000000001", "\x1b[31mevil\x1b[0m",
	}, "\n"))
	s.Finish()
	if l.Indicators != 11 {
		t.Errorf("%d indicators; %s", l.Indicators, left(l))
	}
	const want = "2 a name without a dot; 1 a domain below which anybody may have a name; 1 a hash of a value, as MISP keeps them for its feeds; " +
		"1 a network so wide that it says nothing of an address; 1 neither an address, a network, a domain, a URL, a hash nor a mail address; 1 nobody's address (unspecified, loopback or multicast); 1 the number of a network (AS): addresses are compared, not who announces them"
	if got := left(l); got != want {
		t.Errorf("left out\n%s, want\n%s", got, want)
	}
	for _, p := range l.Samples {
		if strings.ContainsRune(p.Text, 0x1b) {
			t.Errorf("a sample speaks to the terminal: %q", p.Text)
		}
	}
	k := s.NewLooker()
	asked(t, k, from("2025-05-10", "203.0.113.7"), "address 203.0.113.7 medium")
	asked(t, k, from("2025-05-10", "203.0.113.102"), "network 203.0.113.100/30 medium")
	asked(t, k, from("2025-05-10", "192.0.2.5"), "address 192.0.2.5 medium")
	asked(t, k, from("2025-05-10", "8.8.8.8"), "address 8.8.8.8 medium shared")
	asked(t, k, &event.Event{Time: at("2025-05-10"), Class: event.ClassHTTP, Object: "https://bad.example:443/a/b#c"}, "url bad.example/a/b medium")
	asked(t, k, &event.Event{Time: at("2025-05-10"), Class: event.ClassHTTP, Object: "http://user@bad.example/a/b"}, "url bad.example/a/b medium")
	asked(t, k, &event.Event{Time: at("2025-05-10"), Class: event.ClassHTTP, Object: "/?q=http://bad.example/a/b", DstHost: "www.example"}, "") // what a visitor wrote into a query
	asked(t, k, &event.Event{Time: at("2025-05-10"), Class: event.ClassMail, Account: "x", Target: "<BAD@mail.example>"}, "mail bad@mail.example medium")
}

func TestTorDays(t *testing.T) {
	s := New()
	l := readText(t, s, Source{Path: "exits"}, "@type tor-exit-list 1.0\nDownloaded 2025-05-01 02:02:00\nExitNode 00\nPublished 2025-04-30 20:00:00\nLastStatus 2025-05-01 01:00:00\nExitAddress 203.0.113.7 2025-05-01 01:02:03\n"+
		"Downloaded 2025-05-02 02:02:00\nExitAddress 203.0.113.7 2025-05-02 01:02:03\nDownloaded 2025-05-09 02:02:00\nExitAddress 203.0.113.7 2025-05-09 01:02:03\n")
	s.Finish()
	if l.Format != "tor" || len(l.LeftOut) != 0 || s.Len() != 2 {
		t.Errorf("%s, left out %s, %d periods", l.Format, left(l), s.Len())
	}
	k := s.NewLooker()
	for day, want := range map[string]string{"2025-04-30": "", "2025-05-01": "address 203.0.113.7 low anon", "2025-05-02": "address 203.0.113.7 low anon", "2025-05-03": "", "2025-05-09": "address 203.0.113.7 low anon"} {
		asked(t, k, from(day, "203.0.113.7"), want)
	}
}

func TestRefused(t *testing.T) {
	for text, want := range map[string]string{
		`{"name":"List of known IPv4 public DNS resolvers","version":1,"list":["8.8.8.8"],"matching_attributes":["ip-src"]}`: "warninglist",
		"\xff\xfei\x00p\x00": "UTF-16",
		"MZ\x00\x00":         "no text",
		`{"5b1b2c3d-0000-4000-8000-000000000001":{"Orgc":{"name":"x"},"info":"y","timestamp":1}}`: "table of contents",
	} {
		s := New()
		_, err := s.Read(Source{Path: "x"}, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.30q: %v", text, err)
		}
		s.Finish()
	}
}

// TestOtherJSON reads rows of objects, one to a line or in an array, and arrays of values.
func TestOtherJSON(t *testing.T) {
	for _, text := range []string{`["203.0.113.7","evil.example"]`, `[{"ip":"203.0.113.7","confidence":80},{"domain":"evil.example"}]`, "{\"ip\":\"203.0.113.7\"}\n{\"domain\":\"evil.example\"}\n",
		`{"type":"indicator","pattern_type":"stix","pattern":"[ipv4-addr:value = '203.0.113.7' OR domain-name:value = 'evil.example']"}`} {
		s := New()
		l := readText(t, s, Source{Path: "x.json"}, text)
		if l.Indicators != 2 {
			t.Errorf("%s: %d, %s", text, l.Indicators, left(l))
		}
	}
}

// TestHostile holds that broken and hostile files end, and are told.
func TestHostile(t *testing.T) {
	for _, text := range []string{"{", "[", "}", "]]]]", `{"objects":[{"type":"indicator","pattern":"[`, `{"objects":[` + strings.Repeat("[", 100000), `{"objects":[{"a":"` + strings.Repeat("x", 3<<20) + `"}]}`,
		`{"Event":{"Attribute":[` + strings.Repeat(`{"type":1},`, 1000) + `]}}`, strings.Repeat("\"", 1001), strings.Repeat("x", 1<<20), "{\"objects\":[1,2,,,]}", "[}", `{"objects":{"objects":[]}}`, `[1,{"Event":[[[{}]]]}`} {
		s := New()
		s.Read(Source{Path: "x"}, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
		s.Finish()
		if s.Len() != 0 {
			t.Errorf("%.40q: %d indicators", text, s.Len())
		}
		s.NewLooker().Look(from("2025-05-10", "203.0.113.7"))
	}
}

// TestOneValueManyTimes holds that a value listed for a million moments does not make every question slow.
func TestOneValueManyTimes(t *testing.T) {
	s := New()
	r := s.add(Source{Name: "x"})
	o, _ := addressOf("203.0.113.7")
	for i := range 1_000_000 {
		r.take(o, about{from: period(1 + 10*i), until: period(2 + 10*i)})
	}
	s.Finish()
	if s.Len() > mostPeriods {
		t.Errorf("%d periods", s.Len())
	}
}

func FuzzRead(f *testing.F) {
	for _, name := range []string{"stix.json", "misp.json"} {
		b, err := os.ReadFile(filepath.Join("testdata", name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(string(b))
	}
	f.Add("ip,valid_from\n203.0.113.7,2025-05-01\n")
	f.Add("203.0.113.0-203.0.113.255\n")
	f.Add("ExitAddress 203.0.113.7 2025-05-01 01:02:03\n")
	f.Fuzz(func(t *testing.T, text string) {
		s := New()
		s.Read(Source{Path: "x"}, func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(text)), nil })
		s.Finish()
		e := from("2025-05-10", "203.0.113.7")
		e.Class, e.Object, e.DstHost = event.ClassHTTP, text, text
		s.NewLooker().Look(e)
		parsePattern(text)
	})
}
