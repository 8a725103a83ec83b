// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

var elff = Format{
	Name:   "w3c",
	Also:   []string{"iis", "bluecoat", "elff", "pfirewall"},
	Source: "web",
	About: About{
		What: "W3C extended log files, whose #Fields line names the columns: Microsoft IIS 5 to 10 (with OWA, ActiveSync, AD FS before it), Blue Coat / Symantec / Broadcom ProxySG and " +
			"Edge SWG, Forefront TMG and Zscaler in that format, Windows Firewall's pfirewall.log.",
		Export: "IIS: C:\\inetpub\\logs\\LogFiles\\W3SVC*; add cs-host, cs(Referer), sc-bytes, cs-bytes, time-taken and, behind a load balancer, X-Forwarded-For (custom field). " +
			"ProxySG: the main log with c-ip, cs-username, cs-host, s-supplier-ip, sc-bytes, cs-bytes, s-action. Windows Firewall: netsh advfirewall set allprofiles logging allowedconnections enable. " +
			"Keep the lines that begin with #: without #Fields the columns are guessed.",
		Takes: "Each request with client, user, method, address, status, bytes both ways, time taken, referrer and agent; for a proxy also where it went, its verdict and category; " +
			"for the firewall, connections let through and dropped; for IIS' FTP, logins.",
		Leaves: "What was typed into forms: IIS knows a user's name only with Basic or Windows authentication. Times of IIS and ProxySG are in UTC unless #Time-Format or localtime says otherwise.",
	},
	Sniff:  sniffELFF,
	New:    func(env *Env) Parser { return &elffParser{env: env} },
	Shapes: notObject,
}

func sniffELFF(rec []byte) float64 {
	if rest, ok := cutPrefix(rec, "#Fields:"); ok {
		if has(rest, "c-ip") || has(rest, "s-ip") || has(rest, "cs-method") || has(rest, "src-ip") && has(rest, "action") {
			return 1
		}
		return 0
	}
	for _, w := range [...]string{"#Software: Microsoft Internet Information Services", "#Software: SGOS", "#Software: Microsoft Windows Firewall", "#Remark: "} {
		if isPrefix(rec, w) {
			return 0.9
		}
	}
	if isPrefix(rec, "#Version: 1.") || isPrefix(rec, "#Date: ") || isPrefix(rec, "#Start-Date: ") || isPrefix(rec, "#Time Format: ") {
		return 0.3
	}
	if guessELFF(rec) != "" {
		return 0.7
	}
	return 0
}

// guessELFF returns the usual columns of a row whose #Fields line is not there: those of IIS, by how many they are, or of ProxySG's main log.
func guessELFF(b []byte) string {
	t, n := parseISOStamp(b)
	if n != 19 || t.HasZone || b[10] != ' ' || n >= len(b) || b[n] != ' ' {
		return ""
	}
	w1, rest := nextWord(b[n+1:])
	w2, _ := nextWord(rest)
	switch words := bytes.Count(bytes.TrimRight(b, " "), []byte(" ")) + 1; {
	case looksLikeAddr(w1) && isHTTPMethod(w2) && words == 14: // IIS 7 to 8.0
		return "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status time-taken"
	case isPrefix(w1, "W3SVC") && looksLikeAddr(w2) && words == 14: // IIS 6
		return "date time s-sitename s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) sc-status sc-substatus sc-win32-status"
	case isPrefix(w1, "W3SVC") && words == 22: // all that it can log
		return "date time s-sitename s-computername s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs-version cs(User-Agent) cs(Cookie) cs(Referer) cs-host " +
			"sc-status sc-substatus sc-win32-status sc-bytes cs-bytes time-taken"
	}
	if looksLikeAddr(w1) && isHTTPMethod(w2) {
		return "date time s-ip cs-method cs-uri-stem cs-uri-query s-port cs-username c-ip cs(User-Agent) cs(Referer) sc-status sc-substatus sc-win32-status time-taken"
	}
	if isAllDigits(w1) && looksLikeAddr(w2) && (has(rest, " OBSERVED ") || has(rest, " DENIED ") || has(rest, " PROXIED ")) {
		return "date time time-taken c-ip cs-username cs-auth-group x-exception-id sc-filter-result cs-categories cs(Referer) sc-status s-action cs-method rs(Content-Type) " +
			"cs-uri-scheme cs-host cs-uri-port cs-uri-path cs-uri-query cs-uri-extension cs(User-Agent) s-ip sc-bytes cs-bytes x-virus-id"
	}
	return ""
}

func isHTTPMethod(b []byte) bool {
	switch string(b) {
	case "GET", "POST", "HEAD", "PUT", "DELETE", "OPTIONS", "PROPFIND", "CONNECT", "PATCH", "TRACE", "SEARCH", "REPORT", "MKCOL", "MOVE", "COPY", "LOCK", "UNLOCK", "PROPPATCH",
		"RPC_IN_DATA", "RPC_OUT_DATA", "DEBUG":
		return true
	}
	return false
}

// The columns that are read.
type elffField uint8

const (
	wSkip elffField = iota
	wDate
	wTime
	wLocalTime
	wTimestamp
	wClientIP
	wClientPort
	wUser
	wServerIP
	wServerPort
	wComputer
	wMethod
	wStem
	wQuery
	wURI
	wScheme
	wHost
	wPort
	wPath
	wAgent
	wReferer
	wStatus
	wSubstatus
	wWin32
	wBytesOut // cs-bytes
	wBytesIn  // sc-bytes
	wTook
	wAction
	wSupplierIP
	wSupplierName
	wFilter
	wCategory
	wType
	wForwarded
	wGroup
	wException
	wVirus
	wSession
	wSrcIP // of a firewall
	wDstIP
	wSrcPort
	wDstPort
	wFWAction
	wProtocol
	wSize
	wDirection
	wFields
)

func elffColumn(name []byte) elffField {
	switch string(name) {
	case "date":
		return wDate
	case "time", "gmttime":
		return wTime
	case "localtime":
		return wLocalTime
	case "timestamp", "x-timestamp", "x-timestamp-unix-utc", "x-timestamp-unix":
		return wTimestamp
	case "c-ip", "x-client-address":
		return wClientIP
	case "c-port":
		return wClientPort
	case "cs-username", "cs-userdn", "cs-user":
		return wUser
	case "s-ip":
		return wServerIP
	case "s-port":
		return wServerPort
	case "s-computername":
		return wComputer
	case "cs-method":
		return wMethod
	case "cs-uri-stem":
		return wStem
	case "cs-uri-query":
		return wQuery
	case "cs-uri", "c-uri":
		return wURI
	case "cs-uri-scheme":
		return wScheme
	case "cs-host", "cs-uri-hostname", "cs(Host)", "r-host":
		return wHost
	case "cs-uri-port", "r-port":
		return wPort
	case "cs-uri-path":
		return wPath
	case "cs(User-Agent)", "c-agent":
		return wAgent
	case "cs(Referer)", "cs-referred":
		return wReferer
	}
	return elffColumn2(name)
}

func elffColumn2(name []byte) elffField {
	switch string(name) {
	case "sc-status":
		return wStatus
	case "sc-substatus":
		return wSubstatus
	case "sc-win32-status":
		return wWin32
	case "cs-bytes":
		return wBytesOut
	case "sc-bytes":
		return wBytesIn
	case "time-taken":
		return wTook
	case "s-action":
		return wAction
	case "s-supplier-ip", "r-ip", "r-supplier-ip":
		return wSupplierIP
	case "s-supplier-name":
		return wSupplierName
	case "sc-filter-result":
		return wFilter
	case "cs-categories", "cs-category", "sc-filter-category":
		return wCategory
	case "rs(Content-Type)", "cs-mime-type":
		return wType
	case "x-forwarded-for", "X-Forwarded-For", "cs(X-Forwarded-For)", "X-FORWARDED-FOR", "OriginalIP":
		return wForwarded
	case "cs-auth-group":
		return wGroup
	case "x-exception-id":
		return wException
	case "x-virus-id":
		return wVirus
	case "x-session":
		return wSession
	case "src-ip":
		return wSrcIP
	case "dst-ip":
		return wDstIP
	case "src-port":
		return wSrcPort
	case "dst-port":
		return wDstPort
	case "action":
		return wFWAction
	case "protocol":
		return wProtocol
	case "size":
		return wSize
	case "path":
		return wDirection
	}
	return wSkip
}

const elffMost = 128 // columns

type elffParser struct {
	env     *Env
	columns [elffMost]elffField
	n       int // 0: none known
	guessed bool
	local   bool
	date    [10]byte // of the last #Date line
	v       [wFields][]byte

	// Names given to IIS' FTP, by session: USER comes before PASS.
	ftp [64]struct {
		key  uint64
		name string
	}
}

func (p *elffParser) Flush(*event.Batch) {}

func (p *elffParser) Parse(rec *event.Record, out *event.Batch) error {
	b := bytes.TrimRight(rec.Data, "\r")
	if len(b) > 0 && b[0] == '#' {
		return p.directive(b)
	}
	if len(b) == 0 && p.n > 0 {
		return nil
	}
	if p.n == 0 || p.guessed {
		row := b
		if s, ok := sniffSyslog(b); ok && guessELFF(b) == "" {
			row = s.Message
		}
		if g := guessELFF(row); g != "" {
			p.header([]byte(g))
			p.guessed, b = true, row
		} else {
			return ErrOtherFormat
		}
	}
	if !p.row(b) {
		if _, n := parseISOStamp(b); n == 0 {
			return ErrOtherFormat
		}
		return ErrBroken
	}
	at, ok := p.when()
	if !ok {
		return ErrOtherFormat
	}
	switch {
	case len(p.v[wFWAction]) > 0 && len(p.v[wSrcIP]) > 0:
		return p.firewall(rec, out, at)
	case len(p.v[wMethod]) > 0 && p.v[wMethod][0] == '[' || len(p.v[wSession]) > 0:
		return p.ftpCommand(rec, out, at)
	case len(p.v[wClientIP]) == 0 && len(p.v[wMethod]) == 0:
		return ErrUnknownKind
	}
	p.request(rec, out, at)
	return nil
}

func (p *elffParser) directive(b []byte) error {
	if rest, ok := cutPrefix(b, "#Fields:"); ok {
		if sniffELFF(b) == 0 {
			return ErrOtherFormat
		}
		p.header(rest)
		p.guessed = false
		return nil
	}
	if rest, ok := cutPrefix(b, "#Date: "); ok && len(rest) >= 10 {
		copy(p.date[:], rest)
	}
	if rest, ok := cutPrefix(b, "#Time Format: "); ok {
		p.local = isPrefix(rest, "Local")
	}
	if sniffELFF(b) > 0 || isPrefix(b, "#Software: ") && p.n > 0 || isPrefix(b, "#End-Date") {
		return nil
	}
	return ErrOtherFormat
}

func (p *elffParser) header(b []byte) {
	p.n = 0
	for len(b) > 0 && p.n < elffMost {
		var word []byte
		if word, b = nextWord(b); len(word) > 0 {
			p.columns[p.n] = elffColumn(word)
			p.n++
		}
	}
}

// row cuts a row into its columns and says whether it has as many as the header. ProxySG puts values with blanks in quotes, and
// IIS writes none: a client that sends a quotation mark to IIS has nothing to gain, since it counts only at the beginning of a
// value and only if one ends a later value.
func (p *elffParser) row(b []byte) bool {
	p.v = [wFields][]byte{}
	n := 0
	for len(b) > 0 {
		if b[0] == ' ' || b[0] == '\t' {
			b = b[1:]
			continue
		}
		if n == p.n {
			return false
		}
		var val []byte
		if e := quotedEnd(b); e > 0 {
			val, b = b[1:e], b[e+1:]
		} else if sp := bytes.IndexAny(b, " \t"); sp >= 0 {
			val, b = b[:sp], b[sp:]
		} else {
			val, b = b, nil
		}
		if f := p.columns[n]; len(val) != 1 || val[0] != '-' {
			if p.v[f] == nil {
				p.v[f] = val
			}
		}
		n++
	}
	return n == p.n
}

// quotedEnd returns where the quoted value at the start of b ends: at a quotation mark with a blank or the end behind it.
func quotedEnd(b []byte) int {
	if b[0] != '"' {
		return 0
	}
	for i := 1; ; {
		j := bytes.IndexByte(b[i:], '"')
		if j < 0 {
			return 0
		}
		if i += j; i+1 == len(b) || b[i+1] == ' ' || b[i+1] == '\t' {
			return i
		}
		i++
	}
}

func (p *elffParser) when() (event.Micros, bool) {
	if n := p.v[wTimestamp]; len(n) > 0 {
		if at, ok := parseEpoch(n); ok {
			return p.env.Clock.Absolute(at), true
		}
	}
	if l := p.v[wLocalTime]; len(l) > 0 {
		if t, n := parseCLFStamp(bytes.TrimLeft(l, "[")); n > 0 {
			return p.env.Clock.Moment(t), true
		}
	}
	d := p.v[wDate]
	if len(d) == 0 {
		d = p.date[:]
	}
	var t Civil
	if len(d) < 10 || d[4] != '-' || d[7] != '-' {
		return 0, false
	}
	t.Year, _ = digits(d, 4)
	t.Month, _ = digits(d[5:], 2)
	t.Day, _ = digits(d[8:], 2)
	if parseTimeOfDay(p.v[wTime], &t) == 0 || t.Year == 0 || !t.Valid() {
		return 0, false
	}
	t.HasZone = !p.local && len(p.v[wFWAction]) == 0
	return p.env.Clock.Moment(t), true
}
