// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"bytes"
	"cmp"
	"fmt"
	"net/netip"
	"strings"
	"unicode/utf8"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/event"
)

// systems are the ones for which commands can be written, as far as the case's inputs show that the institute has them.
type systems struct{ entra, ad, ldap, fortigate, unix bool }

func systemsOf(c *cases.Case) systems {
	var s systems
	for i := range c.Inputs {
		switch f := c.Inputs[i].Format; {
		case strings.HasPrefix(f, "entra-"), strings.HasPrefix(f, "m365-"):
			s.entra = true
		case f == "windows" || f == "windows-csv" || f == "windows-text":
			s.ad = true
		case f == "openldap", strings.HasPrefix(f, "389ds"):
			s.ldap = true
		case f == "fortigate":
			s.fortigate = true
		case f == "openssh" || f == "pam" || f == "netfilter" || f == "conntrack" || f == "dovecot" || f == "postfix":
			s.unix = true
		}
	}
	return s
}

// Commands returns, for review by people, lines to act by in one language: for the systems whose logs the case has, and nothing but comments.
// Whoever runs one takes its mark of a comment away. Names come from logs that an intruder wrote in: they are quoted for the shell that reads
// them, and a name with characters that no quoting makes safe to read is not put into a line at all.
func (x *Containment) Commands(l Lang) []byte {
	w := &commandWriter{l: l, sys: systemsOf(x.Data.Case), c: x.Data.Case}
	w.say(say("封じ込めのための作業案です。すべての行はコメントです。1 行ずつ確かめ、実行する行だけ先頭の # を外してください。Sekisho は何も実行しません。", "Work for containment, to be reviewed. Every line is a comment: look at each, and take the # off those that you run. Sekisho runs none of them."))
	w.say(say("手順の順に行ってください。アカウントとアドレスは記録にある名前のままです。対象が正しいかを必ず確かめてください。", "Go by steps. Accounts and addresses are named as the records have them: see first that each is the right one."))
	if w.sys == (systems{}) {
		w.say(say("この事案の入力からは、どの製品の管理コマンドが必要かが分かりません。iptables の案だけを示します。", "The case's inputs do not tell which products are administered here: only lines for iptables are shown."))
	}
	step := 0
	for _, k := range x.items() {
		if k.Step != step {
			step = k.Step
			title, _ := x.Steps(step)
			w.b.WriteString("#\n")
			w.say(say("==== 手順 %s　%s", "==== Step %s  %s", fmt.Sprint(step), title))
		}
		w.b.WriteString("#\n")
		w.say(event.Words{Ja: fmt.Sprintf("%d. %s %s", k.Order, k.ID, k.What.Ja), En: fmt.Sprintf("%d. %s %s", k.Order, k.ID, k.What.En)})
		if k.State != cases.Proposed {
			w.say(say("（%s）", "(%s)", k.State.Words()))
			continue
		}
		w.act(&k)
	}
	return w.b.Bytes()
}

type commandWriter struct {
	b       bytes.Buffer
	l       Lang
	sys     systems
	c       *cases.Case
	located bool // the addresses stand in a line for Entra ID
}

func (w *commandWriter) say(t event.Words) { fmt.Fprintf(&w.b, "# %s\n", w.l.words(t)) }

// line writes one command as a comment. Its arguments are quoted already.
func (w *commandWriter) line(format string, args ...any) {
	fmt.Fprintf(&w.b, "#   "+format+"\n", args...)
}

func (w *commandWriter) act(k *cases.Containment) {
	name := k.Subject.Account
	if k.Subject.Host != "" {
		name = k.Subject.Host
	}
	if !speakable(name) {
		w.say(say("名前に、コマンドに安全に書けない文字が含まれる。管理画面で対象を確かめて行う。", "The name has characters that cannot safely stand in a command: find it in the product's own pages, and act there."))
		return
	}
	if strings.ContainsFunc(name, func(r rune) bool { return r > 0x7e }) {
		w.say(say("名前に ASCII 以外の文字がある：見た目の似た別の名前でないか確かめる。", "The name has letters beyond ASCII: see that it is not another that only looks like it."))
	}
	switch k.Kind {
	case cases.BlockAddress:
		if ip, err := netip.ParseAddr(k.Subject.Address); err == nil {
			w.block(ip.Unmap().WithZone(""), "sekisho-"+k.ID)
		}
	case cases.IsolateHost:
		w.isolate(k)
	case cases.DisableAccount:
		w.disable(name)
	case cases.RemoveSettings:
		w.settings(name)
	case cases.ResetPassword:
		w.reset(name)
	case cases.RevokeSessions:
		w.revoke(name)
	case cases.RotateDirectory:
		w.directory()
	case cases.PreserveRecords:
		w.line("sekisho preserve %s", "/path/to/logs")
	case cases.WatchAfterwards:
		w.line("sekisho contain mark --done --by NAME --at 2026-01-01T09:00:00+09:00 C-...")
		w.line("sekisho investigate --add --out CASE /path/to/newer/logs")
	}
}

// mostTyped is how long a name may be that stands in a command.
const mostTyped = 256

// speakable says whether a name can stand in a command that a person reviews: what is read there must be what runs.
func speakable(name string) bool {
	return utf8.ValidString(name) && utf8.RuneCountInString(name) <= mostTyped && visible(name, mostTyped) == name && strings.TrimSpace(name) == name
}

// sh quotes a text for a POSIX shell.
func sh(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }

// ps quotes a text for PowerShell, to which four other characters are single quotes too.
func ps(s string) string {
	var b strings.Builder
	for _, r := range s {
		if strings.ContainsRune("'\u2018\u2019\u201a\u201b", r) {
			b.WriteRune(r)
		}
		b.WriteRune(r)
	}
	return "'" + b.String() + "'"
}

// forti quotes a text for FortiOS.
func forti(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// ldapValue escapes a value within a filter (RFC 4515, section 3).
func ldapValue(s string) string {
	var b strings.Builder
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c >= 0x7f || strings.IndexByte(`*()\`, c) >= 0 {
			fmt.Fprintf(&b, `\%02x`, c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String()
}

// login is an account's name without its domain, before or behind it.
func login(name string) string {
	if i := strings.LastIndexByte(name, '\\'); i >= 0 {
		name = name[i+1:]
	}
	if i := strings.IndexByte(name, '@'); i > 0 {
		name = name[:i]
	}
	return name
}

func (w *commandWriter) block(ip netip.Addr, name string) {
	bits := netip.PrefixFrom(ip, ip.BitLen())
	if w.sys.fortigate {
		config, group, set := "address", "addrgrp", "set subnet "+bits.String()
		if ip.Is6() {
			config, group, set = "address6", "addrgrp6", "set ip6 "+bits.String()
		}
		for _, line := range []string{"config firewall " + config, "  edit " + forti(name), "    " + set, "  next", "end", "config firewall " + group, "  edit " + forti("sekisho-"+group), "    append member " + forti(name), "  next", "end"} {
			w.line("%s", line)
		}
	}
	if w.sys.entra && !w.located {
		w.located = true
		w.locations()
	}
	tables := "iptables"
	if ip.Is6() {
		tables = "ip6tables"
	}
	if w.sys.unix || !w.sys.fortigate && !w.sys.entra {
		w.line("%s -I INPUT -s %s -j DROP ; %s -I OUTPUT -d %s -j REJECT", tables, ip, tables, ip)
		w.line("%s -I FORWARD -s %s -j DROP ; %s -I FORWARD -d %s -j REJECT", tables, ip, tables, ip)
	}
}

// mostRanges is how many ranges Entra ID takes in one named location.
const mostRanges = 2000

// locations names all addresses to block to Entra ID, in as few named locations as it takes: it has room for few of these.
func (w *commandWriter) locations() {
	w.say(say("以下は、遮断するアドレスすべてを 1 つにまとめた名前付きの場所である。条件付きアクセスのブロックの方針に加える。", "This is one named location for all addresses to block: add it to a policy of conditional access that blocks."))
	var ranges []string
	flush := func() {
		if len(ranges) > 0 {
			w.line("New-MgIdentityConditionalAccessNamedLocation -BodyParameter @{ '@odata.type' = '#microsoft.graph.ipNamedLocation'; displayName = 'sekisho'; isTrusted = $false; ipRanges = @(%s) }", strings.Join(ranges, ", "))
		}
		ranges = nil
	}
	for i := range w.c.Containment {
		k := &w.c.Containment[i]
		ip, err := netip.ParseAddr(k.Subject.Address)
		if k.Kind != cases.BlockAddress || k.State != cases.Proposed || err != nil {
			continue
		}
		ip = ip.Unmap().WithZone("")
		kind := "iPv4CidrRange"
		if ip.Is6() {
			kind = "iPv6CidrRange"
		}
		ranges = append(ranges, fmt.Sprintf("@{ '@odata.type' = '#microsoft.graph.%s'; cidrAddress = '%s' }", kind, netip.PrefixFrom(ip, ip.BitLen())))
		if len(ranges) == mostRanges {
			flush()
		}
	}
	flush()
}

func (w *commandWriter) isolate(k *cases.Containment) {
	w.say(say("スイッチのポートを閉じるか、EDR の隔離機能を使う。機器の上でコマンドを実行しない（メモリの内容が変わる）。", "Shut the switch's port, or isolate it with the EDR. Run nothing on the machine itself: that changes its memory."))
	for i := range w.c.Hosts {
		h := &w.c.Hosts[i]
		if !h.IP.IsValid() || cmp.Or(h.Name, h.IP.String()) != k.Subject.Host {
			continue
		}
		if ip := h.IP.Unmap().WithZone(""); w.sys.fortigate && ip.Is4() {
			w.line("diagnose user banned-ip add src4 %s 0 admin", ip)
		} else if w.sys.fortigate {
			w.line("diagnose user banned-ip add src6 %s 0 admin", ip)
		}
	}
}

// cloud says whether a name can be that of a user of Entra ID: they all have a domain.
func (w *commandWriter) cloud(name string) bool {
	return w.sys.entra && strings.IndexByte(name, '@') > 0
}

func (w *commandWriter) disable(name string) {
	if w.cloud(name) {
		w.line("Update-MgUser -UserId %s -AccountEnabled:$false", ps(name))
	}
	if w.sys.ad {
		w.line("Disable-ADAccount -Identity %s", ps(login(name)))
	}
	if w.sys.ldap {
		w.find(name)
	}
	if w.sys.unix {
		w.line("usermod --lock --expiredate 1 -- %s", sh(login(name)))
	}
}

func (w *commandWriter) settings(name string) {
	if !w.cloud(name) {
		return
	}
	w.line("Get-InboxRule -Mailbox %s -IncludeHidden | Format-List Identity,Name,Enabled,ForwardTo,RedirectTo,DeleteMessage,MoveToFolder", ps(name))
	w.line("Get-Mailbox -Identity %s | Format-List ForwardingAddress,ForwardingSmtpAddress,DeliverToMailboxAndForward", ps(name))
	w.line("Get-MailboxPermission -Identity %s ; Get-RecipientPermission -Identity %s", ps(name), ps(name))
	w.line("Get-MgUserOauth2PermissionGrant -UserId %s ; Get-MgUserAuthenticationMethod -UserId %s", ps(name), ps(name))
	w.line("Remove-InboxRule -Mailbox %s -Identity IDENTITY", ps(name))
	w.line("Remove-MgOauth2PermissionGrant -OAuth2PermissionGrantId ID")
}

func (w *commandWriter) reset(name string) {
	if w.cloud(name) {
		w.line("Update-MgUser -UserId %s -PasswordProfile @{ ForceChangePasswordNextSignIn = $true; Password = (Read-Host -MaskInput 'new password') }", ps(name))
		w.line("Get-MgUserAuthenticationMethod -UserId %s", ps(name))
	}
	if w.sys.ad {
		w.line("Set-ADAccountPassword -Identity %s -Reset ; Set-ADUser -Identity %s -ChangePasswordAtLogon $true", ps(login(name)), ps(login(name)))
	}
	if w.sys.ldap {
		w.find(name)
		w.line(`ldappasswd -x -ZZ -W -D "$ADMIN_DN" -S "$DN"`)
	}
	if w.sys.unix {
		w.line("passwd -- %s", sh(login(name)))
	}
}

// find finds the entry of an account in a directory, whose names logs do not tell for sure.
func (w *commandWriter) find(name string) {
	filter := "(|(uid=" + ldapValue(login(name)) + ")(mail=" + ldapValue(name) + "))"
	w.line(`ldapsearch -LLL -x -ZZ -W -D "$ADMIN_DN" -b "$BASE" %s dn`, sh(filter))
}

func (w *commandWriter) revoke(name string) {
	if w.cloud(name) {
		w.line("Revoke-MgUserSignInSession -UserId %s", ps(name))
	}
	if w.sys.ad {
		w.say(say("Kerberos のチケットは、有効期限（既定 10 時間）まで使える。ログオン中の端末でログオフさせる。", "Kerberos tickets last until they expire (10 hours by default): log the account off where it is logged on."))
	}
	if w.sys.fortigate {
		w.line("get vpn ssl monitor")
		w.line("diagnose firewall auth list")
	}
	if w.sys.unix {
		w.line("loginctl terminate-user -- %s", sh(login(name)))
		if !strings.ContainsAny(name, "*?") { // which it takes for any others
			w.line("doveadm kick -- %s", sh(name))
		}
	}
	w.say(say("シングルサインオン、VPN、グループウェアなど、独自のセッションを持つものすべてで無効化する。", "Revoke them wherever sessions are held apart: single sign-on, VPN, groupware."))
}

func (w *commandWriter) directory() {
	if w.sys.ad {
		w.line("Get-ADUser -Filter * -Properties PasswordLastSet,ServicePrincipalName | Sort-Object PasswordLastSet | Select-Object SamAccountName,PasswordLastSet,Enabled,ServicePrincipalName")
		w.line("Set-ADAccountPassword -Identity 'krbtgt' -Reset")
		w.say(say("krbtgt は、複製を確かめてから（既定では 10 時間以上あけて）もう一度変更する。", "Change krbtgt once more when replication is done, 10 hours later at least by default."))
	}
	if w.sys.ldap {
		w.line(`ldapsearch -LLL -x -ZZ -W -D "$ADMIN_DN" -b "$BASE" '(userPassword=*)' dn pwdChangedTime`)
	}
}
