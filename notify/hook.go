// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Hook posts JSON. Its address is a secret: whoever has it can write there.
type Hook struct {
	URL  string
	Kind string // webhook, slack, mattermost, teams or pagerduty
	Key  string // of PagerDuty: the integration's routing key
	Zone *time.Location
	Host string // the machine that tells, as PagerDuty's source
}

// PagerDuty is where its events go: https://developer.pagerduty.com/docs/send-alert-event
const PagerDuty = "https://events.pagerduty.com/v2/enqueue"

// newClient returns a client that follows no redirect, which could lead anywhere.
func newClient() *http.Client {
	return &http.Client{Timeout: oneSend, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

// Send posts the message.
func (h *Hook) Send(ctx context.Context, m *Message) error {
	what, ok := h.body(m)
	if !ok {
		return fmt.Errorf("%q is no kind of webhook", h.Kind)
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	if err := e.Encode(what); err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, &b)
	if err != nil {
		return errors.New("the address is not one")
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("User-Agent", "sekisho")
	a, err := newClient().Do(r)
	if err != nil {
		var inner interface{ Unwrap() error }
		if errors.As(err, &inner) && inner.Unwrap() != nil {
			err = inner.Unwrap() // without the address
		}
		return err
	}
	defer a.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(a.Body, 64<<10))
	if a.StatusCode/100 != 2 {
		return fmt.Errorf("it answered %d", a.StatusCode)
	}
	return nil
}

// body returns what is posted. In each of them a name from a log is text alone: no link, no mention, no further line.
func (h *Hook) body(m *Message) (any, bool) {
	type object = map[string]any
	lines := m.lines(zoneOr(h.Zone))
	switch h.Kind {
	case "webhook": // our own: docs/how-to/serve.md
		return object{"text": slack(m.subject()), "story": m}, true
	case "slack": // https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks: plain_text holds no markup
		return object{"text": slack(m.subject()), "unfurl_links": false, "unfurl_media": false, "blocks": []object{
			{"type": "header", "text": object{"type": "plain_text", "text": bounded(unlinked(m.subject()), 140), "emoji": false}},
			{"type": "section", "text": object{"type": "plain_text", "text": bounded(unlinked(strings.Join(lines, "\n")), 2900), "emoji": false}},
		}}, true
	case "mattermost": // in a block of code nothing is a mention, a link or an emphasis
		return object{"text": "```text\n" + strings.ReplaceAll(m.subject()+"\n"+strings.Join(lines[2:], "\n"), "`", "'") + "\n```"}, true
	case "teams": // Workflows take Adaptive Cards; a TextRun holds no Markdown
		var runs []object
		for i, l := range append([]string{m.subject()}, lines[2:]...) {
			weight := "Default"
			if i == 0 {
				weight = "Bolder"
			}
			runs = append(runs, object{"type": "RichTextBlock", "inlines": []object{{"type": "TextRun", "text": l, "weight": weight}}})
		}
		card := object{"$schema": "http://adaptivecards.io/schemas/adaptive-card.json", "type": "AdaptiveCard", "version": "1.4", "body": runs}
		return object{"type": "message", "attachments": []object{{"contentType": "application/vnd.microsoft.card.adaptive", "contentUrl": nil, "content": card}}}, true
	case "pagerduty":
		if m.Withdrawn {
			return object{"routing_key": h.Key, "event_action": "resolve", "dedup_key": "sekisho-" + m.Story}, true
		}
		level := [...]string{"info", "info", "warning", "error", "critical"}[min(m.Severity, event.Critical)]
		return object{"routing_key": h.Key, "event_action": "trigger", "dedup_key": "sekisho-" + m.Story, "client": "Sekisho", "payload": object{
			"summary": clean(m.subject(), 1000), "source": h.Host, "severity": level, "timestamp": m.At.UTC().Format(time.RFC3339), "class": clean(m.Detector, maxName),
			"custom_details": object{"text": strings.Join(lines, "\n")}}}, true
	}
	return nil, false
}

// bounded bounds a text of several lines that is clean.
func bounded(s string, most int) string {
	if r := []rune(s); len(r) > most {
		return string(r[:most]) + "…"
	}
	return s
}

// slack makes a text that Slack and its like take for text: https://docs.slack.dev/messaging/formatting-message-text
func slack(s string) string {
	return strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", "`", "'", "@", "＠").Replace(unlinked(s))
}

// unlinked keeps what looks like an address of the web from being made a link.
func unlinked(s string) string {
	return strings.NewReplacer("://", ":\u200b//", "www.", "www\u200b.").Replace(s)
}
