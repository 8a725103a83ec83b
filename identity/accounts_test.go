// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"fmt"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

const hakusan = `uid,mail,department,name,sid,groups,mfa,disabled,valid_from,valid_to
neko77,taro.sato@hakusan-lab.example,情報基盤部,佐藤 太郎,S-1-5-21-1004336348-1177238915-682003330-1107,wheel;staff,yes,no,,
YamaHana,Hanako.Yamada@hakusan-lab.example,人事部,山田 花子,S-1-5-21-1004336348-1177238915-682003330-1108,staff,no,no,2020-04-01,2024-12-31
ueda-h,hanako.ueda@hakusan-lab.example,人事部,上田 花子,S-1-5-21-1004336348-1177238915-682003330-1108,staff,yes,no,2025-01-01,
taroimo,k.kobayashi@hakusan-lab.example,研究部門X,小林 健,S-1-5-21-1004336348-1177238915-682003330-1109,,,,2015-04-01,2023-03-31
taroimo,k.koyama@hakusan-lab.example,研究部門Y,小山 薫,S-1-5-21-1004336348-1177238915-682003330-2207,,,,2024-04-01,
ex-member,old@hakusan-lab.example,研究部門X,,,,,yes,,2024-03-31
`

func moment(t *testing.T, s string) event.Micros {
	t.Helper()
	at, err := time.Parse(time.RFC3339, s)
	if err != nil {
		t.Fatal(err)
	}
	return event.Of(at)
}

func hakusanAccounts(t testing.TB) *Accounts {
	t.Helper()
	rows, problems, err := ReadDirectory(strings.NewReader(hakusan), "directory.csv", "", time.FixedZone("JST", 9*3600))
	if err != nil || len(problems) > 0 {
		t.Fatal(err, problems)
	}
	return New(Options{Rows: rows, Domains: []string{"hakusan-lab.example", "hakusan.example"}, Hosts: []string{"mon1.hakusan-lab.example"},
		Groups: []Group{{Name: "it-staff", Departments: []string{"情報基盤部"}}, {Name: "watched", Accounts: []string{"EX-MEMBER"}}}})
}

func TestResolve(t *testing.T) {
	a := hakusanAccounts(t)
	now := moment(t, "2025-06-01T00:00:00Z")
	sato := a.Account(a.Resolve("staff", "neko77", now))
	if sato.ID != event.Identity("A-", "", "neko77") || sato.Name != "taro.sato@hakusan-lab.example" || !sato.InDirectory || sato.MFA != Yes || !slices.Equal(sato.Groups, []string{"it-staff", "staff", "wheel"}) {
		t.Errorf("%+v", sato)
	}
	for _, c := range []struct {
		name, want string
		guessed    bool
	}{
		{"neko77", "taro.sato@hakusan-lab.example", false},
		{"NEKO77", "taro.sato@hakusan-lab.example", false},
		{"ＮＥＫＯ７７", "taro.sato@hakusan-lab.example", false},
		{" neko77\u3000", "taro.sato@hakusan-lab.example", false},
		{"Taro.Sato@Hakusan-Lab.example", "taro.sato@hakusan-lab.example", false},
		{"<taro.sato@hakusan-lab.example>", "taro.sato@hakusan-lab.example", false},
		{`HAKUSAN-LAB\neko77`, "taro.sato@hakusan-lab.example", false},
		{`hakusan-lab.example\neko77`, "taro.sato@hakusan-lab.example", false},
		{`HAKUSAN\Neko77`, "taro.sato@hakusan-lab.example", false},
		{`HAKUSAN\\neko77`, "taro.sato@hakusan-lab.example", false},
		{`HK\neko77`, "taro.sato@hakusan-lab.example", true}, // a NetBIOS name that nothing declares
		{"neko77@HAKUSAN-LAB.EXAMPLE", "taro.sato@hakusan-lab.example", false},
		{"neko77@ad.hakusan-lab.example", "taro.sato@hakusan-lab.example", true},
		{"taro.sato@hakusan.example", "taro.sato@hakusan-lab.example", true},
		{"S-1-5-21-1004336348-1177238915-682003330-1107", "taro.sato@hakusan-lab.example", false},
		{"uid=neko77,ou=people,dc=hakusan-lab,dc=example", "taro.sato@hakusan-lab.example", false},
		{"UID=Neko77+cn=x,ou=people", "taro.sato@hakusan-lab.example", false},
		{"cn=neko77,ou=people", "taro.sato@hakusan-lab.example", false},
		{"CN=佐藤 太郎,OU=情報基盤部,DC=hakusan-lab,DC=example", "taro.sato@hakusan-lab.example", true},
		{"i:0#.f|membership|taro.sato@hakusan-lab.example", "taro.sato@hakusan-lab.example", false},
		{`AzureAD\taro.sato@hakusan-lab.example`, "taro.sato@hakusan-lab.example", false},
		// Not the same person.
		{"taro.sato", "taro.sato", false}, // the local part of a mail address is no login ID
		{`MON1\neko77`, `mon1\neko77`, false},
		{`.\neko77`, `.\neko77`, false},
		{"neko77@gmail.example", "neko77@gmail.example", false},
		{"taro.sato@elsewhere.example", "taro.sato@elsewhere.example", false},
		{`HK\Administrator`, `hk\administrator`, false},
		{"ou=people,dc=hakusan-lab,dc=example", "ou=people,dc=hakusan-lab,dc=example", false},
		// Guesses that need no directory.
		{"newcomer@hakusan-lab.example", "newcomer", true},
		{`HAKUSAN-LAB\newcomer`, "newcomer", true},
	} {
		acc := a.Account(a.Resolve("staff", c.name, now))
		if acc.Name != c.want {
			t.Errorf("%q is %q, want %q", c.name, acc.Name, c.want)
		}
		key := spell(c.name).key
		if got := slices.Contains(acc.Guessed, key); got != c.guessed {
			t.Errorf("%q: guessed %v, want %v (%q)", c.name, got, c.guessed, acc.Guessed)
		}
		if !slices.ContainsFunc(acc.Aliases, func(s string) bool { return fold(s) == key }) {
			t.Errorf("%q is not among the aliases %q", key, acc.Aliases)
		}
	}
	if h := a.Resolve("staff", "", now); h != None {
		t.Errorf("an empty name is account %d", h)
	}
	if h := a.Resolve("staff", " \x00", now); h != None {
		t.Errorf("a blank name is account %d", h)
	}
	if acc := a.Account(None); acc.Name != "" || a.ID(None) != "" {
		t.Errorf("None is %+v", acc)
	}
}

func TestSystemNames(t *testing.T) {
	a := hakusanAccounts(t)
	same := map[string]string{`NT AUTHORITY\SYSTEM`: "system", "SYSTEM": "system", "S-1-5-18": "system", `NT AUTHORITY\SYSTEM (Microsoft.Exchange.Servicehost)`: "system",
		`NT AUTHORITY\ANONYMOUS LOGON`: "anonymous logon", "LOCAL SERVICE": "local service", "S-1-5-20": "network service", `Window Manager\DWM-1`: "dwm-1", "UMFD-0": "umfd-0",
		"MON1$": "mon1$", `HAKUSAN-LAB\MON1$`: "mon1$", "MON1$@HAKUSAN-LAB.EXAMPLE": "mon1$", "-": "-", "NOT_SET": "-", "krbtgt": "krbtgt",
		"host/mon1.hakusan-lab.example@HAKUSAN-LAB.EXAMPLE": "host/mon1.hakusan-lab.example@hakusan-lab.example"}
	for name, want := range same {
		if acc := a.Account(a.Resolve("", name, 0)); !acc.System || acc.Name != want {
			t.Errorf("%q: system %v, name %q, want %q", name, acc.System, acc.Name, want)
		}
	}
	for _, order := range [][]string{{"krbtgt", "krbtgt@hakusan-lab.example"}, {"krbtgt@hakusan-lab.example", "krbtgt"}, {`NT AUTHORITY\iusr`, "iusr"}, {"iusr", `NT AUTHORITY\iusr`}, {"system@hakusan-lab.example", "system"}} {
		b := hakusanAccounts(t)
		for _, name := range order {
			b.Resolve("", name, 0)
		}
		for h := firstKnown; int(h) < b.Len(); h++ {
			if acc := b.Account(h); acc.System != spell(acc.UID).system {
				t.Errorf("after %q, %q is system: %v", order, acc.UID, acc.System)
			}
		}
	}
	for _, name := range []string{"root", "systematic", "dwm-x", "taro/admin@HAKUSAN-LAB.EXAMPLE", "system@gmail.example", "$", "yamada$x"} {
		if acc := a.Account(a.Resolve("", name, 0)); acc.System {
			t.Errorf("%q is taken for the system", name)
		}
	}
}

func TestNamesOverTime(t *testing.T) {
	a := hakusanAccounts(t)
	name := func(login, at string) string { return a.Account(a.Resolve("", login, moment(t, at))).DisplayName }
	// A change of name: one account, both names at all times, since nobody else had them.
	before, after := a.Resolve("", "yamahana", moment(t, "2023-01-01T00:00:00Z")), a.Resolve("", "ueda-h", moment(t, "2025-06-01T00:00:00Z"))
	if before != after || a.Account(before).Name != "hanako.ueda@hakusan-lab.example" {
		t.Errorf("one SID must be one account, named as it is now: %+v", a.Account(before))
	}
	if acc := a.Account(before); acc.ID != event.Identity("A-", "", "yamahana") || acc.ValidTo != 0 || acc.ValidFrom == 0 || len(acc.Aliases) != 5 {
		t.Errorf("%+v", acc)
	}
	// A login ID given to somebody else, with a year in which nobody had it.
	for at, want := range map[string]string{
		"2010-01-01T00:00:00Z": "小林 健", "2023-03-31T14:59:59Z": "小林 健", "2023-07-01T00:00:00Z": "小林 健",
		"2024-03-31T15:00:00Z": "小山 薫", "2025-07-01T00:00:00Z": "小山 薫"} {
		if got := name("taroimo", at); got != want {
			t.Errorf("taroimo at %s is %q, want %q", at, got, want)
		}
	}
	if got := a.Account(a.Resolve("", "taroimo", 0)).DisplayName; got != "小山 薫" {
		t.Errorf("taroimo at no known time is %q", got)
	}
	one, two := a.Resolve("", "taroimo", moment(t, "2020-01-01T00:00:00Z")), a.Resolve("", "taroimo", moment(t, "2025-01-01T00:00:00Z"))
	if a.ID(one) == a.ID(two) || a.ID(one) != event.Identity("A-", "", "taroimo") {
		t.Errorf("identities %s %s", a.ID(one), a.ID(two))
	}
	rows := a.Aliases("", "TaroImo")
	if len(rows) != 2 || rows[0].From != 0 || rows[0].To != rows[1].From || rows[1].To != 0 || rows[1].From != moment(t, "2024-03-31T15:00:00Z") {
		t.Errorf("%+v", rows)
	}
	if leaver := a.Account(a.Resolve("", "ex-member", moment(t, "2025-06-01T00:00:00Z"))); !leaver.InDirectory || !leaver.Disabled || !slices.Contains(leaver.Groups, "watched") {
		t.Errorf("a leaver is still known: %+v", leaver)
	}
}

func TestSharedMail(t *testing.T) {
	rows := []Row{{UID: "a", Mail: "office@lab.example"}, {UID: "b", Mail: "office@lab.example"}}
	a := New(Options{Rows: rows, Domains: []string{"lab.example"}})
	h := a.Resolve("", "office@lab.example", 5)
	if h == a.Resolve("", "a", 5) || h == a.Resolve("", "b", 5) || a.InDirectory(h) {
		t.Error("a mail address of two accounts must accuse neither")
	}
	if p := a.Problems(); len(p) != 1 || !strings.Contains(p[0].Text, "at the same time") {
		t.Errorf("%v", p)
	}
	if a.Known() != 2 {
		t.Errorf("Known() = %d", a.Known())
	}
}

func TestRealms(t *testing.T) {
	rows := []Row{{Realm: "staff", UID: "taro", Mail: "taro@lab.example"}, {Realm: "students", UID: "taro", Mail: "s1001@lab.example"}, {Realm: "students", UID: "jiro", Mail: "s1002@lab.example"}}
	a := New(Options{Rows: rows, Domains: []string{"lab.example"}})
	staff, student := a.Resolve("staff", "taro", 5), a.Resolve("students", "taro", 5)
	if staff == student || a.ID(staff) != event.Identity("A-", "staff", "taro") {
		t.Error("one login ID in two realms is two accounts")
	}
	if a.Resolve("hosts", "taro", 5) == staff || a.InDirectory(a.Resolve("hosts", "taro", 5)) {
		t.Error("a realm without a directory must not borrow another's login IDs")
	}
	if a.Resolve("cloud", "s1001@lab.example", 5) != student {
		t.Error("a mail address means the same in every realm")
	}
	if a.Resolve("", "jiro", 5) != a.Resolve("students", "jiro", 5) {
		t.Error("without a realm, the only account of that name is meant")
	}
	if h := a.Resolve("", "taro", 5); h == staff || h == student {
		t.Error("without a realm, a login ID of two realms means neither")
	}
}

func TestWithoutDirectory(t *testing.T) {
	a := New(Options{Domains: []string{"lab.example"}})
	h := a.Resolve("", "neko77", 5)
	for _, name := range []string{"NEKO77", "neko77@lab.example", `LAB\neko77`, "uid=neko77,ou=people"} {
		if a.Resolve("", name, 5) != h {
			t.Errorf("%q is another account", name)
		}
	}
	acc := a.Account(h)
	if acc.ID != event.Identity("A-", "", "neko77") || acc.InDirectory || !slices.Equal(acc.Guessed, []string{"lab\\neko77", "neko77@lab.example"}) || len(acc.Aliases) != 3 {
		t.Errorf("%+v", acc)
	}
	if b := New(Options{}); b.Resolve("", "neko77@lab.example", 5) == b.Resolve("", "neko77", 5) {
		t.Error("without a profile no domain is the institute's own")
	}
	b := New(Options{Rows: []Row{{UID: "neko77", Mail: "taro@lab.example"}}})
	if b.Resolve("", "neko77@lab.example", 5) != b.Resolve("", "neko77", 5) {
		t.Error("a profile without domains takes the one that the directory's addresses have")
	}
}

func TestCap(t *testing.T) {
	a := New(Options{Rows: []Row{{UID: "neko77"}}, Cap: 3})
	r := a.Resolver("")
	for i := range 10 {
		r.Resolve(fmt.Sprint("probe", i), 5)
	}
	if h := r.Resolve("probe9", 5); h != Others || a.Account(h).Name != "(others)" || a.ID(h) == "" {
		t.Errorf("beyond the cap: %d %+v", h, a.Account(h))
	}
	if r.Resolve("probe1", 5) == Others || r.Resolve("neko77", 5) == Others {
		t.Error("accounts that stand must stay")
	}
	if h := r.Vouch("probe9", 5); h == Others || r.Resolve("probe9", 5) != h {
		t.Error("an account that logged in must be told apart though the cap is reached")
	}
	if a.Overflow() != 8 { // seven when first asked, one again
		t.Errorf("Overflow() = %d", a.Overflow())
	}
	if a.Len() != 2+1+3+1 {
		t.Errorf("Len() = %d", a.Len())
	}
}

func TestLongNames(t *testing.T) {
	a := New(Options{})
	long := strings.Repeat("x", 1<<20)
	h := a.Resolve("", long, 5)
	if h == a.Resolve("", long+"y", 5) || h != a.Resolve("", long, 6) || len(a.Account(h).Name) > maxName {
		t.Errorf("%d %q", h, a.Account(h).Name)
	}
}

// TestOrder holds that what is written out depends on the set of rows and of names, not on their order.
func TestOrder(t *testing.T) {
	rows, _, err := ReadDirectory(strings.NewReader(hakusan), "directory.csv", "", time.UTC)
	if err != nil {
		t.Fatal(err)
	}
	rows = append(rows, Row{UID: "b", Mail: "old@hakusan-lab.example"}, Row{UID: "taroimo", Mail: "x@hakusan-lab.example"})
	var names []string
	for i := range 40 {
		names = append(names, fmt.Sprintf("D%d\\neko77", i), fmt.Sprintf("guess%d@hakusan-lab.example", i%7), fmt.Sprint("GUESS", i%9))
	}
	for i := range rows {
		names = append(names, rows[i].UID, rows[i].Mail, rows[i].SID)
	}
	at := moment(t, "2023-06-01T00:00:00Z")
	picture := func(seed uint64) []Account {
		rng := rand.New(rand.NewPCG(seed, 1))
		rows, names := slices.Clone(rows), slices.Clone(names)
		if seed > 0 {
			rng.Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
			rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
		}
		a := New(Options{Rows: rows, Domains: []string{"hakusan-lab.example"}})
		answers := map[string]string{}
		for _, n := range names {
			answers[n] = a.ID(a.Resolve("", n, at))
		}
		var out []Account
		for h := firstKnown; int(h) < a.Len(); h++ {
			out = append(out, a.Account(h))
		}
		slices.SortFunc(out, func(a, b Account) int { return strings.Compare(a.ID, b.ID) })
		for _, n := range slices.Sorted(slices.Values(names)) {
			out = append(out, Account{Name: n, ID: answers[n]})
		}
		return out
	}
	want := picture(0)
	for seed := uint64(1); seed <= 30; seed++ {
		if got := picture(seed); !reflect.DeepEqual(got, want) {
			t.Fatalf("order %d gives another picture:\n%+v\n%+v", seed, got, want)
		}
	}
}

// TestAliasesAgree holds the table for the store to the answers of Resolve, at every edge.
func TestAliasesAgree(t *testing.T) {
	a := hakusanAccounts(t)
	for _, name := range []string{"taroimo", "yamahana", "neko77", "nobody-knows", "k.koyama@hakusan-lab.example", "SYSTEM", `X\taroimo`} {
		rows := a.Aliases("", name)
		for _, at := range []string{"2000-01-01T00:00:00Z", "2023-03-31T15:00:00Z", "2023-03-31T14:59:59Z", "2024-03-31T15:00:00Z", "2024-03-31T14:59:59Z", "2030-01-01T00:00:00Z"} {
			m := moment(t, at)
			var hits []Handle
			for _, r := range rows {
				if (r.From == 0 || m >= r.From) && (r.To == 0 || m < r.To) {
					hits = append(hits, r.Account)
				}
			}
			if len(hits) != 1 || hits[0] != a.Resolve("", name, m) {
				t.Errorf("%s at %s: rows say %v, Resolve %v", name, at, hits, a.Resolve("", name, m))
			}
		}
	}
	if a.Aliases("", "") != nil || a.Aliases("", "  ") != nil {
		t.Error("nobody has no rows")
	}
}

func TestConcurrent(t *testing.T) {
	a := hakusanAccounts(t)
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			r := a.Resolver("staff")
			for i := range 3000 {
				h := r.Resolve(fmt.Sprint("user", (i*7+g)%500), 5)
				_ = a.Account(h)
				r.Resolve(fmt.Sprintf("LAB%d\\neko77", i%50), 5)
			}
		})
	}
	wg.Wait()
	if got := a.Len(); got != int(firstKnown)+len(a.known)+500 {
		t.Errorf("Len() = %d", got)
	}
}

func TestCacheIsBounded(t *testing.T) {
	r := New(Options{Cap: 10}).Resolver("")
	for i := range maxCached * 2 {
		r.Vouch(fmt.Sprint("n", i%20, "@", i), 5)
	}
	if len(r.cache) > maxCached {
		t.Errorf("%d names cached", len(r.cache))
	}
}

func FuzzResolve(f *testing.F) {
	for _, s := range []string{"neko77", `A\B@c`, "uid=x\\2cy,ou=z", "i:0#.f|m|a@b", "S-1-5-18", "ＡＢ", "\xff\xfe", "a@", "@b", `\`, `\\`, "cn=", "$", "host/x@Y"} {
		f.Add(s)
	}
	a := hakusanAccounts(f)
	f.Fuzz(func(t *testing.T, name string) {
		h := a.Resolve("", name, 5)
		if h != a.Resolve("", name, 5) || h != a.Resolve("", " "+name+"\t", 5) {
			t.Errorf("%q resolves differently", name)
		}
		if acc := a.Account(h); h != None && (acc.Name == "" || len(acc.Name) > 2*maxName || acc.ID == "") {
			t.Errorf("%q is %+v", name, acc)
		}
	})
}

func BenchmarkResolve(b *testing.B) {
	var rows []Row
	for i := range 8000 {
		rows = append(rows, Row{UID: fmt.Sprintf("neko%d", i), Mail: fmt.Sprintf("taro.sato%d@lab.example", i)})
	}
	a := New(Options{Rows: rows, Domains: []string{"lab.example"}})
	names := make([]string, 1<<14)
	for i := range names {
		if i%2 == 0 {
			names[i] = fmt.Sprintf("neko%d", i/2)
		} else {
			names[i] = fmt.Sprintf("taro.sato%d@lab.example", i/2)
		}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	b.Run("hit", func(b *testing.B) {
		r := a.Resolver("")
		for _, n := range names {
			r.Resolve(n, 5)
		}
		b.ReportAllocs()
		b.ResetTimer()
		for i := range b.N {
			r.Resolve(names[i&(1<<14-1)], 5)
		}
	})
	b.Run("miss", func(b *testing.B) {
		b.ReportAllocs()
		for i := range b.N {
			a.Resolve("", names[i&(1<<14-1)], 5)
		}
	})
	b.Run("unknown", func(b *testing.B) {
		a := New(Options{Cap: 1 << 30})
		r := a.Resolver("")
		buf := []byte("probe-00000000")
		b.ReportAllocs()
		for i := range b.N {
			for k, v := len(buf)-1, i; v > 0; k, v = k-1, v/10 {
				buf[k] = byte('0' + v%10)
			}
			r.Resolve(string(buf), 5)
		}
	})
}

func BenchmarkNew(b *testing.B) {
	var rows []Row
	for i := range 8000 {
		rows = append(rows, Row{UID: fmt.Sprintf("neko%d", i), Mail: fmt.Sprintf("taro.sato%d@lab.example", i), SID: fmt.Sprintf("S-1-5-21-1-2-3-%d", i), Name: "佐藤"})
	}
	b.ReportAllocs()
	for range b.N {
		New(Options{Rows: rows, Domains: []string{"lab.example"}})
	}
}
