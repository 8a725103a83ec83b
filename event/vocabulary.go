// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

// Class is the kind of thing that happened. The texts are those of the event table's column class.
type Class uint8

// The classes.
const (
	ClassOther Class = iota
	ClassAuthentication
	ClassAccountChange
	ClassEntityChange
	ClassDirectory
	ClassNetwork
	ClassDNS
	ClassHTTP
	ClassMail
	ClassFile
	ClassProcess
	ClassRemoteSession
	ClassLease
	ClassDetection
	ClassLogAdmin
)

var classNames = [...]string{"other", "authentication", "account-change", "entity-change", "directory", "network", "dns", "http",
	"mail", "file", "process", "remote-session", "lease", "detection", "log-admin"}

// String returns the word used in the event table.
func (c Class) String() string { return name(classNames[:], int(c)) }

// Classes returns the words of all classes, indexed by Class.
func Classes() []string { return append([]string(nil), classNames[:]...) }

// Activity is what was done within the class.
type Activity uint8

// The activities.
const (
	ActOther Activity = iota
	ActLogon
	ActLogoff
	ActTicket  // a Kerberos ticket or a token was asked for
	ActElevate // special rights given to a session, sudo
	ActSearch
	ActRead
	ActList
	ActWrite
	ActRename
	ActDelete
	ActCreate
	ActConnect
	ActClose
	ActRefuse
	ActQuery
	ActSend
	ActReceive
	ActClear
	ActAssign
	ActRelease
	ActEnable
	ActDisable
	ActChange // settings, rules, permissions
	ActReset  // a password or a second factor
	ActLock
	ActUnlock
	ActStart
	ActStop
	ActCopy
	ActShare
	ActUpload
	ActDownload
)

var activityNames = [...]string{"other", "logon", "logoff", "ticket", "elevate", "search", "read", "list", "write", "rename", "delete",
	"create", "connect", "close", "refuse", "query", "send", "receive", "clear", "assign", "release", "enable", "disable", "change",
	"reset", "lock", "unlock", "start", "stop", "copy", "share", "upload", "download"}

// String returns the word used in the event table.
func (a Activity) String() string { return name(activityNames[:], int(a)) }

// Activities returns the words of all activities, indexed by Activity.
func Activities() []string { return append([]string(nil), activityNames[:]...) }

// Outcome says how it ended, as far as the record says.
type Outcome uint8

// The outcomes.
const (
	OutcomeUnknown Outcome = iota
	OutcomeSuccess
	OutcomeFailure
)

var outcomeNames = [...]string{"unknown", "success", "failure"}

// String returns the word used in the event table.
func (o Outcome) String() string { return name(outcomeNames[:], int(o)) }

// Outcomes returns the words of all outcomes, indexed by Outcome.
func Outcomes() []string { return append([]string(nil), outcomeNames[:]...) }

// Reason says why it ended so. ReasonNone is stored as null.
type Reason uint8

// The reasons. ReasonBadCredentials is for sources that do not tell a wrong password from an unknown ID: most do not.
const (
	ReasonNone Reason = iota
	ReasonBadPassword
	ReasonNoSuchAccount
	ReasonBadCredentials
	ReasonLocked
	ReasonExpired // the account, or its password
	ReasonDisabled
	ReasonSecondFactorFailed
	ReasonSecondFactorNeeded // the password was right; the second step was not taken
	ReasonDenied             // known, but not allowed: policy, hours, place, rights
	ReasonTimeout
	ReasonProtocol // the exchange was malformed or broken off
	ReasonUnavailable
	ReasonOther
)

var reasonNames = [...]string{"", "bad-password", "no-such-account", "bad-credentials", "locked", "expired", "disabled",
	"second-factor-failed", "second-factor-needed", "denied", "timeout", "protocol", "unavailable", "other"}

// String returns the word used in the event table; empty for ReasonNone.
func (r Reason) String() string { return name(reasonNames[:], int(r)) }

// Reasons returns the words of all reasons, indexed by Reason.
func Reasons() []string { return append([]string(nil), reasonNames[:]...) }

func name(names []string, i int) string {
	if i < len(names) {
		return names[i]
	}
	return "other"
}
