// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package notify

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Status is how notification does.
type Status struct {
	Sent    int64           `json:"sent"`
	Failed  int64           `json:"failed"`    // tries
	Lost    int64           `json:"abandoned"` // given up, ever
	Waiting int64           `json:"waiting"`
	Oldest  time.Time       `json:"oldest,omitzero"` // of those that are due
	Failing []FailingStatus `json:"failing,omitempty"`
}

// FailingStatus is a contact that is not reached.
type FailingStatus struct {
	Contact string    `json:"contact"`
	Since   time.Time `json:"since"`
	Next    time.Time `json:"next"`
	Error   string    `json:"error"`
}

// Status returns how notification does.
func (q *Queue) Status() Status {
	q.mu.Lock()
	defer q.mu.Unlock()
	s := Status{Sent: q.sent, Failed: q.failed, Lost: q.state.Lost, Waiting: int64(len(q.state.Deliveries))}
	now := q.o.now()
	for _, d := range q.state.Deliveries {
		if !d.NotBefore.After(now) && (s.Oldest.IsZero() || d.NotBefore.Before(s.Oldest)) {
			s.Oldest = d.NotBefore.UTC()
		}
	}
	for name, r := range q.contacts {
		if !r.since.IsZero() && q.contact(name) != nil {
			s.Failing = append(s.Failing, FailingStatus{name, r.since.UTC(), r.next.UTC(), r.err})
		}
	}
	slices.SortFunc(s.Failing, func(a, b FailingStatus) int { return strings.Compare(a.Contact, b.Contact) })
	return s
}

const ackName = "acknowledged"

var storyPattern = regexp.MustCompile(`^S-[0-9A-F]{8}$`)

// Acknowledge notes in a queue's folder that somebody takes a story on: who was to be told only otherwise is not told.
func Acknowledge(dir, story, by string, at time.Time) error {
	if !storyPattern.MatchString(story) {
		return event.Tell("%q は通知の番号ではありません。通知にある S- で始まる番号を指定してください", "%q is no number of a notification: write the one that it names, beginning with S-", clean(story, 40))
	}
	if by = clean(by, maxName); by == "" {
		return event.Tell("対応する人の名前を --by で指定してください", "say who takes it on: --by NAME")
	}
	if _, err := os.Stat(filepath.Join(dir, ackName)); err != nil {
		return event.Tell("%s に通知の記録がありません。このフォルダで sekisho serve を動かしていますか（%v）", "no notifications are kept in %s: does sekisho serve run with it? (%v)", dir, err)
	}
	b, err := json.Marshal(map[string]any{"story": story, "by": by, "at": at.UTC()})
	if err != nil {
		return err
	}
	path := filepath.Join(dir, ackName, story+".json")
	err = replace(path, append(b, '\n'))
	if err == nil {
		err = os.Chtimes(path, at, at)
	}
	if err != nil {
		return fmt.Errorf("notify: acknowledge %s: %w", story, err)
	}
	return nil
}

// acknowledged says whether somebody took the story on since it was as severe as the message says.
func acknowledged(dir string, m *Message) bool {
	info, err := os.Stat(filepath.Join(dir, ackName, m.Story+".json"))
	return err == nil && !info.ModTime().Before(m.At)
}
