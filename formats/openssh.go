// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"net/netip"

	"github.com/sekisho/sekisho/event"
)

var openSSH = Format{
	Name:   "openssh",
	Also:   []string{"sshd", "ssh"},
	Source: "host",
	About: About{
		What: "OpenSSH's server, versions 3 to 10, in syslog or the journal (auth.log, secure, messages), and the lines that PAM modules write in its name.",
		Export: "Copy /var/log/auth.log* or /var/log/secure*, or run journalctl -u ssh -o short-iso --no-pager. LogLevel VERBOSE adds the fingerprints of " +
			"refused keys, the local address of each connection and the commands of sessions; INFO, the default, shows every password attempt.",
		Takes: "Logins and refusals with account, address and method, keys by fingerprint, sessions with their length, connections that ended before a login, " +
			"refusals by rule, start and end of the server.",
		Leaves: "What was done inside a session. At INFO a refused key leaves only the end of the connection. Debug lines are passed over.",
	},
	Sniff: func(rec []byte) float64 {
		s, ok := sniffSyslog(rec)
		if !ok || !isSSHD(s.Program) {
			return 0
		}
		return 0.95
	},
	New:      func(env *Env) Parser { return &sshParser{env: env, sessions: newTrailTable()} },
	Shapes:   ShapeSyslog,
	Programs: []string{"sshd"},
}

// isSSHD says whether lines of the program are those of OpenSSH's server. Since 9.8 a connection is served by sshd-session, and
// since 10.0 its login by sshd-auth. Old systems name the PAM module in the tag.
func isSSHD(program []byte) bool {
	if len(program) < 4 || string(program[:4]) != "sshd" {
		return false
	}
	switch string(program[4:]) {
	case "", "-session", "-auth", "(pam_unix)", "(pam_sss)", "(pam_ldap)", "(pam_krb5)":
		return true
	}
	return program[4] == '@' || program[4] == '/'
}

// sshParser reads the lines of OpenSSH's server.
//
// One attempt leaves several traces under one process number: "Invalid user", a PAM module's line, "Failed password", the end of
// the connection. Each trace becomes an event, so that no line is lost, but only one of them stands for the attempt. The others
// carry the remainder "repeat": true and a count of nought: whoever adds up Count (1 where there is none) counts attempts.
// Which one stands: sshd's own line ("Failed …", or "Invalid user" before it); a PAM module's line only if none of sshd follows
// (it is held back until the next line of its process); the end of a connection only if nothing before it told of a failure.
// A refused key of an existing account is a step, not an attempt: clients offer one key after the other.
type sshParser struct {
	env      *Env
	sessions *trailTable

	// Of the line being read.
	s     *Syslog
	rec   *event.Record
	out   *event.Batch
	trail *sshTrail // nil where the line has no process number
	times int64     // "message repeated 3 times": 3

	// For "last message repeated 3 times": what the line before said.
	last     []byte
	lastLine int64
	lastKey  uint64
}

func (p *sshParser) Parse(rec *event.Record, out *event.Batch) error {
	s, ok := p.env.Syslog(rec)
	if !ok {
		return ErrOtherFormat
	}
	if len(s.Program) == 0 || !isSSHD(s.Program) {
		return p.repeatLast(s, rec, out)
	}
	p.s, p.rec, p.out, p.times = s, rec, out, 1
	p.trail = p.trailOf(s.Host, s.PID)
	msg := bytes.TrimRight(s.Message, " \r")
	if err := p.message(msg); err != nil {
		return err
	}
	p.last = append(p.last[:0], msg[:min(len(msg), 1024)]...)
	p.lastLine, p.lastKey = rec.Line, trailKey(s.Host, s.PID)
	return nil
}

// repeatLast reads syslogd's "last message repeated 3 times", if the line before was one of ours.
func (p *sshParser) repeatLast(s *Syslog, rec *event.Record, out *event.Batch) error {
	rest, ok := cutPrefix(s.Message, "last message repeated ")
	if !ok {
		if rest, ok = cutPrefix(s.Message, "message repeated "); !ok {
			return ErrOtherFormat
		}
	}
	n, k := digits(rest, 9)
	if _, yes := cutPrefix(rest[k:], " time"); k == 0 || !yes || n == 0 || p.lastLine == 0 || rec.Line != p.lastLine+1 {
		return ErrOtherFormat
	}
	p.s, p.rec, p.out, p.times = s, rec, out, int64(n)
	p.trail = p.sessions.find(p.lastKey, nil)
	p.lastLine = 0
	return p.message(p.last)
}

// Flush gives out the attempts that only a PAM module told of.
func (p *sshParser) Flush(out *event.Batch) {
	p.out, p.rec = out, nil
	for _, t := range p.sessions.live() {
		p.release(t, false)
	}
}

// message reads one message of sshd, without its head.
func (p *sshParser) message(msg []byte) error {
	if rest, ok := cutPrefix(msg, "message repeated "); ok {
		n, k := digits(rest, 9)
		inner, yes := cutPrefix(rest[k:], " times: [")
		if k == 0 || !yes || n == 0 {
			return ErrBroken
		}
		p.times = int64(n)
		msg = bytes.Trim(bytes.TrimSuffix(inner, []byte("]")), " ")
	}
	if l, ok := splitPAM(p.s.Program, msg); ok {
		return p.pam(&l)
	}
	preauth := false
	if rest, ok := cutSuffix(msg, " [preauth]"); ok {
		msg, preauth = rest, true
	} else if rest, ok := cutSuffix(msg, " [postauth]"); ok {
		msg = rest
	}
	for range 2 {
		msg, _ = cutPrefix(msg, "error: ")
		msg, _ = cutPrefix(msg, "fatal: ")
		msg, _ = cutPrefix(msg, "warning: ")
	}
	if len(msg) == 0 {
		return nil
	}
	for i := range sshReaders {
		r := &sshReaders[i]
		if r.prefix[0] != msg[0] {
			continue
		}
		if rest, ok := cutPrefix(msg, r.prefix); ok {
			return r.read(p, rest, preauth)
		}
	}
	if sshNoise(msg) {
		return nil
	}
	return ErrUnknownKind
}

// sshReaders lists the messages by what they begin with, the frequent ones first.
var sshReaders = [...]struct {
	prefix string
	read   func(p *sshParser, rest []byte, preauth bool) error
}{
	{"Failed ", (*sshParser).failed},
	{"Accepted ", (*sshParser).accepted},
	{"Invalid user ", (*sshParser).invalidUser},
	{"Illegal user ", (*sshParser).invalidUser},
	{"Connection closed by ", (*sshParser).ended},
	{"Connection reset by ", (*sshParser).ended},
	{"Disconnected from ", (*sshParser).ended},
	{"Received disconnect from ", (*sshParser).receivedDisconnect},
	{"Disconnecting", (*sshParser).disconnecting},
	{"Connection from ", (*sshParser).connection},
	{"PAM: ", (*sshParser).pamOwn},
	{"PAM ", (*sshParser).pamSummary},
	{"User ", (*sshParser).notAllowed},
	{"maximum authentication attempts exceeded for ", (*sshParser).maximumAttempts},
	{"Authentication tried for ", (*sshParser).wrongPlace},
	{"ROOT LOGIN REFUSED FROM ", (*sshParser).rootRefused},
	{"Unable to negotiate", (*sshParser).noAgreement},
	{"Did not receive identification string from ", (*sshParser).brokenFrom},
	{"Bad protocol version identification ", (*sshParser).badProtocol},
	{"banner exchange: Connection from ", (*sshParser).brokenConnection},
	{"ssh_dispatch_run_fatal: Connection from ", (*sshParser).brokenConnection},
	{"kex_exchange_identification: ", (*sshParser).brokenHere},
	{"kex_protocol_error: ", (*sshParser).brokenHere},
	{"Timeout before authentication for ", (*sshParser).timeout},
	{"refused connect from ", (*sshParser).refused},
	{"drop connection #", (*sshParser).dropped},
	{"Starting session: ", (*sshParser).startSession},
	{"Server listening on ", (*sshParser).listening},
	{"Received signal ", (*sshParser).stopping},
	{"Magic value check failed", (*sshParser).badProtocol},
	{"no matching ", (*sshParser).brokenHere},
	{"Protocol major versions differ for ", (*sshParser).brokenFrom},
	{"Read from socket failed: ", (*sshParser).brokenHere},
	{"Corrupted MAC on input", (*sshParser).brokenHere},
	{"Bad packet length ", (*sshParser).brokenHere},
	{"SSH: Server;", (*sshParser).ltype},
}

// failed reads "Failed password for invalid user X from 192.0.2.7 port 4022 ssh2".
func (p *sshParser) failed(rest []byte, _ bool) error {
	method, rest := nextWord(rest)
	rest, ok := cutPrefix(rest, "for ")
	if !ok {
		if string(method) == "to" { // "Failed to release session" and the like
			return nil
		}
		return ErrUnknownKind
	}
	reason := event.ReasonBadCredentials
	rest, invalid := cutInvalid(rest)
	from, ok := p.fromExtra(rest, true)
	if !ok {
		return ErrBroken
	}
	p.learn(&from)
	weight := p.times
	t := p.trail
	if invalid {
		reason = event.ReasonNoSuchAccount
		if t != nil && t.refused != event.ReasonNone {
			reason = t.refused
		}
	}
	switch {
	case string(method) == "none": // the client asked which methods there are
		weight = 0
	case string(method) == "publickey" && (!invalid || t != nil && t.failures > 0):
		weight = 0
	case t != nil:
		p.release(t, true)
		if t.owed > 0 {
			t.owed = 0
			weight--
		}
		t.failures++
	}
	p.attempt(&from, event.OutcomeFailure, reason, weight, method)
	return nil
}

// accepted reads "Accepted publickey for hanako from 192.0.2.7 port 4022 ssh2: ED25519 SHA256:…".
func (p *sshParser) accepted(rest []byte, _ bool) error {
	method, rest := nextWord(rest)
	rest, ok := cutPrefix(rest, "for ")
	if !ok { // "Accepted key RSA … found at", "Accepted certificate ID": what comes next says it
		return nil
	}
	from, ok := p.fromExtra(rest, true)
	if !ok {
		return ErrBroken
	}
	p.learn(&from)
	if t := p.trail; t != nil {
		// One module of several refused this account, another accepted it; a refusal of another account stays one.
		h := &t.held
		p.release(t, (h.account == "" || h.account == string(from.user)) && (h.ruser == "" || h.ruser == string(from.user)))
		t.owed, t.failures = 0, 0
		t.account, t.since = p.env.Intern.Bytes(from.user), p.s.Time
	}
	p.attempt(&from, event.OutcomeSuccess, event.ReasonNone, p.times, method)
	return nil
}

// invalidUser reads "Invalid user X from 192.0.2.7 port 4022".
func (p *sshParser) invalidUser(rest []byte, _ bool) error {
	from, ok := p.from(rest)
	if !ok {
		return ErrBroken
	}
	p.announce(&from, event.ReasonNoSuchAccount, nil)
	return nil
}

// announce adds an attempt that a "Failed …" line may follow.
func (p *sshParser) announce(from *sshFrom, reason event.Reason, method []byte) {
	p.learn(from)
	weight := p.times
	if t := p.trail; t != nil {
		p.release(t, true)
		if t.owed > 0 {
			weight = 0
		}
		t.owed = 1
		t.failures++
		t.account = p.env.Intern.Bytes(from.user)
	}
	p.attempt(from, event.OutcomeFailure, reason, weight, method)
}

// closing adds what the end of a connection tells of a failed login; it stands for an attempt only if nothing did before.
func (p *sshParser) closing(from *sshFrom, reason event.Reason, detail []byte) {
	p.learn(from)
	weight := p.times
	if t := p.trail; t != nil {
		p.release(t, false)
		if t.failures > 0 {
			weight = 0
		}
		t.owed = 0
		t.failures++
		if len(from.user) == 0 {
			from.user = []byte(t.account)
		}
	}
	ev := p.attempt(from, event.OutcomeFailure, reason, weight, nil)
	ev.Rest = append(ev.Rest, p.out.Rest(event.Text("detail", p.detail(detail)))...)
}

// attempt adds one trace of a login. weight is how many attempts it stands for; 0 marks it as a repeat.
func (p *sshParser) attempt(from *sshFrom, outcome event.Outcome, reason event.Reason, weight int64, method []byte) *event.Event {
	ev := p.add(event.ClassAuthentication, event.ActLogon, outcome, reason)
	ev.Account = p.env.Intern.Bytes(from.user)
	from.put(p.env, ev)
	var f [4]event.Field
	f[0] = event.Text("method", p.env.Intern.Bytes(method))
	f[1] = event.Text("key", p.env.Intern.Bytes(from.extra[:min(len(from.extra), 512)]))
	f[2] = event.Text("via", p.env.Intern.Bytes(from.via))
	n := 3
	if weight <= 0 {
		f[3] = event.Flag("repeat", true)
		n = 4
		weight = 0
	}
	if weight != 1 {
		ev.Count = event.Some(weight)
	}
	ev.Rest = p.out.Rest(f[:n]...)
	return ev
}

// add adds an event of the line being read.
func (p *sshParser) add(c event.Class, a event.Activity, o event.Outcome, r event.Reason) *event.Event {
	ev := p.out.Add()
	ev.Time, ev.Class, ev.Activity, ev.Outcome, ev.Reason = p.s.Time, c, a, o, r
	ev.Service = "ssh"
	ev.DstHost = p.env.hostOf(p.s)
	ev.Ref = p.env.Ref(p.rec)
	return ev
}

func (p *sshParser) detail(b []byte) string {
	return p.env.Intern.Bytes(b[:min(len(b), 200)])
}

// sshFrom is who tried from where.
type sshFrom struct {
	user  []byte
	addr  netip.Addr
	host  []byte // where there is no address
	port  uint16
	extra []byte // the key, behind "ssh2: "
	via   []byte // the own address that macOS names
}

func (f *sshFrom) put(e *Env, ev *event.Event) {
	ev.SrcIP, ev.SrcPort = f.addr, f.port
	if !f.addr.IsValid() {
		ev.SrcHost = e.Intern.Bytes(f.host)
	}
}

func cutInvalid(b []byte) (rest []byte, invalid bool) {
	if rest, ok := cutPrefix(b, "invalid user "); ok {
		return rest, true
	}
	if rest, ok := cutPrefix(b, "illegal user "); ok {
		return rest, true
	}
	if _, ok := cutPrefix(b, "<invalid username> "); ok { // Solaris
		return b[len("<invalid username>"):], true
	}
	return b, false
}

// from reads "X from 192.0.2.7 port 4022". X is whatever a stranger typed and may itself look like such an end: the last is taken.
func (p *sshParser) from(b []byte) (sshFrom, bool) { return p.fromExtra(b, false) }

// fromExtra reads "X from 192.0.2.7 port 4022 ssh2: extra", where extra may be a stranger's too (a host's or a key's name). The
// true end is followed by nothing or by a colon; of several, the one with the address that this process is known to talk to
// is taken, else the first if there may be an extra, else the last.
func (p *sshParser) fromExtra(b []byte, extra bool) (f sshFrom, ok bool) {
	if rest, yes := cutPrefix(b, "from "); yes { // an empty name, its space lost
		if g, yes := p.endOf(rest); yes {
			return g, true
		}
	}
	for at, tries := 0, 0; tries < 32; tries++ {
		i := index(b[at:], " from ")
		if i < 0 {
			break
		}
		i += at
		at = i + 1
		g, yes := p.endOf(b[i+6:])
		if !yes {
			continue
		}
		g.user = b[:i]
		known := p.trail != nil && p.trail.addr.IsValid() && p.trail.addr == g.addr
		if !ok || known || !extra {
			f, ok = g, true
		}
		if known {
			break
		}
	}
	return f, ok
}

// endOf reads "192.0.2.7 port 4022 ssh2", "192.0.2.7", "host.example via 198.51.100.1".
func (p *sshParser) endOf(b []byte) (f sshFrom, ok bool) {
	word, rest := nextWord(b)
	if n := len(word); rest == nil && n > 1 && word[n-1] == ':' {
		word = word[:n-1]
	}
	if f.addr, ok = p.env.addr(word); !ok {
		if !isHostName(word) {
			return f, false
		}
		f.host = word
	}
	if r, yes := cutPrefix(rest, "port "); yes {
		n, k := digits(r, 5)
		if k == 0 {
			return f, false
		}
		f.port = uint16(n)
		rest = bytes.TrimPrefix(r[k:], []byte(" "))
	}
	if r, yes := cutPrefix(rest, "ssh2"); yes {
		rest = r
	} else if r, yes := cutPrefix(rest, "ssh1"); yes {
		rest = r
	}
	if r, yes := cutPrefix(rest, "via "); yes {
		f.via, rest = nextWord(r)
	}
	switch {
	case len(bytes.TrimSpace(rest)) == 0:
		return f, true
	case rest[0] == ':':
		f.extra = bytes.TrimLeft(rest[1:], " ")
		return f, true
	}
	return f, false
}
