// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var generalLogin = Format{
	Name:   "login-general",
	Source: "host",
	About: About{
		What: "Lines of programs that no other format knows, if they say in plain English that a login failed or succeeded: \"Login failed for user NAME from ADDRESS\" and its relatives, in syslog or " +
			"behind a time in any common form.",
		Export: "Copy the program's log as it is. If many of its lines matter, describe it in a format of one's own instead: that reads what this one cannot be sure of.",
		Takes:  "Failed and successful logins with account, address and program.",
		Leaves: "Whatever else the program says. The words must begin the message, and the address must be beyond doubt: where a name or what stands behind the address could be taken for another one, the line is left unread.",
	},
	Shapes: ShapeSyslog | ShapeText,
	Rank:   RankGuess,
	Sniff: func(rec []byte) float64 {
		if _, text, _, ok := generalHead(rec); ok {
			if _, ok := splitGeneral(text); ok {
				return 0.2
			}
		}
		return 0
	},
	New:   func(env *Env) Parser { return &generalParser{env: env} },
	Marks: []string{" from ", " FROM ", " From "},
}

// generalHead returns the time, the text and the program of a line.
func generalHead(b []byte) (t Civil, text, program []byte, ok bool) {
	if s, t, ok := splitSyslog(b); ok && (len(s.Program) > 0 || startsGeneral(s.Message)) {
		return t, trimGeneral(s.Message), s.Program, true
	}
	t, text, ok = fileHead(b)
	return t, trimGeneral(text), nil, ok
}

// trimGeneral takes away what loggers write before a message: levels, brackets, threads, the names of modules.
func trimGeneral(b []byte) []byte {
	b = bytes.TrimRight(stripColours(b), " \r\t")
	for range 6 {
		b = bytes.TrimLeft(b, " -:|\t")
		if len(b) == 0 || startsGeneral(b) {
			return b
		}
		if c := b[0]; c == '[' || c == '(' || c == '<' {
			end := byte(']')
			if c == '(' {
				end = ')'
			} else if c == '<' {
				end = '>'
			}
			i := bytes.IndexByte(b, end)
			if i < 0 || i > 120 {
				return b
			}
			b = b[i+1:]
			continue
		}
		word, rest := nextWord(b)
		if n := len(word); n == 0 || n > 100 || rest == nil || !generalLabel(word) {
			return b
		}
		b = rest
	}
	return b
}

// generalLabel says whether a word is a level, a number of a process, or the name of a module.
func generalLabel(word []byte) bool {
	plain := bytes.Trim(word, ":[]|")
	if _, ok := parseNumber(plain); ok {
		return true
	}
	switch string(bytes.ToLower(plain)) {
	case "info", "warn", "warning", "error", "notice", "debug", "err", "crit", "alert", "fatal", "inf", "wrn", "trace", "auth", "security", "audit":
		return true
	}
	return word[len(word)-1] == ':' || bytes.IndexByte(plain, '.') > 0 && bytes.IndexByte(plain, '@') < 0
}

// generalWords are the beginnings of what such lines say, in small letters. Those that end with "for", "by" or "as" are followed by a name.
var generalWords = [...]struct {
	text   string
	ok     bool
	reason event.Reason
}{
	{"failed password for invalid user ", false, event.ReasonNoSuchAccount},
	{"failed password for ", false, event.ReasonBadPassword},
	{"failed login attempt for ", false, 0}, {"failed login attempt by ", false, 0}, {"failed login attempt from ", false, 0}, {"failed login for ", false, 0}, {"failed login by ", false, 0},
	{"failed login from ", false, 0}, {"failed logon for ", false, 0}, {"failed sign-in attempt for ", false, 0}, {"failed sign in for ", false, 0},
	{"failed authentication attempt for ", false, 0}, {"failed authentication attempt from ", false, 0}, {"failed authentication for ", false, 0}, {"failed auth for ", false, 0},
	{"login failed for ", false, 0}, {"login failed from ", false, 0}, {"login failed: ", false, 0}, {"login failure for ", false, 0}, {"login failure from ", false, 0}, {"logon failure for ", false, 0},
	{"login attempt failed for ", false, 0}, {"login attempt failed from ", false, 0}, {"login denied for ", false, event.ReasonDenied}, {"login incorrect for ", false, 0},
	{"authentication failed for ", false, 0}, {"authentication failed from ", false, 0}, {"authentication failure for ", false, 0}, {"authentication failure from ", false, 0},
	{"authentication error for ", false, 0}, {"authentication attempt failed for ", false, 0},
	{"invalid password for ", false, event.ReasonBadPassword}, {"invalid password from ", false, event.ReasonBadPassword}, {"wrong password for ", false, event.ReasonBadPassword}, {"bad password for ", false, event.ReasonBadPassword},
	{"bad password attempt for ", false, event.ReasonBadPassword}, {"incorrect password for ", false, event.ReasonBadPassword}, {"password mismatch for ", false, event.ReasonBadPassword},
	{"invalid credentials for ", false, 0}, {"invalid login for ", false, 0}, {"invalid login as ", false, 0}, {"invalid login from ", false, 0},
	{"invalid user ", false, event.ReasonNoSuchAccount}, {"unknown user ", false, event.ReasonNoSuchAccount}, {"illegal user ", false, event.ReasonNoSuchAccount},
	{"unsuccessful login attempt for ", false, 0}, {"unsuccessful login attempt from ", false, 0}, {"unsuccessful login for ", false, 0}, {"unsuccessful login from ", false, 0},
	{"user login failed for ", false, 0}, {"user authentication failed for ", false, 0}, {"access denied for user ", false, 0},
	{"successful login for ", true, 0}, {"successful login by ", true, 0}, {"successful login from ", true, 0}, {"login succeeded for ", true, 0}, {"login successful for ", true, 0}, {"login success for ", true, 0},
	{"authentication succeeded for ", true, 0}, {"authentication successful for ", true, 0}, {"accepted password for ", true, 0}, {"accepted publickey for ", true, 0},
}

func startsGeneral(b []byte) bool {
	_, _, ok := generalStart(b)
	return ok
}

// generalStart returns which of the words b begins with.
func generalStart(b []byte) (at int, rest []byte, ok bool) {
	if len(b) < 12 {
		return 0, nil, false
	}
	switch b[0] | 0x20 {
	case 'f', 'l', 'a', 'i', 'w', 'b', 'p', 'u', 's':
	default:
		return 0, nil, false
	}
	for i := range generalWords {
		w := generalWords[i].text
		if len(b) >= len(w) && b[0]|0x20 == w[0] && bytes.EqualFold(b[:len(w)], []byte(w)) {
			return i, b[len(w):], true
		}
	}
	return 0, nil, false
}

// generalEvent is what such a line says.
type generalEvent struct {
	word       int
	user, addr []byte
}

// splitGeneral reads "login failed for user NAME from ADDRESS". The address must be the only one that could be meant: if several
// stand behind a "from", only that with which the line ends is believed.
func splitGeneral(text []byte) (g generalEvent, ok bool) {
	var rest []byte
	if g.word, rest, ok = generalStart(text); !ok {
		return g, false
	}
	var env *Env // nothing is kept
	if isSuffixText(generalWords[g.word].text, " from ") {
		word, tail := nextWord(rest)
		g.addr = trimAddr(word)
		_, _, isAddr := env.addrPort(g.addr)
		return g, isAddr && index(tail, " from ") < 0
	}
	found, endsLine := 0, false
	var user []byte
	for at, tries := 0, 0; tries < 16; tries++ {
		i := index(rest[at:], " from ")
		if i < 0 {
			break
		}
		i += at
		at = i + 1
		b := rest[i+6:]
		for _, w := range [...]string{"IP address ", "ip address ", "private IP ", "IP: ", "IP ", "ip ", "host ", "address ", "client ", "remote address "} {
			if r, yes := cutPrefix(b, w); yes {
				b = r
				break
			}
		}
		word, tail := nextWord(b)
		addr := trimAddr(word)
		if _, _, isAddr := env.addrPort(addr); !isAddr {
			continue
		}
		found++
		user, g.addr, endsLine = rest[:i], addr, len(tail) == 0
	}
	if found == 0 || found > 1 && !endsLine {
		return g, false
	}
	g.user = generalName(user)
	return g, len(g.user) < 256
}

func isSuffixText(s, end string) bool { return len(s) >= len(end) && s[len(s)-len(end):] == end }

// trimAddr takes the marks away that sentences put around an address.
func trimAddr(b []byte) []byte {
	b = bytes.Trim(b, "`'\"(),;<>")
	if n := len(b); n > 1 && (b[n-1] == '.' || b[n-1] == ':' && b[n-2] != ':') {
		b = bytes.TrimRight(b[:n-1], "`'\"),;>")
	}
	return b
}

// generalName takes away "user " and marks of quotation.
func generalName(b []byte) []byte {
	b = bytes.TrimSpace(b)
	for _, w := range [...]string{"user ", "User ", "account ", "username ", "login ", "user: ", "username: ", "username="} {
		if rest, ok := cutPrefix(b, w); ok && len(rest) > 0 {
			b = rest
			break
		}
	}
	if n := len(b); n > 1 {
		switch q := b[0]; {
		case (q == '\'' || q == '"' || q == '`') && b[n-1] == q, q == '[' && b[n-1] == ']', q == '<' && b[n-1] == '>', q == '`' && b[n-1] == '\'':
			b = b[1 : n-1]
		}
	}
	return b
}

type generalParser struct{ env *Env }

func (p *generalParser) Flush(*event.Batch) {}

func (p *generalParser) Parse(rec *event.Record, out *event.Batch) error {
	t, text, program, ok := generalHead(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	g, ok := splitGeneral(text)
	if !ok {
		return ErrOtherFormat
	}
	w := &generalWords[g.word]
	in := p.env.Intern
	ev := out.Add()
	ev.Time, ev.DstHost, ev.Ref = p.env.Clock.Moment(t), p.env.Host, p.env.Ref(rec)
	if s, ok := p.env.Syslog(rec); ok && len(program) > 0 {
		ev.DstHost = p.env.hostOf(s)
	}
	what := sayFailed
	if w.ok {
		what = sayLogin
	}
	what.put(ev, w.reason, event.ClassOther)
	ev.Account, ev.Service = in.Bytes(g.user), in.Bytes(program)
	ev.SrcIP, ev.SrcPort, _ = p.env.addrPort(g.addr)
	return nil
}
