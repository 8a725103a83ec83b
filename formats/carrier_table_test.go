// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestTables reads the rows of exported tables as what they bring.
func TestTables(t *testing.T) {
	line := "Mar  3 20:06:40 gate sshd[812]: " + carriedSSH
	for name, c := range map[string]struct{ rows, format, want string }{
		"splunk": {`"_raw","_time",host,index,source,sourcetype` + "\n" + `"` + line + `","2025-03-03T20:06:40.000+0900",gate,main,"/var/log/secure",linux_secure`,
			"openssh", "2025-03-03T11:06:40 logon failure root 203.0.113.9 gate ssh"},
		"splunk, a firewall among others": {"_time,_raw\n" + `"2025-03-03T20:06:40.000+0900","<166>Mar 03 2025 20:06:40 asa1 : %ASA-6-113005: AAA user authentication Rejected : reason = AAA failure : server = 192.0.2.5 : user = taro : user IP = 198.51.100.7"` + "\n" +
			`"2025-03-03T20:06:41.000+0900","` + line + `"`,
			"openssh", "2025-03-03T11:06:40 logon failure taro 198.51.100.7 asa1 aaa|2025-03-03T11:06:40 logon failure root 203.0.113.9 gate ssh"},
		"kibana": {`"@timestamp","_id","_index","_score",message` + "\n" + `"Mar 3, 2025 @ 20:06:41.000",a,"filebeat-8",-,"` + line + `"`,
			"openssh", "2025-03-03T11:06:40 logon failure root 203.0.113.9 gate ssh"},
		"graylog": {`"timestamp","source","message"` + "\n" + `"2025-03-03T11:06:40.000Z","gate","sshd[812]: ` + carriedSSH + `"`,
			"openssh", "2025-03-03T11:06:40 logon failure root 203.0.113.9 gate ssh"},
		"okta": {`severity,event_type,display_message,uuid,timestamp,outcome.result,outcome.reason,actor.id,actor.type,actor.alternate_id,client.ip_address,client.user_agent.raw_user_agent,target0.display_name` + "\n" +
			`WARN,user.session.start,User login to Okta,u-1,2025-03-03T11:06:40.123Z,FAILURE,INVALID_CREDENTIALS,00u1,User,"taro"",""x"":""@lab.example",198.51.100.7,"Mozilla ""5"",""ipAddress"":""192.0.2.66",`,
			"okta", `2025-03-03T11:06:40 logon failure taro","x":"@lab.example 198.51.100.7 okta`},
		"gam": {"name,actor.email,actor.profileId,id.time,id.uniqueQualifier,id.applicationName,ipAddress,type,login_type,login_failure_type,is_suspicious\nlogin_failure,taro@lab.example,1,2025-03-03T20:06:40+09:00,7,login,198.51.100.7,login,google_password,login_failure_invalid_password,",
			"google-workspace", "2025-03-03T11:06:40 logon failure taro@lab.example 198.51.100.7 login"},
		"log center": {"Level,Log,Time,User,Event\nWarning,Connection,2025/03/03 20:06:40,taro,User [taro] from [198.51.100.7] failed to sign in to [DSM] via [password] due to authorization failure.",
			"synology", "2025-03-03T11:06:40 logon failure taro 198.51.100.7 DSM"},
		"file transfers": {"Log,Time,IP address,User,Event,File/Folder,File size,File name\nSMB,2025/03/03 20:06:40,198.51.100.7,\"x, IP: 192.0.2.66\",read,File,1.20 MB,\"/share/a, User: root.xlsx\"",
			"synology", "2025-03-03T11:06:40 read success x,_IP: 192.0.2.66 198.51.100.7 SMB /share/a, User: root.xlsx"},
		"qulog": {"Severity Level,Date,Time,User,Source IP,Computer Name,Connection Type,Accessed Resource,Action\n" + `Warning,2025-03-03,20:06:40,"x, Source IP: 192.0.2.66",198.51.100.7,---,HTTPS,Administration,Failed to log in`,
			"qnap", "2025-03-03T11:06:40 logon failure x,_Source IP: 192.0.2.66 198.51.100.7 HTTPS Administration"},
		"qulog ja": {"タイプ,日付,時刻,ユーザー,ソースIP,コンピュータ名,接続タイプ,アクセスされたリソース,アクション\n情報,2025-03-03,20:06:40,taro,198.51.100.7,pc-taro,SAMBA,Public/名簿.xlsx,読み取り",
			"qnap", "2025-03-03T11:06:40 read success taro 198.51.100.7 SAMBA Public/名簿.xlsx"},
		"by the names of columns": {"Timestamp (UTC),User,Application,Access Device IP Address,Factor,Result\n2025-03-03 11:06:40,taro,VPN,198.51.100.7,Duo Push,Denied", "generic-csv",
			"2025-03-03T11:06:40 other failure taro 198.51.100.7 VPN"},
		"tabs and Japanese dates": {"日時\tユーザー\tIPアドレス\t操作\t結果\n2025年3月3日(月) 20時6分40秒\ttaro\t198.51.100.7\tログイン\t失敗\n令和7年3月3日 20:06:41\ttaro\t198.51.100.7\tログイン\t成功", "generic-csv",
			"2025-03-03T11:06:40 logon failure taro 198.51.100.7|2025-03-03T11:06:41 logon success taro 198.51.100.7"},
		"semicolons": {"日時;ユーザー;IPアドレス;操作;結果\n2025/03/03 20:06:40;taro;198.51.100.7;ログイン;失敗", "generic-csv", "2025-03-03T11:06:40 logon failure taro 198.51.100.7"},
		"google in words": {"Event,Description,Date,Actor,IP address\nFailed Login,taro failed to login,\"Mar 3, 2025, 8:06:40\u202fPM GMT+09:00\",taro@lab.example,198.51.100.7", "generic-csv",
			"2025-03-03T11:06:40 logon failure taro@lab.example 198.51.100.7"},
	} {
		t.Run(name, func(t *testing.T) {
			rows := strings.Split(c.rows, "\n")
			got, last, errs := readAll(rows)
			if len(errs) > 0 || last != c.format || got != c.want {
				t.Errorf("%s: %s %v, want %s: %s", last, got, errs, c.format, c.want)
			}
			var sample [][]byte
			for _, r := range rows {
				sample = append(sample, []byte(r))
			}
			if g := Recognise(All(), sample); len(g) == 0 || g[0].Format.Name != c.format && name != "splunk, a firewall among others" {
				t.Errorf("recognised as %v", g)
			}
		})
	}
}

// TestTableNamesStandAtTheTop holds against names of columns that somebody has written further down.
func TestTableNamesStandAtTheTop(t *testing.T) {
	rows := []string{"Mar  3 20:06:40 gate app[1]: one", "Mar  3 20:06:40 gate app[1]: two", "Mar  3 20:06:40 gate app[1]: three", "_time,_raw", `x,"Mar  3 20:06:40 gate sshd[812]: ` + carriedSSH + `"`}
	if got, last, _ := readAll(rows); last == "openssh" {
		t.Errorf("read as %s", got)
	}
}

// readAll reads records of one input and returns what the events say, the format that took the last, and what was not understood.
func readAll(rows []string) (said, last string, errs []error) {
	all := All()
	order := make([]*Format, len(all))
	for i := range all {
		order[i] = &all[i]
	}
	r := NewReader(order, testEnv())
	var out event.Batch
	for i, row := range rows {
		rec := event.Record{Part: event.Part{Line: int64(i + 1), Length: int64(len(row))}, Data: []byte(row)}
		if err := r.Read(&rec, &out); err != nil {
			errs = append(errs, fmt.Errorf("line %d: %w", i+1, err))
		}
	}
	r.Flush(&out)
	var b []string
	for i := range out.Events {
		ev := &out.Events[i]
		s := fmt.Sprint(ev.Time.Time().Format("2006-01-02T15:04:05"), " ", ev.Activity, " ", ev.Outcome, " ", ev.Account, " ", ev.SrcIP)
		for _, more := range []string{ev.DstHost, ev.Service, ev.Object} {
			if more != "" {
				s += " " + more
			}
		}
		b = append(b, s)
	}
	if r.Last() != nil {
		last = r.Last().Name
	}
	return strings.Join(b, "|"), last, errs
}

// TestKanjiDate refuses what is no date.
func TestKanjiDate(t *testing.T) {
	for _, bad := range []string{"2025年13月3日 20:06:40", "2025年2月30日 20時6分40秒", "2025年3月3日 25時6分40秒", "2025年3月3日 20時61分", "25年3月3日 20:06:40", "2025年3月3日", "2025年3月3日(月 20:06:40", "令和年3月3日 20:06:40", "2025年3月3日 20:06:40 x"} {
		if got, ok := parseKanjiDate([]byte(bad)); ok {
			t.Errorf("%s read as %+v", bad, got)
		}
	}
	for _, good := range []string{"2025年3月3日 20時6分40秒", "令和元年5月1日（水） 00:00:00", "2025年03月03日 20:06"} {
		if _, ok := parseKanjiDate([]byte(good)); !ok {
			t.Errorf("%s not read", good)
		}
	}
}

// TestFurniture passes over the lines that tools put between those of a log.
func TestFurniture(t *testing.T) {
	rows := []string{"-- Journal begins at Mon 2025-03-03 00:00:00 JST, ends at Tue 2025-03-04 00:00:00 JST. --", "-- Boot 0123456789abcdef0123456789abcdef --", "Mar  3 20:06:40 gate sshd[812]: " + carriedSSH, "-- Reboot --", "----",
		"\tat org.ldaptive.X(X.java:1)", "\t... 27 more", "Caused by: java.net.ConnectException: refused"}
	if got, last, errs := readAll(rows); len(errs) > 0 || last != "openssh" {
		t.Errorf("%s %s %v", last, got, errs)
	}
	if _, _, errs := readAll([]string{"-- anything --"}); len(errs) != 1 {
		t.Error("a line that is none was passed over")
	}
}
