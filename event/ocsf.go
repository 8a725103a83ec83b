// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"strconv"
	"strings"
)

// OCSFVersion is the version of the Open Cybersecurity Schema Framework (https://schema.ocsf.io) that AppendOCSF writes.
const OCSFVersion = "1.9.0-dev"

// ocsfClass says how one class of events is written in OCSF.
type ocsfClass struct {
	class      Class
	uid        int // class_uid: a thousand times the category, and the class's number in it
	name       string
	activities []ocsfActivity // what is not here is 99, other, with our word as activity_name
	objects    ocsfObject
}

type ocsfActivity struct {
	activity Activity
	id       int
	name     string
}

// ocsfObject is a set of the objects that an OCSF class has.
type ocsfObject uint32

const (
	ocsfUser       ocsfObject = 1 << iota // user: whom it is about
	ocsfActor                             // actor.user: who did it, where that is known
	ocsfActorMust                         // actor is required
	ocsfDevice                            // device is required: where it happened
	ocsfSource                            // src_endpoint
	ocsfSourceMust                        // src_endpoint is required
	ocsfDest                              // dst_endpoint
	ocsfStatus                            // status_id means success or failure
	ocsfService                           // service
	ocsfTraffic                           // traffic
	ocsfFile                              // file
	ocsfProcess                           // process
	ocsfRequest                           // http_request and http_response
	ocsfQuery                             // query of the DNS
	ocsfEmail                             // email and direction_id
	ocsfEntity                            // entity
	ocsfDatabase                          // database, query_info
	ocsfFinding                           // finding_info
	ocsfLog                               // log_name
)

// ocsfEnds is what most classes have.
const ocsfEnds = ocsfSource | ocsfDest | ocsfStatus

// ocsfClasses is the whole mapping: one row for each Class, in their order. Directory reads are what OCSF calls datastore
// activity; files are mostly those of servers and cloud drives, so they are file hosting activity, which has endpoints.
var ocsfClasses = [len(classNames)]ocsfClass{
	ClassOther: {ClassOther, 0, "Base Event", nil, ocsfStatus},
	ClassAuthentication: {ClassAuthentication, 3002, "Authentication", []ocsfActivity{{ActLogon, 1, "Logon"}, {ActLogoff, 2, "Logoff"},
		{ActTicket, 3, "Authentication Ticket"}, {ActElevate, 7, "Account Switch"}}, ocsfEnds | ocsfUser | ocsfService},
	ClassAccountChange: {ClassAccountChange, 3001, "Account Change", []ocsfActivity{{ActCreate, 1, "Create"}, {ActEnable, 2, "Enable"}, {ActReset, 4, "Password Reset"},
		{ActDisable, 5, "Disable"}, {ActDelete, 6, "Delete"}, {ActLock, 9, "Lock"}, {ActUnlock, 12, "Unlock"}}, ocsfSource | ocsfStatus | ocsfUser | ocsfActor},
	ClassEntityChange: {ClassEntityChange, 3004, "Entity Management", []ocsfActivity{{ActCreate, 1, "Create"}, {ActRead, 2, "Read"}, {ActWrite, 3, "Update"}, {ActChange, 3, "Update"},
		{ActDelete, 4, "Delete"}, {ActRename, 5, "Move"}, {ActEnable, 8, "Enable"}, {ActDisable, 9, "Disable"}}, ocsfSource | ocsfStatus | ocsfActor | ocsfEntity},
	ClassDirectory: {ClassDirectory, 6005, "Datastore Activity", []ocsfActivity{{ActRead, 1, "Read"}, {ActChange, 2, "Update"}, {ActRename, 2, "Update"}, {ActConnect, 3, "Connect"},
		{ActSearch, 4, "Query"}, {ActQuery, 4, "Query"}, {ActWrite, 5, "Write"}, {ActCreate, 6, "Create"}, {ActDelete, 7, "Delete"}, {ActList, 8, "List"}},
		ocsfEnds | ocsfSourceMust | ocsfActorMust | ocsfDatabase},
	ClassNetwork: {ClassNetwork, 4001, "Network Activity", []ocsfActivity{{ActConnect, 1, "Open"}, {ActClose, 2, "Close"}, {ActRefuse, 5, "Refuse"}},
		ocsfEnds | ocsfSourceMust | ocsfTraffic},
	ClassDNS: {ClassDNS, 4003, "DNS Activity", []ocsfActivity{{ActQuery, 1, "Query"}}, ocsfEnds | ocsfSourceMust | ocsfTraffic | ocsfQuery},
	ClassHTTP: {ClassHTTP, 4002, "HTTP Activity", []ocsfActivity{{ActConnect, 1, "Connect"}, {ActDelete, 2, "Delete"}, {ActRead, 3, "Get"}, {ActSearch, 3, "Get"}, {ActDownload, 3, "Get"},
		{ActUpload, 6, "Post"}, {ActWrite, 6, "Post"}}, ocsfEnds | ocsfSourceMust | ocsfTraffic | ocsfRequest},
	ClassMail: {ClassMail, 4009, "Email Activity", []ocsfActivity{{ActSend, 1, "Send"}, {ActReceive, 2, "Receive"}}, ocsfEnds | ocsfEmail},
	ClassFile: {ClassFile, 6006, "File Hosting Activity", []ocsfActivity{{ActUpload, 1, "Upload"}, {ActDownload, 2, "Download"}, {ActWrite, 3, "Update"}, {ActDelete, 4, "Delete"},
		{ActRename, 5, "Rename"}, {ActCopy, 6, "Copy"}, {ActLock, 10, "Lock"}, {ActUnlock, 11, "Unlock"}, {ActShare, 12, "Share"}, {ActRead, 14, "Open"}},
		ocsfEnds | ocsfSourceMust | ocsfActorMust | ocsfFile},
	ClassProcess: {ClassProcess, 1007, "Process Activity", []ocsfActivity{{ActStart, 1, "Launch"}, {ActCreate, 1, "Launch"}, {ActStop, 2, "Terminate"}, {ActRead, 3, "Open"}},
		ocsfStatus | ocsfDevice | ocsfActorMust | ocsfProcess},
	ClassRemoteSession: {ClassRemoteSession, 4014, "Tunnel Activity", []ocsfActivity{{ActConnect, 1, "Open"}, {ActLogon, 1, "Open"}, {ActStart, 1, "Open"}, {ActClose, 2, "Close"},
		{ActLogoff, 2, "Close"}, {ActStop, 2, "Close"}}, ocsfEnds | ocsfSourceMust | ocsfUser | ocsfTraffic},
	ClassLease: {ClassLease, 4004, "DHCP Activity", []ocsfActivity{{ActRefuse, 6, "Nak"}, {ActAssign, 5, "Ack"}, {ActRelease, 7, "Release"}}, ocsfEnds | ocsfSourceMust},
	ClassDetection: {ClassDetection, 2004, "Detection Finding", []ocsfActivity{{ActCreate, 1, "Create"}, {ActOther, 1, "Create"}, {ActChange, 2, "Update"}, {ActClose, 3, "Close"}},
		ocsfFinding},
	ClassLogAdmin: {ClassLogAdmin, 1008, "Event Log Activity", []ocsfActivity{{ActClear, 1, "Clear"}, {ActDelete, 2, "Delete"}, {ActStart, 6, "Start"}, {ActStop, 7, "Stop"},
		{ActEnable, 9, "Enable"}, {ActDisable, 10, "Disable"}}, ocsfEnds | ocsfActor | ocsfLog},
}

// unknown stands where OCSF demands a text and the record has none.
const unknown = "Unknown"

// AppendOCSF appends the event as one JSON object of its OCSF class; input is the path of the input as given, for
// metadata.log_source. What OCSF requires and the record lacks is "Unknown"; what the record has and the class does not goes
// into unmapped. A mail event without a mail address is a base event, as OCSF has no mail without one.
func (e *Event) AppendOCSF(b []byte, input string) []byte {
	c := &ocsfClasses[ClassOther]
	if int(e.Class) < len(ocsfClasses) && !(e.Class == ClassMail && !mailAddress(e.Account) && !mailAddress(e.Target)) {
		c = &ocsfClasses[e.Class]
	}
	id, word := c.activity(e)
	o := object{b: append(b, '{'), first: true}
	o.always("class_uid", int64(c.uid))
	o.text("class_name", c.name)
	o.always("category_uid", int64(c.uid/1000))
	o.always("activity_id", int64(id))
	o.text("activity_name", word)
	o.always("type_uid", int64(c.uid*100+id))
	severity := int64(1) // informational
	if c.objects&ocsfFinding != 0 {
		severity = 0 // unknown: the product that found it has words of its own
	}
	o.always("severity_id", severity)
	o.always("time", int64(e.Time)/1000)
	if c.objects&ocsfStatus != 0 {
		o.always("status_id", int64(e.Outcome)%3) // unknown, success, failure: as in OCSF
		o.text("status", [...]string{unknown, "Success", "Failure"}[e.Outcome%3])
	}
	o.text("status_detail", e.Reason.String())
	o.begin("metadata")
	o.text("version", OCSFVersion)
	o.begin("product")
	o.text("name", "Sekisho")
	o.text("vendor_name", "Sekisho")
	o.end()
	o.text("log_provider", e.Format)
	o.text("log_source", input)
	o.end()
	c.people(&o, e)
	c.ends(&o, e)
	c.things(&o, e, word, input)
	c.unmapped(&o, e)
	return append(o.b, '}')
}

// always writes a number.
func (o *object) always(k string, v int64) { o.number(k, v, true) }

// begin and end write an object within the object.
func (o *object) begin(k string) {
	o.key(k)
	o.b, o.first = append(o.b, '{'), true
}

func (o *object) end() { o.b, o.first = append(o.b, '}'), false }

func (c *ocsfClass) activity(e *Event) (int, string) {
	for _, a := range c.activities {
		if a.activity == e.Activity {
			return a.id, a.name
		}
	}
	return 99, e.Activity.String()
}

func or(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

// people writes who did it and whom it was about: if the event names two accounts, the second is whom it was about.
func (c *ocsfClass) people(o *object, e *Event) {
	about := e.Account
	if c.objects&ocsfActor != 0 && e.Target != "" {
		about = e.Target
	}
	if c.objects&ocsfUser != 0 {
		ocsfPerson(o, "user", about)
	}
	if c.objects&ocsfActor != 0 && e.Account != "" || c.objects&ocsfActorMust != 0 {
		o.begin("actor")
		ocsfPerson(o, "user", e.Account)
		o.end()
	}
}

func ocsfPerson(o *object, key, name string) {
	o.begin(key)
	o.text("name", or(name, unknown))
	o.always("type_id", 0)
	o.end()
}

// ends writes where it came from and what it reached.
func (c *ocsfClass) ends(o *object, e *Event) {
	if c.objects&ocsfSource != 0 && (e.SrcIP.IsValid() || e.SrcHost != "" || c.objects&ocsfSourceMust != 0) {
		o.begin("src_endpoint")
		if e.SrcIP.IsValid() {
			o.text("ip", e.SrcIP.String())
		} else if e.SrcHost == "" {
			o.text("name", unknown)
		}
		o.text("hostname", e.SrcHost)
		o.number("port", int64(e.SrcPort), e.SrcPort != 0)
		if e.Country != "" {
			o.begin("location")
			o.text("country", e.Country)
			o.end()
		}
		if e.ASN != 0 {
			o.begin("autonomous_system")
			o.always("number", int64(e.ASN))
			o.end()
		}
		o.end()
	}
	reached := e.DstIP.IsValid() || e.DstHost != ""
	if c.objects&ocsfDest != 0 && reached {
		o.begin("dst_endpoint")
		if e.DstIP.IsValid() {
			o.text("ip", e.DstIP.String())
		}
		o.text("hostname", e.DstHost)
		o.number("port", int64(e.DstPort), e.DstPort != 0)
		o.text("svc_name", e.Service)
		o.end()
	}
	if c.objects&ocsfDevice != 0 {
		o.begin("device")
		if e.DstIP.IsValid() {
			o.text("ip", e.DstIP.String())
		} else if e.DstHost == "" {
			o.text("name", unknown)
		}
		o.text("hostname", e.DstHost)
		o.always("type_id", 0)
		o.end()
	}
	if c.objects&ocsfService != 0 && (e.Service != "" || !reached) { // one of the two is required
		o.begin("service")
		o.text("name", or(e.Service, unknown))
		o.end()
	}
	in, okIn := e.BytesIn.Get()
	out, okOut := e.BytesOut.Get()
	if c.objects&ocsfTraffic != 0 && (okIn || okOut) {
		o.begin("traffic")
		o.number("bytes_in", in, okIn)
		o.number("bytes_out", out, okOut)
		o.end()
	}
}

// things writes what it was done to.
func (c *ocsfClass) things(o *object, e *Event, word, input string) {
	switch {
	case c.objects&ocsfFile != 0:
		path := or(e.Object, unknown)
		o.begin("file")
		o.text("name", or(path[strings.LastIndexAny(path, `/\`)+1:], path))
		o.text("path", e.Object)
		o.always("type_id", 0)
		o.end()
	case c.objects&ocsfProcess != 0:
		o.begin("process")
		if v, ok := e.Get("pid"); ok && v.Kind == KindInt && v.Num >= 0 && v.Num < 1<<31 {
			o.always("pid", v.Num)
		} else {
			o.text("uid", unknown)
		}
		o.text("cmd_line", e.Object)
		o.end()
	case c.objects&ocsfRequest != 0:
		e.ocsfHTTP(o)
	case c.objects&ocsfQuery != 0:
		o.begin("query")
		o.text("hostname", or(e.Object, unknown))
		if v, ok := e.Get("qtype"); ok {
			o.text("type", v.Text)
		}
		o.end()
	case c.objects&ocsfEmail != 0:
		e.ocsfMail(o)
	case c.objects&ocsfEntity != 0:
		o.begin("entity")
		o.text("name", or(or(e.Object, e.Target), unknown))
		o.end()
	case c.objects&ocsfDatabase != 0:
		o.begin("database")
		o.text("name", or(e.Service, "directory"))
		o.text("type", "Directory")
		o.always("type_id", 99)
		o.end()
		if e.Object != "" {
			o.begin("query_info")
			o.text("name", word)
			o.text("query_string", e.Object)
			o.end()
		}
	case c.objects&ocsfFinding != 0:
		o.begin("finding_info")
		o.text("uid", input+"#"+strconv.FormatInt(e.Ref.Offset, 10))
		o.text("title", or(or(e.Object, e.Service), unknown))
		o.end()
	case c.objects&ocsfLog != 0:
		o.text("log_name", or(or(e.Object, e.Service), unknown))
	}
}

func (e *Event) ocsfHTTP(o *object) {
	o.begin("http_request")
	o.begin("url")
	path := or(e.Object, "/")
	if strings.Contains(path, "://") {
		o.text("url_string", path)
	} else {
		o.text("path", path)
	}
	o.end()
	if v, ok := e.Get("method"); ok && ocsfMethod(v.Text) {
		o.text("http_method", v.Text)
	}
	o.text("user_agent", e.Client)
	o.end()
	code := int64(-1)
	if v, ok := e.Get("status"); ok {
		if v.Kind == KindInt {
			code = v.Num
		} else if n, err := strconv.Atoi(v.Text); err == nil {
			code = int64(n)
		}
	}
	if code >= 100 && code <= 999 {
		o.begin("http_response")
		o.always("code", code)
		o.end()
	}
}

// ocsfMethod says whether OCSF knows the method; an attacker may send any word.
func ocsfMethod(m string) bool {
	switch m {
	case "CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "TRACE", "COPY", "LOCK", "MKCOL", "MOVE", "PROPFIND", "PROPPATCH", "REPORT", "SEARCH", "UNLOCK":
		return true
	}
	return false
}

func (e *Event) ocsfMail(o *object) {
	from, to := e.Account, e.Target
	direction := int64(0)
	switch e.Activity {
	case ActSend:
		direction = 2
	case ActReceive:
		direction, from, to = 1, e.Target, e.Account
	}
	o.always("direction_id", direction)
	o.begin("email")
	if mailAddress(from) {
		o.text("from", from)
	}
	if mailAddress(to) {
		o.key("to")
		o.b = append(AppendQuoted(append(o.b, '['), to), ']')
	}
	o.end()
}

// mailAddress says whether OCSF takes s for a mail address (its type email_t).
func mailAddress(s string) bool {
	local, domain, ok := strings.Cut(s, "@")
	if !ok || local == "" || len(s) > 320 {
		return false
	}
	for _, c := range []byte(local) {
		if !(letter(c) || strings.IndexByte("!#$%&'*+,-./=?^_`{|}~", c) >= 0) {
			return false
		}
	}
	first, rest, ok := strings.Cut(domain, ".")
	if !ok || first == "" || rest == "" {
		return false
	}
	for _, c := range []byte(first + rest) {
		if !letter(c) && c != '-' && c != '.' {
			return false
		}
	}
	return first[0] != '.'
}

func letter(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// unmapped keeps what the class has no attribute for, and the way back to the record.
func (c *ocsfClass) unmapped(o *object, e *Event) {
	o.begin("unmapped")
	o.text("class", e.Class.String())
	o.text("activity", e.Activity.String())
	if c.objects&ocsfStatus == 0 {
		o.text("outcome", e.Outcome.String())
	}
	if c.objects&(ocsfUser|ocsfActor|ocsfActorMust|ocsfEmail) == 0 {
		o.text("account", e.Account)
	}
	if c.objects&ocsfActor == 0 && c.objects&ocsfEmail == 0 {
		o.text("target", e.Target)
	}
	if c.objects&ocsfEmail != 0 {
		o.text("mail_account", e.Account)
		o.text("mail_target", e.Target)
	}
	if c.objects&ocsfSource == 0 {
		if e.SrcIP.IsValid() {
			o.text("src_ip", e.SrcIP.String())
		}
		o.number("src_port", int64(e.SrcPort), e.SrcPort != 0)
		o.text("src_host", e.SrcHost)
		o.text("country", e.Country)
		o.number("asn", int64(e.ASN), e.ASN != 0)
	}
	if c.objects&ocsfDest == 0 {
		if e.DstIP.IsValid() {
			o.text("dst_ip", e.DstIP.String())
		}
		o.number("dst_port", int64(e.DstPort), e.DstPort != 0)
		o.text("dst_host", e.DstHost)
	}
	if c.objects&ocsfDest != 0 && !e.DstIP.IsValid() && e.DstHost == "" { // no endpoint to put it into
		o.number("dst_port", int64(e.DstPort), e.DstPort != 0)
	}
	if e.SrcIsRelay {
		o.key("src_is_relay")
		o.b = append(o.b, "true"...)
	}
	o.text("service", e.Service)
	if c.objects&ocsfRequest == 0 {
		o.text("client", e.Client)
	}
	o.text("object", e.Object)
	if c.objects&ocsfTraffic == 0 {
		o.integer("bytes_in", e.BytesIn)
		o.integer("bytes_out", e.BytesOut)
	}
	o.integer("count", e.Count)
	o.integer("duration_ms", e.Duration)
	o.always("line", e.Ref.Line)
	o.always("offset", e.Ref.Offset)
	o.always("length", e.Ref.Length)
	if rest := e.AppendRest(nil); rest != nil {
		o.key("rest")
		o.b = append(o.b, rest...)
	}
	o.end()
}
