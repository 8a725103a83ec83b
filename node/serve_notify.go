// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/sekisho/sekisho/cases"
	"github.com/sekisho/sekisho/config"
	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/notify"
)

// leastOf returns from which severity findings are told.
func leastOf(c *config.Serve) event.Severity {
	if severity, ok := event.ParseSeverity(c.Severity); ok {
		return severity
	}
	return event.Medium
}

// NotifyFolder is where the queue of notifications and their acknowledgements stand.
func NotifyFolder(c *config.Serve) string { return filepath.Join(c.Data, "notify") }

// NotifySettings returns who is told and when, as the configuration says.
func NotifySettings(c *config.Serve, p *config.Profile) notify.Settings {
	zone := (&Options{Profile: p}).zone()
	host, _ := os.Hostname()
	if host == "" || strings.ContainsFunc(host, func(r rune) bool { return r <= ' ' || r > '~' }) {
		host = "sekisho"
	}
	s := notify.Settings{Zone: zone}
	for _, q := range c.Quiet {
		s.Quiet = append(s.Quiet, notify.Quiet{From: q.From, To: q.To, Days: q.Days})
	}
	if c.Webhook != "" {
		s.Contacts = append(s.Contacts, notify.Contact{Name: "(webhook)", Digest: -1, Least: leastOf(c), Sender: &notify.Hook{Kind: "webhook", URL: c.Webhook, Zone: zone, Host: host}})
	}
	for i := range c.Contacts {
		x := &c.Contacts[i]
		one := notify.Contact{Name: x.Name, Least: leastOf(c), After: x.After, Digest: x.Digest}
		if least, ok := event.ParseSeverity(x.Severity); ok {
			one.Least = least
		}
		switch {
		case x.Mail != nil:
			m := x.Mail
			one.Sender = &notify.Mail{Server: m.Server, TLS: m.TLS, Roots: m.Roots, User: m.User, Password: m.Password, From: m.From, To: m.To, Zone: zone}
		case x.Hook != nil:
			h := &notify.Hook{Kind: x.Hook.Kind, URL: x.Hook.URL, Key: x.Hook.Key, Zone: zone, Host: host}
			if h.Kind == "pagerduty" {
				h.URL = notify.PagerDuty
			}
			one.Sender = h
		default:
			one.Sender = &notify.Syslog{Address: x.Syslog.Address, Roots: x.Syslog.Roots, Zone: zone, Host: host}
		}
		s.Contacts = append(s.Contacts, one)
	}
	return s
}

// TestNotify sends every contact, or the one that is named, a test, and calls told with what became of each. It returns an error where there is
// none, or one was not reached.
func TestNotify(ctx context.Context, c *config.Serve, p *config.Profile, name string, told func(contact string, err error)) error {
	s := NotifySettings(c, p)
	tried, failed := 0, 0
	for i := range s.Contacts {
		one := &s.Contacts[i]
		if name != "" && one.Name != name {
			continue
		}
		some, cancel := context.WithTimeout(ctx, 20*time.Second)
		err := one.Sender.Send(some, notify.TestMessage(time.Now()))
		cancel()
		told(one.Name, err)
		tried++
		if err != nil {
			failed++
		}
	}
	switch {
	case tried == 0 && name != "":
		return event.Tell("%q という連絡先は設定にありません。notify.contacts の name を確かめてください", "no contact has the name %q: look at the names in notify.contacts", name)
	case tried == 0:
		return event.Tell("通知する連絡先が設定にありません。notify.contacts に書いてください", "the configuration names nobody to notify: write it to notify.contacts")
	case failed > 0:
		return event.Tell("%d 件の連絡先のうち %d 件に届きませんでした", "of %d contacts %d were not reached", tried, failed)
	}
	return nil
}

// openQueue opens the queue of notifications, which reads what the teller keeps.
func (t *teller) openQueue() error {
	c := t.s.o.Config
	var err error
	t.queue, err = notify.Open(notify.Options{Feed: filepath.Join(c.Data, findingsName), Dir: NotifyFolder(c), Log: t.s.log, Failing: t.failing}, NotifySettings(c, t.s.o.Profile))
	return err
}

// failing keeps that a contact is not reached as a finding, of which the others are told; and takes it back once it is reached.
func (t *teller) failing(contact string, err error) {
	now := cases.At(time.Now())
	one := &Told{ID: "F-notify-" + shortSum(contact), At: now, Detector: "notify-failed", Severity: event.High.String(), First: now, Last: now, Contact: contact, Changed: []string{"new"}, Final: true,
		Title: event.Words{Ja: "連絡先「" + contact + "」に通知を送れません", En: "The contact " + contact + " cannot be notified"}}
	why := errors.New("it is reached again")
	if err != nil {
		why = err
	} else {
		one.Changed, one.Withdrawn = []string{"withdrawn"}, true
	}
	one.Explanation = event.Words{Ja: fmt.Sprintf("通知が受け取られていません（%v）。届くまで送り直します。sekisho serve notify-test で確かめられます。", why),
		En: fmt.Sprintf("Notifications are not taken (%v). They are sent again until they are. sekisho serve notify-test tries it.", why)}
	if one.Withdrawn {
		one.Explanation = event.Words{Ja: "再び届くようになりました。", En: "It is reached again."}
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	one.Revision = t.told[one.ID] + 1
	if one.Revision > 1 && !one.Withdrawn {
		one.Changed = []string{"back"}
	}
	if err := t.keep(one, event.High); err != nil {
		t.s.log.Error("that a contact is not reached was not kept", "contact", contact, "error", err)
	}
}
