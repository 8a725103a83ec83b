// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestDaemonSamba lets smbclient read, write, rename and delete at a real Samba with full_audit, and fail to log in.
func TestDaemonSamba(t *testing.T) {
	smbd, client := installed(t, "smbd", "samba"), installed(t, "smbclient", "smbclient")
	installed(t, "pdbedit", "samba-common-bin")
	if m, _ := filepath.Glob("/usr/lib/*/samba/vfs/full_audit.so"); m == nil {
		t.Skip("Samba's module full_audit is not installed: apt-get install samba-vfs-modules")
	}
	l := newLab(t, "samba", "samba", "pam")
	l.account("taro", "unused", 4001)
	l.tell = filed
	port := freeTCPPort(t)
	share := filepath.Join(l.dir, "share")
	for _, d := range []string{"share", "share/lab", "private", "lock", "state", "cache", "ncalrpc"} {
		if err := os.Mkdir(filepath.Join(l.dir, d), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	_ = os.Chown(share, 4001, 4001)
	_ = os.Chown(share+"/lab", 4001, 4001)
	l.write("share/plan.txt", "plan\n")
	_ = os.Chown(share+"/plan.txt", 4001, 4001)
	if err := os.Chmod(l.write("share/hidden.txt", "hidden\n"), 0o600); err != nil { // of root
		t.Fatal(err)
	}
	local := l.write("mine.txt", "mine\n")
	conf := l.write("smb.conf", sambaConf, l.dir, port)
	l.start("printf 'right\\nright\\n' | pdbedit -s " + conf + " -t -a -u taro >/dev/null; exec " + smbd + " -F --no-process-group -s " + conf)
	l.await(port)
	ask := func(user, what string) func() {
		return func() {
			l.run(nil, client, "-s", conf, "-p", fmt.Sprint(port), "-U", user, "//127.0.0.1/files", "-c", what)
		}
	}
	in := " 127.0.0.1 connect files success"
	l.act(ask("taro%right", "get plan.txt "+l.dir+"/got.txt"), `logon LAB\taro success 127.0.0.1`, "taro"+in, "taro 127.0.0.1 read "+share+"/plan.txt success")
	l.act(ask("taro%right", "put "+local+" lab/mine.txt"), `logon LAB\taro success 127.0.0.1`, "taro"+in, "taro 127.0.0.1 write "+share+"/lab/mine.txt success")
	l.act(ask("taro%right", "rename lab/mine.txt lab/yours.txt; rm lab/yours.txt"), `logon LAB\taro success 127.0.0.1`, "taro"+in,
		"taro 127.0.0.1 rename "+share+"/lab/mine.txt success", "taro 127.0.0.1 delete "+share+"/lab/yours.txt success")
	l.act(ask("taro%wrong", "ls"), `logon LAB\taro failure bad-password 127.0.0.1`)
	l.act(ask("ghost%x", "ls"), `logon LAB\ghost failure no-such-account 127.0.0.1`)
	l.act(ask("x|127.0.0.9|vm%x", "ls"), `logon LAB\x|127.0.0.9|vm failure no-such-account 127.0.0.1`)
	l.act(ask("taro%right", "get hidden.txt"), `logon LAB\taro success 127.0.0.1`, "taro"+in) // "No such file", says Samba, and the client heard "access denied"
	l.compare()
}

// filed tells of logins and of files.
func filed(e *event.Event) string {
	if e.Class != event.ClassFile {
		return logins(e)
	}
	if e.Object == "IPC$" || e.Activity == event.ActClose || e.Activity == event.ActList {
		return "" // what clients do besides
	}
	return strings.Join([]string{e.Account, e.SrcIP.String(), e.Activity.String(), e.Object, e.Outcome.String()}, " ")
}

const sambaConf = `[global]
workgroup = LAB
server role = standalone server
map to guest = never
smb ports = %[2]d
interfaces = lo
bind interfaces only = yes
disable netbios = yes
private dir = %[1]s/private
lock directory = %[1]s/lock
state directory = %[1]s/state
cache directory = %[1]s/cache
pid directory = %[1]s/lock
ncalrpc dir = %[1]s/ncalrpc
log file = %[1]s/smbd.log
logging = syslog@3
log level = 1 auth_audit:3
load printers = no
printing = bsd
vfs objects = full_audit
full_audit:prefix = %%u|%%I|%%m|%%S
full_audit:success = connect disconnect create_file pread_send pwrite_send renameat unlinkat mkdirat
full_audit:failure = connect create_file
full_audit:facility = local5
[files]
path = %[1]s/share
read only = no
`

// TestDaemonVsftpd logs in and fails at a real vsftpd, and fetches a file.
func TestDaemonVsftpd(t *testing.T) {
	vsftpd, curl := installed(t, "vsftpd", "vsftpd"), installed(t, "curl", "curl")
	l := newLab(t, "vsftpd", "vsftpd")
	home := l.account("taro", "right", 4001)
	l.write("home/taro/plan.txt", "plan\n")
	l.log = filepath.Join(l.dir, "log")
	l.tell = filed
	port := freeTCPPort(t)
	conf := l.write("vsftpd.conf", "listen=YES\nlisten_ipv6=NO\nlisten_address=127.0.0.1\nlisten_port=%d\nbackground=NO\nlocal_enable=YES\nanonymous_enable=NO\npam_service_name=vsftpd\n"+
		"secure_chroot_dir=/run/vsftpd/empty\nxferlog_enable=YES\nxferlog_std_format=NO\nvsftpd_log_file=%s\nuse_localtime=YES\ndelay_failed_login=0\nseccomp_sandbox=NO\n", port, l.log)
	l.start("mkdir -p /run/vsftpd/empty; " + vsftpd + " " + conf + " & wait")
	l.await(port)
	ask := func(from, name, password string) func() {
		return func() {
			l.run(nil, curl, "-s", "-S", "--interface", from, "-u", name+":"+password, fmt.Sprintf("ftp://127.0.0.1:%d/plan.txt", port))
		}
	}
	l.act(ask("127.0.4.7", "taro", "right"), "logon taro success 127.0.4.7", "taro 127.0.4.7 download "+home+"/plan.txt success")
	l.act(ask("127.0.4.8", "taro", "wrong"), "logon taro failure bad-credentials 127.0.4.8")
	l.act(ask("127.0.4.9", "ghost", "x"), "logon ghost failure bad-credentials 127.0.4.9")
	l.act(ask("127.0.4.10", `x] OK LOGIN (Client "198.51.100.9"`, "x"), `logon x] OK LOGIN (Client "198.51.100.9" failure bad-credentials 127.0.4.10`)
	l.compare()
}

// TestDaemonOpenVPN lets a client reach a real OpenVPN server with a right and a wrong password, in a network of their own.
func TestDaemonOpenVPN(t *testing.T) {
	openvpn, openssl := installed(t, "openvpn", "openvpn"), installed(t, "openssl", "openssl")
	installed(t, "ip", "iproute2")
	l := newLab(t, "openvpn", "openvpn")
	l.alone = true
	l.log = filepath.Join(l.dir, "log")
	l.tell = func(e *event.Event) string {
		if e.Class == event.ClassLease {
			return strings.Join([]string{e.Activity.String(), e.Account, e.Object}, " ")
		}
		return logins(e)
	}
	if out, err := exec.Command(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=vpn.lab.example", "-days", "2",
		"-addext", "extendedKeyUsage=serverAuth", "-addext", "keyUsage=digitalSignature", "-keyout", filepath.Join(l.dir, "key"), "-out", filepath.Join(l.dir, "cert")).CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, out)
	}
	check := l.write("check", "#!/bin/sh\n{ read name; read password; } < \"$1\"\n[ \"$name $password\" = 'taro right' ]\n")
	if err := os.Chmod(check, 0o755); err != nil {
		t.Fatal(err)
	}
	l.write("server.conf", "local 127.0.0.1\nport 1194\nproto udp\ndev tun0\nserver 10.8.7.0 255.255.255.0\ntopology subnet\nca cert\ncert cert\nkey key\ndh none\nverify-client-cert none\nusername-as-common-name\n"+
		"auth-user-pass-verify %s via-file\nscript-security 2\nverb 3\nkeepalive 10 60\n", check)
	l.write("client.conf", "client\nremote 127.0.0.1 1194\nproto udp\ndev tun1\nifconfig-noexec\nroute-noexec\nca cert\nremote-cert-tls server\nnobind\nconnect-retry-max 1\nserver-poll-timeout 5\nverb 3\n")
	l.write("right", "taro\nright\n")
	l.write("wrong", "taro\nwrong\n")
	if !isThere("/dev/net/tun") {
		t.Skip("there is no /dev/net/tun here: the kernel, or the container, does not let a program make a tunnel")
	}
	// The clients are started from within, as nothing outside reaches the server; which one, a file says.
	l.start("cd " + l.dir + "; " + openvpn + " --config server.conf > log 2>&1 & for n in 1 2 3; do until [ -e go$n ]; do sleep 0.05; done; timeout 6 " + openvpn + " --config client.conf --auth-user-pass $(cat go$n) > client$n 2>&1 & done; wait")
	l.awaitText("Initialization Sequence Completed")
	try := func(n int, file string) func() {
		return func() { l.write(fmt.Sprintf("go%d", n), "%s", file) }
	}
	l.act(try(1, "right"), "logon taro success 127.0.0.1", "assign taro 10.8.7.2")
	l.act(try(2, "wrong"), "logon  failure bad-credentials 127.0.0.1")
	l.compare()
}
