// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bufio"
	"cmp"
	"encoding/base64"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// talk connects from an address to a port and says lines, each when the last was answered: by a line that begins with the tag of what
// was said or with three digits and a blank, or is a "+".
func (l *lab) talk(from string, port int, lines ...string) {
	l.Helper()
	d := net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	c, err := d.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		l.Fatal(err)
	}
	defer c.Close()
	_ = c.SetDeadline(time.Now().Add(15 * time.Second))
	r := bufio.NewReader(c)
	for i := -1; i < len(lines); i++ {
		tag := "* OK"
		if i >= 0 {
			fmt.Fprintf(c, "%s\r\n", lines[i])
			tag, _, _ = strings.Cut(lines[i], " ")
		}
		for {
			answer, err := r.ReadString('\n')
			if testing.Verbose() {
				l.Logf("%.60s", answer)
			}
			if err != nil {
				return
			}
			digits := len(answer) > 3 && isDigit(answer[0]) && isDigit(answer[1]) && isDigit(answer[2])
			if digits && answer[3] == ' ' || !digits && strings.HasPrefix(answer, tag) || strings.HasPrefix(answer, "+") || strings.HasPrefix(answer, "-ERR") {
				break
			}
		}
	}
}

const dovecotConf = `base_dir = %[1]s/run
state_dir = %[1]s/state
log_path = %[1]s/log
ssl = no
disable_plaintext_auth = no
auth_failure_delay = 0
auth_mechanisms = plain login
auth_verbose = %[5]s
protocols = imap
mail_location = maildir:%[1]s/mail/%%u
first_valid_uid = 1
service imap-login {
  inet_listener imap {
    address = 127.0.0.1
    port = %[2]d
  }
  inet_listener imaps {
    port = 0
  }
}
service auth {
  unix_listener %[1]s/sasl {
    mode = 0666
  }
}
service anvil {
  unix_listener anvil-auth-penalty {
    mode = 0
  }
}
passdb {
  driver = passwd-file
  args = scheme=PLAIN username_format=%%u %[1]s/users
}
userdb {
  driver = static
  args = uid=%[3]d gid=%[4]d home=%[1]s/mail/%%u
}
`

// TestDaemonDovecot logs in and fails over IMAP, where Dovecot is told to be verbose about it and where it is not.
func TestDaemonDovecot(t *testing.T) {
	for _, verbose := range []string{"no", "yes"} {
		t.Run("verbose "+verbose, func(t *testing.T) {
			l := newLab(t, "dovecot-imapd", "dovecot")
			port := l.startDovecot(verbose)
			l.await(port)
			wrong, none := "bad-password", "no-such-account"
			if verbose == "no" {
				wrong, none = "bad-credentials", "bad-credentials"
			}
			l.act(func() { l.talk("127.0.0.7", port, "a LOGIN taro right", "b LOGOUT") }, "logon taro success 127.0.0.7")
			l.act(func() { l.talk("127.0.0.8", port, "a LOGIN taro wrong", "b LOGOUT") }, "logon taro failure "+wrong+" 127.0.0.8")
			l.act(func() { l.talk("127.0.0.9", port, "a LOGIN ghost x", "b LOGOUT") }, "logon ghost failure "+none+" 127.0.0.9")
			then := []string{"logon taro failure bad-password 127.0.0.10", "logon taro success 127.0.0.10"}
			if verbose == "no" {
				then = then[1:] // Dovecot keeps silent about failures before a success on one connection
			}
			l.act(func() { l.talk("127.0.0.10", port, "a LOGIN taro wrong", "b LOGIN taro right", "c LOGOUT") }, then...)
			l.act(func() {
				l.talk("127.0.0.11", port, `a LOGIN "x>, method=PLAIN, rip=198.51.100.9" x`, "b LOGOUT")
			}, "logon x>, method=PLAIN, rip=198.51.100.9 failure bad-credentials 127.0.0.11")
			l.compare()
		})
	}
}

func (l *lab) startDovecot(verbose string) int {
	l.Helper()
	dovecot := installed(l.T, "dovecot", "dovecot-imapd")
	if !isThere("/usr/lib/dovecot/imap") {
		l.Skip("Dovecot is here without its IMAP server: apt-get install dovecot-imapd")
	}
	l.account("vmail7", "x", 4007)
	port := freeTCPPort(l.T)
	l.log = filepath.Join(l.dir, "log")
	l.write("users", "taro:right\nhanako:right\n")
	if err := firstError(os.Mkdir(filepath.Join(l.dir, "mail"), 0o777), os.Chmod(filepath.Join(l.dir, "mail"), 0o777)); err != nil {
		l.Fatal(err)
	}
	conf := l.write("dovecot.conf", dovecotConf, l.dir, port, 4007, 4007, verbose)
	l.start("exec " + dovecot + " -F -c " + conf)
	return port
}

// TestDaemonPostfix sends mail through a real Postfix, which asks Dovecot for passwords: logins, refused relaying, accepted mail.
func TestDaemonPostfix(t *testing.T) {
	postfix := installed(t, "postfix", "postfix")
	installed(t, "dovecot", "dovecot-imapd")
	sasl := newLab(t, "dovecot-imapd")
	sasl.await(sasl.startDovecot("no"))

	l := newLab(t, "postfix", "postfix")
	l.log = filepath.Join(l.dir, "maillog")
	l.tell = mailed
	port := freeTCPPort(t)
	l.write("conf/main.cf", postfixMain, l.dir, filepath.Join(sasl.dir, "sasl"))
	l.write("conf/master.cf", postfixMaster, port)
	l.start("mkdir -p queue data; chown postfix data; exec " + postfix + " -c " + l.dir + "/conf start-fg")
	l.await(port)

	plain := func(name, password string) string {
		return "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00"+name+"\x00"+password))
	}
	l.act(func() {
		l.talk("127.0.1.7", port, "EHLO pc", plain("taro", "right"), "MAIL FROM:<taro@lab.example>", "RCPT TO:<someone@example.org>", "DATA", "Subject: x\r\n\r\nx\r\n.", "QUIT")
	}, "logon taro success 127.0.1.7", "send taro@lab.example to  success  127.0.1.7")
	l.act(func() { l.talk("127.0.1.8", port, "EHLO pc", plain("taro", "wrong"), "QUIT") }, "logon taro failure bad-credentials 127.0.1.8")
	l.act(func() { l.talk("127.0.1.9", port, "EHLO pc", plain("ghost", "x"), plain("ghost", "y"), "QUIT") },
		"logon ghost failure bad-credentials 127.0.1.9", "logon ghost failure bad-credentials 127.0.1.9")
	l.act(func() {
		l.talk("127.0.1.10", port, "EHLO pc", "MAIL FROM:<a@lab.example>", "RCPT TO:<someone@example.org>", "QUIT")
	}, "refuse a@lab.example to someone@example.org failure denied 127.0.1.10")
	l.act(func() {
		l.talk("127.0.1.11", port, "EHLO pc", "MAIL FROM:<b@example.net>", "RCPT TO:<ghost@lab.example>", "QUIT")
	}, "refuse b@example.net to ghost@lab.example failure no-such-account 127.0.1.11")
	l.compare()
}

func mailed(e *event.Event) string {
	switch {
	case e.Class == event.ClassAuthentication:
		return logins(e)
	case e.Class == event.ClassMail && (e.Activity == event.ActRefuse || e.Activity == event.ActSend):
		from, _ := e.Get("sender")
		return strings.TrimSpace(strings.Join([]string{e.Activity.String(), from.Text, "to", cmp.Or(e.Target, e.Object), e.Outcome.String(), e.Reason.String(), e.SrcIP.String()}, " "))
	}
	return ""
}

const postfixMain = `compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/maillog
maillog_file_prefixes = %[1]s
myhostname = srv1.lab.example
mydestination =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
mynetworks = 192.0.2.1/32
virtual_mailbox_domains = lab.example
virtual_mailbox_maps = inline:{taro@lab.example=taro}
alias_maps =
default_transport = discard:
virtual_transport = discard:
smtpd_sasl_auth_enable = yes
smtpd_sasl_type = dovecot
smtpd_sasl_path = %[2]s
smtpd_relay_restrictions = permit_sasl_authenticated, reject_unauth_destination
smtpd_recipient_restrictions = permit_sasl_authenticated, reject_unlisted_recipient
smtpd_error_sleep_time = 0
smtpd_peername_lookup = no
disable_dns_lookups = yes
`

const postfixMaster = `127.0.0.1:%d inet n - n - - smtpd
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
anvil unix - - n - 1 anvil
proxymap unix - - n - - proxymap
discard unix - - n - - discard
postlog unix-dgram n - n - 1 postlogd
`

// TestDaemonExim sends mail through a real Exim: a login with mail, wrong passwords, refused relaying, a recipient that there is not.
func TestDaemonExim(t *testing.T) {
	exim := installed(t, "exim4", "exim4-daemon-light")
	l := newLab(t, "exim4-daemon-light", "exim")
	l.account("Debian-exim", "x", 4008)
	l.log = filepath.Join(l.dir, "log/main")
	l.tell = mailed
	port := freeTCPPort(t)
	conf := l.write("exim.conf", eximConf, l.dir, port)
	l.start("mkdir -p spool log; chown Debian-exim spool log; exec " + exim + " -C " + conf + " -bdf")
	l.await(port)

	plain := func(name, password string) string {
		return "AUTH PLAIN " + base64.StdEncoding.EncodeToString([]byte("\x00"+name+"\x00"+password))
	}
	l.act(func() {
		l.talk("127.0.1.7", port, "EHLO pc", plain("taro", "right"), "MAIL FROM:<taro@lab.example>", "RCPT TO:<someone@example.org>", "DATA", "Subject: x\r\n\r\nx\r\n.", "QUIT")
	}, "logon taro success 127.0.1.7")
	l.act(func() { l.talk("127.0.1.8", port, "EHLO pc", plain("taro", "wrong"), "QUIT") }, "logon taro failure bad-credentials 127.0.1.8")
	l.act(func() { l.talk("127.0.1.9", port, "EHLO pc", plain("ghost", "x"), plain("ghost", "y"), "QUIT") },
		"logon ghost failure bad-credentials 127.0.1.9", "logon ghost failure bad-credentials 127.0.1.9")
	l.act(func() {
		l.talk("127.0.1.10", port, "EHLO pc", "MAIL FROM:<a@lab.example>", "RCPT TO:<someone@example.org>", "QUIT")
	}, "refuse a@lab.example to someone@example.org failure denied 127.0.1.10")
	l.act(func() {
		l.talk("127.0.1.11", port, "EHLO pc", "MAIL FROM:<b@example.net>", "RCPT TO:<ghost@lab.example>", "QUIT")
	}, "refuse b@example.net to ghost@lab.example failure no-such-account 127.0.1.11")
	l.act(func() {
		l.talk("127.0.1.12", port, "EHLO pc", plain("taro) [198.51.100.9]: 535", "x"), "QUIT")
	}, "logon taro) [198.51.100.9]: 535 failure bad-credentials 127.0.1.12")
	l.compare()
}

const eximConf = `primary_hostname = srv1.lab.example
local_interfaces = 127.0.0.1
daemon_smtp_ports = %[2]d
spool_directory = %[1]s/spool
log_file_path = %[1]s/log/%%s
keep_environment = TZ
timezone = JST-9
host_lookup =
rfc1413_query_timeout = 0s
auth_advertise_hosts = *
tls_advertise_hosts =
queue_only
domainlist local_domains = lab.example
acl_smtp_rcpt = rcpt
begin acl
rcpt:
  accept authenticated = *
  deny ! domains = +local_domains
    message = relay not permitted
  require verify = recipient
  accept
begin routers
taro:
  driver = accept
  domains = +local_domains
  local_parts = taro
  transport = drop
away:
  driver = accept
  domains = ! +local_domains
  transport = drop
begin transports
drop:
  driver = appendfile
  file = /dev/null
  user = Debian-exim
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_set_id = $auth2
  server_condition = ${if and{{eq{$auth2}{taro}}{eq{$auth3}{right}}}}
`
