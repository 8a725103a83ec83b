// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import "time"

// Light is how an incident came to light in its story: what a team can be measured by, beside the acts.
type Light struct {
	Story  time.Time  `json:"story"`
	Played *time.Time `json:"played"` // nil: the story did not come so far, or began after it
	How    string     `json:"how"`
	HowJa  string     `json:"how_ja,omitempty"`
}

// Subjects compares the accounts, addresses or hosts that the team named with the true ones. The team's last word on each
// counts.
type Subjects struct {
	Knowable  int      `json:"knowable"` // bad ones that were played and that some log shows
	Found     []Notice `json:"found"`    // by the time at which they were first named
	Missed    []Notice `json:"missed"`   // knowable, and not called bad in the end
	InNoLog   []string `json:"in_no_log"`
	NotPlayed int      `json:"not_played"`

	NotDelivered int `json:"not_delivered"` // played, but the receiver refused all that shows them

	Wrong     []Mistake `json:"wrong"`           // honest, and called bad in the end
	TakenBack []Mistake `json:"taken_back"`      // honest, called bad, and later not
	Cleared   []Mistake `json:"wrongly_cleared"` // bad, and called clear in the end; they are missed too
	Precision float64   `json:"precision"`       // 1 where there is nothing to be wrong about
	Recall    float64   `json:"recall"`
}

// Notice is one bad account, address or host.
type Notice struct {
	Name    string     `json:"name"`
	Played  time.Time  `json:"played"`  // its first moment in the exercise
	Noticed *time.Time `json:"noticed"` // when it was first called bad
	After   *float64   `json:"after_minutes"`
	Story   *float64   `json:"after_story_hours"`
	Logs    []string   `json:"logs"` // that show it
}

// Mistake is a wrong word on something.
type Mistake struct {
	Name string    `json:"name"`
	At   time.Time `json:"at"`
	Why  string    `json:"why,omitempty"` // why it looks bad, if the drill made it so
}

// ActNotice says when an act was noticed: by an entry after it began that names it (its technique, one of its detectors, or its
// name), or that calls one of its accounts, addresses or hosts bad. Known says that one of these was called bad before the act
// began, and not taken back.
type ActNotice struct {
	Name    string     `json:"name"`
	NameJa  string     `json:"name_ja,omitempty"`
	Stage   int        `json:"stage"`
	Attack  string     `json:"attack"`
	Note    string     `json:"note,omitempty"`
	From    time.Time  `json:"from"` // when it was played
	To      time.Time  `json:"to"`   // the end of the exercise, if it was still going on
	Story   time.Time  `json:"story"`
	Logs    []string   `json:"logs"` // none: nobody could know
	Noticed *time.Time `json:"noticed"`
	Named   *time.Time `json:"named"`
	Known   bool       `json:"known_before"`
	After   *float64   `json:"after_minutes"`
	InStory *float64   `json:"after_story_hours"`
	Machine *float64   `json:"machine_after_story_hours,omitempty"` // when Sekisho raised a finding about it
}

func (a *ActNotice) words() phrase { return named(a.Name, a.NameJa) }

// Entry is one of the team's, and what it was worth.
type Entry struct {
	At    time.Time `json:"at"`
	Story time.Time `json:"story"`
	What  string    `json:"what"` // account, address, host, act, decision, verdict
	Text  string    `json:"text"`
	Is    string    `json:"is,omitempty"`
	By    string    `json:"by,omitempty"`
	Note  string    `json:"note,omitempty"`
	Right []string  `json:"right"`
	Wrong []string  `json:"wrong"`
	Open  []string  `json:"open"`  // neither: unsure, or an address that honest people share with the intruder
	State *State    `json:"state"` // at decisions and verdicts

	Unknown []string `json:"unknown"` // names that nothing of the drill has
}

// State is what was true, and what of it the team knew, at a moment.
type State struct {
	Entered     int `json:"accounts_entered"` // by then
	Known       int `json:"accounts_known"`   // of these, called bad by the team
	Accused     int `json:"accounts_accused_wrongly"`
	ActsPlayed  int `json:"acts_begun"`
	ActsNoticed int `json:"acts_noticed"`
}
