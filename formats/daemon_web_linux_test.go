// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/sekisho/sekisho/event"
)

// get asks for an address from another, perhaps with a name and a password, perhaps through a proxy.
func (l *lab) get(from, address, name, password, proxy string) {
	l.Helper()
	d := net.Dialer{Timeout: 5 * time.Second, LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
	transport := &http.Transport{DialContext: d.DialContext, DisableKeepAlives: true}
	req, err := http.NewRequest("GET", address, nil)
	if err != nil {
		l.Fatal(err)
	}
	req.Header.Set("User-Agent", `probe "x" - - [`)
	switch {
	case proxy != "":
		p := &url.URL{Scheme: "http", Host: proxy}
		if name != "" {
			p.User = url.UserPassword(name, password)
		}
		transport.Proxy = http.ProxyURL(p)
	case name != "":
		req.SetBasicAuth(name, password)
	}
	client := http.Client{Transport: transport, Timeout: 10 * time.Second}
	res, err := client.Do(req)
	if err != nil {
		l.Logf("%s: %v", address, err)
		return
	}
	res.Body.Close()
}

// requests tells of requests: who, from where, what, with which answer.
func requests(e *event.Event) string {
	outcome := e.Outcome.String()
	switch e.Class {
	case event.ClassAuthentication: // with a name whose password was not taken
		outcome = "refused"
	case event.ClassHTTP:
	default:
		return ""
	}
	status, _ := e.Get("status")
	n := strconv.FormatInt(status.Num, 10)
	if status.Kind == event.KindText {
		n = status.Text
	}
	return strings.Join([]string{e.Account, e.SrcIP.String(), e.Object, outcome, n}, " ")
}

// hashed returns a line of a password file for the basic authentication of web servers.
func hashed(t *testing.T, name, password string) string {
	t.Helper()
	out, err := exec.Command(installed(t, "openssl", "openssl"), "passwd", "-apr1", password).Output()
	if err != nil {
		t.Fatal(err)
	}
	return name + ":" + string(out)
}

type webServer struct {
	binary, pkg, deb, conf, start, errors string
}

// TestDaemonWeb asks real web servers for pages behind a password, and reads the access log and the error log.
func TestDaemonWeb(t *testing.T) {
	for _, s := range []webServer{
		{binary: "nginx", pkg: "nginx-light", deb: "nginx-common", conf: nginxConf, start: "exec %s -e %[2]s/error.log -c %[2]s/conf", errors: "nginx-error"},
		{binary: "apache2", pkg: "apache2-bin", deb: "apache2-bin", conf: apacheConf, start: "exec %s -X -f %s/conf", errors: "apache-error"},
	} {
		t.Run(s.binary, func(t *testing.T) {
			binary := installed(t, s.binary, s.pkg)
			l := newLab(t, s.deb, "web-access")
			port := freeTCPPort(t)
			l.write("www/index.html", "hello\n")
			l.write("www/secret/page.html", "hello\n")
			l.write("users", "%s%s", hashed(t, "taro", "right"), hashed(t, "hana ko", "right"))
			l.write("conf", s.conf, l.dir, port)
			l.log, l.tell = filepath.Join(l.dir, "access.log"), requests
			l.start(fmt.Sprintf(s.start, binary, l.dir))
			l.await(port)
			errors := *l // the same deeds, told by the other log
			errors.log, errors.format, errors.tell = filepath.Join(l.dir, "error.log"), []string{s.errors}, logins
			base := fmt.Sprintf("http://127.0.0.1:%d", port)
			ask := func(from, path, name, password, told, failure string) {
				t.Helper()
				at := time.Now()
				l.act(func() { l.get(from, base+path, name, password, "") }, name+" "+from+" "+told)
				if failure != "" {
					errors.deeds = append(errors.deeds, deed{"logon " + name + " failure " + failure + " " + from, at, time.Now()})
				}
			}
			ask("127.0.2.7", "/secret/page.html", "taro", "right", "/secret/page.html success 200", "")
			ask("127.0.2.8", "/secret/page.html", "taro", "wrong", "/secret/page.html refused 401", "bad-password")
			ask("127.0.2.9", "/secret/page.html", "ghost", "x", "/secret/page.html refused 401", "no-such-account")
			ask("127.0.2.10", "/secret/page.html", `x", client 198.51.100.66, server`, "x", "/secret/page.html refused 401", "no-such-account")
			ask("127.0.2.13", "/secret/page.html", "hana ko", "right", "/secret/page.html success 200", "")
			ask("127.0.2.11", "/none.html?a=b%22%20c", "", "", "/none.html?a=b%22%20c failure 404", "")
			ask("127.0.2.12", "/index.html", "", "", "/index.html success 200", "")
			l.compare()
			errors.compare()
		})
	}
}

const nginxConf = `daemon off;
user root;
error_log %[1]s/error.log info;
pid %[1]s/pid;
events { }
http {
	log_format combined_here '$remote_addr - $remote_user [$time_local] "$request" $status $body_bytes_sent "$http_referer" "$http_user_agent"';
	access_log %[1]s/access.log;
	client_body_temp_path %[1]s/t1;
	proxy_temp_path %[1]s/t2;
	fastcgi_temp_path %[1]s/t3;
	uwsgi_temp_path %[1]s/t4;
	scgi_temp_path %[1]s/t5;
	server {
		listen 127.0.0.1:%[2]d;
		root %[1]s/www;
		location /secret {
			auth_basic "here";
			auth_basic_user_file %[1]s/users;
		}
	}
}
`

const apacheConf = `LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
LoadModule authn_file_module /usr/lib/apache2/modules/mod_authn_file.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so
LoadModule auth_basic_module /usr/lib/apache2/modules/mod_auth_basic.so
ServerRoot %[1]s
ServerName srv1.lab.example
Listen 127.0.0.1:%[2]d
PidFile %[1]s/pid
User www-data
Group www-data
ErrorLog %[1]s/error.log
LogFormat "%%h %%l %%u %%t \"%%r\" %%>s %%O \"%%{Referer}i\" \"%%{User-Agent}i\"" combined
CustomLog %[1]s/access.log combined
DocumentRoot %[1]s/www
<Directory %[1]s/www/secret>
	AuthType Basic
	AuthName here
	AuthUserFile %[1]s/users
	Require valid-user
</Directory>
`

// TestDaemonSquid asks a real Squid for pages, with names and passwords and without: who it was, and where Squid went for it.
func TestDaemonSquid(t *testing.T) {
	squid := installed(t, "squid", "squid")
	const helper = "/usr/lib/squid/basic_ncsa_auth"
	if !isThere(helper) {
		unable(t, "Squid's helper for passwords is not where Debian has it")
	}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, "hello") }))
	defer web.Close()
	l := newLab(t, "squid", "squid")
	l.log, l.tell = filepath.Join(l.dir, "logs/access.log"), func(e *event.Event) string {
		if e.Object == "error:transaction-end-before-headers" {
			return "" // this test's own look whether it listens
		}
		at := ""
		if e.Outcome == event.OutcomeSuccess {
			at = " at " + e.DstIP.String()
		}
		return strings.ReplaceAll(requests(e)+at, web.URL, "web")
	}
	l.write("users", "%s%s", hashed(t, "taro", "right"), hashed(t, "hana ko", "right"))
	if err := firstError(os.Mkdir(filepath.Join(l.dir, "logs"), 0o777), os.Chmod(filepath.Join(l.dir, "logs"), 0o777)); err != nil {
		t.Fatal(err)
	}
	port := freeTCPPort(t)
	conf := l.write("conf", squidConf, l.dir, port, helper)
	l.start("exec " + squid + " -N -f " + conf)
	l.await(port)
	proxy := fmt.Sprintf("127.0.0.1:%d", port)
	ask := func(from, name, password, told string) {
		l.act(func() { l.get(from, web.URL+"/page", name, password, proxy) }, told)
	}
	ask("127.0.3.7", "taro", "right", "taro 127.0.3.7 web/page success 200 at 127.0.0.1")
	ask("127.0.3.8", "taro", "wrong", "taro 127.0.3.8 web/page refused 407")
	ask("127.0.3.9", "ghost", "x", "ghost 127.0.3.9 web/page refused 407")
	ask("127.0.3.10", "", "", " 127.0.3.10 web/page failure 407")
	ask("127.0.3.12", "x taro", "x", "x taro 127.0.3.12 web/page refused 407")
	ask("127.0.3.13", "x HIER_DIRECT/198.51.100.9 y taro", "x", "x hier_direct/198.51.100.9 y taro 127.0.3.13 web/page refused 407")
	ask("127.0.3.11", "hana ko", "right", "hana ko 127.0.3.11 web/page success 200 at 127.0.0.1")
	l.compare()
}

const squidConf = `http_port 127.0.0.1:%[2]d
visible_hostname srv1.lab.example
pid_filename none
cache deny all
cache_log %[1]s/logs/cache.log
access_log stdio:%[1]s/logs/access.log
buffered_logs off
coredump_dir %[1]s/logs
netdb_filename none
pinger_enable off
shutdown_lifetime 0 seconds
auth_param basic program %[3]s %[1]s/users
auth_param basic children 1 startup=1
acl known proxy_auth REQUIRED
http_access allow known
http_access deny all
`
