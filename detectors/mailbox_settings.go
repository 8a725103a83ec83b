// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"strings"

	"github.com/sekisho/sekisho/event"
)

// mailKind is the kind of a change to mailboxes, or to what may read them.
type mailKind uint8

const (
	mailNone mailKind = iota
	mailForward
	mailHide
	mailAccess
	mailTransport
	mailConsent
	mailSecret
	mailAudit
	mailFederation
	mailPolicy
)

type mailKindFacts struct {
	word, technique string
	what, use       event.Words
}

func (k mailKind) facts() mailKindFacts {
	switch k {
	case mailForward:
		return mailKindFacts{"forward", "T1114.003", event.Words{Ja: "メールを転送する設定", En: "mail is forwarded"},
			event.Words{Ja: "転送は、パスワードを変えた後も続く。", En: "Forwarding goes on after the password is changed."}}
	case mailHide:
		return mailKindFacts{"hide", "T1564.008", event.Words{Ja: "メールを消す・隠す受信規則", En: "a rule deletes or hides mail"},
			event.Words{Ja: "侵入者は、警告や返信を本人に見せないためにこうした規則を作る。", En: "Intruders make such rules so that the owner does not see warnings and answers."}}
	case mailAccess:
		return mailKindFacts{"access", "T1098.002", event.Words{Ja: "ほかの人のメールボックスへの権限付与", En: "rights on somebody else's mailbox were given"},
			event.Words{Ja: "権限を持つ者は、本人のパスワードなしにメールを読める。", En: "Whoever has them reads the mail without its owner's password."}}
	case mailTransport:
		return mailKindFacts{"transport", "T1114.003", event.Words{Ja: "組織全体のメールの流れの変更", En: "the flow of the whole institute's mail was changed"},
			event.Words{Ja: "一つの設定で、全員のメールの写しを外に送れる。", En: "One such setting can send copies of everybody's mail outside."}}
	case mailConsent:
		return mailKindFacts{"consent", "T1098.002", event.Words{Ja: "アプリへの権限の同意", En: "an application was given rights"},
			event.Words{Ja: "同意されたアプリは、パスワードを変えても、二段階認証があっても、読み続ける。", En: "An application that was agreed to goes on reading whatever becomes of passwords and second factors."}}
	case mailSecret:
		return mailKindFacts{"secret", "T1098.001", event.Words{Ja: "アプリへの鍵・秘密の追加", En: "a secret was added to an application"},
			event.Words{Ja: "鍵を持つ者は、アプリとしてログインできる。", En: "Whoever has it logs in as the application."}}
	case mailAudit:
		return mailKindFacts{"audit", "T1562.008", event.Words{Ja: "監査記録の停止", En: "auditing was switched off"},
			event.Words{Ja: "以後、何が読まれたかは残らない。", En: "What is read from then on is not recorded."}}
	case mailFederation:
		return mailKindFacts{"federation", "T1556.007", event.Words{Ja: "ドメインの認証連携の変更", En: "how a domain's logins are checked was changed"},
			event.Words{Ja: "連携先を握る者は、誰としてでもログインできる。", En: "Whoever holds the other end logs in as anybody."}}
	case mailPolicy:
		return mailKindFacts{"policy", "T1556.007", event.Words{Ja: "条件付きアクセスの緩和・削除", En: "a condition on logins was changed or taken away"},
			event.Words{Ja: "二段階認証や接続元の制限が外れることがある。", En: "It may take away the second step, or the limit on from where."}}
	}
	return mailKindFacts{}
}

func (k mailKind) word() string       { return k.facts().word }
func (k mailKind) technique() string  { return k.facts().technique }
func (k mailKind) words() event.Words { return k.facts().what }
func (k mailKind) use() event.Words   { return k.facts().use }

// mailChange is one change, as its record tells it.
type mailChange struct {
	kind      mailKind
	severity  event.Severity
	grave     bool // however often its author did it before
	everybody bool // it concerns everybody
	detail    string
	why       []event.Words
}

// mailChangeOf reads a record of Microsoft 365. Operations that set nothing of use to an intruder are none.
func mailChangeOf(op string, s *event.Sighting) mailChange {
	set := settingsOf(s)
	switch op {
	case "New-InboxRule", "Set-InboxRule", "UpdateInboxRules", "Enable-InboxRule":
		return inboxRule(set, s)
	case "Set-Mailbox":
		return mailboxSet(set, s)
	case "Add-MailboxPermission", "Add-RecipientPermission", "Add-MailboxFolderPermission", "AddFolderPermissions", "UpdateCalendarDelegation":
		if op != "UpdateCalendarDelegation" && (has(set, "accessrights=fullaccess") || has(set, "accessrights=sendas") || has(set, "user=default") || has(set, "user=anonymous")) {
			return mailChange{kind: mailAccess, severity: event.Low, detail: clipWords(set)}
		}
	case "New-ManagementRoleAssignment", "Add-RoleGroupMember":
		if has(set, "applicationimpersonation") || has(set, "mailbox import export") || has(s.Object, "ApplicationImpersonation") {
			return mailChange{kind: mailAccess, severity: event.Medium, grave: true, detail: clipWords(set)}
		}
	case "New-TransportRule", "Set-TransportRule":
		if has(set, "blindcopyto=") || has(set, "redirectmessageto=") || has(set, "copyto=") || has(set, "addtorecipients=") {
			return mailChange{kind: mailTransport, severity: event.Medium, grave: true, detail: clipWords(set)}
		}
	case "New-InboundConnector", "Set-InboundConnector", "New-OutboundConnector", "Set-OutboundConnector", "New-RemoteDomain", "Set-RemoteDomain":
		return mailChange{kind: mailTransport, severity: event.Low, detail: clipWords(set)}
	case "New-MailboxExportRequest", "New-JournalRule":
		return mailChange{kind: mailTransport, severity: event.Medium, detail: clipWords(set)}
	case "Consent to application", "Add OAuth2PermissionGrant", "Add delegated permission grant", "Add app role assignment to service principal", "Add app role assignment grant to user":
		return consentTo(set, s)
	case "Add service principal credentials", "Update application – Certificates and secrets management", "Update application - Certificates and secrets management", "Add owner to application", "Add owner to service principal":
		return mailChange{kind: mailSecret, severity: event.Low, detail: clipWords(s.Object)}
	case "Set-AdminAuditLogConfig":
		if has(set, "unifiedauditlogingestionenabled=false") || has(set, "adminauditlogenabled=false") {
			return mailChange{kind: mailAudit, severity: event.High, grave: true, everybody: true, detail: clipWords(set)}
		}
	case "Set-OrganizationConfig":
		if has(set, "auditdisabled=true") {
			return mailChange{kind: mailAudit, severity: event.High, grave: true, everybody: true, detail: clipWords(set)}
		}
	case "Set domain authentication", "Set federation settings on domain", "Set DirSyncEnabled flag", "Add partner to company":
		return mailChange{kind: mailFederation, severity: event.Medium, grave: true, everybody: true, detail: clipWords(s.Object)}
	case "Delete conditional access policy", "Delete policy":
		return mailChange{kind: mailPolicy, severity: event.Medium, everybody: true, detail: clipWords(s.Object)}
	case "Update conditional access policy", "Disable Strong Authentication":
		return mailChange{kind: mailPolicy, severity: event.Low, detail: clipWords(s.Object)}
	}
	return mailChange{}
}

func has(text, part string) bool { return strings.Contains(text, part) }

// settingsOf returns what the record says was set, small, without quotes.
func settingsOf(s *event.Sighting) string {
	var b strings.Builder
	for _, name := range [...]string{"parameters", "changes", "properties"} {
		if v, ok := s.Get(name); ok {
			b.WriteString(strings.ToLower(v.Text))
			b.WriteString("; ")
		}
	}
	return strings.NewReplacer(`"`, "", `\`, "", "[", "", "]", "").Replace(b.String())
}

// setting returns the value of a named setting.
func setting(set, name string) string {
	for rest := set; ; {
		i := strings.Index(rest, name+"=")
		if i < 0 {
			return ""
		}
		if i > 0 && rest[i-1] != ' ' && rest[i-1] != ';' {
			rest = rest[i+1:]
			continue
		}
		v := rest[i+len(name)+1:]
		if k := strings.IndexByte(v, ';'); k >= 0 {
			v = v[:k]
		}
		if k := strings.LastIndex(v, "→"); k >= 0 {
			v = v[k+len("→"):]
		}
		return strings.TrimSpace(v)
	}
}

func clipWords(t string) string {
	const most = 200
	if len(t) <= most {
		return strings.Trim(t, "; ")
	}
	n := most
	for n > 0 && t[n]&0xc0 == 0x80 {
		n--
	}
	return strings.Trim(t[:n], "; ") + " …"
}

// inboxRule grades a rule: one that sends mail out, one that hides what its owner ought to see.
func inboxRule(set string, s *event.Sighting) mailChange {
	c := mailChange{detail: clipWords(set)}
	for _, name := range [...]string{"forwardto", "redirectto", "forwardasattachmentto", "sendtextmessagenotificationto"} {
		if to := setting(set, name); to != "" {
			c.kind, c.severity = mailForward, event.Low
			if outsider(to, s) {
				c.severity = event.Medium
				c.why = append(c.why, event.Words{Ja: "転送先は組織の外である。", En: "It goes outside."})
			}
		}
	}
	hides := has(set, "deletemessage=true") || has(set, "markasread=true") && has(set, "movetofolder=") ||
		has(set, "rss") && has(set, "movetofolder=") || has(set, "movetofolder=conversation history") || has(set, "softdelete") || has(set, "recipientaction") && has(set, "delete")
	if !hides {
		return c
	}
	if c.kind == mailNone {
		c.kind, c.severity = mailHide, event.Info
	}
	n := 0
	if warning(set) {
		n++
		c.why = append(c.why, event.Words{Ja: "警告・請求・パスワードに関する語を含むメールが対象である。", En: "It looks for words of warnings, invoices or passwords."})
	}
	if name := setting(set, "name"); name != "" && len([]rune(name)) <= mailboxShort || strings.Trim(setting(set, "name"), ".,;-_ ") == "" && has(set, "name=") {
		n++
		c.why = append(c.why, event.Words{Ja: "規則の名前が意味をなさない。", En: "Its name says nothing."})
	}
	if !has(set, "contains") && !has(set, "from=") && !has(set, "sentto=") && !has(set, "withinsize") && !has(set, "hasattachment") && !has(set, "mycc") && !has(set, "myname") {
		n++
		c.why = append(c.why, event.Words{Ja: "条件がなく、すべてのメールに及ぶ。", En: "It has no condition: all mail is concerned."})
	}
	c.severity = min(max(c.severity, event.Info)+event.Severity(n), event.High)
	return c
}

// warning says whether a rule looks for words that an intruder wants his victim not to read.
func warning(set string) bool {
	for _, w := range [...]string{"phish", "hack", "spam", "suspicious", "security", "password", "invoice", "payment", "fraud", "scam", "virus", "helpdesk", "mailer-daemon", "undeliver", "unusual",
		"不正", "警告", "注意", "パスワード", "請求", "振込", "迷惑", "乗っ取", "情報システム", "セキュリティ", "配信不能"} {
		if strings.Contains(set, w) {
			return true
		}
	}
	return false
}

// outsider says whether an address lies outside the author's own domain.
func outsider(to string, s *event.Sighting) bool {
	own := ""
	for _, a := range [...]string{s.Account, s.Target} {
		if i := strings.LastIndexByte(a, '@'); i >= 0 {
			own = strings.ToLower(a[i+1:])
			break
		}
	}
	i := strings.LastIndexByte(to, '@')
	if i < 0 {
		return false // a name of the directory
	}
	dom := to[i+1:]
	if k := strings.IndexAny(dom, " ;,<>)}'"); k >= 0 {
		dom = dom[:k]
	}
	return dom != "" && dom != own && !strings.HasSuffix(dom, "."+own) && !strings.HasSuffix(own, "."+dom)
}

func mailboxSet(set string, s *event.Sighting) mailChange {
	c := mailChange{detail: clipWords(set)}
	to := setting(set, "forwardingsmtpaddress")
	if to == "" {
		to = setting(set, "forwardingaddress")
	}
	switch {
	case to != "" && to != "$null" && to != "null":
		c.kind, c.severity = mailForward, event.Low
		if outsider(strings.TrimPrefix(to, "smtp:"), s) {
			c.severity = event.Medium
			c.why = append(c.why, event.Words{Ja: "転送先は組織の外である。", En: "It goes outside."})
		}
	case has(set, "auditenabled=false"):
		c.kind, c.severity, c.grave = mailAudit, event.Medium, true
	case has(set, "auditowner=none"), has(set, "auditdelegate=none"):
		c.kind, c.severity = mailAudit, event.Low
	case has(set, "grantsendonbehalfto="):
		c.kind, c.severity = mailAccess, event.Info
	}
	return c
}

// consentTo grades rights given to an application: to read mail or files, or to act for everybody.
func consentTo(set string, s *event.Sighting) mailChange {
	c := mailChange{kind: mailConsent, severity: event.Info, detail: clipWords(s.Object)}
	if c.detail == "" {
		c.detail = clipWords(set)
	}
	reads := false
	for _, scope := range [...]string{"mail.read", "mail.send", "mailboxsettings", "files.read", "files.readwrite", "full_access_as_app", "ews.accessasuser", "imap.accessasuser", "sites.read", "directory.readwrite", "rolemanagement", "application.readwrite"} {
		reads = reads || has(set, scope)
	}
	c.everybody = has(set, "allprincipals") || has(set, "isadminconsent=true") || has(set, "isadminconsent: true") || has(set, "consentcontext.isadminconsent=true")
	switch {
	case reads && c.everybody:
		c.severity = event.Medium
	case reads:
		c.severity = event.Low
	}
	if reads {
		c.why = append(c.why, event.Words{Ja: "メールやファイルを読む、または設定を変える権限が含まれる。", En: "Among them is the right to read mail or files, or to change settings."})
	}
	return c
}
