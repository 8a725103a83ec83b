// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package notify tells people of findings: by mail, chat, syslog and pager. It reads findings.jsonl, which the watch writes, so that the watch
// never waits for it; how far it read and what is still to be sent stands in one file, so that a restart neither forgets nor repeats.
package notify

import (
	"context"
	"time"

	"github.com/sekisho/sekisho/event"
)

// Finding is what is read of a line of findings.jsonl. Names in it come from logs: they are an attacker's.
type Finding struct {
	ID        string      `json:"id"`
	Revision  int         `json:"revision"`
	Changed   []string    `json:"changed,omitempty"`
	Withdrawn bool        `json:"withdrawn,omitempty"`
	Detector  string      `json:"detector"`
	Severity  string      `json:"severity"`
	First     time.Time   `json:"first"`
	Last      time.Time   `json:"last"`
	Accounts  []string    `json:"accounts,omitempty"`
	Addresses []string    `json:"addresses,omitempty"`
	Hosts     []string    `json:"hosts,omitempty"`
	Title     event.Words `json:"title"`
	Contact   string      `json:"contact,omitempty"` // of a failure to notify: who was not reached
}

// Message is what one contact is told of one story.
type Message struct {
	Story     string         `json:"story"`
	Severity  event.Severity `json:"severity"`
	Withdrawn bool           `json:"withdrawn,omitempty"`
	Test      bool           `json:"test,omitempty"`
	At        time.Time      `json:"at"`    // when it was made
	Since     time.Time      `json:"since"` // of the first event
	Title     event.Words    `json:"title"`
	Detector  string         `json:"detector"`
	Findings  int            `json:"findings"`
	Accounts  names          `json:"accounts,omitzero"`
	Addresses names          `json:"addresses,omitzero"`
	Hosts     names          `json:"hosts,omitzero"`
	Digest    []string       `json:"digest,omitempty"` // the lines of a day's digest, which tells of no story
}

// names are a few of many.
type names struct {
	Few  []string `json:"few,omitempty"`
	More int      `json:"more,omitempty"`
}

// Sender sends one message. An error never holds a secret; it must return when ctx ends.
type Sender interface {
	Send(ctx context.Context, m *Message) error
}

// Contact is somebody to be told.
type Contact struct {
	Name   string
	Least  event.Severity
	After  time.Duration // told only where nobody acknowledged the story for so long; 0: at once
	Digest int           // minutes after midnight at which a digest is sent; negative: none is
	Sender Sender
}

// Settings say who is told and when. They may be replaced while messages wait.
type Settings struct {
	Contacts []Contact
	Quiet    []Quiet
	Zone     *time.Location // of quiet hours and of times in messages; nil: UTC
}

// zone returns where times are told.
func (s *Settings) zone() *time.Location {
	if s.Zone == nil {
		return time.UTC
	}
	return s.Zone
}

// TestMessage is what a contact is sent to see whether it is reached.
func TestMessage(at time.Time) *Message {
	return &Message{Story: "S-TEST", Severity: event.Info, Test: true, At: at, Since: at, Detector: "test",
		Title: event.Words{Ja: "Sekisho の通知の試験です。対応は不要です。", En: "This is a test of Sekisho's notifications. Nothing needs to be done."}}
}
