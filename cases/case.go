// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package cases holds the case: the one document that says who was broken into, since when, through what, and what is
// not known. It defines sekisho.case/1 as Go structs, writes it in one canonical form, reads it back within bounds and
// checks what must hold in it. It does not decide anything; that is the work of breach and of people.
//
// The same records give the same bytes, but for the key "generated": arrays are sorted by the keys that Sort states,
// floats are rounded to six digits, times are UTC with milliseconds. Readers ignore keys that they do not know.
package cases

import (
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

// Schema is the name and version of the document.
const Schema = "sekisho.case/1"

// Case is the whole case, as written to case.json. Keys that contracts do not name are extra: readers may ignore them.
type Case struct {
	Schema     string `json:"schema"`            // sekisho.case/1
	Generated  Time   `json:"generated"`         // wall clock of the run, injected; the only value that differs between equal runs
	Revision   int    `json:"revision"`          // from 1
	Supersedes *int   `json:"supersedes"`        // the revision that this one replaces; null for the first
	KnownAsOf  Time   `json:"known_as_of"`       // the latest record or answer that this revision rests on
	Tool       Tool   `json:"tool"`              // what wrote it
	Window     Span   `json:"window"`            // the time that was looked at
	Partial    bool   `json:"partial,omitempty"` // the run was interrupted: everything here may still grow

	// Institute is how times and names are to be shown; extra.
	Institute Institute `json:"institute,omitzero"`

	Verdict CaseVerdict `json:"verdict"` // breach: any compromised account or host
	// Reasons say in plain words why the verdict is what it is, weightiest first; extra.
	Reasons []Reason `json:"reasons,omitempty"`
	Onset   Onset    `json:"onset"`
	// LastActivity is the last trace of the intruder; null where there is none.
	LastActivity Time `json:"last_activity"`
	// KnownAt is when the institute came to know, as a person stated it: the clocks of duties run from it; extra.
	KnownAt Time   `json:"known_at,omitzero"`
	Totals  Totals `json:"totals"` // counts over everything known, listed here or not; extra

	Inputs      []Input       `json:"inputs"`
	Coverage    []Coverage    `json:"coverage"`
	Accounts    []Account     `json:"accounts"`
	Addresses   []Address     `json:"addresses"`
	Hosts       []Host        `json:"hosts"`
	Findings    []Finding     `json:"findings"`
	Stories     []Story       `json:"stories"`
	Stages      []Stage       `json:"stages"`
	Path        []Step        `json:"path"`
	Operator    Operator      `json:"operator"`
	Exposure    []Exposure    `json:"exposure"`
	Questions   []Question    `json:"questions"`
	Containment []Containment `json:"containment"`
	Decisions   []Decision    `json:"decisions"`
	// Alerts says how much was asked of people at most, and what was put aside for it; extra.
	Alerts *Alerts `json:"alerts,omitempty"`
	// Claims are what others stated about the incident, with what the records show of it; extra.
	Claims []Claim `json:"claims,omitempty"`
	// Intel are the lists of what others know to be bad that the records were compared with; extra.
	Intel []IntelList `json:"intel,omitempty"`
	// Limits say in plain words what this case cannot tell and why, e.g. state that was folded into coarser sketches; extra.
	Limits []event.Words `json:"limits,omitempty"`
}

// Tool is the program that wrote the case.
type Tool struct {
	Version     string `json:"version"`
	RulesSHA256 string `json:"rules_sha256"` // over detectors, rules and their parameters
}

// Span is a stretch of time; a null end is not known.
type Span struct {
	From Time `json:"from"`
	To   Time `json:"to"`
}

// Institute is what the profile says about the institute, as far as the report needs it.
type Institute struct {
	Name     string `json:"name,omitempty"`
	Timezone string `json:"timezone,omitempty"` // IANA name, or an offset such as UTC+09:00 where only the logs say one; times are shown in it
	Guessed  bool   `json:"guessed,omitempty"`  // there was no profile: networks and zone are guesses
}

// Reason is one sentence of why, with the findings that it rests on.
type Reason struct {
	event.Words
	Findings []string `json:"findings,omitempty"` // F-…, sorted
}

// Onset is the oldest trace of the intruder.
type Onset struct {
	At      Time        `json:"at"`      // null where there is no trace
	Certain bool        `json:"certain"` // false where logs begin after, or too shortly before, that moment
	Why     event.Words `json:"why"`
}

// Totals counts everything that is known, whether it is listed in the case or not.
type Totals struct {
	Accounts  AccountTotals `json:"accounts"`
	Addresses int64         `json:"addresses"` // distinct source addresses in the window
	Events    int64         `json:"events"`
	Records   int64         `json:"records"`
	Unparsed  int64         `json:"unparsed"`
	Bytes     int64         `json:"bytes"`
}

// AccountTotals counts accounts by verdict. Known is the sum of the four others.
type AccountTotals struct {
	Known        int64 `json:"known"` // in the directory or seen with a success
	Compromised  int64 `json:"compromised"`
	Suspected    int64 `json:"suspected"`
	Cleared      int64 `json:"cleared"`
	Undetermined int64 `json:"undetermined"`
}

// Input is one file or stream that was given. Path is the argument as given, joined with the path below it.
type Input struct {
	Path          string   `json:"path"`
	Format        string   `json:"format"`     // the parser's name; "unknown" where none took it, "mixed" where several did, "zip" or "tar" of an archive
	Confidence    float64  `json:"confidence"` // in the format, 0 to 1
	Records       int64    `json:"records"`    // physical lines or objects
	Parsed        int64    `json:"parsed"`
	Unparsed      int64    `json:"unparsed"`
	Bytes         int64    `json:"bytes"`  // of the decompressed stream
	SHA256        string   `json:"sha256"` // of the file as it lies on disk
	First         Time     `json:"first"`
	Last          Time     `json:"last"`
	Timezone      string   `json:"timezone"`
	ClockOffsetS  float64  `json:"clock_offset_s"`
	CollectedBy   *string  `json:"collected_by"`
	CollectedAt   Time     `json:"collected_at"`
	Source        string   `json:"source,omitempty"`         // the coverage row that it belongs to
	Year          int      `json:"year,omitempty"`           // taken for records without one
	YearFrom      string   `json:"year_from,omitempty"`      // record, profile, flag, order, file, neighbour
	TimezoneFrom  string   `json:"timezone_from,omitempty"`  // record, profile, flag, guess
	DoubtfulZones int64    `json:"doubtful_zones,omitempty"` // times whose zone is named in letters that stand for several (CST): read as if they named none
	Samples       []string `json:"samples,omitempty"`        // of unparsed records, "line 17: …", at most 5 of 200 bytes
	Astray        *Astray  `json:"astray,omitempty"`         // records at times that cannot be right; first and last leave them out
	Status        string   `json:"status,omitempty"`         // empty: read to its end; truncated, changed, unreadable, unsupported, refused, not-understood, interrupted, duplicate; archive: its members are inputs of their own
	Error         string   `json:"error,omitempty"`
	// ErrorWords is Error for people; extra.
	ErrorWords    event.Words `json:"error_words,omitzero"`
	Unverified    bool        `json:"unverified,omitempty"` // read with a format that was never compared with real records
	CopyOf        string      `json:"copy_of,omitempty"`    // inputs[].path whose content this one repeats; it was not read again
	Repeats       []Repeat    `json:"repeats,omitempty"`    // events of it that came before from another input, or from itself: they are counted there, once
	Advice        event.Words `json:"advice,omitzero"`      // what a person can do about an input of which nothing was understood
	Archive       string      `json:"archive,omitempty"`    // inputs[].path of the file that this one is a member of; its digest covers both
	PreservedPath string      `json:"preserved_path,omitempty"`
}

// Repeat says of an input how many of its events had come from another before: the same records, with identifiers of their own, exported twice.
type Repeat struct {
	Of     string `json:"of"` // inputs[].path
	Events int64  `json:"events"`
}

// Astray are records whose times lie in the future or far from all others: a clock that was never set, or lines that were made up. They
// count for no window and no coverage, and stay evidence.
type Astray struct {
	Events  int64          `json:"events"`
	Named   int64          `json:"named"` // of these, those that name an account: with one of them no case is clear
	First   Time           `json:"first"` // as they state it
	Last    Time           `json:"last"`
	Samples []AstraySample `json:"samples"` // the first of each of at most three days
}

// AstraySample is one record that is astray.
type AstraySample struct {
	Line int64 `json:"line"`
	At   Time  `json:"at"` // as it states it
}

// Coverage says for one source and question which time it can answer for.
type Coverage struct {
	Source   string        `json:"source"`   // "m365-signin"
	Question string        `json:"question"` // "who logged in to mail"
	From     Time          `json:"from"`
	To       Time          `json:"to"`
	State    CoverageState `json:"state"`
	Why      event.Words   `json:"why,omitzero"` // extra
	Events   int64         `json:"events,omitempty"`
	// QuestionWords is Question for people; extra.
	QuestionWords event.Words `json:"question_words,omitzero"`
	// Expires is when the oldest records of the source that this case still needs are deleted where they lie; extra.
	Expires Time `json:"expires,omitzero"`
	// Holder is who can hand the records over (a department, a contractor, a vendor); extra.
	Holder string `json:"holder,omitempty"`
	// RetentionDays is how long the holder keeps them; extra.
	RetentionDays int `json:"retention_days,omitempty"`
}

// Account is one account that the case has a verdict on.
type Account struct {
	ID         string         `json:"id"` // A-…
	Name       string         `json:"name"`
	Aliases    []string       `json:"aliases"` // sorted
	Verdict    AccountVerdict `json:"verdict"`
	DecidedBy  string         `json:"decided_by"` // "machine", or the name of a person
	Confidence float64        `json:"confidence"` // that the verdict's harm is true, 0 to 1
	First      Time           `json:"first"`      // first harm; null where there is none
	Last       Time           `json:"last"`
	Group      int            `json:"group"` // accounts with the same cause; 0: none
	Cause      Cause          `json:"cause"`
	Terms      []Term         `json:"terms"`     // what spoke for and against, in the order in which it was weighed
	Findings   []string       `json:"findings"`  // F-…, sorted
	Addresses  []netip.Addr   `json:"addresses"` // from which the harm came, sorted

	Certainty    Certainty   `json:"certainty,omitempty"`     // rung of the ladder; extra, see Rung
	FirstCertain bool        `json:"first_certain,omitempty"` // the sources cover the time before First; extra
	Department   string      `json:"department,omitempty"`
	Why          event.Words `json:"why,omitzero"`       // the verdict in one sentence; extra
	Stage        int         `json:"stage,omitempty"`    // the stage of First
	Sessions     []Session   `json:"sessions,omitempty"` // bad sessions, sorted by from; at most 100
}

// Session is one stretch of bad use of an account.
type Session struct {
	From    Time       `json:"from"`
	To      Time       `json:"to"`
	Address netip.Addr `json:"address"`
	Service string     `json:"service,omitempty"`
	Client  string     `json:"client,omitempty"`
	Events  int64      `json:"events,omitempty"`
	Holder  string     `json:"holder,omitempty"` // who had the address then, where it is one that was lent out; extra
	// Ports are the lowest and the highest source port, where records have them; extra.
	Ports []int `json:"ports,omitempty"`
	// Knocks are the first moments of the session and its last one, each with its source port. Where several homes share an address, the
	// provider can say whose it was by address, port and second only; extra.
	Knocks []Knock `json:"knocks,omitempty"`
}

// Knock is one moment of a session and the port that it came from.
type Knock struct {
	At   Time `json:"at"`
	Port int  `json:"port"`
}

// Term is one weight in a verdict, in natural logarithms of odds; positive speaks for harm.
type Term struct {
	Name string      `json:"name"`
	Nats float64     `json:"nats"`
	Why  event.Words `json:"why,omitzero"` // extra
}

// Address is one source address that the case has a verdict on.
type Address struct {
	IP         netip.Addr     `json:"ip"`
	Verdict    AddressVerdict `json:"verdict"`
	Kind       AddressKind    `json:"kind"`
	Country    string         `json:"country"` // ISO 3166-1 alpha-2, empty where not known
	ASN        uint32         `json:"asn"`     // 0 where not known
	Confidence float64        `json:"confidence"`
	First      Time           `json:"first"` // first and last bad use; of any use where the verdict is honest
	Last       Time           `json:"last"`
	Intervals  []Span         `json:"intervals"` // when it was in bad hands, sorted
	Accounts   int            `json:"accounts"`  // harmed from it; tried from it where none was

	DecidedBy string      `json:"decided_by,omitempty"` // extra
	Attempts  int64       `json:"attempts,omitempty"`   // failures from it; extra
	Why       event.Words `json:"why,omitzero"`
	Findings  []string    `json:"findings,omitempty"`
}

// Host is one machine that the case has a verdict on.
type Host struct {
	Name     string      `json:"name"`
	IP       netip.Addr  `json:"ip"` // empty where not known
	Verdict  HostVerdict `json:"verdict"`
	Role     string      `json:"role"` // what it was to the intruder: stepping-stone, target, …; or its own role
	First    Time        `json:"first"`
	Last     Time        `json:"last"`
	Findings []string    `json:"findings"`

	Confidence float64     `json:"confidence,omitempty"` // extra
	DecidedBy  string      `json:"decided_by,omitempty"`
	Why        event.Words `json:"why,omitzero"`
	// OwnRole is its own role where Role says what it was to the intruder; extra.
	OwnRole string `json:"own_role,omitempty"`
	// Lent says that it is an address that was lent to a bad login at those times: the machine behind it is the intruder's own; extra.
	Lent bool `json:"lent,omitempty"`
}

// Finding is what a detector concluded, with the bytes that it rests on.
type Finding struct {
	ID          string      `json:"id"` // F-…
	Detector    string      `json:"detector"`
	Attack      []string    `json:"attack"` // ATT&CK technique IDs, sorted
	Severity    Severity    `json:"severity"`
	First       Time        `json:"first"`
	Last        Time        `json:"last"`
	Alerted     Time        `json:"alerted"` // when a live system would first have raised it
	Subjects    Subjects    `json:"subjects"`
	Numbers     Numbers     `json:"numbers"`
	Title       event.Words `json:"title"`
	Explanation event.Words `json:"explanation"`
	Evidence    []Evidence  `json:"evidence"`

	Story       string  `json:"story,omitempty"`        // S-…: the story that it is part of; extra
	Hidden      *Hidden `json:"hidden,omitempty"`       // by an exception; extra
	BelowBudget bool    `json:"below_budget,omitempty"` // its day had graver ones enough; extra
}

// Hidden says whose exception hides a finding. A hidden finding stands in the case and in the scope; it is left out of summaries, of the
// verdict's open findings and of --fail-on.
type Hidden struct {
	By    string `json:"by"`
	Until Time   `json:"until"` // what goes on at or after this moment is not hidden
	Why   string `json:"why"`
}

// Story is what several findings tell together: one campaign, or one account, address or host. A finding is part of one story at most;
// what is hidden is part of none.
type Story struct {
	ID        string       `json:"id"` // S-…, kept over revisions
	Title     event.Words  `json:"title"`
	Severity  Severity     `json:"severity"` // the gravest of its findings'
	First     Time         `json:"first"`
	Last      Time         `json:"last"`
	Findings  []string     `json:"findings"`         // F-…, sorted, two at least
	Accounts  []string     `json:"accounts"`         // A-…, sorted; those that the case holds something against first come in where there are too many
	Hosts     []string     `json:"hosts"`            // sorted
	Addresses []netip.Addr `json:"addresses"`        // sorted
	Joined    []string     `json:"joined,omitempty"` // S-… of an earlier revision that became part of it; extra
}

// Alerts is the budget of alerts a day and what it and the exceptions put aside.
type Alerts struct {
	PerDay      int `json:"per_day"`      // findings that a day may ask people to look at
	Hidden      int `json:"hidden"`       // findings that exceptions hide
	BelowBudget int `json:"below_budget"` // findings that fell under the budget of their day
	// Below counts them by severity; extra.
	Below map[Severity]int `json:"below,omitempty"`
}

// Subjects are whom a finding is about.
type Subjects struct {
	Accounts  []string     `json:"accounts"` // A-…, sorted
	Addresses []netip.Addr `json:"addresses"`
	Hosts     []string     `json:"hosts"`
}

// Claim is a statement of somebody else about the incident: a vendor's, a notice's.
type Claim struct {
	ID       string      `json:"id"`             // L-…
	Form     string      `json:"form"`           // no-login, access, unused, not-reached, no-data
	Subject  Subject     `json:"subject"`        // what it is about; empty: all accounts and addresses
	From     Time        `json:"from"`           // the time that it speaks of; null: since ever
	To       Time        `json:"to"`             // exclusive; null: until now
	Text     string      `json:"text,omitempty"` // in its own words
	By       string      `json:"by"`             // who said it
	Via      string      `json:"via,omitempty"`  // through what: letter, phone, mail
	At       Time        `json:"at"`             // when it was said
	Answer   string      `json:"answer"`         // supported, refuted, not decidable
	Events   int64       `json:"events"`         // that speak of it
	Why      event.Words `json:"why"`
	Covered  int         `json:"covered_days"`      // days of that time with records of a kind that would show it
	Days     int         `json:"days"`              // of that time, within the window
	Sources  []string    `json:"sources,omitempty"` // formats that would show it
	Evidence []Evidence  `json:"evidence,omitempty"`
}

// IntelList is one list of what others know to be bad.
type IntelList struct {
	Name       string        `json:"name"`
	Path       string        `json:"path"`
	SHA256     string        `json:"sha256,omitempty"`
	Format     string        `json:"format,omitempty"`       // stix, misp, csv, plain, tor, json
	Indicators int64         `json:"indicators"`             // that were compared
	Repeated   int64         `json:"repeated,omitempty"`     // entries whose value another entry of the list has too
	LeftOut    []IntelReason `json:"left_out,omitempty"`     // entries that were not, by reason, most first
	Samples    []string      `json:"samples,omitempty"`      // of these, "line 17: reason: text", at most 10
	Notes      []string      `json:"notes,omitempty"`        // what was taken otherwise than it was written
	Outside    int64         `json:"outside_time,omitempty"` // values seen in records that were listed, but not for the record's time
	Error      string        `json:"error,omitempty"`        // why it could not be read
}

// IntelReason is why entries of a list were not compared.
type IntelReason struct {
	Why string `json:"why"`
	N   int64  `json:"n"`
}

// Evidence leads to bytes of an input.
type Evidence struct {
	Input  string `json:"input"` // inputs[].path
	Parts  []Part `json:"parts"`
	SHA256 string `json:"sha256"`         // of the parts' bytes, one after the other
	Text   string `json:"text,omitempty"` // the first part's text, cut at 400 bytes; extra
}

// Part is a stretch of bytes of the decompressed input.
type Part struct {
	Line   int64 `json:"line"`
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

// Stage is one phase of the incident, told from the pattern of accesses.
type Stage struct {
	Number   int         `json:"number"` // from 1
	From     Time        `json:"from"`
	To       Time        `json:"to"`
	Kind     string      `json:"kind"`
	Accounts int         `json:"accounts"`
	Title    event.Words `json:"title"`
	Findings []string    `json:"findings,omitempty"` // extra
}

// Step is one move of the intruder: an address to a host, a host to a host, a host to the outside.
type Step struct {
	From      string    `json:"from"`
	To        string    `json:"to"`
	At        Time      `json:"at"`
	Technique string    `json:"technique"` // ATT&CK technique ID
	Findings  []string  `json:"findings"`
	Certainty Certainty `json:"certainty,omitempty"` // extra; empty: presumed
	Account   string    `json:"account,omitempty"`   // used for it; extra
}

// Operator is what the intruder's habits say about him.
type Operator struct {
	Hours       *Hours   `json:"hours"`        // null where too little is known
	Weekdays    []string `json:"weekdays"`     // Mon … Sun, in that order
	Clients     []string `json:"clients"`      // sorted
	SingleActor string   `json:"single_actor"` // likely, unclear, several
}

// Hours is a time of day; To before From goes over midnight.
type Hours struct {
	From     string `json:"from"` // 16:30
	To       string `json:"to"`
	Timezone string `json:"timezone"`
}

// Exposure is what was taken or could have been seen.
type Exposure struct {
	Class    ExposureClass `json:"class"`
	Account  string        `json:"account"` // accounts[].name; empty for what belongs to no account
	Object   string        `json:"object"`
	Level    Level         `json:"level"`
	Basis    Basis         `json:"basis"`
	Count    Count         `json:"count"` // of messages, files, entries
	Bytes    int64         `json:"bytes"`
	First    Time          `json:"first"`
	Last     Time          `json:"last"`
	Evidence []Evidence    `json:"evidence"`
	Why      event.Words   `json:"why,omitzero"` // extra
	// ID is E-… and stays over revisions; empty in cases of versions before this key; extra.
	ID string `json:"id,omitempty"`
	// Review is what a person found on looking at it: its basis is then "reviewed"; extra.
	Review *Review `json:"review,omitempty"`
}

// Review is what a person found on looking at what was exposed, by the institute's own rules.
type Review struct {
	By      string       `json:"by"`
	At      Time         `json:"at"`      // when it was looked at
	Was     Basis        `json:"was"`     // what the machine's count rests on
	Earlier int          `json:"earlier"` // reviews of it before this one, which the case's book of reviews keeps
	Parts   []ReviewPart `json:"parts"`
}

// ReviewPart is so many of the things exposed, of one kind by the institute's rules.
type ReviewPart struct {
	Class           string `json:"class"`           // the institute's own word for it, such as personal information of applicants; "-" for nothing that matters
	Items           int64  `json:"items"`           // messages, files or entries
	PersonsLower    *int64 `json:"persons_lower"`   // distinct persons whose data is in it, at least; null where nobody said
	PersonsUpper    *int64 `json:"persons_upper"`   // at most
	Confidentiality int    `json:"confidentiality"` // 機密性, 1 to 3; 0 where nobody said
	Remark          string `json:"remark,omitempty"`
}

// Count is a number of things, as far as it is known.
type Count struct {
	Confirmed    int64 `json:"confirmed"`    // each shown by a record of a session that is confirmed to be the intruder's
	Estimated    int64 `json:"estimated"`    // the best guess; at least Confirmed
	Upper        int64 `json:"upper"`        // cannot be more; at least Estimated
	Undetermined int64 `json:"undetermined"` // containers (mailboxes, folders) of which nothing can be said
}

// Question is what to ask next, best first.
type Question struct {
	ID       string      `json:"id"` // Q-…
	Subject  Subject     `json:"subject"`
	Ask      event.Words `json:"ask"`
	To       string      `json:"to"`   // owner, network, it
	Gain     float64     `json:"gain"` // expected gain of information
	Evidence []Evidence  `json:"evidence"`
	Person   string      `json:"person,omitempty"` // name and department of whom to ask; extra
	Changes  event.Words `json:"changes,omitzero"` // what the answer changes; extra
}

// Subject is what an answer or an act is about; at least one field is set.
type Subject struct {
	Account string `json:"account,omitempty"` // accounts[].name
	Address string `json:"address,omitempty"`
	Host    string `json:"host,omitempty"`
	Object  string `json:"object,omitempty"`
}

// Containment is one thing to do, in the order in which to do it.
type Containment struct {
	ID      string           `json:"id"` // C-…
	What    event.Words      `json:"what"`
	Subject Subject          `json:"subject"`
	Order   int              `json:"order"` // from 1
	State   ContainmentState `json:"state"`
	By      *string          `json:"by"`           // who did it; of verified, who verified it
	At      Time             `json:"at"`           // from when on it is in effect; of verified, when that was seen to
	Why     event.Words      `json:"why,omitzero"` // why it is in the list; extra

	Kind ContainmentKind `json:"kind,omitempty"` // extra
	// Step is the phase that it belongs to, from 1: what is of one step is done together, before the next; extra.
	Step int `json:"step,omitempty"`
	// Intervals are when an address to block was in bad hands, sorted; extra.
	Intervals []Span `json:"intervals,omitempty"`
	// DoneBy and DoneAt are who did what is verified, and from when on it was in effect; extra.
	DoneBy string `json:"done_by,omitempty"`
	DoneAt Time   `json:"done_at,omitzero"` // see done_by; extra
	// Findings are those of use after it was done, F-…, sorted; extra.
	Findings []string `json:"findings,omitempty"`
}

// Decision is what a person decided. Nothing in it is ever silently overridden.
type Decision struct {
	At        Time   `json:"at"`
	By        string `json:"by"`
	What      string `json:"what"`
	Why       string `json:"why"`
	Via       string `json:"via,omitempty"` // extra
	Retracted bool   `json:"retracted,omitempty"`
}
