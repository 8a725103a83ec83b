// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// TestDaemonSlapd lets clients do known things to a real slapd on loopback and compares what its log, joined, says with what
// they did.
func TestDaemonSlapd(t *testing.T) {
	d := startSlapd(t)
	people := "ou=people,dc=lab,dc=example"
	front := []string{"-D", "cn=front,dc=lab,dc=example", "-w", "front-secret"}
	taro := "uid=taro," + people

	// What each client does, and what must be told of it, in order.
	var want []string
	act := func(event, tool string, args ...string) {
		d.run(t, tool, args...)
		if event != "" {
			want = append(want, strings.Split(event, "; ")...)
		}
	}
	act("logon taro failure bad-credentials", "ldapwhoami", "-D", taro, "-w", "wrong")
	act("logon taro success", "ldapwhoami", "-D", taro, "-w", "right")
	act("logon taro failure denied", "ldapwhoami", "-D", taro, "-w", "")
	act("logon garbage failure protocol", "ldapwhoami", "-D", "garbage", "-w", "x")
	// A front end: an unknown ID before it has proved to be one, a wrong password, a right one, another unknown ID.
	look := func(id string) []string { return append(slices.Clone(front), "-b", people, "(uid="+id+")", "uid") }
	act("logon front success; logon ghost failure no-such-account relay", "ldapsearch", look("ghost")...)
	act("logon front success", "ldapsearch", look("taro")...)
	act("logon taro failure bad-password relay", "ldapwhoami", "-D", taro, "-w", "wrong")
	act("logon front success", "ldapsearch", look("taro")...)
	act("logon taro success relay", "ldapwhoami", "-D", taro, "-w", "right")
	act(`logon front success; logon ni"na* failure no-such-account relay`, "ldapsearch", look(`ni"na\2a`)...)
	// Reads.
	act("search 103 success", "ldapsearch", "-b", "dc=lab,dc=example", "(objectClass=person)", "cn")
	act("search 2 success", "ldapsearch", "-b", "dc=lab,dc=example", "-z", "2", "(objectClass=*)")
	act("search 12 success", "ldapsearch", "-b", people, "(uid=user1*)", "mail")
	act("search 1 success", "ldapsearch", "-b", "", "-s", "base", "+")
	act("search 0 failure other", "ldapsearch", "-b", "dc=elsewhere", "(uid=x)")
	// Changes, and a password compared.
	admin := []string{"-D", "cn=admin,dc=lab,dc=example", "-w", "root-secret"}
	act("logon admin success; reset user7 by admin success", "ldappasswd", append(admin, "-s", "new", "uid=user7,"+people)...)
	act("logon user6 success; reset user6 by user6 success", "ldappasswd", "-D", "uid=user6,"+people, "-w", "right", "-a", "right", "-s", "right")
	act("logon admin success; logon user8 failure bad-password relay", "ldapcompare", append(admin, "uid=user8,"+people, "userPassword:wrong")...)
	act("logon admin success; read taro success", "ldapcompare", append(admin, taro, "sn:Sato")...)
	act("logon admin success; delete user9 by admin success", "ldapdelete", append(admin, "uid=user9,"+people)...)
	act("logon gidNumber=0+uidNumber=0,cn=peercred,cn=external,cn=auth success", "ldapwhoami", "-Y", "EXTERNAL", "-H", d.local)
	for range 3 {
		act("logon user3 failure bad-credentials", "ldapwhoami", "-D", "uid=user3,"+people, "-w", "wrong")
	}
	if c, err := net.Dial("tcp", d.addr); err == nil { // a scan; at once closed, slapd might tell of the end before the beginning
		time.Sleep(50 * time.Millisecond)
		c.Close()
		want = append(want, "connect success")
	}
	time.Sleep(100 * time.Millisecond)
	log := d.stop(t)

	var out event.Batch
	p := openLDAP.New(testEnv())
	for i, line := range bytes.Split(bytes.TrimSuffix(log, []byte("\n")), []byte("\n")) {
		rec := event.Record{Part: event.Part{Line: int64(i + 1)}, Data: line}
		if err := p.Parse(&rec, &out); err != nil {
			t.Errorf("%v: %s", err, line)
		}
	}
	p.Flush(&out)
	slices.SortStableFunc(out.Events, func(a, b event.Event) int { return int(a.Time - b.Time) })
	var got []string
	for i := range out.Events {
		e := &out.Events[i]
		if e.SrcIP.IsValid() && !e.SrcIP.IsLoopback() || !e.SrcIP.IsValid() && e.SrcHost != "local" {
			t.Errorf("wrong source: %s", e.AppendJSON(nil))
		}
		got = append(got, summary(e))
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s\n got: %q\nwant: %q\nlog:\n%s", firstDifference(got, want), got, want, log)
	}
	asked(t, "slapd", []string{"openldap"}, out.Events)
	t.Logf("%d lines of slapd, %d events, all as done", bytes.Count(log, []byte("\n")), len(got))
}

// summary returns an event in a few words.
func summary(e *event.Event) string {
	w := []string{e.Activity.String()}
	switch e.Class {
	case event.ClassAuthentication:
		w = append(w, e.Account)
	case event.ClassDirectory:
		if n, ok := e.Count.Get(); ok {
			w = append(w, fmt.Sprint(n))
		} else {
			w = append(w, strings.TrimPrefix(strings.Split(e.Object, ",")[0], "uid="))
		}
	case event.ClassAccountChange:
		w = append(w, e.Target, "by", e.Account)
	}
	w = append(w, e.Outcome.String())
	if e.Reason != event.ReasonNone {
		w = append(w, e.Reason.String())
	}
	if e.SrcIsRelay {
		w = append(w, "relay")
	}
	return strings.Join(w, " ")
}

type slapd struct {
	cmd         *exec.Cmd
	log         string
	addr, local string
}

// startSlapd starts a slapd of its own with some people in it, or skips the test.
func startSlapd(t *testing.T) *slapd {
	t.Helper()
	path := installed(t, "slapd", "slapd")
	installed(t, "ldapsearch", "ldap-utils")
	const schema = "/etc/ldap/schema/"
	if _, err := os.Stat(schema + "inetorgperson.schema"); err != nil {
		unable(t, "slapd's schema files are not where Debian has them")
	}
	dir := t.TempDir()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		unable(t, "%v", err)
	}
	d := &slapd{log: filepath.Join(dir, "log"), addr: l.Addr().String(), local: "ldapi://" + strings.ReplaceAll(dir, "/", "%2f") + "%2fs"}
	l.Close()
	conf := fmt.Sprintf(`include %[1]score.schema
include %[1]scosine.schema
include %[1]sinetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
loglevel stats
database mdb
suffix "dc=lab,dc=example"
rootdn "cn=admin,dc=lab,dc=example"
rootpw root-secret
directory %[2]s/db
access to attrs=userPassword by self write by anonymous auth by * none
access to * by * read
`, schema, dir)
	file := filepath.Join(dir, "slapd.conf")
	if err := firstError(os.WriteFile(file, []byte(conf), 0o600), os.Mkdir(filepath.Join(dir, "db"), 0o700), os.WriteFile(filepath.Join(dir, "people.ldif"), people(), 0o600)); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command(installed(t, "slapadd", "slapd"), "-f", file, "-l", filepath.Join(dir, "people.ldif")).CombinedOutput(); err != nil {
		unable(t, "slapadd: %v: %s", err, out)
	}
	log, err := os.Create(d.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	d.cmd = exec.Command(path, "-f", file, "-h", "ldap://"+d.addr+" "+d.local, "-d", "stats")
	d.cmd.Stderr = log
	if err := d.cmd.Start(); err != nil {
		unable(t, "%v", err)
	}
	t.Cleanup(func() { d.cmd.Process.Kill() })
	for range 100 {
		if b, _ := os.ReadFile(d.log); bytes.Contains(b, []byte("slapd starting")) {
			return d
		}
		time.Sleep(20 * time.Millisecond)
	}
	b, _ := os.ReadFile(d.log)
	unable(t, "slapd does not start here: %s", b)
	return nil
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// people returns the entries of the test's directory: a hundred users, taro, and a front end's account.
func people() []byte {
	var b bytes.Buffer
	b.WriteString("dn: dc=lab,dc=example\nobjectClass: dcObject\nobjectClass: organization\no: lab\ndc: lab\n\n" +
		"dn: ou=people,dc=lab,dc=example\nobjectClass: organizationalUnit\nou: people\n\n" +
		"dn: cn=front,dc=lab,dc=example\nobjectClass: person\ncn: front\nsn: f\nuserPassword: front-secret\n\n")
	user := func(uid, sn string) {
		fmt.Fprintf(&b, "dn: uid=%[1]s,ou=people,dc=lab,dc=example\nobjectClass: inetOrgPerson\ncn: %[1]s\nsn: %[2]s\nuid: %[1]s\nmail: %[1]s@lab.example\nuserPassword: right\n\n", uid, sn)
	}
	user("taro", "Sato")
	for i := range 101 {
		user(fmt.Sprintf("user%d", i), "User")
	}
	return b.Bytes()
}

func (d *slapd) run(t *testing.T, tool string, args ...string) {
	t.Helper()
	head := []string{"-x", "-H", "ldap://" + d.addr}
	if slices.Contains(args, "-Y") {
		head = []string{"-Q"}
	}
	cmd := exec.Command(tool, append(head, args...)...)
	cmd.Stdin = strings.NewReader("")
	cmd.Run() // that it fails is often what is wanted
}

func (d *slapd) stop(t *testing.T) []byte {
	t.Helper()
	d.cmd.Process.Signal(os.Interrupt)
	d.cmd.Wait()
	b, err := os.ReadFile(d.log)
	if err != nil {
		t.Fatal(err)
	}
	return b
}
