// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"math/rand"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// readLDAP reads lines with a parser and returns what it tells, without where the lines stand, sorted.
func readLDAP(t testing.TB, f *Format, lines []string) []string {
	t.Helper()
	p := f.New(testEnv())
	var out event.Batch
	for i, line := range lines {
		rec := event.Record{Part: event.Part{Line: int64(i + 1), Length: int64(len(line))}, Data: []byte(line)}
		if err := p.Parse(&rec, &out); err != nil {
			t.Fatalf("line %d: %v: %s", i+1, err, line)
		}
	}
	p.Flush(&out)
	return briefs(&out)
}

// briefs returns one line for each event: what it says, without where it was read.
func briefs(out *event.Batch) []string {
	var got []string
	for i := range out.Events {
		e := out.Events[i]
		e.Ref = event.Ref{}
		got = append(got, string(e.AppendJSON(nil)))
	}
	slices.Sort(got)
	return got
}

// conversation is one connection: its lines keep their order, whatever comes between.
type conversation struct {
	start time.Time
	lines []string
}

func (c *conversation) say(format string, args ...any) {
	c.lines = append(c.lines, c.start.Format("2006-01-02T15:04:05.000000Z07:00")+" ldap1 slapd[7]: "+fmt.Sprintf(format, args...))
}

// conversations returns what a front end, hosts and people say to a directory, each on connections of their own.
func conversations(r *rand.Rand, n int) []conversation {
	var all []conversation
	at := time.Date(2025, 6, 10, 9, 0, 0, 0, time.UTC)
	for i := range n {
		c := conversation{start: at.Add(time.Duration(i) * time.Millisecond)}
		id := 1000 + i
		peer := "172.16.5.10"
		if i%3 == 1 {
			peer = fmt.Sprintf("192.0.2.%d", 1+r.Intn(200))
		}
		c.say("conn=%d fd=12 ACCEPT from IP=%s:%d (IP=0.0.0.0:389)", id, peer, 20000+i)
		switch i % 5 {
		case 0, 1: // by uid, with the service's name first
			c.say(`conn=%d op=0 BIND dn="cn=idp,dc=lab,dc=example" method=128`, id)
			c.say(`conn=%d op=0 BIND dn="cn=idp,dc=lab,dc=example" mech=SIMPLE ssf=0`, id)
			c.say(`conn=%d op=0 RESULT tag=97 err=0 text=`, id)
			found := r.Intn(3)
			c.say(`conn=%d op=1 SRCH base="ou=people,dc=lab,dc=example" scope=2 deref=0 filter="(&(objectClass=person)(uid=u%d))"`, id, i)
			c.say(`conn=%d op=1 SRCH attr=uid`, id)
			c.say(`conn=%d op=1 SEARCH RESULT tag=101 err=0 nentries=%d text=`, id, min(found, 1))
			if found > 0 {
				c.say(`conn=%d op=2 BIND anonymous mech=implicit ssf=0`, id)
				c.say(`conn=%d op=2 BIND dn="uid=u%d,ou=people,dc=lab,dc=example" method=128`, id, i)
				c.say(`conn=%d op=2 RESULT tag=97 err=%d text=`, id, []int{0, 49}[r.Intn(2)])
			}
		case 2: // by mail address, bound on the same connection
			c.say(`conn=%d op=0 SRCH base="ou=people,dc=lab,dc=example" scope=2 deref=0 filter="(mail=u%d@lab.example)"`, id, i)
			c.say(`conn=%d op=0 SEARCH RESULT tag=101 err=0 nentries=1 text=`, id)
			c.say(`conn=%d op=1 BIND dn="cn=User %d,ou=people,dc=lab,dc=example" method=128`, id, i)
			c.say(`conn=%d op=1 RESULT tag=97 err=49 text=`, id)
		case 3: // a host's name service
			c.say(`conn=%d op=0 SRCH base="dc=lab,dc=example" scope=2 deref=0 filter="(&(objectClass=posixAccount)(uid=h%d))"`, id, i)
			c.say(`conn=%d op=0 SRCH attr=uid uidNumber gidNumber loginShell`, id)
			c.say(`conn=%d op=0 SEARCH RESULT tag=101 err=0 nentries=%d text=`, id, r.Intn(2))
		case 4: // an address book
			c.say(`conn=%d op=0 SRCH base="dc=lab,dc=example" scope=2 deref=0 filter="(|(cn=*x%d*)(mail=x%d*))"`, id, i, i)
			c.say(`conn=%d op=1 SRCH base="dc=lab,dc=example" scope=0 deref=0 filter="(objectClass=*)"`, id)
			c.say(`conn=%d op=0 SEARCH RESULT tag=101 err=0 nentries=%d text=`, id, r.Intn(9))
			c.say(`conn=%d op=1 SEARCH RESULT tag=101 err=0 nentries=1 text=`, id)
		}
		c.say("conn=%d op=9 UNBIND", id)
		c.say("conn=%d fd=12 closed", id)
		all = append(all, c)
	}
	return all
}

// weave puts the lines of all connections into one log, in an order that only keeps that of each connection.
func weave(r *rand.Rand, all []conversation) []string {
	var lines []string
	next := make([]int, len(all))
	for open := len(all); open > 0; {
		i := r.Intn(len(all))
		if next[i] < len(all[i].lines) {
			lines = append(lines, all[i].lines[next[i]])
			if next[i]++; next[i] == len(all[i].lines) {
				open--
			}
		}
	}
	return lines
}

func TestLDAPInterleavingChangesNothing(t *testing.T) {
	all := conversations(rand.New(rand.NewSource(1)), 200)
	var straight []string
	for _, c := range all {
		straight = append(straight, c.lines...)
	}
	want := readLDAP(t, &openLDAP, straight)
	if n := countText(want, `"no-such-account"`); n < 20 {
		t.Fatalf("only %d unknown IDs: the story is too thin", n)
	}
	for seed := range int64(20) {
		got := readLDAP(t, &openLDAP, weave(rand.New(rand.NewSource(seed)), all))
		if !slices.Equal(got, want) {
			t.Fatalf("order %d gives other events:\n%s", seed, firstDifference(got, want))
		}
	}
}

// TestLDAPTruncation cuts a log at any line: what is told of connections that lie wholly in what is left stays the same.
func TestLDAPTruncation(t *testing.T) {
	all := conversations(rand.New(rand.NewSource(2)), 60)
	var lines []string
	ends := map[int]int{} // number of lines → how many conversations are whole
	for i, c := range all {
		lines = append(lines, c.lines...)
		ends[len(lines)] = i + 1
	}
	for cut := range lines {
		got := readLDAP(t, &openLDAP, lines[:cut])
		whole := 0
		for n, k := range ends {
			if n <= cut {
				whole = max(whole, k)
			}
		}
		for i := range whole {
			conn := `"conn":` + strconv.Itoa(1000+i) + ","
			if countText(got, conn) == 0 && i%5 != 3 {
				t.Fatalf("cut at line %d: nothing is told of connection %d, which is whole", cut, 1000+i)
			}
		}
		readLDAP(t, &openLDAP, lines[cut:])
	}
}

func TestLDAPFrontEnd(t *testing.T) {
	at := time.Date(2025, 6, 10, 9, 0, 0, 0, time.UTC)
	const ask = `SRCH base="ou=people,dc=lab,dc=example" scope=2 deref=0 filter="(uid=%s)"`
	front := func(c *conversation, id, op int, uid string, n int) {
		c.say(`conn=%d op=%d `+ask, id, op, uid)
		c.say(`conn=%d op=%d SEARCH RESULT tag=101 err=0 nentries=%d text=`, id, op, n)
	}
	bind := func(c *conversation, id, op int, uid string, err int) {
		c.say(`conn=%d op=%d BIND dn="uid=%s,ou=people,dc=lab,dc=example" method=128`, id, op, uid)
		c.say(`conn=%d op=%d RESULT tag=97 err=%d text=`, id, op, err)
	}
	accept := func(c *conversation, id int, ip string) {
		c.say("conn=%d fd=12 ACCEPT from IP=%s:40000 (IP=0.0.0.0:389)", id, ip)
	}
	tests := []struct {
		name  string
		tell  func(c *conversation)
		logon int // failed logins with an unknown ID
		wrong int // with a wrong password
		reads int
	}{
		{"a miss before the proof is released by it", func(c *conversation) {
			accept(c, 1, "192.0.2.1")
			front(c, 1, 1, "ghost", 0)
			c.start = c.start.Add(time.Hour)
			front(c, 1, 2, "taro", 1)
			bind(c, 1, 3, "taro", 49)
		}, 1, 1, 0},
		{"the proof of one peer is not another's", func(c *conversation) {
			accept(c, 1, "192.0.2.1")
			accept(c, 2, "192.0.2.2")
			front(c, 2, 1, "ghost", 0)
			front(c, 1, 2, "taro", 1)
			bind(c, 1, 3, "taro", 49)
		}, 0, 1, 1},
		{"a lookup that never binds is a lookup", func(c *conversation) {
			accept(c, 1, "192.0.2.1")
			front(c, 1, 1, "ghost", 0)
			front(c, 1, 2, "taro", 1)
		}, 0, 0, 2},
		{"a bind of somebody else is no proof", func(c *conversation) {
			accept(c, 1, "192.0.2.1")
			front(c, 1, 1, "ghost", 0)
			front(c, 1, 2, "taro", 1)
			bind(c, 1, 3, "jiro", 49)
		}, 0, 0, 2},
		{"a bind a minute later is none either", func(c *conversation) {
			accept(c, 1, "192.0.2.1")
			front(c, 1, 2, "taro", 1)
			c.start = c.start.Add(time.Minute)
			bind(c, 1, 3, "taro", 49)
		}, 0, 0, 1},
		{"two places are asked for one login", func(c *conversation) {
			accept(c, 1, "192.0.2.1")
			front(c, 1, 1, "taro", 0)
			c.say(`conn=1 op=2 SRCH base="ou=guests,dc=lab,dc=example" scope=2 deref=0 filter="(uid=taro)"`)
			c.say(`conn=1 op=2 SEARCH RESULT tag=101 err=0 nentries=1 text=`)
			c.say(`conn=1 op=3 BIND dn="uid=taro,ou=guests,dc=lab,dc=example" method=128`)
			c.say(`conn=1 op=3 RESULT tag=97 err=49 text=`)
			front(c, 1, 4, "jiro", 1)
			bind(c, 1, 5, "jiro", 0)
			front(c, 1, 6, "ghost", 0)
			c.say(`conn=1 op=7 SRCH base="ou=guests,dc=lab,dc=example" scope=2 deref=0 filter="(uid=ghost)"`)
			c.say(`conn=1 op=7 SEARCH RESULT tag=101 err=0 nentries=0 text=`)
		}, 1, 1, 2},
		{"an ID asked for by name only, and nothing else ever", func(c *conversation) {
			accept(c, 1, "192.0.2.1")
			c.say(`conn=1 op=1 `+ask, "ghost")
			c.say(`conn=1 op=1 SRCH attr=1.1`)
			c.say(`conn=1 op=1 SEARCH RESULT tag=101 err=0 nentries=0 text=`)
		}, 1, 0, 0},
		{"the same, by a peer that finds and does not bind", func(c *conversation) {
			accept(c, 1, "192.0.2.1")
			for op, uid := range []string{"ghost", "taro"} {
				c.say(`conn=1 op=%d `+ask, op+1, uid)
				c.say(`conn=1 op=%d SRCH attr=1.1`, op+1)
				c.say(`conn=1 op=%d SEARCH RESULT tag=101 err=0 nentries=%d text=`, op+1, op)
			}
		}, 0, 0, 2},
		{"a host that looks names up and binds them", func(c *conversation) {
			accept(c, 1, "192.0.2.1")
			for op, uid := range []string{"ghost", "taro"} {
				c.say(`conn=1 op=%d SRCH base="dc=lab,dc=example" scope=2 deref=0 filter="(&(uid=%s)(objectClass=posixAccount))"`, op+1, uid)
				c.say(`conn=1 op=%d SRCH attr=uid uidNumber loginShell`, op+1)
				c.say(`conn=1 op=%d SEARCH RESULT tag=101 err=0 nentries=%d text=`, op+1, op)
			}
			accept(c, 2, "192.0.2.1")
			bind(c, 2, 1, "taro", 49)
		}, 0, 1, 2},
		{"the service's own name again is no login of a person", func(c *conversation) {
			accept(c, 1, "192.0.2.1")
			c.say(`conn=1 op=1 BIND dn="cn=idp,ou=people,dc=lab,dc=example" method=128`)
			c.say(`conn=1 op=1 RESULT tag=97 err=0 text=`)
			front(c, 1, 2, "taro", 1)
			c.say(`conn=1 op=3 BIND dn="cn=idp,ou=people,dc=lab,dc=example" method=128`)
			c.say(`conn=1 op=3 RESULT tag=97 err=49 text=`)
		}, 0, 0, 1},
		{"the log begins after the pools of connections", func(c *conversation) {
			front(c, 1, 20, "ghost", 0)
			front(c, 1, 21, "taro", 1)
			bind(c, 2, 5, "taro", 49)
		}, 1, 1, 0},
		{"only one of the pools is older than the log", func(c *conversation) {
			accept(c, 1, "192.0.2.1")
			front(c, 1, 20, "ghost", 0)
			front(c, 1, 21, "taro", 1)
			bind(c, 2, 5, "taro", 49)
		}, 1, 1, 0},
		{"the log begins after the connection", func(c *conversation) {
			front(c, 1, 20, "ghost", 0)
			front(c, 1, 21, "taro", 1)
			bind(c, 1, 22, "taro", 49)
		}, 1, 1, 0},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := conversation{start: at}
			test.tell(&c)
			got := readLDAP(t, &openLDAP, c.lines)
			logon, wrong, reads := countText(got, `"no-such-account"`), countText(got, `"bad-password"`), countText(got, `"class":"directory"`)
			if logon != test.logon || wrong != test.wrong || reads != test.reads {
				t.Errorf("unknown IDs %d, wrong passwords %d, reads %d; want %d, %d, %d\n%s\n--\n%s", logon, wrong, reads,
					test.logon, test.wrong, test.reads, strings.Join(c.lines, "\n"), strings.Join(got, "\n"))
			}
		})
	}
}

// TestLDAPBounds opens more connections and operations than are kept: nothing may be lost but what cannot be known.
func TestLDAPBounds(t *testing.T) {
	p := openLDAP.New(testEnv()).(*openLDAPParser)
	var out event.Batch
	failed, read := 0, int64(0)
	feed := func(line string) {
		read++
		rec := event.Record{Part: event.Part{Line: read}, Data: []byte(line)}
		if err := p.Parse(&rec, &out); err != nil {
			t.Fatal(err)
		}
		for i := range out.Events {
			if out.Events[i].Outcome == event.OutcomeFailure {
				failed++
			}
		}
		out.Reset()
	}
	const head = "2025-06-10T09:00:00Z ldap1 slapd[7]: "
	const n = ldapMaxConns + 5000
	for i := range n {
		feed(fmt.Sprintf("%sconn=%d fd=12 ACCEPT from IP=192.0.2.1:%d (IP=0.0.0.0:389)", head, i, 1024+i%60000))
		feed(fmt.Sprintf(`%sconn=%d op=0 BIND dn="uid=u%d,dc=lab,dc=example" method=128`, head, i, i%100))
		feed(fmt.Sprintf(`%sconn=%d op=0 RESULT tag=97 err=49 text=`, head, i))
		feed(fmt.Sprintf(`%sconn=%d op=1 SRCH base="dc=lab,dc=example" scope=2 deref=0 filter="(uid=%s%d)"`, head, i, strings.Repeat("x", 900), i))
	}
	if failed != n {
		t.Errorf("%d of %d failed logins were told", failed, n)
	}
	j := p.join
	if j.conns > ldapMaxConns || j.waiting > ldapMaxOps || j.held > ldapMaxHeld {
		t.Errorf("kept %d connections, %d operations, %d searches: more than the bounds", j.conns, j.waiting, j.held)
	}
	p.Flush(&out)
	if j.conns != 0 || j.waiting != 0 || j.held != 0 {
		t.Errorf("after the end %d connections, %d operations, %d searches are left", j.conns, j.waiting, j.held)
	}
}

// TestLDAPBindReasons holds the servers' codes and texts against the reasons.
func TestLDAPBindReasons(t *testing.T) {
	for _, c := range []struct {
		err  int32
		text string
		want event.Reason
	}{
		{0, "", event.ReasonNone},
		{49, "", event.ReasonBadCredentials},
		{49, "Invalid credentials", event.ReasonBadPassword},
		{49, "No such entry", event.ReasonNoSuchAccount},
		{49, "No suffix for bind dn found", event.ReasonNoSuchAccount},
		{49, "password expired!", event.ReasonExpired},
		{49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 775, v1db1", event.ReasonLocked},
		{49, "80090308: LdapErr: DSID-0C0903A9, comment: AcceptSecurityContext error, data 525, v1db1", event.ReasonNoSuchAccount},
		{19, "", event.ReasonLocked},
		{19, "Exceed password retry limit. Please try later.", event.ReasonLocked},
		{53, "Account inactivated. Contact system administrator.", event.ReasonDisabled},
		{53, "unauthenticated bind (DN with no password) disallowed", event.ReasonDenied},
		{13, "confidentiality required", event.ReasonDenied},
		{32, "", event.ReasonNoSuchAccount},
		{34, "invalid DN", event.ReasonProtocol},
		{52, "shutdown", event.ReasonUnavailable},
		{80, "", event.ReasonOther},
	} {
		if _, got := bindOutcome(&ldapResult{known: true, err: c.err, text: c.text}); got != c.want {
			t.Errorf("%d %q: %s, want %s", c.err, c.text, got, c.want)
		}
	}
}

// TestLDAPRotation goes on in another input in the middle of an attempt: parts of the first are left out of the reference.
func TestLDAPRotation(t *testing.T) {
	env := testEnv()
	p := openLDAP.New(env)
	var out event.Batch
	lines := []string{
		`Jun 10 09:00:00 ldap1 slapd[7]: conn=1 fd=12 ACCEPT from IP=192.0.2.1:40000 (IP=0.0.0.0:389)`,
		`Jun 10 09:00:00 ldap1 slapd[7]: conn=1 op=0 BIND dn="uid=taro,dc=lab,dc=example" method=128`,
		`Jun 10 09:00:00 ldap1 slapd[7]: conn=1 op=0 RESULT tag=97 err=49 text=`,
	}
	for i, line := range lines {
		if i == 2 {
			env.Input = 5
		}
		rec := event.Record{Part: event.Part{Line: int64(i%2 + 1), Length: int64(len(line))}, Data: []byte(line)}
		if err := p.Parse(&rec, &out); err != nil {
			t.Fatal(err)
		}
	}
	p.Flush(&out)
	if len(out.Events) != 1 {
		t.Fatalf("%d events", len(out.Events))
	}
	e := &out.Events[0]
	if e.Account != "taro" || e.SrcIP.String() != "192.0.2.1" || e.Ref.Input != 5 || e.Ref.Line != 1 || len(e.Ref.More) != 0 {
		t.Errorf("joined over a rotation: %s input %d", e.AppendJSON(nil), e.Ref.Input)
	}
}

func countText(lines []string, text string) (n int) {
	for _, l := range lines {
		n += strings.Count(l, text)
	}
	return n
}

func firstDifference(got, want []string) string {
	for i := range max(len(got), len(want)) {
		g, w := "", ""
		if i < len(got) {
			g = got[i]
		}
		if i < len(want) {
			w = want[i]
		}
		if g != w {
			return " got: " + g + "\nwant: " + w
		}
	}
	return "none"
}

// FuzzLDAPNames reads arbitrary names and filters: never a panic, and what is a login says whose.
func FuzzLDAPNames(f *testing.F) {
	for _, s := range []string{`uid=taro,ou=people,dc=lab,dc=example`, `cn="a, b"+uid=x\2c\22,dc=x`, `(&(objectClass=person)(|(uid=x)(mail=x)))`,
		`(uid=\2a\28)`, `((((`, `(!(uid=a))`, `(uid=a)(uid=b)`, `\`, `uid=\`} {
		f.Add(s)
	}
	names := ldapNames{in: NewInterner()}
	f.Fuzz(func(t *testing.T, s string) {
		names.account(s)
		_ = under(s, "dc=lab, dc=example")
		var l ldapLogin
		if names.login(s, &l) && l.value == "" {
			t.Error("a login of nobody")
		}
	})
}

func BenchmarkLDAP(b *testing.B) {
	b.Run("openldap", func(b *testing.B) { benchmarkLines(b, &openLDAP, ldapLoad(200000)) })
}

// ldapLoad returns the log of a front end under attack, with people and hosts between.
func ldapLoad(n int) [][]byte {
	r := rand.New(rand.NewSource(3))
	var lines [][]byte
	at := time.Date(2025, 10, 31, 0, 0, 0, 0, time.UTC)
	say := func(format string, args ...any) {
		lines = append(lines, fmt.Appendf(nil, "%s ldap1 slapd[812]: "+format, append([]any{at.Format(time.Stamp)}, args...)...))
	}
	for conn := 1000; len(lines) < n; conn++ {
		at = at.Add(60 * time.Millisecond)
		uid := fmt.Sprintf("user%04d", r.Intn(8000))
		say("conn=%d fd=%d ACCEPT from IP=172.16.5.10:%d (IP=0.0.0.0:389)", conn, 12+conn%50, 20000+conn%40000)
		say(`conn=%d op=0 BIND dn="cn=idp,ou=services,dc=lab,dc=example" method=128`, conn)
		say(`conn=%d op=0 BIND dn="cn=idp,ou=services,dc=lab,dc=example" mech=SIMPLE ssf=0`, conn)
		say(`conn=%d op=0 RESULT tag=97 err=0 text=`, conn)
		found := min(r.Intn(4), 1)
		say(`conn=%d op=1 SRCH base="ou=people,dc=lab,dc=example" scope=2 deref=0 filter="(&(objectClass=inetOrgPerson)(uid=%s))"`, conn, uid)
		say(`conn=%d op=1 SRCH attr=uid mail`, conn)
		say(`conn=%d op=1 SEARCH RESULT tag=101 err=0 nentries=%d text=`, conn, found)
		if found == 1 {
			say(`conn=%d op=2 BIND anonymous mech=implicit ssf=0`, conn)
			say(`conn=%d op=2 BIND dn="uid=%s,ou=people,dc=lab,dc=example" method=128`, conn, uid)
			say(`conn=%d op=2 RESULT tag=97 err=49 text=`, conn)
		}
		say("conn=%d op=3 UNBIND", conn)
		say("conn=%d fd=%d closed", conn, 12+conn%50)
	}
	return lines
}

// benchmarkLines reads the lines again and again; an operation is one line.
func benchmarkLines(b *testing.B, f *Format, lines [][]byte) {
	size := int64(0)
	for _, l := range lines {
		size += int64(len(l)) + 1
	}
	b.SetBytes(size / int64(len(lines)))
	b.ReportAllocs()
	env := testEnv()
	p := f.New(env)
	var out event.Batch
	var rec event.Record
	b.ResetTimer()
	for i := 0; i < b.N; i++ {
		line := lines[i%len(lines)]
		if i%len(lines) == 0 && i > 0 {
			p.Flush(&out)
			p = f.New(env)
		}
		rec = event.Record{Part: event.Part{Line: int64(i + 1), Length: int64(len(line))}, Data: line}
		if err := p.Parse(&rec, &out); err != nil {
			b.Fatalf("%v: %s", err, line)
		}
		if len(out.Events) > 1000 {
			out.Reset()
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
