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
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// lab is a place of its own for one daemon: a folder for its settings and its log, accounts that only it sees, a /dev/log that this
// test answers as rsyslog does, a /run and a /var/log of its own. Nothing outside is changed, and when the test ends everything that
// was started there ends with it, as all of it lives in one process namespace.
type lab struct {
	*testing.T
	dir    string
	log    string   // the file that is read in the end: by default what was said to syslog
	pkg    string   // the daemon's package
	format []string // what the log is recognised as, and what its events are of
	tell   func(e *event.Event) string
	alone  bool   // a network of its own, without any other host
	skip   int    // that many lines of the log were written before the first deed
	others string // lines with this in them are of another program, which nobody reads

	cmd   *exec.Cmd
	deeds []deed
}

// deed is one event that must be told, and the time in which its cause was done.
type deed struct {
	told     string
	from, to time.Time
}

// labZone is the zone of the daemons' clocks.
var labZone = time.FixedZone("JST", 9*3600)

// newLab makes the place, or skips the test where it cannot be made.
func newLab(t *testing.T, pkg string, format ...string) *lab {
	t.Helper()
	if os.Getuid() != 0 {
		t.Skip("only root may give a daemon accounts and a syslog of its own")
	}
	if testing.Short() {
		t.Skip("starting a daemon takes a second")
	}
	l := &lab{T: t, dir: t.TempDir(), pkg: pkg, format: format, tell: logins}
	l.log = filepath.Join(l.dir, "syslog")
	for _, d := range []string{filepath.Dir(l.dir), l.dir} { // daemons lay down their rights
		if err := os.Chmod(d, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"passwd", "group", "shadow"} {
		data, err := os.ReadFile("/etc/" + name)
		if err != nil {
			unable(t, "%v", err)
		}
		l.write("etc/"+name, string(data))
	}
	for _, service := range []string{"sshd", "vsftpd", "other"} {
		l.write("etc/pam.d/"+service, "auth required pam_unix.so nodelay\naccount required pam_unix.so\nsession required pam_permit.so\n")
	}
	l.answerSyslog()
	t.Cleanup(l.stop)
	return l
}

// write writes a file below the folder and returns its path.
func (l *lab) write(name, text string, args ...any) string {
	l.Helper()
	path := filepath.Join(l.dir, name)
	if len(args) > 0 {
		text = fmt.Sprintf(text, args...)
	}
	if err := firstError(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, []byte(text), 0o644)); err != nil {
		l.Fatal(err)
	}
	return path
}

// account makes an account of the system with a password, and a home.
func (l *lab) account(name, password string, id int) (home string) {
	l.Helper()
	openssl := installed(l.T, "openssl", "openssl")
	hash, err := exec.Command(openssl, "passwd", "-6", password).Output()
	if err != nil {
		l.Fatal(err)
	}
	home = filepath.Join(l.dir, "home", name)
	l.add("etc/passwd", fmt.Sprintf("%s:x:%d:%d::%s:/bin/sh\n", name, id, id, home))
	l.add("etc/group", fmt.Sprintf("%s:x:%d:\n", name, id))
	l.add("etc/shadow", fmt.Sprintf("%s:%s:19000:0:99999:7:::\n", name, strings.TrimSpace(string(hash))))
	if err := firstError(os.MkdirAll(home, 0o755), os.Chown(home, id, id)); err != nil {
		l.Fatal(err)
	}
	return home
}

func (l *lab) add(name, text string) {
	f, err := os.OpenFile(filepath.Join(l.dir, name), os.O_APPEND|os.O_WRONLY|os.O_CREATE, 0o644)
	if err != nil {
		l.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteString(text); err != nil {
		l.Fatal(err)
	}
}

// answerSyslog writes what is said to the lab's /dev/log into a file, as rsyslog does: without the priority, with the host's name,
// with control characters as octal numbers.
func (l *lab) answerSyslog() {
	path := filepath.Join(l.dir, "devlog")
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		l.Skip(err)
	}
	l.Cleanup(func() { conn.Close() })
	if err := os.Chmod(path, 0o666); err != nil {
		l.Fatal(err)
	}
	f, err := os.Create(filepath.Join(l.dir, "syslog"))
	if err != nil {
		l.Fatal(err)
	}
	go func() {
		defer f.Close()
		buf := make([]byte, 65536)
		for {
			n, err := conn.Read(buf)
			if err != nil {
				return
			}
			line := buf[:n]
			if i := bytes.IndexByte(line, '>'); i > 0 && i < 6 {
				line = line[i+1:]
			}
			line = bytes.TrimRight(line, "\n\x00")
			if len(line) < 16 {
				continue
			}
			out := append(append([]byte{}, line[:16]...), "srv1 "...)
			for _, c := range line[16:] {
				if c < ' ' {
					out = fmt.Appendf(out, "#%03o", c)
				} else {
					out = append(out, c)
				}
			}
			f.Write(append(out, '\n'))
		}
	}()
}

// enter makes the place out of the namespaces that it is run in, and runs what it is told to.
const enter = `set -e
cd "$1"
mount --make-rprivate /
mkdir -p dev
mount -t tmpfs -o mode=755 lab dev
for f in null zero full random urandom tty net/tun; do
	[ -e /dev/$f ] || continue
	mkdir -p dev/net
	touch dev/$f
	mount --bind /dev/$f dev/$f
done
mkdir dev/pts dev/shm
mount --rbind /dev/pts dev/pts
mount -t tmpfs -o mode=1777 lab dev/shm
ln -s /proc/self/fd dev/fd
ln -s pts/ptmx dev/ptmx
touch dev/log
mount --bind devlog dev/log
mount --move dev /dev
for d in /run /var/log; do mount -t tmpfs -o mode=755 lab $d; done
for f in passwd group shadow pam.d; do mount --bind etc/$f /etc/$f; done
mount -t proc proc /proc
[ "$3" != alone ] || ip link set lo up
eval "$2"
`

// start runs a script of the shell in the place; its last line says "exec" and the daemon.
func (l *lab) start(script string) {
	l.Helper()
	network := "shared"
	l.cmd = exec.Command("/bin/sh", "-c", enter, "enter", l.dir, script, network)
	l.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNS | syscall.CLONE_NEWPID, Setsid: true, Pdeathsig: syscall.SIGKILL}
	if l.alone {
		l.cmd.Args[len(l.cmd.Args)-1] = "alone"
		l.cmd.SysProcAttr.Cloneflags |= syscall.CLONE_NEWNET
	}
	l.cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "TZ=JST-9", "HOME=" + l.dir}
	l.cmd.Dir = l.dir
	said, err := os.Create(filepath.Join(l.dir, "said"))
	if err != nil {
		l.Fatal(err)
	}
	defer said.Close()
	l.cmd.Stdout, l.cmd.Stderr = said, said
	started := make(chan error)
	go func() { // the thread must live as long as the daemon: it would be killed with it
		runtime.LockOSThread()
		started <- l.cmd.Start()
		_ = l.cmd.Wait()
	}()
	if err := <-started; err != nil {
		unable(l.T, "no namespaces here: %v", err)
	}
}

// stop ends everything that runs in the place.
func (l *lab) stop() {
	if l.cmd != nil && l.cmd.Process != nil {
		_ = l.cmd.Process.Kill()
	}
}

// await waits until something listens at all of the ports, or says that the daemon does not start.
func (l *lab) await(ports ...int) {
	l.Helper()
	for until := time.Now().Add(20 * time.Second); len(ports) > 0; time.Sleep(20 * time.Millisecond) {
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(ports[0])))
		if err == nil {
			c.Close()
			ports = ports[1:]
		} else if time.Now().After(until) {
			l.failed()
		}
	}
}

// awaitFile waits until there is a file below the folder.
func (l *lab) awaitFile(name string) {
	l.Helper()
	for until := time.Now().Add(30 * time.Second); !isThere(filepath.Join(l.dir, name)); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(until) {
			l.failed()
		}
	}
}

// awaitText waits until a text stands in the log.
func (l *lab) awaitText(text string) {
	l.Helper()
	for until := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
		if b, _ := os.ReadFile(l.log); bytes.Contains(b, []byte(text)) {
			return
		}
		if time.Now().After(until) {
			l.failed()
		}
	}
}

func (l *lab) failed() {
	l.Helper()
	l.stop()
	time.Sleep(50 * time.Millisecond)
	log, _ := os.ReadFile(l.log)
	unable(l.T, "the daemon does not start here: %.2000s\n%.2000s", l.said(), log)
}

// said returns what the daemon said to nobody in particular.
func (l *lab) said() []byte {
	b, _ := os.ReadFile(filepath.Join(l.dir, "said"))
	return b
}

// run runs a client; that it fails is often what is wanted.
func (l *lab) run(env []string, words ...string) {
	l.Helper()
	cmd := exec.Command(words[0], words[1:]...)
	cmd.Env = append([]string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=" + l.dir}, env...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true}
	timer := time.AfterFunc(20*time.Second, func() { _ = cmd.Process.Kill() })
	defer timer.Stop()
	out, err := cmd.CombinedOutput()
	if testing.Verbose() {
		l.Logf("%s: %v: %s", words[0], err, out)
	}
}

// act lets a client do something and says what must be told of it, in order. It waits until as much is told, so that what is done
// next stands behind.
func (l *lab) act(do func(), told ...string) {
	l.Helper()
	from := time.Now()
	do()
	for until := time.Now().Add(5 * time.Second); len(l.events()) < len(l.deeds)+len(told) && time.Now().Before(until); {
		time.Sleep(20 * time.Millisecond)
	}
	for _, s := range told {
		l.deeds = append(l.deeds, deed{s, from, time.Now()})
	}
}

// told is an event of the log in words, and when it was.
type told struct {
	text string
	at   time.Time
}

func (l *lab) read() (events []event.Event, lines []string, errs []error) {
	data, _ := os.ReadFile(l.log)
	lines = strings.Split(strings.TrimSuffix(string(data[:bytes.LastIndexByte(data, '\n')+1]), "\n"), "\n")
	lines = lines[min(l.skip, len(lines)):]
	all := All()
	sample := make([][]byte, len(lines))
	for i := range lines {
		sample[i] = []byte(lines[i])
	}
	var order []*Format
	for _, g := range Recognise(all, sample) {
		order = append(order, g.Format)
	}
	for i := range all {
		if !slices.Contains(order, &all[i]) {
			order = append(order, &all[i])
		}
	}
	env := testEnv()
	env.Clock.Begin(labZone, time.Now().In(labZone).Year(), 0)
	reader := NewReader(order, env)
	var out event.Batch
	for i := range lines {
		rec := event.Record{Part: event.Part{Line: int64(i + 1), Length: int64(len(lines[i]))}, Data: []byte(lines[i])}
		if err := reader.Read(&rec, &out); err != nil && (l.others == "" || !strings.Contains(lines[i], l.others)) {
			errs = append(errs, fmt.Errorf("line %d: %w: %s", i+1, err, lines[i]))
		}
	}
	reader.Flush(&out)
	return out.Events, lines, errs
}

func (l *lab) events() (all []told) {
	events, _, _ := l.read()
	for i := range events {
		e := &events[i]
		if _, repeat := e.Get("repeat"); repeat {
			continue
		}
		n := e.Count.Or(1)
		if e.Class == event.ClassDirectory || e.Class == event.ClassFile {
			n = 1 // it counts what was found
		}
		for text := l.tell(e); text != "" && n > 0; n-- {
			all = append(all, told{text, e.Time.Time()})
		}
	}
	return all
}

// compare ends the daemon and holds its log to the deeds: nothing is missing, nothing too much, in the same order and at the same time.
func (l *lab) compare() {
	l.Helper()
	time.Sleep(100 * time.Millisecond) // what nobody waited for
	got := l.events()
	l.stop()
	events, lines, errs := l.read()
	var a, b []string
	for _, e := range got {
		a = append(a, e.text)
	}
	for _, d := range l.deeds {
		b = append(b, d.told)
	}
	if !slices.Equal(a, b) {
		l.Errorf("%s\n got: %q\nwant: %q\nlog:\n%s\n%s", firstDifference(a, b), a, b, strings.Join(lines, "\n"), l.said())
		return
	}
	for i, d := range l.deeds {
		if at := got[i].at; at.Before(d.from.Add(-2*time.Second)) || at.After(d.to.Add(2*time.Second)) {
			l.Errorf("%s was done between %s and %s, and told at %s", d.told, d.from.UTC(), d.to.UTC(), at)
		}
	}
	for _, err := range errs {
		l.Errorf("not understood: %v", err)
	}
	for i := range events {
		if e := &events[i]; !slices.Contains(l.format, e.Format) {
			l.Errorf("read as %s: %s", e.Format, e.AppendJSON(nil))
		}
	}
	var of []event.Event
	for i := range events {
		if _, repeat := events[i].Get("repeat"); !repeat && l.tell(&events[i]) != "" {
			of = append(of, events[i])
		}
	}
	asked(l.T, l.pkg, l.format[:1], of)
	l.Logf("%d lines, %d deeds, all as done", len(lines), len(b))
}

// logins tells of logins and refusals: what, who, how it ended, from where.
func logins(e *event.Event) string {
	if e.Class != event.ClassAuthentication || e.Activity == event.ActLogoff {
		return ""
	}
	w := []string{e.Activity.String(), e.Account, e.Outcome.String()}
	if e.Reason != event.ReasonNone {
		w = append(w, e.Reason.String())
	}
	return strings.Join(append(w, e.SrcIP.String()), " ")
}
