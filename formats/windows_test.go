// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"os"
	"regexp"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// failedLogon is one 4625 as each exporter writes it.
var failedLogon = map[string]string{
	"evtx_dump":                      `{"Event":{"#attributes":{"xmlns":"http://schemas.microsoft.com/win/2004/08/events/event"},"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-Security-Auditing","Guid":"54849625-5478-4994-A5BA-3E3B0328C30D"}},"EventID":4625,"Version":0,"Level":0,"Task":12544,"Opcode":0,"Keywords":"0x8010000000000000","TimeCreated":{"#attributes":{"SystemTime":"2025-06-10T12:18:06.100000Z"}},"EventRecordID":77001,"Correlation":{"#attributes":{"ActivityID":"X"}},"Execution":{"#attributes":{"ProcessID":704,"ThreadID":5588}},"Channel":"Security","Computer":"files1.hakusan-lab.example","Security":null},"EventData":{"SubjectUserSid":"S-1-0-0","SubjectUserName":"-","SubjectDomainName":"-","SubjectLogonId":"0x0","TargetUserSid":"S-1-0-0","TargetUserName":"taro.sato","TargetDomainName":"HAKUSAN","Status":"0xc000006d","FailureReason":"%%2313","SubStatus":"0xc000006a","LogonType":3,"LogonProcessName":"NtLmSsp ","AuthenticationPackageName":"NTLM","WorkstationName":"KALI","TransmittedServices":"-","LmPackageName":"-","KeyLength":0,"ProcessId":"0x0","ProcessName":"-","IpAddress":"198.51.100.23","IpPort":"50421"}}}`,
	"evtx_dump, separate attributes": `{"Event_attributes":{"xmlns":"x"},"Event":{"System":{"Provider_attributes":{"Name":"Microsoft-Windows-Security-Auditing","Guid":"g"},"EventID_attributes":{"Qualifiers":0},"EventID":4625,"Keywords":"0x8010000000000000","TimeCreated_attributes":{"SystemTime":"2025-06-10T12:18:06.100000Z"},"EventRecordID":77001,"Channel":"Security","Computer":"files1.hakusan-lab.example"},"EventData":{"TargetUserName":"taro.sato","TargetDomainName":"HAKUSAN","Status":"0xc000006d","SubStatus":"0xc000006a","LogonType":3,"WorkstationName":"KALI","IpAddress":"198.51.100.23","IpPort":"50421"}}}`,
	"python-evtx":                    `{"Event":{"@xmlns":"x","System":{"Provider":{"@Name":"Microsoft-Windows-Security-Auditing","@Guid":"{54849625}"},"EventID":{"@Qualifiers":"","#text":"4625"},"Keywords":"0x8010000000000000","TimeCreated":{"@SystemTime":"2025-06-10 12:18:06.100000+00:00"},"EventRecordID":"77001","Channel":"Security","Computer":"files1.hakusan-lab.example","Security":{"@UserID":""}},"EventData":{"Data":[{"@Name":"TargetUserName","#text":"taro.sato"},{"@Name":"TargetDomainName","#text":"HAKUSAN"},{"@Name":"Status","#text":"0xc000006d"},{"@Name":"SubStatus","#text":"0xc000006a"},{"@Name":"LogonType","#text":"3"},{"@Name":"WorkstationName","#text":"KALI"},{"@Name":"IpAddress","#text":"198.51.100.23"},{"@Name":"IpPort","#text":"50421"},{"@Name":"ProcessName"}]}}}`,
	"Velociraptor":                   `{"System":{"Provider":{"Name":"Microsoft-Windows-Security-Auditing","Guid":"x"},"EventID":{"Value":4625},"Keywords":9227875636482146304,"TimeCreated":{"SystemTime":1749557886.1},"EventRecordID":77001,"Channel":"Security","Computer":"files1.hakusan-lab.example","Security":{}},"EventData":{"TargetUserName":"taro.sato","TargetDomainName":"HAKUSAN","Status":3221225581,"SubStatus":3221225578,"LogonType":3,"WorkstationName":"KALI","IpAddress":"198.51.100.23","IpPort":"50421"},"Message":"An account failed to log on."}`,
	"Winlogbeat 7":                   `{"@timestamp":"2025-06-10T12:18:06.100Z","host":{"name":"collector"},"event":{"code":4625,"kind":"event","provider":"Microsoft-Windows-Security-Auditing","outcome":"failure","action":"logon-failed","created":"2025-06-10T12:18:07.9Z"},"winlog":{"provider_guid":"{54849625}","record_id":77001,"computer_name":"files1.hakusan-lab.example","channel":"Security","event_id":4625,"provider_name":"Microsoft-Windows-Security-Auditing","keywords":["Audit Failure"],"event_data":{"TargetUserName":"taro.sato","TargetDomainName":"HAKUSAN","Status":"0xc000006d","SubStatus":"0xc000006a","LogonType":"3","WorkstationName":"KALI","IpAddress":"198.51.100.23","IpPort":"50421","SubjectUserName":"-"},"process":{"pid":704,"thread":{"id":1}},"opcode":"Info","api":"wineventlog"},"user":{"name":"x"},"source":{"ip":"198.51.100.23","port":50421},"message":"An account failed to log on.\n\nSubject:\n\tAccount Name:\t\t-","ecs":{"version":"1.12.0"},"agent":{"type":"winlogbeat"}}`,
	"Winlogbeat 8":                   `{"@timestamp":"2025-06-10T12:18:06.100Z","winlog":{"record_id":"77001","computer_name":"files1.hakusan-lab.example","channel":"Security","event_id":"4625","provider_name":"Microsoft-Windows-Security-Auditing","event_data":{"TargetUserName":"taro.sato","TargetDomainName":"HAKUSAN","Status":"0xc000006d","SubStatus":"0xc000006a","LogonType":"3","WorkstationName":"KALI","IpAddress":"198.51.100.23","IpPort":"50421"}},"event":{"outcome":"failure","code":"4625"}}`,
	"Winlogbeat 6":                   `{"@timestamp":"2025-06-10T12:18:06.100Z","type":"wineventlog","event_id":4625,"computer_name":"files1.hakusan-lab.example","log_name":"Security","source_name":"Microsoft-Windows-Security-Auditing","record_number":"77001","event_data":{"TargetUserName":"taro.sato","TargetDomainName":"HAKUSAN","Status":"0xc000006d","SubStatus":"0xc000006a","LogonType":"3","WorkstationName":"KALI","IpAddress":"198.51.100.23","IpPort":"50421"},"keywords":["Audit Failure"],"level":"Information","message":"x"}`,
	"Elasticsearch":                  `{"_index":"winlogbeat-7","_id":"a","_score":1,"_source":{"@timestamp":"2025-06-10T12:18:06.100Z","winlog":{"record_id":77001,"computer_name":"files1.hakusan-lab.example","channel":"Security","event_id":4625,"provider_name":"Microsoft-Windows-Security-Auditing","event_data":{"TargetUserName":"taro.sato","TargetDomainName":"HAKUSAN","Status":"0xc000006d","SubStatus":"0xc000006a","LogonType":"3","WorkstationName":"KALI","IpAddress":"198.51.100.23","IpPort":"50421"}}}}`,
	"Get-WinEvent, PowerShell 5":     `{"Message":"アカウントがログオンに失敗しました。","Id":4625,"Version":0,"Qualifiers":null,"Level":0,"Task":12544,"Opcode":0,"Keywords":-9218868437227405312,"RecordId":77001,"ProviderName":"Microsoft-Windows-Security-Auditing","ProviderId":"54849625-5478-4994-a5ba-3e3b0328c30d","LogName":"Security","ProcessId":704,"ThreadId":5588,"MachineName":"files1.hakusan-lab.example","UserId":null,"TimeCreated":"\/Date(1749557886100)\/","ActivityId":null,"RelatedActivityId":null,"ContainerLog":"Security","MatchedQueryIds":[],"Bookmark":{},"LevelDisplayName":"情報","OpcodeDisplayName":"情報","TaskDisplayName":"Logon","KeywordsDisplayNames":["失敗の監査"],"Properties":[{"Value":{"BinaryLength":8,"AccountDomainSid":null,"Value":"S-1-0-0"}},{"Value":"-"},{"Value":"-"},{"Value":0},{"Value":{"BinaryLength":8,"Value":"S-1-0-0"}},{"Value":"taro.sato"},{"Value":"HAKUSAN"},{"Value":-1073741715},{"Value":"%%2313"},{"Value":-1073741718},{"Value":3},{"Value":"NtLmSsp "},{"Value":"NTLM"},{"Value":"KALI"},{"Value":"-"},{"Value":"-"},{"Value":0},{"Value":0},{"Value":"-"},{"Value":"198.51.100.23"},{"Value":"50421"}]}`,
	"Get-WinEvent, PowerShell 7":     `{"Id":4625,"Version":0,"Keywords":-9218868437227405312,"RecordId":77001,"ProviderName":"Microsoft-Windows-Security-Auditing","LogName":"Security","MachineName":"files1.hakusan-lab.example","TimeCreated":"2025-06-10T21:18:06.1+09:00","Properties":["System.Diagnostics.Eventing.Reader.EventProperty","System.Diagnostics.Eventing.Reader.EventProperty"],"Message":"アカウントがログオンに失敗しました。\r\n\r\nサブジェクト:\r\n\tセキュリティ ID:\t\tS-1-0-0\r\n\tアカウント名:\t\t-\r\n\tアカウント ドメイン:\t\t-\r\n\tログオン ID:\t\t0x0\r\n\r\nログオン タイプ:\t\t\t3\r\n\r\nログオンを失敗したアカウント:\r\n\tセキュリティ ID:\t\tS-1-0-0\r\n\tアカウント名:\t\ttaro.sato\r\n\tアカウント ドメイン:\t\tHAKUSAN\r\n\r\nエラー情報:\r\n\t失敗の原因:\t\tユーザー名を認識できないか、またはパスワードが間違っています。\r\n\t状態:\t\t\t0xC000006D\r\n\tサブ ステータス:\t\t0xC000006A\r\n\r\nプロセス情報:\r\n\t呼び出し側プロセス ID:\t0x0\r\n\t呼び出し側プロセス名:\t-\r\n\r\nネットワーク情報:\r\n\tワークステーション名:\tKALI\r\n\tソース ネットワーク アドレス:\t198.51.100.23\r\n\tソース ポート:\t\t50421\r\n"}`,
	"EvtxECmd":                       `{"PayloadData1":"Target: HAKUSAN\\taro.sato","PayloadData2":"LogonType 3","UserName":"-\\-","RemoteHost":"KALI (198.51.100.23)","MapDescription":"Failed logon","ChunkNumber":1,"Computer":"files1.hakusan-lab.example","Payload":"{\"EventData\":{\"Data\":[{\"@Name\":\"TargetUserName\",\"#text\":\"taro.sato\"},{\"@Name\":\"TargetDomainName\",\"#text\":\"HAKUSAN\"},{\"@Name\":\"Status\",\"#text\":\"0xC000006D\"},{\"@Name\":\"SubStatus\",\"#text\":\"0xC000006A\"},{\"@Name\":\"LogonType\",\"#text\":\"3\"},{\"@Name\":\"WorkstationName\",\"#text\":\"KALI\"},{\"@Name\":\"IpAddress\",\"#text\":\"198.51.100.23\"},{\"@Name\":\"IpPort\",\"#text\":\"50421\"}]}}","Channel":"Security","Provider":"Microsoft-Windows-Security-Auditing","EventId":4625,"EventRecordId":"77001","ProcessId":704,"ThreadId":1,"Level":"LogAlways","Keywords":"Audit failure","SourceFile":"Security.evtx","ExtraDataInfo":"0","HiddenRecord":false,"TimeCreated":"2025-06-10T12:18:06.1000000+00:00","RecordNumber":12}`,
	"NXLog":                          `{"EventTime":"2025-06-10 21:18:06","EventReceivedTime":"2025-06-10 21:18:08","@timestamp":"2025-06-10T12:18:08.250Z","Hostname":"files1.hakusan-lab.example","Keywords":-9218868437227405312,"EventType":"AUDIT_FAILURE","SeverityValue":4,"Severity":"ERROR","EventID":4625,"SourceName":"Microsoft-Windows-Security-Auditing","ProviderGuid":"{54849625}","Version":0,"Task":12544,"OpcodeValue":0,"RecordNumber":77001,"ProcessID":704,"ThreadID":1,"Channel":"Security","Message":"An account failed to log on.","Category":"Logon","Opcode":"Info","TargetUserName":"taro.sato","TargetDomainName":"HAKUSAN","Status":"0xc000006d","SubStatus":"0xc000006a","LogonType":"3","WorkstationName":"KALI","IpAddress":"198.51.100.23","IpPort":"50421","SourceModuleName":"in","SourceModuleType":"im_msvistalog"}`,
	"Fluent Bit":                     `{"ProviderName":"Microsoft-Windows-Security-Auditing","ProviderGuid":"{x}","Qualifiers":"","EventID":4625,"Version":0,"Level":0,"Task":12544,"Opcode":0,"Keywords":"0x8010000000000000","TimeCreated":"2025-06-10 21:18:06 +0900","EventRecordID":77001,"ActivityID":"","ProcessID":704,"ThreadID":1,"Channel":"Security","Computer":"files1.hakusan-lab.example","UserID":"","Message":"x","StringInserts":["S-1-0-0","-","-","0x0","S-1-0-0","taro.sato","HAKUSAN","0xc000006d","%%2313","0xc000006a","3","NtLmSsp ","NTLM","KALI","-","-","0","0x0","-","198.51.100.23","50421"]}`,
	"Wazuh":                          `{"win":{"system":{"providerName":"Microsoft-Windows-Security-Auditing","eventID":"4625","version":"0","systemTime":"2025-06-10T12:18:06.1000000Z","eventRecordID":"77001","channel":"Security","computer":"files1.hakusan-lab.example","severityValue":"AUDIT_FAILURE","keywords":"0x8010000000000000","message":"\"An account failed to log on.\""},"eventdata":{"targetUserName":"taro.sato","targetDomainName":"HAKUSAN","status":"0xc000006d","subStatus":"0xc000006a","logonType":"3","workstationName":"KALI","ipAddress":"198.51.100.23","ipPort":"50421"}}}`,
	"Sentinel":                       `{"TenantId":"t","TimeGenerated":"2025-06-10T12:18:06.1Z","Account":"HAKUSAN\\taro.sato","AccountType":"User","Computer":"files1.hakusan-lab.example","EventSourceName":"Microsoft-Windows-Security-Auditing","Channel":"Security","Task":12544,"Level":"16","EventID":4625,"Activity":"4625 - An account failed to log on.","EventRecordId":"77001","TargetUserName":"taro.sato","TargetDomainName":"HAKUSAN","Status":"0xc000006d","SubStatus":"0xc000006a","LogonType":3,"WorkstationName":"KALI","IpAddress":"198.51.100.23","IpPort":"50421","Type":"SecurityEvent"}`,
	"syslog":                         `<13>1 2025-06-10T21:18:09+09:00 files1 Microsoft-Windows-Security-Auditing 704 - - {"EventTime":"2025-06-10T21:18:06.1+09:00","Hostname":"files1.hakusan-lab.example","EventType":"AUDIT_FAILURE","EventID":4625,"SourceName":"Microsoft-Windows-Security-Auditing","RecordNumber":77001,"Channel":"Security","TargetUserName":"taro.sato","TargetDomainName":"HAKUSAN","Status":"0xc000006d","SubStatus":"0xc000006a","LogonType":"3","WorkstationName":"KALI","IpAddress":"198.51.100.23","IpPort":"50421"}`,
}

// TestWindowsShapes reads one failed logon as every exporter writes it: the events are alike.
func TestWindowsShapes(t *testing.T) {
	for tool, rec := range failedLogon {
		env := testEnv()
		env.Clock.Zone = nil // nothing may lean on the zone: every shape says its own
		if s := windows.Sniff([]byte(rec)); s < 0.9 {
			t.Errorf("%s: sniffed %.2f", tool, s)
		}
		var out event.Batch
		if err := windows.New(env).Parse(&event.Record{Part: event.Part{Line: 1}, Data: []byte(rec)}, &out); err != nil || len(out.Events) != 1 {
			t.Errorf("%s: %v", tool, err)
			continue
		}
		ev := &out.Events[0]
		got := fmt.Sprint(ev.Time.Time().Format("15:04:05 "), ev.Class, " ", ev.Activity, " ", ev.Outcome, " ", ev.Reason, " ", ev.Account, " ", ev.SrcIP, " ", ev.SrcPort, " ", ev.SrcHost, " ", ev.DstHost, " ", ev.Unique)
		if want := `12:18:06 authentication logon failure bad-password HAKUSAN\taro.sato 198.51.100.23 50421 KALI files1.hakusan-lab.example true`; got != want {
			t.Errorf("%s:\n%s, want\n%s", tool, got, want)
		}
		for name, want := range map[string]int64{"event_id": 4625, "logon_type": 3, "record": 77001} {
			if v, ok := ev.Get(name); !ok || v.Num != want {
				t.Errorf("%s: %s is %v, want %d", tool, name, v, want)
			}
		}
		if v, _ := ev.Get("channel"); v.Text != "Security" {
			t.Errorf("%s: channel %q", tool, v.Text)
		}
	}
}

// TestWindowsForged: a client may claim any account and workstation. Its text must not become another field.
func TestWindowsForged(t *testing.T) {
	for _, name := range []string{`x\r\n\tSource Network Address:\t192.0.2.66`, `x\nNetwork Information:\n\tSource Network Address:\t192.0.2.66\n\tSource Port:\t1`, `\",\"IpAddress\":\"192.0.2.66`} {
		rec := `{"Id":4625,"LogName":"Security","MachineName":"h","TimeCreated":"2025-06-10T21:18:06Z","Message":"An account failed to log on.\r\n\r\nAccount For Which Logon Failed:\r\n\tAccount Name:\t\t` + name +
			`\r\n\r\nNetwork Information:\r\n\tWorkstation Name:\tA\r\n\tSource Network Address:\t198.51.100.7\r\n\tSource Port:\t\t50421\r\n"}`
		ev := parseOne(t, []byte(rec))
		if ev == nil || ev.SrcIP.String() != "198.51.100.7" || ev.SrcPort != 50421 {
			t.Errorf("%s: %s", name, ev.AppendJSON(nil))
		}
	}
}

func TestWindowsSameNumberOtherLog(t *testing.T) {
	for _, rec := range []string{
		`{"Event":{"System":{"Provider":{"#attributes":{"Name":"Microsoft-Windows-EventSystem"}},"EventID":4625,"TimeCreated":{"#attributes":{"SystemTime":"2010-11-10T18:18:51Z"}},"EventRecordID":1,"Channel":"Application","Computer":"h"},"EventData":{"param1":"86400"}}}`,
		`{"Event":{"System":{"Provider":{"#attributes":{"Name":"X"}},"EventID":21,"TimeCreated":{"#attributes":{"SystemTime":"2010-11-10T18:18:51Z"}},"Channel":"System","Computer":"h"}}}`,
		`{"Event":{"System":{"Provider":{"#attributes":{"Name":"Sekisho"}},"EventID":1102,"TimeCreated":{"#attributes":{"SystemTime":"2010-11-10T18:18:51Z"}},"Channel":"Application","Computer":"h"}}}`,
	} {
		if ev := parseOne(t, []byte(rec)); ev == nil || ev.Class != event.ClassOther {
			t.Errorf("%s is read as %s", rec, ev.AppendJSON(nil))
		}
	}
}

func BenchmarkParseWindows(b *testing.B) {
	for _, tool := range []string{"evtx_dump", "Winlogbeat 7", "NXLog"} {
		b.Run(tool, func(b *testing.B) {
			benchmarkRecords(b, &windows, [][]byte{[]byte(failedLogon[tool])}, len(failedLogon[tool]))
		})
	}
}

// TestWindowsKinds holds the lists of the logs together: no number stands twice in a log, and every text can be read.
func TestWindowsKinds(t *testing.T) {
	p := &windowsParser{env: testEnv()}
	channels := map[string]bool{}
	for _, file := range []string{"windows_kinds_list.go", "windows_kinds_more.go"} {
		src, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^\tcase ("[^\n]*):$`).FindAllSubmatch(src, -1) {
			for _, name := range regexp.MustCompile(`"([^"]+)"`).FindAllSubmatch(m[1], -1) {
				channels[string(name[1])] = true
			}
		}
	}
	if len(channels) < 25 {
		t.Errorf("%d logs", len(channels))
	}
	for channel := range channels {
		seen := map[string]bool{}
		kinds := windowsKinds([]byte(channel))
		if len(kinds) == 0 {
			t.Errorf("%s has no list", channel)
		}
		for _, k := range kinds {
			key := fmt.Sprint(k.id, k.provider)
			if seen[key] {
				t.Errorf("%s: %d stands twice", channel, k.id)
			}
			seen[key] = true
			for _, text := range []string{k.account, k.target, k.source, k.host, k.object, k.client} {
				p.say(text)
			}
		}
	}
}
