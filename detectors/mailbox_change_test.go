// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"

	"github.com/sekisho/sekisho/event"
)

func (s *story) audited(day, minute int, who *event.Account, from event.Place, op, object, parameters string) {
	class := event.ClassEntityChange
	if op == "Set-AdminAuditLogConfig" {
		class = event.ClassLogAdmin
	}
	s.tell(day, minute, 0, event.Event{Class: class, Activity: event.ActChange, Outcome: event.OutcomeSuccess, Format: "m365-audit", Account: who.Name + "@lab.example", SrcIP: from.IP, Object: object,
		Rest: []event.Field{event.Text("operation", op), event.Text("parameters", parameters)}}, func(g *event.Sighting) { g.Who, g.Src = who, from })
}

func boxLife(s *story) (home, bad event.Place) {
	home, bad = outside("198.51.100.7", event.KindResidential, "JP"), outside("203.0.113.9", event.KindHosting, "NL")
	for day := range 30 {
		for i := range 6 {
			s.login(day, 540, i, s.person(fmt.Sprintf("user%d", i)), home, chrome, event.ReasonNone)
		}
	}
	return home, bad
}

func TestMailboxChange(t *testing.T) {
	for _, c := range []struct {
		op, object, set string
		away            bool
		sev             event.Severity
	}{
		{"New-InboxRule", "", "Name=Work; ForwardTo=taro@freemail.example; StopProcessingRules=True", false, event.Medium},
		{"New-InboxRule", "", "Name=Work; ForwardTo=taro@freemail.example; StopProcessingRules=True", true, event.High},
		{"New-InboxRule", "", "Name=.; SubjectOrBodyContainsWords=不正アクセス;phish; DeleteMessage=True", false, event.Medium},
		{"New-InboxRule", "", "Name=..; MarkAsRead=True; MoveToFolder=RSS Feeds; SubjectContainsWords=invoice", true, event.High},
		{"New-InboxRule", "", "Name=a; DeleteMessage=True", false, event.Medium},
		{"Set-Mailbox", "", "Identity=user1; ForwardingSmtpAddress=smtp:x@evil.example; DeliverToMailboxAndForward=True", false, event.Medium},
		{"Set-AdminAuditLogConfig", "", "UnifiedAuditLogIngestionEnabled=False", false, event.High},
		{"Set-Mailbox", "", "Identity=user2; AuditEnabled=False", false, event.Medium},
		{"New-TransportRule", "", "Name=archive; BlindCopyTo=x@evil.example", false, event.Medium},
		{"New-ManagementRoleAssignment", "", "Role=ApplicationImpersonation; User=user1", true, event.High},
		{"Consent to application", "Reader", "ConsentContext.IsAdminConsent=True; Scope: Mail.Read offline_access", false, event.Medium},
		{"Add service principal credentials", "Backup", "", true, event.Medium},
		{"Set federation settings on domain", "lab.example", "", false, event.Medium},
	} {
		s := newStory(8)
		from, bad := boxLife(s)
		if c.away {
			from = bad
		}
		s.audited(20, 800, s.person("user1"), from, c.op, c.object, c.set)
		f := wants(t, s.run(t, mailboxChange), "mailbox-change", c.sev)
		if f.Accounts[0] != "A-user1" || (len(f.Addresses) == 1) != c.away {
			t.Errorf("%s: got %+v", c.op, f)
		}
	}
}

func TestMailboxChangeNearMiss(t *testing.T) {
	s := newStory(8)
	home, _ := boxLife(s)
	admin := s.person("user0")
	for day := 5; day < 28; day++ {
		s.audited(day, 700, admin, home, "Add service principal credentials", "Backup", "")
		s.audited(day, 701, admin, home, "Add-MailboxPermission", "", fmt.Sprintf("Identity=box%d; User=user3; AccessRights=FullAccess", day))
	}
	s.audited(20, 600, s.person("user1"), home, "New-InboxRule", "", "Name=Newsletters; From=news@shop.example; DeleteMessage=True")
	s.audited(20, 601, s.person("user1"), home, "New-InboxRule", "", "Name=Projects; SubjectContainsWords=beam; MoveToFolder=Projects")
	s.audited(20, 602, s.person("user1"), home, "New-InboxRule", "", "Name=Secretary; ForwardTo=user2@lab.example")
	s.audited(20, 603, s.person("user1"), home, "Set-Mailbox", "", "Identity=user1; Languages=ja-JP")
	for i := range 6 {
		s.audited(10+i, 604, s.person(fmt.Sprintf("user%d", i)), home, "Consent to application", "Calendar", "Scope: Mail.Read")
	}
	s.audited(20, 605, admin, home, "Set-AdminAuditLogConfig", "", "AdminAuditLogAgeLimit=180")
	quiet(t, s.run(t, mailboxChange), int(event.Low))
}
