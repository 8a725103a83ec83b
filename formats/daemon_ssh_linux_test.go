// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// TestDaemonSSH lets ssh log in and fail at a real sshd, by password through PAM and by key.
func TestDaemonSSH(t *testing.T) {
	sshd, ssh := installed(t, "sshd", "openssh-server"), installed(t, "ssh", "openssh-client")
	keygen := installed(t, "ssh-keygen", "openssh-client")
	l := newLab(t, "openssh-server", "openssh", "pam")
	home := l.account("taro", "right", 4001)
	l.account("hanako", "other", 4002)
	for _, name := range []string{"host", "key", "stranger"} {
		if out, err := exec.Command(keygen, "-q", "-t", "ed25519", "-N", "", "-f", filepath.Join(l.dir, name)).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
	}
	public, err := os.ReadFile(filepath.Join(l.dir, "key.pub"))
	if err != nil {
		t.Fatal(err)
	}
	l.write("home/taro/.ssh/authorized_keys", "%s", public)
	_ = os.Chown(filepath.Join(home, ".ssh"), 4001, 4001)
	port := freeTCPPort(t)
	conf := l.write("sshd_config", "Port %d\nListenAddress 127.0.0.1\nHostKey %s/host\nUsePAM yes\nUseDNS no\nPidFile none\nDenyUsers hanako\nMaxAuthTries 4\nSyslogFacility AUTHPRIV\nPermitRootLogin no\n", port, l.dir)
	l.start("mkdir -p /run/sshd; exec " + sshd + " -D -f " + conf)
	l.await(port)

	askpass := l.write("askpass", "#!/bin/sh\necho \"$PASSWORD\"\n")
	if err := os.Chmod(askpass, 0o755); err != nil {
		t.Fatal(err)
	}
	login := func(name, password, from string, more ...string) func() {
		return func() {
			words := append([]string{ssh, "-F", "none", "-p", fmt.Sprint(port), "-b", from, "-l", name, "-o", "StrictHostKeyChecking=no", "-o", "UserKnownHostsFile=/dev/null"}, more...)
			l.run([]string{"SSH_ASKPASS=" + askpass, "SSH_ASKPASS_REQUIRE=force", "DISPLAY=:0", "PASSWORD=" + password}, append(words, "127.0.0.1", "true")...)
		}
	}
	one := []string{"-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=1"}
	three := []string{"-o", "PreferredAuthentications=password", "-o", "NumberOfPasswordPrompts=3"}
	key := func(name string) []string {
		return []string{"-i", filepath.Join(l.dir, name), "-o", "IdentitiesOnly=yes", "-o", "PreferredAuthentications=publickey"}
	}
	l.act(login("taro", "right", "127.0.0.7", one...), "logon taro success 127.0.0.7")
	l.act(login("taro", "wrong", "127.0.0.8", one...), "logon taro failure bad-credentials 127.0.0.8")
	l.act(login("taro", "wrong", "127.0.0.9", three...), "logon taro failure bad-credentials 127.0.0.9", "logon taro failure bad-credentials 127.0.0.9", "logon taro failure bad-credentials 127.0.0.9")
	l.act(login("ghost", "x", "127.0.0.10", one...), "logon ghost failure no-such-account 127.0.0.10")
	l.act(login("x from 198.51.100.9 port 22 ssh2", "x", "127.0.0.11", one...), "logon x from 198.51.100.9 port 22 ssh2 failure no-such-account 127.0.0.11")
	l.act(login("hanako", "other", "127.0.0.12", one...), "logon hanako failure denied 127.0.0.12")
	l.act(login("taro", "", "127.0.0.13", key("key")...), "logon taro success 127.0.0.13")
	l.act(login("taro", "", "127.0.0.14", key("stranger")...), "logon taro failure bad-credentials 127.0.0.14")
	l.act(login("root", "guess", "127.0.0.15", one...), "logon root failure bad-credentials 127.0.0.15")
	l.compare()
}
