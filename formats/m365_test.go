// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestM365Forged puts into a subject, a rule and a user agent what would be other members if it were not text.
func TestM365Forged(t *testing.T) {
	evil := `x\",\"ClientIP\":\"192.0.2.66\",\"UserId\":\"b@example.net\"`
	rec := `{"CreationTime":"2025-05-12T01:00:00","Id":"i","Operation":"Send","Workload":"Exchange","RecordType":2,"UserId":"a@hakusan-lab.example","ClientIP":"198.51.100.7","ClientInfoString":"` + evil +
		`","Item":{"Subject":"` + evil + `","Id":"inner","ClientIP":"192.0.2.67","UserId":"c@example.net"},"ResultStatus":"Succeeded"}`
	for _, text := range []string{rec, `{"CreationDate":"2025-05-12T01:00:00","Operations":"Send","AuditData":"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(rec) + `"}`} {
		var out event.Batch
		if err := m365Audit.New(testEnv()).Parse(&event.Record{Data: []byte(text)}, &out); err != nil {
			t.Fatal(err, text)
		}
		ev := &out.Events[0]
		id, _ := ev.Get("id")
		if ev.SrcIP.String() != "198.51.100.7" || ev.Account != "a@hakusan-lab.example" || id.Text != "i" {
			t.Errorf("%s", ev.AppendJSON(nil))
		}
	}
}

// TestM365AsOne reads the same record as JSON, as AuditData in JSON and as AuditData in CSV: the events are alike.
func TestM365AsOne(t *testing.T) {
	rec := `{"CreationTime":"2025-05-12T01:00:00","Id":"i","Operation":"FileDownloaded","OrganizationId":"o","RecordType":6,"Workload":"SharePoint","UserId":"a@hakusan-lab.example","ClientIP":"[2001:db8::7]:443","ObjectId":"https://x/\"a\"/契約.xlsx","UserAgent":"A\\B","FileSizeBytes":7}`
	asText := strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(rec)
	asCell := strings.ReplaceAll(rec, `"`, `""`)
	var first []byte
	for _, recs := range [][]string{{rec}, {`{"RecordType":"SharePointFileOperation","CreationDate":"\/Date(1747011600000)\/","UserIds":"a","Operations":"FileDownloaded","AuditData":"` + asText + `"}`},
		{"RecordId,CreationDate,RecordType,Operation,UserId,AuditData", `i,2025-05-12T01:00:00Z,6,FileDownloaded,a@hakusan-lab.example,"` + asCell + `"`}} {
		p := m365Audit.New(testEnv())
		var out event.Batch
		for _, r := range recs {
			if err := p.Parse(&event.Record{Data: []byte(r)}, &out); err != nil {
				t.Fatal(err, r)
			}
		}
		got := out.Events[0].AppendJSON(nil)
		if first == nil {
			first = got
		} else if !bytes.Equal(first, got) {
			t.Errorf("%s\n%s", first, got)
		}
	}
}

// TestM365Deep: a list nested beyond any bound is refused, not followed.
func TestM365Deep(t *testing.T) {
	rec := `{"CreationTime":"2025-05-12T01:00:00","Operation":"Send","Workload":"Exchange","Folders":` + strings.Repeat(`[{"a":`, 100000) + `1` + strings.Repeat(`}]`, 100000) + `}`
	var out event.Batch
	if err := m365Audit.New(testEnv()).Parse(&event.Record{Data: []byte(rec)}, &out); err != ErrBroken {
		t.Errorf("%v", err)
	}
}

func BenchmarkParseM365(b *testing.B) {
	var recs [][]byte
	total := 0
	for i := range 4096 {
		rec := fmt.Sprintf(`{"CreationTime":"2025-05-12T%02d:%02d:%02d","Id":"aaaa0000-0000-4000-8000-%012d","Operation":"MailItemsAccessed","OrganizationId":"7a7a7a7a-0000-4000-8000-000000000000","RecordType":50,"ResultStatus":"Succeeded","UserKey":"1003BFFD%08d","UserType":0,"Version":1,"Workload":"Exchange","UserId":"user%d@hakusan-lab.example","ClientIPAddress":"203.0.%d.%d","ClientInfoString":"Client=OWA;Action=ViaProxy","LogonType":0,"MailboxOwnerUPN":"user%d@hakusan-lab.example","SessionId":"00c0ffee-%012d","OperationProperties":[{"Name":"MailAccessType","Value":"Bind"},{"Name":"IsThrottled","Value":"False"}],"Folders":[{"FolderItems":[{"InternetMessageId":"<a%d@hakusan-lab.example>","SizeInBytes":12034}],"Id":"LgAA","Path":"\\Inbox"}],"OperationCount":1}`,
			i/3600%24, i/60%60, i%60, i, i%1000, i%1000, i%7, i%250, i%1000, i, i)
		recs = append(recs, []byte(rec))
		total += len(rec)
	}
	benchmarkRecords(b, &m365Audit, recs, total)
}
