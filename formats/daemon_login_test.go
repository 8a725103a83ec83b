// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// daemonEvents reads a log of a real daemon with every format, and returns what it tells of logins and tickets in a few words each.
func daemonEvents(t *testing.T, log []byte, format string) (got []string, of []event.Event) {
	t.Helper()
	lines := strings.Split(strings.TrimRight(string(log), "\n"), "\n")
	events, errs := readLines(lines)
	for i, err := range errs {
		if err != nil {
			t.Logf("%v: %s", err, lines[i])
		}
	}
	for i := range events {
		e := &events[i]
		if e.Class != event.ClassAuthentication || e.Count.Or(1) == 0 {
			continue
		}
		if e.Format != format || !e.SrcIP.IsLoopback() {
			t.Errorf("wrong format or address: %s", e.AppendJSON(nil))
		}
		got, of = append(got, summary(e)), append(of, *e)
	}
	return got, of
}

func sameEvents(t *testing.T, got, want []string, log []byte) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("%s\n got: %q\nwant: %q\nlog:\n%s", firstDifference(got, want), got, want, log)
	}
}

// TestDaemonKerberos lets kinit succeed and fail at a real key distribution centre of MIT on loopback.
func TestDaemonKerberos(t *testing.T) {
	krb5kdc, kdb5, kadmin := installed(t, "krb5kdc", "krb5-kdc"), installed(t, "kdb5_util", "krb5-kdc"), installed(t, "kadmin.local", "krb5-admin-server krb5-kdc")
	installed(t, "kinit", "krb5-user")
	dir := t.TempDir()
	port := freeTCPPort(t)
	conf := fmt.Sprintf(`[libdefaults]
	default_realm = LAB.EXAMPLE
	dns_lookup_kdc = false
	dns_lookup_realm = false
	rdns = false
[realms]
	LAB.EXAMPLE = {
		kdc = 127.0.0.1:%[1]d
		database_name = %[2]s/principal
		acl_file = %[2]s/acl
		key_stash_file = %[2]s/stash
		kdc_listen = 127.0.0.1:%[1]d
		kdc_tcp_listen = 127.0.0.1:%[1]d
		default_principal_flags = +preauth
	}
[logging]
	kdc = FILE:%[2]s/kdc.log
`, port, dir)
	file := filepath.Join(dir, "krb5.conf")
	if err := os.WriteFile(file, []byte(conf), 0o600); err != nil {
		t.Fatal(err)
	}
	env := append(os.Environ(), "KRB5_CONFIG="+file, "KRB5_KDC_PROFILE="+file, "KRB5CCNAME=FILE:"+dir+"/cc", "LC_ALL=C")
	run := func(in string, words ...string) error {
		cmd := exec.Command(words[0], words[1:]...)
		cmd.Env, cmd.Stdin = env, strings.NewReader(in)
		out, err := cmd.CombinedOutput()
		if err != nil {
			return fmt.Errorf("%v: %w: %s", words, err, out)
		}
		return nil
	}
	for _, words := range [][]string{{kdb5, "create", "-s", "-r", "LAB.EXAMPLE", "-P", "master"},
		{kadmin, "-q", "addprinc -pw right +requires_preauth taro"}, {kadmin, "-q", "addprinc -randkey host/srv1.lab.example"}} {
		if err := run("", words...); err != nil {
			unable(t, "%v", err)
		}
	}
	kdc := exec.Command(krb5kdc, "-n")
	kdc.Env = env
	if err := kdc.Start(); err != nil {
		unable(t, "%v", err)
	}
	t.Cleanup(func() { kdc.Process.Kill(); kdc.Wait() })
	if !waitPort(port) {
		unable(t, "krb5kdc does not start here")
	}
	var want []string
	for _, try := range []struct{ name, password, event string }{
		{"taro", "wrong", "logon taro@LAB.EXAMPLE failure bad-password"},
		{"ghost", "x", "logon ghost@LAB.EXAMPLE failure no-such-account"},
		{"taro", "right", "logon taro@LAB.EXAMPLE success"},
	} {
		run(try.password+"\n", "kinit", try.name) // that it fails is often what is wanted
		want = append(want, try.event)
	}
	if err := run("", "kvno", "host/srv1.lab.example"); err != nil {
		t.Log(err)
	}
	want = append(want, "ticket taro@LAB.EXAMPLE success")
	time.Sleep(200 * time.Millisecond)
	log, err := os.ReadFile(filepath.Join(dir, "kdc.log"))
	if err != nil {
		t.Fatal(err)
	}
	got, of := daemonEvents(t, log, "krb5kdc")
	sameEvents(t, slices.Compact(got), want, log) // a client may ask twice
	asked(t, "krb5-kdc", []string{"krb5kdc"}, slices.CompactFunc(of, func(a, b event.Event) bool { return summary(&a) == summary(&b) }))
}

// TestDaemonProFTPD lets clients log in and fail at a real ProFTPD on loopback.
func TestDaemonProFTPD(t *testing.T) {
	path, openssl := installed(t, "proftpd", "proftpd-core"), installed(t, "openssl", "openssl")
	dir := t.TempDir()
	if err := os.Chmod(filepath.Dir(dir), 0o755); err != nil {
		t.Fatal(err)
	}
	hash, err := exec.Command(openssl, "passwd", "-1", "right").Output()
	if err != nil {
		unable(t, "%v", err)
	}
	me, err := user.Current()
	if err != nil {
		unable(t, "%v", err)
	}
	port := freeTCPPort(t)
	who, group, uid, gid := me.Username, me.Username, me.Uid, me.Gid
	if uid == "0" {
		who, group, uid, gid = "nobody", "nogroup", "65534", "65534"
	}
	conf := fmt.Sprintf(`ServerName lab
ServerType standalone
Port %d
DefaultAddress 127.0.0.1
SocketBindTight on
UseIPv6 off
User %s
Group %s
AuthOrder mod_auth_file.c
AuthUserFile %[4]s/passwd
AuthPAM off
RequireValidShell off
WtmpLog off
UseReverseDNS off
DelayEngine off
PidFile %[4]s/pid
ScoreboardFile %[4]s/score
SystemLog %[4]s/log
TransferLog none
SyslogLevel info
`, port, who, group, dir)
	passwd := fmt.Sprintf("taro:%s:%s:%s:Taro:%s:/bin/sh\n", strings.TrimSpace(string(hash)), uid, gid, dir)
	if err := firstError(os.WriteFile(filepath.Join(dir, "conf"), []byte(conf), 0o600), os.WriteFile(filepath.Join(dir, "passwd"), []byte(passwd), 0o600)); err != nil {
		t.Fatal(err)
	}
	var stderr bytes.Buffer
	d := exec.Command(path, "-n", "-q", "-c", filepath.Join(dir, "conf"))
	d.Stdout, d.Stderr = &stderr, &stderr
	if err := d.Start(); err != nil {
		unable(t, "%v", err)
	}
	t.Cleanup(func() { d.Process.Kill(); d.Wait() })
	if !waitPort(port) {
		unable(t, "proftpd does not start here: %s", stderr.String())
	}
	ftp(t, port, "taro", "wrong")
	ftp(t, port, "ghost", "x")
	ftp(t, port, "x: Login successful. (evil[198.51.100.1]): no such user", "x")
	ftp(t, port, "taro", "right")
	time.Sleep(300 * time.Millisecond)
	log, err := os.ReadFile(filepath.Join(dir, "log"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"logon taro failure bad-password", "logon ghost failure no-such-account",
		"logon x: Login successful. (evil[198.51.100.1]): no such user failure no-such-account", "logon taro success"}
	got, of := daemonEvents(t, log, "proftpd")
	sameEvents(t, got, want, log)
	asked(t, "proftpd-core", []string{"proftpd"}, of)
}

// ftp logs in, or tries to.
func ftp(t *testing.T, port int, name, password string) {
	t.Helper()
	c, err := net.DialTimeout("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)), 5*time.Second)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.SetDeadline(time.Now().Add(10 * time.Second))
	r := bufio.NewReader(c)
	r.ReadString('\n')
	for _, command := range []string{"USER " + name, "PASS " + password, "QUIT"} {
		fmt.Fprintf(c, "%s\r\n", command)
		if answer, err := r.ReadString('\n'); err != nil {
			t.Logf("%s: %v", command, err)
		} else if testing.Verbose() {
			t.Log(strings.TrimSpace(answer))
		}
	}
}

func freeTCPPort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		unable(t, "%v", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// waitPort waits until something listens.
func waitPort(port int) bool {
	for range 100 {
		c, err := net.Dial("tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err == nil {
			c.Close()
			return true
		}
		time.Sleep(50 * time.Millisecond)
	}
	return false
}
