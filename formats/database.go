// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var mysqlLog = Format{
	Name:   "mysql",
	Also:   []string{"mariadb", "mysqld"},
	Source: "host",
	About: About{
		What:   "The error log of MySQL 5.0 to 9 and MariaDB 5 to 11, or the same through syslog; refused connections of the general log.",
		Export: "Copy error.log* or mysqld.log*. Refusals stand there only with log_warnings=2 (MySQL 5, MariaDB: log_warnings ≥ 2) or log_error_verbosity=3 (MySQL 8).",
		Takes:  "Refused connections with account, address or host, and whether a password was given.",
		Leaves: "Successful logins, queries. \"Access denied\" does not tell a wrong password from an unknown account.",
	},
	Sniff:    mysqlLines.sniff,
	New:      mysqlLines.parser,
	Shapes:   mysqlLines.shapes(),
	Programs: mysqlLines.words(),
	Marks:    mysqlLines.marks(),
}

// The name and the host come from the connection; the name may hold quotation marks, and a line may have something behind it.
var mysqlLines = phrasedFormat{
	service:  "mysql",
	programs: []string{"mysqld", "mysql", "mariadbd", "mariadb", "mysqld_safe"},
	file:     fileHead,
	trim:     trimMySQL,
	phrases: []phrase{
		{"Access denied for user '{user}'@'{from}' (using password: YES)", sayFailed, 0},
		{"Access denied for user '{user}'@'{from}' (using password: NO)", sayFailed, 0},
		{"Access denied for user '{user}'@'{from}' to database '{object}'", sayFailed, event.ReasonDenied},
		{"Access denied for user '{user}'@'{from}'", sayFailed, 0},
		{"Aborted connection {num} to db: '{object<}' user: '{user}' host: '{from}' ({why})", sayBroken, 0},
		{"Host '{from}' is not allowed to connect to this {why}", sayRefused, 0},
	},
	quiet: []string{"IP address '", "Plugin ", "InnoDB", "Server ", "ready for connections", "Shutdown", "/usr/"},
}

// trimMySQL takes away the thread, the level and the codes: "8756 [Warning] ", "113 [Note] [MY-010926] [Server] ", "14 Connect   ", and a time
// that stands in syslog's lines too.
func trimMySQL(b []byte) []byte {
	if _, rest, ok := fileHead(b); ok {
		b = rest
	}
	if _, n := digits(b, 18); n > 0 && n < len(b) && (b[n] == ' ' || b[n] == '\t') {
		b = bytes.TrimLeft(b[n:], " \t")
	}
	if rest, ok := cutPrefix(b, "Connect"); ok && len(rest) > 0 && (rest[0] == ' ' || rest[0] == '\t') {
		b = bytes.TrimLeft(rest, " \t")
	}
	for range 4 {
		if len(b) > 2 && b[0] == '[' {
			if i := index(b[:min(len(b), 24)], "] "); i > 0 {
				b = b[i+2:]
			}
		}
	}
	return b
}

var mssql = Format{
	Name:   "mssql",
	Also:   []string{"sqlserver"},
	Source: "host",
	About: About{
		What:   "The error log of Microsoft SQL Server 2005 to 2022, Windows and Linux.",
		Export: "Copy ERRORLOG* (UTF-16) from the Log folder of the instance. Login auditing of the server's properties must include failed logins, the default, or both.",
		Takes:  "Logins and failed logins with account, address and reason; other refused connections.",
		Leaves: "Queries. \"<local machine>\" and named pipes have no address.",
	},
	Sniff:    mssqlLines.sniff,
	New:      mssqlLines.parser,
	Shapes:   mssqlLines.shapes(),
	Programs: mssqlLines.words(),
	Marks:    mssqlLines.marks(),
}

// The name is a stranger's; the reason and the client stand behind it and are the server's.
var mssqlLines = phrasedFormat{
	service: "mssql",
	file:    mssqlHead,
	phrases: []phrase{
		{"Login failed for user '{user}'. Reason: Password did not match {skip>}. [CLIENT: {ip}]", sayFailed, event.ReasonBadPassword},
		{"Login failed for user '{user}'. Reason: Could not find a login {skip>}. [CLIENT: {ip}]", sayFailed, event.ReasonNoSuchAccount},
		{"Login failed for user '{user}'. Reason: The account is disabled{skip>} [CLIENT: {ip}]", sayFailed, event.ReasonDisabled},
		{"Login failed for user '{user}'. Reason: {why} [CLIENT: {ip}]", sayFailed, 0},
		{"Login failed for user '{user}'. Reason: {why} [CLIENT: <local machine>]", sayFailed, 0},
		{"Login failed for user '{user}'. Reason: {why} [CLIENT: <named pipe>]", sayFailed, 0},
		{"Login failed for user '{user}'. [CLIENT: {ip}]", sayFailed, 0},
		{"Login failed for user '{user}' because the account is currently locked out. {skip>} [CLIENT: {ip}]", sayFailed, event.ReasonLocked},
		{"Login failed for user '{user}' because {why} [CLIENT: {ip}]", sayFailed, event.ReasonDenied},
		{"Login failed. {why} [CLIENT: {ip}]", sayFailed, event.ReasonDenied},
		{"Login succeeded for user '{user}'. Connection made using {skip>} [CLIENT: {ip}]", sayLogin, 0},
		{"Login succeeded for user '{user}'. Connection made using {skip>} [CLIENT: <local machine>]", sayLogin, 0},
		{"Login succeeded for user '{user}'. Connection: {skip>} [CLIENT: {ip}]", sayLogin, 0},
		{"SSPI handshake failed with error code {why} [CLIENT: {ip}]", sayFailed, event.ReasonProtocol},
		{"{why} [CLIENT: {ip}]", sayBroken, 0},
	},
	quiet: []string{"Error: "},
}

// mssqlHead reads "2025-06-02 09:00:00.54 Logon       ". Lines of other sources than Logon are not of logins.
func mssqlHead(b []byte) (Civil, []byte, bool) {
	t, n := parseISOStamp(b)
	if n == 0 {
		return t, nil, false
	}
	rest, ok := cutPrefix(b[n:], " Logon ")
	return t, bytes.TrimLeft(rest, " "), ok
}

var postgreSQL = Format{
	Name:   "postgresql",
	Also:   []string{"postgres"},
	Source: "host",
	About: About{
		What: "The server log of PostgreSQL 8 to 17 in its text form (log_destination=stderr or syslog), whose lines begin with log_line_prefix.",
		Export: "Copy postgresql-*.log. log_connections=on and log_disconnections=on tell of successes; the prefix must hold the peer: log_line_prefix = '%m [%p] %u@%d %h ' or '%h %m [%p] %u@%d '. " +
			"log_hostname should be off.",
		Takes:  "Failed and successful logins and the end of sessions with account, database and, where the prefix has it, address.",
		Leaves: "Queries. Without %h or %r in the prefix a failed login has no address.",
	},
	Sniff: func(rec []byte) float64 {
		if _, ok := splitPostgres(rec); ok {
			return 0.8
		}
		return 0
	},
	New:    func(env *Env) Parser { return &postgresParser{env: env} },
	Shapes: ShapeSyslog | ShapeText,
	Marks:  []string{"FATAL:  ", "LOG:  "},
}

// postgresLine is one line, taken apart: what stands before the level is the prefix, in the order that the administrator chose.
type postgresLine struct {
	time   Civil
	prefix []byte // without the time
	level  string
	text   []byte
}

func splitPostgres(b []byte) (l postgresLine, ok bool) {
	if s, t, yes := splitSyslog(b); yes && isPrefix(s.Program, "postgres") { // "[3-1] …"
		l.time = t
		b = s.Message
		ok = true
	}
	for _, level := range [...]string{"FATAL:  ", "LOG:  "} {
		i := index(b[:min(len(b), 400)], level)
		if i < 0 || i > 0 && b[i-1] != ' ' {
			continue
		}
		l.level, l.text, l.prefix = level[:len(level)-3], bytes.TrimRight(b[i+len(level):], " \r"), b[:i]
		break
	}
	if l.level == "" || !postgresSays(l.text) {
		return l, false
	}
	if ok {
		return l, true
	}
	// The time is the first word of the prefix that is one.
	for at := 0; at < len(l.prefix) && at < 200; {
		if t, n := parseISOStamp(l.prefix[at:]); n > 0 {
			l.time = t
			rest := l.prefix[at+n:]
			if isPrefix(rest, " UTC") || isPrefix(rest, " GMT") {
				l.time.HasZone = true
			} else if isPrefix(rest, " JST") {
				l.time.HasZone, l.time.East = true, 9*3600
			}
			return l, l.time.Valid()
		}
		i := bytes.IndexByte(l.prefix[at:], ' ')
		if i < 0 {
			break
		}
		at += i + 1
	}
	return l, false
}

func postgresSays(b []byte) bool {
	return has(b[:min(len(b), 64)], " authentication failed for user ") || isPrefix(b, "role \"") || isPrefix(b, "no pg_hba.conf entry for ") || isPrefix(b, "pg_hba.conf rejects ") ||
		isPrefix(b, "connection authorized: ") || isPrefix(b, "connection received: ") || isPrefix(b, "connection authenticated: ") || isPrefix(b, "disconnection: ") ||
		isPrefix(b, "database \"") || isPrefix(b, "unsupported frontend protocol")
}

type postgresParser struct{ env *Env }

func (p *postgresParser) Flush(*event.Batch) {}

func (p *postgresParser) Parse(rec *event.Record, out *event.Batch) error {
	l, ok := splitPostgres(rec.Data)
	if !ok {
		return ErrOtherFormat
	}
	f := fit{env: p.env}
	for _, s := range postgresPhrases {
		if !f.fits(s.text, l.text) {
			continue
		}
		if s.what == sayNothing {
			return nil
		}
		in := p.env.Intern
		ev := out.Add()
		ev.Time, ev.Service, ev.DstHost, ev.Ref = p.env.Clock.Moment(l.time), "postgresql", p.env.Host, p.env.Ref(rec)
		s.what.put(ev, s.reason, event.ClassOther)
		ev.Account, ev.SrcIP, ev.SrcPort, ev.SrcHost, ev.Object = in.Bytes(f.hole[holeUser]), f.addr, f.port, in.Bytes(f.hole[holeFrom]), in.Bytes(f.hole[holeObject])
		if !ev.SrcIP.IsValid() {
			p.peer(ev, l.prefix)
		}
		return nil
	}
	return nil
}

// peer finds the address in a prefix: "192.0.2.7", "192.0.2.7(50123)". A name in it (%u) cannot be an address followed by a port.
func (p *postgresParser) peer(ev *event.Event, prefix []byte) {
	for len(prefix) > 0 {
		var word []byte
		word, prefix = nextWord(prefix)
		word = bytes.Trim(word, "[],:")
		if i := bytes.IndexByte(word, '('); i > 0 && word[len(word)-1] == ')' {
			ev.SrcPort, _ = parsePort(word[i+1 : len(word)-1])
			word = word[:i]
		}
		if i := lastIndex(word, "="); i >= 0 {
			word = word[i+1:]
		}
		if a, ok := p.env.addr(word); ok {
			ev.SrcIP = a
			return
		}
	}
}

var postgresPhrases = []phrase{
	{`password authentication failed for user "{user}"`, sayFailed, 0},
	{`{word} authentication failed for user "{user}"`, sayFailed, 0},
	{`role "{user}" does not exist`, sayFailed, event.ReasonNoSuchAccount},
	{`role "{user}" is not permitted to log in`, sayFailed, event.ReasonDenied},
	{`no pg_hba.conf entry for host "{from}", user "{user<}", database "{object}", {skip}`, sayFailed, event.ReasonDenied},
	{`no pg_hba.conf entry for host "{from}", user "{user}", database "{object}"`, sayFailed, event.ReasonDenied},
	{`pg_hba.conf rejects connection for host "{from}", user "{user<}", database "{object}", {skip}`, sayFailed, event.ReasonDenied},
	{`pg_hba.conf rejects connection for host "{from}", user "{user}", database "{object}"`, sayFailed, event.ReasonDenied},
	{"connection authorized: user={user<} database={object} {skip}", sayLogin, 0},
	{"connection authorized: user={user<} database={object}", sayLogin, 0},
	{"disconnection: session time: {skip} user={user<} database={object} host={from} port={port}", sayLogoff, 0},
	{"disconnection: session time: {skip} user={user<} database={object} host=[local]", sayLogoff, 0},
	{"connection received: host={from} port={port}", sayConnect, 0},
}
