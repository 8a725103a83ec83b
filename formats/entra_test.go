// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestEntraEnds holds the table of error codes to what the reference says of the ones that matter most.
func TestEntraEnds(t *testing.T) {
	for code, want := range map[int64]string{0: "success ", 50126: "failure bad-password", 50034: "failure no-such-account", 50053: "failure locked",
		50055: "failure expired", 50057: "failure disabled", 50074: "failure second-factor-needed", 50076: "failure second-factor-needed",
		50158: "failure second-factor-needed", 500121: "failure second-factor-failed", 53003: "failure denied", 53000: "failure denied",
		50140: "unknown ", 65001: "unknown ", 70044: "failure expired", 700016: "failure no-such-account", 123456: "failure other"} {
		end := entraEnd(code)
		if got := end.outcome.String() + " " + end.reason.String(); got != want {
			t.Errorf("code %d: %q, want %q", code, got, want)
		}
	}
}

// TestEntraForged tries to make a sign-in say another address, name or time than the service wrote.
func TestEntraForged(t *testing.T) {
	for _, agent := range []string{`x\",\"ipAddress\":\"192.0.2.66\",\"a\":\"`, `\u0022,\u0022ipAddress\u0022:\u0022192.0.2.66\u0022`, `{\"ipAddress\":\"192.0.2.66\"}`, `\\\",\"userPrincipalName\":\"b@x`} {
		rec := `{"createdDateTime":"2025-05-12T00:00:00Z","userPrincipalName":"a@hakusan-lab.example","userAgent":"` + agent + `","ipAddress":"198.51.100.7","appId":"a","status":{"errorCode":0,"additionalDetails":"` + agent + `"}}`
		p := entraSignIn.New(testEnv())
		var out event.Batch
		if err := p.Parse(&event.Record{Data: []byte(rec)}, &out); err != nil {
			t.Fatalf("%s: %v", rec, err)
		}
		if ev := &out.Events[0]; ev.SrcIP.String() != "198.51.100.7" || ev.Account != "a@hakusan-lab.example" {
			t.Errorf("%s: account %s from %s", agent, ev.Account, ev.SrcIP)
		}
	}
}

func TestTimeUTC(t *testing.T) {
	env := testEnv() // its zone is Tokyo: these times must not care
	for text, want := range map[string]string{
		"2025-05-12T00:41:07.1234567Z":      "2025-05-12T00:41:07.123456Z",
		"2023-07-26 22:58:30.983201900":     "2023-07-26T22:58:30.983201Z",
		"2025-05-12T00:41:07":               "2025-05-12T00:41:07Z",
		"2025-05-12T09:41:07+09:00":         "2025-05-12T00:41:07Z",
		"2025/03/12 7:22:01":                "2025-03-12T07:22:01Z",
		"3/12/2025 7:22:01 AM":              "2025-03-12T07:22:01Z",
		"3/12/2025, 12:22:01.5 AM":          "2025-03-12T00:22:01.5Z",
		"3/12/2025, 12:22:01\u202fPM":       "2025-03-12T12:22:01Z",
		"25/12/2025 23:59":                  "2025-12-25T23:59:00Z",
		"/Date(1718000000123)/":             "2024-06-10T06:13:20.123Z",
		"/Date(1718000000123+0900)/":        "2024-06-10T06:13:20.123Z",
		"2026-01-24T06:54:24.0000000Z ":     "2026-01-24T06:54:24Z",
		"2025-13-12T00:41:07":               "",
		"yesterday":                         "",
		"":                                  "",
		"2025-05-12T00:41:07Z and the rest": "",
		"/Date(99999999999999999)/":         "",
	} {
		got := ""
		if m, ok := env.timeUTC([]byte(text)); ok {
			got = m.Time().Format("2006-01-02T15:04:05.999999Z")
		}
		if got != want {
			t.Errorf("timeUTC(%q) = %q, want %q", text, got, want)
		}
	}
}

// BenchmarkParse/entra-signin reads Graph's records of some 0.8 kB, a thousand accounts and addresses among them.
func BenchmarkParseEntra(b *testing.B) {
	var recs [][]byte
	total := 0
	for i := range 4096 {
		rec := fmt.Sprintf(`{"id":"0b1c2d3e-%08x-4a4a-8b8b-111111111111","createdDateTime":"2025-05-12T%02d:%02d:%02d.1234567Z","userPrincipalName":"user%d@hakusan-lab.example","userId":"5e0c1d2f-%04d","appDisplayName":"Office 365 Exchange Online","ipAddress":"203.0.%d.%d","clientAppUsed":"Browser","userAgent":"Mozilla/5.0 (Windows NT 10.0; Win64; x64)","correlationId":"c0ffee00-%08x-4111-8222-333333333333","conditionalAccessStatus":"success","isInteractive":true,"riskState":"none","resourceDisplayName":"Office 365 Exchange Online","authenticationRequirement":"singleFactorAuthentication","status":{"errorCode":%d,"failureReason":"Other."},"deviceDetail":{"deviceId":"","operatingSystem":"Windows10","browser":"Chrome 124.0.0"},"location":{"city":"Tsukuba","state":"Ibaraki","countryOrRegion":"JP","geoCoordinates":{"latitude":36.08,"longitude":140.11}}}`,
			i, i/3600%24, i/60%60, i%60, i%1000, i%1000, i%7, i%250, i*77, []int{0, 50126, 50034}[i%3])
		recs = append(recs, []byte(rec))
		total += len(rec)
	}
	benchmarkRecords(b, &entraSignIn, recs, total)
}

func BenchmarkParseEntraCSV(b *testing.B) {
	recs := [][]byte{[]byte("Date (UTC),Request ID,User agent,Correlation ID,User ID,User,Username,Application,Resource,IP address,Location,Status,Sign-in error code,Failure reason,Client app,Browser,Operating System")}
	total := 0
	for i := range 4096 {
		rec := fmt.Sprintf(`2025-05-12T%02d:%02d:%02dZ,r-%d,"Mozilla/5.0 (X11, %s)",c-%d,u%d,Name,user%d@hakusan-lab.example,Office 365 Exchange Online,Office 365 Exchange Online,203.0.%d.%d,"Tsukuba, Ibaraki, JP",Failure,50126,Error validating credentials,IMAP4,Chrome 124,Windows10`,
			i/3600%24, i/60%60, i%60, i, strings.Repeat("x", 60), i, i%1000, i%1000, i%7, i%250)
		recs = append(recs, []byte(rec))
		total += len(rec)
	}
	benchmarkRecords(b, &entraSignInCSV, recs, total)
}

// benchmarkRecords reads the records again and again and reports records and bytes a second.
func benchmarkRecords(b *testing.B, f *Format, recs [][]byte, total int) {
	p := f.New(testEnv())
	var out event.Batch
	b.SetBytes(int64(total / len(recs)))
	b.ReportAllocs()
	b.ResetTimer()
	start := processTime()
	for i := range b.N {
		k := i % len(recs)
		if err := p.Parse(&event.Record{Part: event.Part{Line: int64(k + 1)}, Data: recs[k]}, &out); err != nil {
			b.Fatal(err, string(recs[k]))
		}
		if len(out.Events) == 1024 {
			out.Reset()
		}
	}
	spent := (processTime() - start).Seconds()
	b.ReportMetric(float64(b.N)/spent, "records/cpu-s")
	b.ReportMetric(float64(b.N)*float64(total)/float64(len(recs))/1e6/spent, "MB/cpu-s")
}
