// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package intake

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"github.com/sekisho/sekisho/event"
)

func slapdLines(size int) []byte {
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, "Oct %2d %02d:%02d:%02d ldap1 slapd[812]: conn=%d op=%d BIND dn=\"uid=user%04d,ou=people,dc=lab,dc=example\" method=128\n",
			1+i/86400%28, i/3600%24, i/60%60, i%60, i/7, i%7, i%8000)
	}
	return b.Bytes()
}

func signIns(size int, pretty bool) []byte {
	const one = `{"id":"%08x-66c1-4f2e-9d43-000000000000","createdDateTime":"2025-06-01T00:%02d:%02dZ","userPrincipalName":"user%04d@lab.example",` +
		`"appDisplayName":"Office 365 Exchange Online","ipAddress":"198.51.100.%d","clientAppUsed":"IMAP4","isInteractive":true,` +
		`"status":{"errorCode":50126,"failureReason":"Error validating credentials due to invalid username or password.","additionalDetails":null},` +
		`"deviceDetail":{"deviceId":"","displayName":"","operatingSystem":"Windows 10","browser":"Rich Client 4.0.0.0","isCompliant":false,"isManaged":false},` +
		`"location":{"city":"Tsukuba","state":"Ibaraki","countryOrRegion":"JP","geoCoordinates":{"altitude":null,"latitude":36.0835,"longitude":140.0764}},` +
		`"userAgent":"Mozilla\/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit\/537.36","appliedConditionalAccessPolicies":[]}`
	form := one + "\n"
	if pretty {
		form = strings.NewReplacer(`,"`, ",\n    \"", "{", "{\n  ", "}", "\n}").Replace(one) + ",\n"
	}
	var b bytes.Buffer
	for i := 0; b.Len() < size; i++ {
		fmt.Fprintf(&b, form, i, i/60%60, i%60, i%8000, i%256)
	}
	return b.Bytes()
}

func benchmark(b *testing.B, content []byte, framing event.Framing, o Options) {
	b.Helper()
	var buffers Buffers
	o.Buffers = &buffers
	s := source(b, content, o)
	run := func() {
		n := 0
		if err := s.Records(b.Context(), framing, func(r *event.Record) error { n += len(r.Data); return nil }); err != nil {
			b.Fatal(err)
		}
	}
	run()
	b.SetBytes(s.Stats().Bytes)
	b.ReportAllocs()
	for b.Loop() {
		run()
	}
	b.ReportMetric(float64(s.Stats().Records)*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkLines(b *testing.B) { benchmark(b, slapdLines(64<<20), event.FrameLines, Options{}) }
func BenchmarkLinesDigested(b *testing.B) {
	benchmark(b, slapdLines(64<<20), event.FrameLines, Options{Raw: sha256.New()})
}
func BenchmarkJSONLines(b *testing.B) {
	benchmark(b, signIns(64<<20, false), event.FrameJSON, Options{})
}
func BenchmarkJSONPretty(b *testing.B) {
	benchmark(b, signIns(64<<20, true), event.FrameJSON, Options{})
}
func BenchmarkJSONWrapper(b *testing.B) {
	in := bytes.ReplaceAll(signIns(64<<20, false), []byte("}\n{"), []byte("},{"))
	benchmark(b, append(append([]byte(`{"@odata.context":"x","value":[`), in...), "]}"...), event.FrameJSON, Options{})
}
func BenchmarkCSV(b *testing.B) {
	in := bytes.ReplaceAll(signIns(64<<20, false), []byte(`"`), []byte(`""`))
	in = bytes.ReplaceAll(in, []byte("\n"), []byte("\"\n2025-06-01,user,UserLoggedIn,\""))
	benchmark(b, append([]byte("CreationDate,UserIds,Operations,AuditData\n2025-06-01,user,UserLoggedIn,\""), in...), event.FrameCSV, Options{})
}
func BenchmarkGzip(b *testing.B) {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	io.Copy(w, bytes.NewReader(slapdLines(64<<20)))
	w.Close()
	benchmark(b, packed.Bytes(), event.FrameLines, Options{})
}
func BenchmarkZstd(b *testing.B) {
	var packed bytes.Buffer
	w, _ := zstd.NewWriter(&packed)
	io.Copy(w, bytes.NewReader(slapdLines(64<<20)))
	w.Close()
	benchmark(b, packed.Bytes(), event.FrameLines, Options{})
}
func BenchmarkScanStamps(b *testing.B) {
	in := slapdLines(64 << 20)
	s := source(b, in, Options{})
	b.SetBytes(int64(len(in)))
	for b.Loop() {
		if st, err := ScanStamps(b.Context(), s); err != nil || st.Stamped != st.Lines {
			b.Fatal(st, err)
		}
	}
}
