// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/sekisho/sekisho/event"
)

func readDirectory(t *testing.T, text string) ([]Row, []Problem) {
	t.Helper()
	rows, problems, err := ReadDirectory(strings.NewReader(text), "directory.csv", "staff", time.FixedZone("JST", 9*3600))
	if err != nil {
		t.Fatal(err)
	}
	return rows, problems
}

func TestReadDirectory(t *testing.T) {
	rows, problems := readDirectory(t, "\xef\xbb\xbfDepartment,MAIL,uid,mfa,disabled,valid_from,valid_to,groups,color\r\n"+
		"\"情報基盤部, 第一\",taro.sato@lab.example,neko77,はい,FALSE,2025/4/1,2026-03-31,\"wheel;CN=Domain Admins,CN=Users,DC=lab\",red\r\n"+
		"\r\n"+
		"\"a \"\"quoted\"\"\r\nname\",,ueda,,,,,\r\n")
	if len(problems) > 0 || len(rows) != 2 {
		t.Fatal(rows, problems)
	}
	r := rows[0]
	if r.Realm != "staff" || r.UID != "neko77" || r.Mail != "taro.sato@lab.example" || r.Department != "情報基盤部, 第一" || r.MFA != Yes || r.Disabled != No ||
		!slices.Equal(r.Groups, []string{"wheel", "Domain Admins"}) || r.Line != 2 {
		t.Errorf("%+v", r)
	}
	if r.From.Time().Format(time.RFC3339) != "2025-03-31T15:00:00Z" || r.To.Time().Format(time.RFC3339) != "2026-03-31T15:00:00Z" {
		t.Errorf("valid from %v to %v", r.From.Time(), r.To.Time())
	}
	if rows[1].UID != "ueda" || rows[1].Department != "a \"quoted\"\r\nname" || rows[1].Line != 4 {
		t.Errorf("%+v", rows[1])
	}
}

func TestActiveDirectoryExport(t *testing.T) {
	rows, problems := readDirectory(t, `#TYPE Selected.Microsoft.ActiveDirectory.Management.ADUser
"SamAccountName","EmailAddress","Department","DisplayName","SID","Enabled","UserPrincipalName","proxyAddresses"
"neko77","taro.sato@lab.example","情報基盤部","佐藤 太郎","S-1-5-21-1-2-3-1107","True","neko77@ad.lab.example","SMTP:taro.sato@lab.example;smtp:sato@lab.example"
"old","","","","S-1-5-21-1-2-3-1108","False","old@ad.lab.example",""
`)
	if len(problems) > 0 || len(rows) != 2 {
		t.Fatal(rows, problems)
	}
	if r := rows[0]; r.SID != "S-1-5-21-1-2-3-1107" || r.Disabled != No || r.UPN != "neko77@ad.lab.example" || !slices.Equal(r.Aliases, []string{"taro.sato@lab.example", "sato@lab.example"}) {
		t.Errorf("%+v", r)
	}
	if r := rows[1]; r.Disabled != Yes || r.Mail != "old@ad.lab.example" {
		t.Errorf("%+v", r)
	}
	a := New(Options{Rows: rows})
	if a.Resolve("", "sato@lab.example", 5) != a.Resolve("", "S-1-5-21-1-2-3-1107", 5) {
		t.Error("a further mail address must lead to the account")
	}
}

func TestBadRows(t *testing.T) {
	rows, problems := readDirectory(t, "uid,mail,mfa,sid,valid_from,valid_to\n"+
		"a,a@lab.example,maybe,,,\n"+
		",,,,,\n"+
		"b,b@lab.example,,1107,,\n"+
		"c,c@lab.example,,,yesterday,\n"+
		"d,d@lab.example,,,2025-02-01,2025-01-01\n"+
		"e,e@lab.example,,,,,,extra\n"+
		"\"f,never closed\n"+
		"g,g@lab.example\n"+
		"h,h@lab.example,,,1601-01-01,9999-12-31,,\n")
	var uids []string
	for _, r := range rows {
		uids = append(uids, r.UID)
	}
	if !slices.Equal(uids, []string{"a", "b", "c", "d", "g", "h"}) {
		t.Errorf("kept %v", uids)
	}
	if rows[5].From != 0 || rows[5].To != 0 {
		t.Errorf("always is open at both ends: %+v", rows[5])
	}
	want := []string{`directory.csv:2: "maybe" is neither yes nor no`, "directory.csv:3: has neither uid nor mail", `directory.csv:4: "1107" is no SID`, `directory.csv:5: "yesterday" is no date`,
		"directory.csv:6: valid_to is before valid_from", "directory.csv:7: has 8 fields", "directory.csv:8: a quote is never closed"}
	for i, w := range want {
		if i >= len(problems) || !strings.HasPrefix(problems[i].String(), w) {
			t.Errorf("problem %d of %v, want %s", i, problems, w)
		}
	}
	if len(problems) != len(want) {
		t.Errorf("%d problems", len(problems))
	}
	for text, want := range map[string]string{"": "has no header", "\n\n": "has no header", "name,department\nx,y\n": "no column uid or mail"} {
		if _, _, err := ReadDirectory(strings.NewReader(text), "directory.csv", "", nil); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v", text, err)
		}
	}
}

func TestEncodings(t *testing.T) {
	text := "uid\tmail\tdepartment\nneko77\ttaro@lab.example\t情報\n"
	b := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(text)) {
		b = append(b, byte(u), byte(u>>8))
	}
	rows, problems := readDirectory(t, string(b))
	if len(problems) > 0 || len(rows) != 1 || rows[0].Department != "情報" {
		t.Errorf("UTF-16 with tabs: %+v %v", rows, problems)
	}
	rows, problems = readDirectory(t, "uid,mail,department\nneko77,taro@lab.example,\x8f\xee\x95\xf1\x8a\xee\x94\xd5\n") // Shift_JIS
	if len(problems) != 1 || !strings.Contains(problems[0].Text, "UTF-8") || len(rows) != 1 || rows[0].UID != "neko77" || !utf8.ValidString(rows[0].Department) {
		t.Errorf("Shift_JIS: %+v %v", rows, problems)
	}
	rows, _ = readDirectory(t, "uid;mail\nneko77;taro@lab.example")
	if len(rows) != 1 || rows[0].Mail != "taro@lab.example" {
		t.Errorf("semicolons: %+v", rows)
	}
}

func TestLDIF(t *testing.T) {
	rows, problems := readDirectory(t, `# extended LDIF
version: 1

dn: ou=people,dc=lab,dc=example
ou: people

dn: uid=neko77,ou=people,dc=lab,dc=example
uid: neko77
mail: taro.sato@lab.example
mail: sato@lab.example
cn:: 5L2Q6JekIOWkqumDjg==
departmentNumber: joho-
 kiban
pwdAccountLockedTime: 000001010000Z
memberOf: cn=wheel,ou=groups,dc=lab,dc=example

dn: CN=Ueda,OU=x,DC=ad,DC=lab
sAMAccountName: ueda
userPrincipalName: ueda@ad.lab.example
userAccountControl: 514
objectSid:: AQUAAAAAAAUVAAAAFb0S8k4JtSgHmG5KUwQAAA==
broken line

search: 2
result: 0 Success
`)
	if len(rows) != 2 || len(problems) != 1 || problems[0].Line != 22 {
		t.Fatalf("%+v %v", rows, problems)
	}
	if r := rows[0]; r.UID != "neko77" || r.Name != "佐藤 太郎" || r.Department != "joho-kiban" || r.Disabled != Yes || !slices.Equal(r.Aliases, []string{"sato@lab.example"}) ||
		!slices.Equal(r.Groups, []string{"wheel"}) || r.Line != 7 {
		t.Errorf("%+v", r)
	}
	if r := rows[1]; r.UID != "ueda" || r.Disabled != Yes || r.SID != "S-1-5-21-4061314325-682953038-1248761863-1107" || r.Mail != "ueda@ad.lab.example" {
		t.Errorf("%+v", r)
	}
}

// TestTableIsLinear reads what would take hours if one open quote led to the end of the file again and again.
func TestTableIsLinear(t *testing.T) {
	start := time.Now()
	_, problems := readDirectory(t, "uid,mail\n"+strings.Repeat("\"\n", 2_000_000))
	if len(problems) == 0 {
		t.Error("nothing reported")
	}
	readDirectory(t, "uid,mail\n\""+strings.Repeat("x", 8<<20))
	readDirectory(t, "uid,mail\n"+strings.Repeat("\"", 8<<20))
	if d := time.Since(start); d > 30*time.Second {
		t.Errorf("took %v", d)
	}
}

func FuzzDirectory(f *testing.F) {
	f.Add([]byte(hakusan))
	f.Add([]byte("uid\tmail\n\"a\"\"b\"\tc\n\"open"))
	f.Add([]byte("dn: uid=a\nuid: a\n continued\ncn:: 5L2Q\n\nobjectSid:: AQUAAAAAAAUVAAAA\n"))
	f.Add([]byte("\xff\xfeu\x00i\x00d\x00\n\x00a\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		rows, _, err := ReadDirectory(strings.NewReader(string(data)), "directory.csv", "", nil)
		if err != nil {
			return
		}
		a := New(Options{Rows: rows})
		ids := map[string]bool{}
		for h := firstKnown; int(h) < a.Len(); h++ {
			id := a.ID(h)
			if ids[id] {
				t.Errorf("%s stands for two accounts", id)
			}
			ids[id] = true
		}
		for i := range rows {
			at := rows[i].From
			if at == 0 {
				at = event.Micros(1)
			}
			if h := a.Resolve("", rows[i].UID, at); h == None && spell(rows[i].UID).key != "" {
				t.Errorf("%q is nobody", rows[i].UID)
			}
		}
	})
}
