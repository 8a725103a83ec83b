// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"cmp"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// TestDaemonSlapd lets clients do to a real slapd on loopback what the drill's clients do to its directory, and compares the two
// logs line by line: everything but the numbers of connections, descriptors, ports and the times must be the same.
func TestDaemonSlapd(t *testing.T) {
	WholeStory(t)
	o, err := Options{Accounts: leastAccounts, Quiet: true}.withDefaults()
	if err != nil {
		t.Fatal(err)
	}
	r, err := newRun(t.TempDir(), o)
	if err != nil {
		t.Fatal(err)
	}
	p, q := &r.w.people[0], &r.w.people[1]
	ours := drilled(r, p, q)
	theirs := performed(t, p, q)
	for i := range max(len(ours), len(theirs)) {
		a, b := "(nothing)", "(nothing)"
		if i < len(ours) {
			a = ours[i]
		}
		if i < len(theirs) {
			b = theirs[i]
		}
		if a != b {
			t.Fatalf("line %d: the drill writes %q, slapd %q\nslapd's log:\n%s", i+1, a, b, strings.Join(theirs, "\n"))
		}
	}
	t.Logf("%d lines, the same as slapd's", len(ours))
}

// drilled lets the drill's writer tell the story: a front end whose two connections serve an unknown ID, right and wrong
// passwords; a login, a password change and a change by the help desk over connections of their own; the end of the daemon.
func drilled(r *run, p, q *person) []string {
	l := r.l.slapd
	for _, pool := range l.pools() {
		pool.conns = nil
	}
	l.restart = 1 << 60
	t := r.w.cal.start
	step := func() int64 { t += second; return t }
	l.attempt(&l.idp, step(), "nobody", "", false)
	l.attempt(&l.idp, step(), p.uid, p.dn, true)
	l.attempt(&l.idp, step(), p.uid, p.dn, false)
	l.attempt(&l.idp, step(), q.uid, q.dn, false)
	l.attempt(&l.idp, step(), q.uid, q.dn, true)
	c, end := l.visit(step(), intraIP, intraService, p.uid, p.dn, true)
	l.changePassword(end+second, &c, p.dn)
	l.modify(step()+5*second, intraIP, "cn=helpdesk,ou=services,"+suffix, q.dn, "description telephoneNumber")
	l.read(step()+9*second, intraIP, intraService, "ou=people,"+suffix, 2, "(objectClass=person)", "cn mail", 2)
	l.restart = t + 20*second
	l.restartIfDue(t + 20*second)
	var lines []string
	for _, m := range sortedMarks(&l.sheet) {
		lines = append(lines, string(m))
	}
	return sameShape(lines)
}

// performed does the same to Debian's slapd.
func performed(t *testing.T, p, q *person) []string {
	d := startDaemon(t, p, q)
	idp := d.dial(t)
	idp.bind(idpService, "service")
	people := "ou=people," + suffix
	idp.search(people, "uid", "nobody", "dn")
	idp.search(people, "uid", p.uid, "dn")
	binds := d.dial(t)
	binds.bind(p.dn, "right")
	idp.search(people, "uid", p.uid, "dn")
	binds.bind(p.dn, "wrong")
	idp.search(people, "uid", q.uid, "dn")
	binds.bind(q.dn, "wrong")
	idp.search(people, "uid", q.uid, "dn")
	binds.bind(q.dn, "right")

	intra := d.dial(t)
	intra.bind(intraService, "service")
	intra.search(people, "uid", p.uid, "uid", "cn", "mail")
	intra.bind(p.dn, "right")
	intra.passwd(p.dn, "right", "new")
	intra.unbind()
	help := d.dial(t)
	help.bind("cn=helpdesk,ou=services,"+suffix, "service")
	help.modify(q.dn, "description", "telephoneNumber")
	help.unbind()
	list := d.dial(t)
	list.bind(intraService, "service")
	list.search(people, "objectClass", "person", "cn", "mail")
	list.unbind()
	d.cmd.Process.Signal(os.Interrupt)
	d.cmd.Wait()
	data, err := os.ReadFile(d.log)
	if err != nil {
		t.Fatal(err)
	}
	lines := sameShape(strings.Split(strings.TrimSpace(string(data)), "\n"))
	// The daemon's own first lines stand at its beginning here, and behind its end in the drill, where it is started again.
	for i, s := range lines {
		if s == "slapd starting" {
			return append(lines[i+1:], lines[:i+1]...)
		}
	}
	t.Fatalf("slapd never started: %q", lines)
	return nil
}

// sameShape takes from lines of slapd what differs from one run to the next.
func sameShape(lines []string) []string {
	steps := []struct {
		re *regexp.Regexp
		to string
	}{
		{regexp.MustCompile(`^.{15} ldap1 slapd\[\d+\]: `), ""}, {regexp.MustCompile(`^[0-9a-f]{8}\.[0-9a-f]+ 0x[0-9a-f]+ `), ""},
		{regexp.MustCompile(`fd=\d+`), "fd=0"}, {regexp.MustCompile(`IP=[0-9.]+:\d+`), "IP=0"},
		{regexp.MustCompile(`qtime=[0-9.]+ etime=[0-9.]+`), "qtime=0 etime=0"}, {regexp.MustCompile(`^@\(#\) \$OpenLDAP: slapd 2\.5.*`), "slapd 2.5"},
	}
	conn, known := regexp.MustCompile(`^conn=(\d+)`), map[string]int{}
	var out []string
	for _, s := range lines {
		for _, k := range steps {
			s = k.re.ReplaceAllString(s, k.to)
		}
		if m := conn.FindStringSubmatch(s); m != nil {
			if _, ok := known[m[1]]; !ok {
				known[m[1]] = len(known)
			}
			s = fmt.Sprintf("conn=%d%s", known[m[1]], s[len(m[0]):])
		}
		if strings.HasPrefix(s, "\t") || s == "" || strings.HasPrefix(s, "connection_read(") { // the second line of the version; a race within slapd
			continue
		}
		out = append(out, s)
	}
	return out
}

// sortedMarks returns a sheet's lines in the order of time.
func sortedMarks(s *sheet) [][]byte {
	c := s.cut(1<<62, chunk{})
	slices.SortStableFunc(c.marks, func(a, b mark) int { return cmp.Compare(a.t, b.t) })
	out := make([][]byte, len(c.marks))
	for i, m := range c.marks {
		out[i] = c.buf[m.off : m.off+m.n]
	}
	return out
}

type daemon struct {
	cmd                     *exec.Cmd
	log, addr               string
	dialled, asked, hungUps int
}

// startDaemon starts a slapd of its own that holds two members and the services, or skips the test.
func startDaemon(t *testing.T, p, q *person) *daemon {
	t.Helper()
	path, err := exec.LookPath("slapd")
	if err != nil {
		t.Skip("slapd is not installed: its log is not compared")
	}
	if out, _ := exec.Command(path, "-VV").CombinedOutput(); !bytes.Contains(out, []byte("slapd 2.5")) {
		t.Skip("this is not slapd 2.5, whose log the drill writes")
	}
	const schema = "/etc/ldap/schema/"
	if _, err := os.Stat(schema + "inetorgperson.schema"); err != nil {
		unable(t, "slapd's schema files are not where Debian has them")
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		unable(t, "%v", err)
	}
	dir := t.TempDir()
	d := &daemon{log: filepath.Join(dir, "log"), addr: listener.Addr().String()}
	listener.Close()
	conf := fmt.Sprintf("include %[1]score.schema\ninclude %[1]scosine.schema\ninclude %[1]sinetorgperson.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\nloglevel stats\n"+
		"database mdb\nsuffix \"%[2]s\"\ndirectory %[3]s/db\naccess to attrs=userPassword by self write by anonymous auth by * none\naccess to * by * write\n", schema, suffix, dir)
	var ldif bytes.Buffer
	fmt.Fprintf(&ldif, "dn: %s\nobjectClass: dcObject\nobjectClass: organization\no: lab\ndc: hakusan-lab\n\n", suffix)
	for _, ou := range []string{"people", "services"} {
		fmt.Fprintf(&ldif, "dn: ou=%s,%s\nobjectClass: organizationalUnit\nou: %s\n\n", ou, suffix, ou)
	}
	for _, cn := range []string{"idp", "intra", "helpdesk"} {
		fmt.Fprintf(&ldif, "dn: cn=%s,ou=services,%s\nobjectClass: person\ncn: %s\nsn: s\nuserPassword: service\n\n", cn, suffix, cn)
	}
	for _, m := range []*person{p, q} {
		fmt.Fprintf(&ldif, "dn: %s\nobjectClass: inetOrgPerson\ncn: %s\nsn: x\nuid: %s\nmail: %s\nuserPassword: right\n\n", m.dn, m.name, m.uid, m.mail)
	}
	file, people := filepath.Join(dir, "slapd.conf"), filepath.Join(dir, "people.ldif")
	for name, text := range map[string][]byte{file: []byte(conf), people: ldif.Bytes()} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Mkdir(filepath.Join(dir, "db"), 0o700); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("slapadd", "-f", file, "-l", people).CombinedOutput(); err != nil {
		unable(t, "slapadd: %v: %s", err, out)
	}
	log, err := os.Create(d.log)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	d.cmd = exec.Command(path, "-f", file, "-h", "ldap://"+d.addr, "-d", "stats")
	d.cmd.Stderr = log
	if err := d.cmd.Start(); err != nil {
		unable(t, "%v", err)
	}
	t.Cleanup(func() { d.cmd.Process.Kill() })
	for range 150 {
		if b, _ := os.ReadFile(d.log); bytes.Contains(b, []byte("slapd starting")) {
			return d
		}
		time.Sleep(20 * time.Millisecond)
	}
	b, _ := os.ReadFile(d.log)
	unable(t, "slapd does not start here: %s", b)
	return nil
}

// unable says that slapd, though installed, cannot be asked here: a fault where .ci/run asks for it.
func unable(t *testing.T, format string, args ...any) {
	t.Helper()
	if os.Getenv("SEKISHO_DAEMONS") == "required" {
		t.Fatalf(format, args...)
	}
	t.Skipf(format, args...)
}

// told waits until the log has so many lines with a text: slapd answers before it writes, and several threads write.
func (d *daemon) told(t *testing.T, text string, n int) {
	t.Helper()
	for range 500 {
		if b, _ := os.ReadFile(d.log); bytes.Count(b, []byte(text)) >= n {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Fatalf("slapd's log never has %d lines with %q", n, text)
}

// ldapClient speaks just enough LDAP to do what front ends do on one connection.
type ldapClient struct {
	t    *testing.T
	d    *daemon
	conn net.Conn
	id   byte
}

func (d *daemon) dial(t *testing.T) *ldapClient {
	t.Helper()
	var conn net.Conn
	var err error
	for range 100 {
		if conn, err = net.Dial("tcp", d.addr); err == nil {
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	d.dialled++
	d.told(t, " ACCEPT from ", d.dialled)
	return &ldapClient{t: t, d: d, conn: conn}
}

// ber encodes one element of parts that are encoded already.
func ber(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	head := []byte{tag, byte(len(body))}
	if len(body) > 127 {
		head = []byte{tag, 0x82, byte(len(body) >> 8), byte(len(body))}
	}
	return append(head, body...)
}

func berText(s string) []byte { return ber(4, []byte(s)) }

func berAll(list []string) []byte {
	var all [][]byte
	for _, s := range list {
		all = append(all, berText(s))
	}
	return bytes.Join(all, nil)
}

// ask sends one request and waits until its result has come; done is the result's tag, 0 for none.
func (c *ldapClient) ask(request []byte, done byte) {
	c.t.Helper()
	c.id++
	if _, err := c.conn.Write(ber(0x30, ber(2, []byte{c.id}), request)); err != nil {
		c.t.Fatal(err)
	}
	var got []byte
	buf := make([]byte, 4096)
	for done != 0 && !bytes.Contains(got, append([]byte{2, 1, c.id}, done)) {
		c.conn.SetReadDeadline(time.Now().Add(10 * time.Second))
		n, err := c.conn.Read(buf)
		if err != nil {
			c.t.Fatal(err)
		}
		got = append(got, buf[:n]...)
	}
	if done != 0 {
		c.d.asked++
		c.d.told(c.t, " RESULT ", c.d.asked)
	}
}

func (c *ldapClient) bind(dn, password string) {
	c.t.Helper()
	c.ask(ber(0x60, ber(2, []byte{3}), berText(dn), ber(0x80, []byte(password))), 0x61)
}

func (c *ldapClient) search(base, attr, value string, attrs ...string) {
	c.t.Helper()
	c.ask(ber(0x63, berText(base), ber(10, []byte{2}), ber(10, []byte{0}), ber(2, []byte{0}), ber(2, []byte{0}), ber(1, []byte{0}),
		ber(0xa3, berText(attr), berText(value)), ber(0x30, berAll(attrs))), 0x65)
}

func (c *ldapClient) modify(dn string, attrs ...string) {
	c.t.Helper()
	var changes [][]byte
	for _, a := range attrs {
		changes = append(changes, ber(0x30, ber(10, []byte{2}), ber(0x30, berText(a), ber(0x31, berText("1234")))))
	}
	c.ask(ber(0x66, berText(dn), ber(0x30, changes...)), 0x67)
}

func (c *ldapClient) passwd(dn, old, password string) {
	c.t.Helper()
	value := ber(0x30, ber(0x80, []byte(dn)), ber(0x81, []byte(old)), ber(0x82, []byte(password)))
	c.ask(ber(0x77, ber(0x80, []byte("1.3.6.1.4.1.4203.1.11.1")), ber(0x81, value)), 0x78)
}

func (c *ldapClient) unbind() {
	c.t.Helper()
	c.ask([]byte{0x42, 0}, 0)
	c.d.hungUps++
	c.d.told(c.t, " closed", c.d.hungUps)
	c.conn.Close()
}
