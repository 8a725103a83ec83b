// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestWindowsTwins: what Event Viewer saves as CSV says of an event what its XML, which is that of the .evtx file, says.
func TestWindowsTwins(t *testing.T) {
	const subject = "Subject:\n\tSecurity ID:\t\tS-1-5-21-1-2-3-1104\n\tAccount Name:\t\tadmin1\n\tAccount Domain:\t\tHAKUSAN\n\tLogon ID:\t\t0x31844\n\n"
	by := [][2]string{{"SubjectUserSid", "S-1-5-21-1-2-3-1104"}, {"SubjectUserName", "admin1"}, {"SubjectDomainName", "HAKUSAN"}, {"SubjectLogonId", "0x31844"}}
	for _, c := range []struct {
		id     int
		failed bool
		text   string
		data   [][2]string
	}{
		{4769, false, "A Kerberos service ticket was requested.\n\nAccount Information:\n\tAccount Name:\t\ttaro.sato@HAKUSAN-LAB.EXAMPLE\n\tAccount Domain:\t\tHAKUSAN-LAB.EXAMPLE\n\tLogon GUID:\t\t{f85c455e-c66e-205c-6b39-f6c60a7fe453}\n\n" +
			"Service Information:\n\tService Name:\t\tFILES1$\n\tService ID:\t\tS-1-5-21-1-2-3-2102\n\nNetwork Information:\n\tClient Address:\t\t::ffff:192.0.2.12\n\tClient Port:\t\t49272\n\n" +
			"Additional Information:\n\tTicket Options:\t\t0x40810000\n\tTicket Encryption Type:\t0x17\n\tFailure Code:\t\t0x0\n\tTransited Services:\t-\n",
			[][2]string{{"TargetUserName", "taro.sato@HAKUSAN-LAB.EXAMPLE"}, {"TargetDomainName", "HAKUSAN-LAB.EXAMPLE"}, {"ServiceName", "FILES1$"}, {"ServiceSid", "S-1-5-21-1-2-3-2102"}, {"TicketOptions", "0x40810000"},
				{"TicketEncryptionType", "0x17"}, {"IpAddress", "::ffff:192.0.2.12"}, {"IpPort", "49272"}, {"Status", "0x0"}, {"LogonGuid", "{F85C455E-C66E-205C-6B39-F6C60A7FE453}"}, {"TransmittedServices", "-"}}},
		{4648, false, "A logon was attempted using explicit credentials.\n\n" + subject + "Account Whose Credentials Were Used:\n\tAccount Name:\t\thanako\n\tAccount Domain:\t\tHAKUSAN\n\tLogon GUID:\t\t{00000000-0000-0000-0000-000000000000}\n\n" +
			"Target Server:\n\tTarget Server Name:\tfiles1\n\tAdditional Information:\tfiles1\n\nProcess Information:\n\tProcess ID:\t\t0x368\n\tProcess Name:\t\tC:\\Windows\\System32\\svchost.exe\n\nNetwork Information:\n\tNetwork Address:\t192.0.2.13\n\tPort:\t\t\t50001\n",
			append(by[:4:4], [][2]string{{"TargetUserName", "hanako"}, {"TargetDomainName", "HAKUSAN"}, {"TargetServerName", "files1"}, {"TargetInfo", "files1"}, {"ProcessName", "C:\\Windows\\System32\\svchost.exe"}, {"IpAddress", "192.0.2.13"}, {"IpPort", "50001"}}...)},
		{4720, false, "A user account was created.\n\n" + subject + "New Account:\n\tSecurity ID:\t\tS-1-5-21-1-2-3-6609\n\tAccount Name:\t\tjiro\n\tAccount Domain:\t\tHAKUSAN\n\nAttributes:\n\tSAM Account Name:\tjiro\n\tDisplay Name:\t\tJiro\n",
			append([][2]string{{"TargetUserName", "jiro"}, {"TargetDomainName", "HAKUSAN"}, {"TargetSid", "S-1-5-21-1-2-3-6609"}}, by...)},
		{4728, false, "A member was added to a security-enabled global group.\n\n" + subject + "Member:\n\tSecurity ID:\t\tS-1-5-21-1-2-3-6609\n\tAccount Name:\t\tCN=jiro,CN=Users,DC=hakusan-lab,DC=example\n\n" +
			"Group:\n\tSecurity ID:\t\tS-1-5-21-1-2-3-512\n\tGroup Name:\t\tDomain Admins\n\tGroup Domain:\t\tHAKUSAN\n\nAdditional Information:\n\tPrivileges:\t\t-\n",
			append([][2]string{{"MemberName", "CN=jiro,CN=Users,DC=hakusan-lab,DC=example"}, {"MemberSid", "S-1-5-21-1-2-3-6609"}, {"TargetUserName", "Domain Admins"}, {"TargetDomainName", "HAKUSAN"}, {"TargetSid", "S-1-5-21-1-2-3-512"}}, by...)},
		{4776, true, "The computer attempted to validate the credentials for an account.\n\nAuthentication Package:\tMICROSOFT_AUTHENTICATION_PACKAGE_V1_0\nLogon Account:\ttaro.sato\nSource Workstation:\tKALI\nError Code:\t0xC000006A\n",
			[][2]string{{"PackageName", "MICROSOFT_AUTHENTICATION_PACKAGE_V1_0"}, {"TargetUserName", "taro.sato"}, {"Workstation", "KALI"}, {"Status", "0xc000006a"}}},
		// The labels of Windows in Japanese; the kind of logon is called so in some versions and ログオン タイプ in others.
		{4624, false, "アカウントが正常にログオンしました。\n\nサブジェクト:\n\tセキュリティ ID:\t\tS-1-0-0\n\tアカウント名:\t\t-\n\tアカウント ドメイン:\t\t-\n\tログオン ID:\t\t0x0\n\nログオンの種類:\t\t\t3\n\n" +
			"新しいログオン:\n\tセキュリティ ID:\t\tS-1-5-21-1-2-3-1105\n\tアカウント名:\t\thanako\n\tアカウント ドメイン:\t\tHAKUSAN\n\tログオン ID:\t\t0x99\n\nプロセス情報:\n\tプロセス ID:\t\t0x0\n\tプロセス名:\t\t-\n\n" +
			"ネットワーク情報:\n\tワークステーション名:\tPC7\n\tソース ネットワーク アドレス:\t192.0.2.14\n\tソース ポート:\t\t50002\n",
			[][2]string{{"SubjectUserSid", "S-1-0-0"}, {"SubjectUserName", "-"}, {"SubjectDomainName", "-"}, {"TargetUserSid", "S-1-5-21-1-2-3-1105"}, {"TargetUserName", "hanako"}, {"TargetDomainName", "HAKUSAN"}, {"LogonType", "3"}, {"WorkstationName", "PC7"}, {"IpAddress", "192.0.2.14"}, {"IpPort", "50002"}}},
	} {
		keyword, bits := "Audit Success", "0x8020000000000000"
		if c.failed {
			keyword, bits = "Audit Failure", "0x8010000000000000"
		}
		var data strings.Builder
		for _, d := range c.data {
			fmt.Fprintf(&data, "<Data Name='%s'>%s</Data>", d[0], d[1])
		}
		xml := fmt.Sprintf("<Event xmlns='http://schemas.microsoft.com/win/2004/08/events/event'><System><Provider Name='Microsoft-Windows-Security-Auditing' Guid='{54849625-5478-4994-a5ba-3e3b0328c30d}'/><EventID>%d</EventID><Version>0</Version>"+
			"<Level>0</Level><Keywords>%s</Keywords><TimeCreated SystemTime='2025-06-10T12:18:06.0000000Z'/><EventRecordID>7</EventRecordID><Channel>Security</Channel><Computer>dc1</Computer><Security/></System><EventData>%s</EventData></Event>", c.id, bits, &data)
		head := "Keywords,Date and Time,Source,Event ID,Task Category"
		row := fmt.Sprintf("%s,6/10/2025 9:18:06 PM,Microsoft-Windows-Security-Auditing,%d,Logon,\"%s\"", keyword, c.id, c.text)
		if got, want := twin(t, head, row), twin(t, xml); got != want {
			t.Errorf("%d:\nCSV %s\nXML %s", c.id, got, want)
		}
	}
}

// twin returns what the events of records say, but for what only the XML has: the computer, the record's number and what is in the remainder.
func twin(t *testing.T, recs ...string) string {
	t.Helper()
	all := All()
	var order []*Format
	for i := range all {
		order = append(order, &all[i])
	}
	rd := NewReader(order, testEnv())
	var out event.Batch
	for i, r := range recs {
		if err := rd.Read(&event.Record{Part: event.Part{Line: int64(i + 1), Length: int64(len(r))}, Data: []byte(r)}, &out); err != nil {
			t.Errorf("%v: %.200s", err, r)
		}
	}
	var b strings.Builder
	for i := range out.Events {
		ev := &out.Events[i]
		kind, _ := ev.Get("logon_type")
		fmt.Fprint(&b, ev.Time.Time().Format("15:04:05 "), ev.Class, " ", ev.Activity, " ", ev.Outcome, " ", ev.Reason, " ", ev.Account, " ", ev.Target, " ", ev.SrcIP, " ", ev.SrcPort, " ", ev.SrcHost, " ", ev.Object, " ", kind.Num, "; ")
	}
	return strings.ReplaceAll(b.String(), " dc1 ", "  ")
}
