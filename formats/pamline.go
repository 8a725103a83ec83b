// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

// pamLine is one line that a PAM module wrote into the log of the program that called it:
//
//	pam_unix(sshd:auth): authentication failure; logname= uid=0 euid=0 tty=ssh ruser= rhost=192.0.2.7  user=hanako
type pamLine struct {
	Module  []byte // pam_unix
	Service []byte // sshd
	Phase   []byte // auth, account, session, chauthtok; empty where the module does not say
	Text    []byte // what it says
}

// splitPAM takes the head of a module's line apart. Old systems (before Linux-PAM 1.0) put the module into the tag,
// "su(pam_unix)[23164]: …", which is read from program.
func splitPAM(program, msg []byte) (l pamLine, ok bool) {
	if n := len(program); n > 5 && program[n-1] == ')' {
		if i := bytes.IndexByte(program, '('); i > 0 && has(program[i:], "(pam_") {
			return pamLine{Module: program[i+1 : n-1], Service: program[:i], Text: msg}, true
		}
	}
	if len(msg) < 8 || string(msg[:4]) != "pam_" {
		return l, false
	}
	open := bytes.IndexByte(msg[:min(len(msg), 40)], '(')
	if open < 0 {
		if c := index(msg[:min(len(msg), 40)], ": "); c > 0 && bytes.IndexByte(msg[:c], ' ') < 0 {
			return pamLine{Module: msg[:c], Text: msg[c+2:]}, true
		}
		return l, false
	}
	end := bytes.IndexByte(msg[open:min(len(msg), open+80)], ')')
	if end < 0 || open+end+1 >= len(msg) || msg[open+end+1] != ':' {
		return l, false
	}
	l.Module = msg[:open]
	l.Service = msg[open+1 : open+end]
	if i := bytes.IndexByte(l.Service, ':'); i >= 0 {
		l.Service, l.Phase = l.Service[:i], l.Service[i+1:]
	}
	l.Text = bytes.TrimLeft(msg[open+end+2:], " ")
	return l, true
}

// pamFailure is what stands behind "authentication failure; ".
type pamFailure struct {
	Tty, Ruser, Rhost, User []byte
	More                    int64 // "2 more authentication failures": how many; 1 for a line about one
	Summary                 bool  // it is such a line
}

// failure reads "authentication failure; logname=… user=…" and "2 more authentication failures; …".
//
// ruser and user may be whatever a stranger typed, so that either may hold " rhost=…". Where rhost= stands more than once,
// that one is taken which makes ruser and user equal (services that fill both), or which directly follows an empty ruser
// (sshd); else the last one, since most services tell PAM a user only through ruser.
func (l *pamLine) failure() (f pamFailure, ok bool) {
	t := l.Text
	f.More = 1
	if rest, yes := cutPrefix(t, "authentication failure;"); yes {
		t = rest
	} else {
		n, k := digits(t, 9)
		rest, yes := cutPrefix(t[k:], " more authentication failure")
		if k == 0 || !yes || len(rest) == 0 {
			return f, false
		}
		f.More, f.Summary = int64(n), true
		t = bytes.TrimPrefix(bytes.TrimPrefix(rest, []byte("s")), []byte(";"))
	}
	if i := index(t, " tty="); i >= 0 {
		f.Tty, _ = nextWord(t[i+5:])
	}
	ru := index(t, " ruser=")
	if ru < 0 {
		ru = len(t)
	} else {
		ru += len(" ruser=")
	}
	best := -1
	tail := t[min(ru, len(t)):]
	for at, tries := 0, 0; tries < 8; tries++ {
		i := index(tail[at:], "rhost=")
		if i < 0 {
			break
		}
		i += at
		at = i + 6
		if i == 0 || tail[i-1] != ' ' { // the name begins so
			continue
		}
		best = i
		ruser, user := bytes.TrimRight(tail[:i], " "), userBehind(tail[i+6:])
		if len(ruser) == 0 || bytes.Equal(ruser, user) {
			break
		}
	}
	if best < 0 {
		if i := index(t, "rhost="); i >= 0 {
			f.Rhost, _ = nextWord(t[i+6:])
			f.User = userBehind(t[i+6:])
		}
		return f, true
	}
	f.Ruser = bytes.TrimRight(tail[:best], " ")
	f.Rhost, _ = nextWord(tail[best+6:])
	f.User = userBehind(tail[best+6:])
	return f, true
}

// userBehind returns what follows "user=" behind the remote host's name at the start of b.
func userBehind(b []byte) []byte {
	_, rest := nextWord(b)
	rest = bytes.TrimLeft(rest, " ")
	user, ok := cutPrefix(rest, "user=")
	if !ok {
		return nil
	}
	return bytes.TrimRight(user, " ")
}

// session reads "session opened for user hanako(uid=1001) by (uid=0)" and "session closed for user hanako".
func (l *pamLine) session() (user []byte, activity event.Activity, ok bool) {
	t := l.Text
	if rest, yes := cutPrefix(t, "session opened for user "); yes {
		t, activity = rest, event.ActStart
		if i := lastIndex(t, " by "); i >= 0 {
			t = t[:i]
		}
	} else if rest, yes := cutPrefix(t, "session closed for user "); yes {
		t, activity = rest, event.ActStop
	} else {
		return nil, 0, false
	}
	if i := lastIndex(t, "(uid="); i > 0 {
		t = t[:i]
	}
	return bytes.TrimRight(t, " "), activity, true
}

// reason returns why a module refused, by the words that Linux-PAM has for its result codes, in whatever case.
func pamReason(text []byte) event.Reason {
	switch {
	case has(text, "not known to the underlying") || has(text, "nknown user") || has(text, "user unknown") || has(text, "No account present"):
		return event.ReasonNoSuchAccount
	case has(text, "expired"):
		return event.ReasonExpired
	case has(text, "aximum number of") || has(text, "locked") || has(text, "deny "):
		return event.ReasonLocked
	case has(text, "ermission denied"):
		return event.ReasonDenied
	case has(text, "nformation unavailable") || has(text, "cannot retrieve") || has(text, "ervice error") || has(text, "ystem error"):
		return event.ReasonUnavailable
	case has(text, "assword mismatch"):
		return event.ReasonBadPassword
	}
	return event.ReasonBadCredentials
}
