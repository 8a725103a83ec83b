// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// setUp389 lets dscreate make an instance without systemd, with all that it writes in the lab's folder.
const setUp389 = `cd %[1]s
cp -a /etc/dirsrv settings
mkdir -p logs lib
mount --bind settings /etc/dirsrv
mount --bind lib /var/lib/dirsrv
mkdir -p /var/log/dirsrv /run/dirsrv /run/lock/dirsrv
mount --bind logs /var/log/dirsrv
chown dirsrv:dirsrv lib logs /run/dirsrv /run/lock/dirsrv
sed 's/^with_systemd = 1/with_systemd = 0/' /usr/share/dirsrv/inf/defaults.inf > defaults.inf
mount --bind defaults.inf /usr/share/dirsrv/inf/defaults.inf
%[2]s from-file instance.inf
ldapmodify -x -H ldap://127.0.0.1:%[3]d -D 'cn=Directory Manager' -w root-secret -f people.ldif
touch ready
exec sleep 1000
`

// TestDaemon389DS lets clients bind and search at a real 389 Directory Server.
func TestDaemon389DS(t *testing.T) {
	dscreate := installed(t, "dscreate", "389-ds-base python3-lib389")
	installed(t, "ldapsearch", "ldap-utils")
	l := newLab(t, "389-ds-base", "389ds")
	port := freeTCPPort(t)
	l.write("instance.inf", "[general]\nconfig_version = 2\nstart = True\nselinux = False\nstrict_host_checking = False\nfull_machine_name = srv1.lab.example\n[slapd]\ninstance_name = lab\nroot_password = root-secret\nport = %d\n"+
		"secure_port = %d\nself_sign_cert = False\n[backend-userroot]\nsuffix = dc=lab,dc=example\nsample_entries = yes\n", port, freeTCPPort(t))
	l.write("people.ldif", "dn: cn=config\nchangetype: modify\nreplace: nsslapd-accesslog-logbuffering\nnsslapd-accesslog-logbuffering: off\n\n"+
		"dn: uid=taro,ou=people,dc=lab,dc=example\nchangetype: add\nobjectClass: inetOrgPerson\ncn: taro\nsn: Sato\nuid: taro\nmail: taro@lab.example\nuserPassword: right-one\n")
	l.log = filepath.Join(l.dir, "ready")
	l.start(fmt.Sprintf(setUp389, l.dir, dscreate, port))
	l.awaitFile("ready")
	// What the setting up did stands in the same log: the deeds begin behind it.
	access := filepath.Join(l.dir, "logs/slapd-lab/access")
	before, err := os.ReadFile(access)
	if err != nil {
		t.Fatal(err)
	}
	l.log, l.skip = access, bytes.Count(before, []byte("\n"))
	l.tell = func(e *event.Event) string {
		if e.Class == event.ClassDirectory || e.Class == event.ClassAuthentication {
			return summary(e) + " " + e.SrcIP.String()
		}
		return ""
	}
	people := "ou=people,dc=lab,dc=example"
	act := func(told, tool string, args ...string) {
		t.Helper()
		l.act(func() {
			l.run(nil, append([]string{tool, "-x", "-H", fmt.Sprintf("ldap://127.0.0.1:%d", port)}, args...)...)
		}, strings.Split(told, "; ")...)
	}
	taro := "uid=taro," + people
	act("logon taro success 127.0.0.1", "ldapwhoami", "-D", taro, "-w", "right-one")
	act("logon taro failure bad-password 127.0.0.1", "ldapwhoami", "-D", taro, "-w", "wrong")
	act("logon ghost failure no-such-account 127.0.0.1", "ldapwhoami", "-D", "uid=ghost,"+people, "-w", "x")
	act("logon Directory Manager success 127.0.0.1; search 1 success 127.0.0.1", "ldapsearch", "-D", "cn=Directory Manager", "-w", "root-secret", "-b", people, "(uid=taro)", "mail")
	act("search 0 success 127.0.0.1", "ldapsearch", "-b", people, "(uid=nobody)", "mail")
	l.compare()
}
