// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"
	"unicode/utf8"
)

// okta knows the CSV that Okta's console downloads of the System Log: its columns are named after the members of the record, in small
// letters and parted by points. A row becomes the record again.
func (t *table) okta() func(*table, *load) bool {
	t.find([]tableName{{"timestamp", tabTime}, {"published", tabTime}, {"eventtype", tabKind}, {"displaymessage", tabMessage}, {"uuid", tabID}, {"outcomeresult", tabOutcome}, {"outcomereason", tabReason},
		{"actorid", tabUserID}, {"actortype", tabUserType}, {"actordisplayname", tabUserName}, {"actoralternateid", tabUser}, {"clientipaddress", tabFrom}, {"clientdevice", tabComputer}, {"clientuseragentrawuseragent", tabAgent},
		{"clientgeographicalcontextcountry", tabCountry}, {"clientgeographicalcontextcity", tabCity}, {"authenticationcontextexternalsessionid", tabSession}, {"transactionid", tabTransaction},
		{"target0alternateid", tabTarget}, {"target0displayname", tabObject}, {"target0type", tabService}})
	if !t.have(tabTime, tabKind, tabUser, tabFrom, tabOutcome) {
		return nil
	}
	return func(t *table, l *load) bool {
		b := append(t.buf[:0], '{')
		b = t.member(b, "published", tabTime)
		b = t.member(b, "eventType", tabKind)
		b = t.member(b, "displayMessage", tabMessage)
		b = t.member(b, "uuid", tabID)
		b = append(b, `"actor":{`...)
		b = t.member(b, "alternateId", tabUser)
		b = t.member(b, "id", tabUserID)
		b = t.member(b, "type", tabUserType)
		b = t.member(b, "displayName", tabUserName)
		b = append(shut(b), `"client":{`...)
		b = t.member(b, "ipAddress", tabFrom)
		b = t.member(b, "device", tabComputer)
		b = append(b, `"userAgent":{`...)
		b = t.member(b, "rawUserAgent", tabAgent)
		b = append(shut(b), `"geographicalContext":{`...)
		b = t.member(b, "country", tabCountry)
		b = t.member(b, "city", tabCity)
		b = append(shut(shut(b)), `"outcome":{`...)
		b = t.member(b, "result", tabOutcome)
		b = t.member(b, "reason", tabReason)
		b = append(shut(b), `"authenticationContext":{`...)
		b = t.member(b, "externalSessionId", tabSession)
		b = append(shut(b), `"transaction":{`...)
		b = t.member(b, "id", tabTransaction)
		b = shut(b)
		if len(t.get(tabTarget)) > 0 || len(t.get(tabObject)) > 0 {
			b = append(b, `"target":[{`...)
			b = t.member(b, "alternateId", tabTarget)
			b = t.member(b, "displayName", tabObject)
			b = t.member(b, "type", tabService)
			b = shut(b)
			b = append(b[:len(b)-1], "],"...)
		}
		b = shut(b)
		t.buf, l.text = b, b[:len(b)-1]
		return len(t.get(tabKind)) > 0
	}
}

// member writes a member of an object and a comma, if the cell says anything.
func (t *table) member(b []byte, name string, col int) []byte {
	v := t.get(col)
	if len(v) == 0 {
		return b
	}
	b = append(append(append(b, '"'), name...), `":"`...)
	b = appendEscaped(b, v)
	return append(b, `",`...)
}

// shut ends an object, and a comma follows.
func shut(b []byte) []byte {
	if b[len(b)-1] == ',' {
		b = b[:len(b)-1]
	}
	return append(b, "},"...)
}

// appendEscaped writes a text as JSON has it between quotes.
func appendEscaped(b, text []byte) []byte {
	const hex = "0123456789abcdef"
	for len(text) > 0 {
		c := text[0]
		switch {
		case c == '"' || c == '\\':
			b = append(b, '\\', c)
		case c < ' ':
			b = append(b, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c >= utf8.RuneSelf:
			r, n := utf8.DecodeRune(text)
			b = utf8.AppendRune(b, r)
			text = text[n:]
			continue
		default:
			b = append(b, c)
		}
		text = text[1:]
	}
	return b
}

// gam knows the CSV that GAM writes of the activities of Google Workspace: its columns are named after the members of the record, those of
// the parameters by themselves. A row becomes the record again.
func (t *table) gam() func(*table, *load) bool {
	t.find([]tableName{{"idtime", tabTime}, {"idapplicationname", tabService}, {"iduniquequalifier", tabID}, {"actoremail", tabUser}, {"actorprofileid", tabUserID}, {"ipaddress", tabFrom}, {"name", tabKind}, {"type", tabUserType}})
	if !t.have(tabTime, tabService, tabUser, tabKind) {
		return nil
	}
	t.names = nil
	for _, c := range t.row.cells {
		t.names = append(t.names, bytes.Clone(c))
	}
	return func(t *table, l *load) bool {
		b := append(t.buf[:0], `{"kind":"admin#reports#activity","id":{`...)
		b = t.member(b, "time", tabTime)
		b = t.member(b, "applicationName", tabService)
		b = t.member(b, "uniqueQualifier", tabID)
		b = append(shut(b), `"actor":{`...)
		b = t.member(b, "email", tabUser)
		b = t.member(b, "profileId", tabUserID)
		b = t.member(shut(b), "ipAddress", tabFrom)
		b = append(b, `"events":[{`...)
		b = t.member(b, "name", tabKind)
		b = t.member(b, "type", tabUserType)
		b = append(b, `"parameters":[`...)
		for i, c := range t.row.cells {
			if len(c) == 0 || bytes.IndexByte(t.names[i], '.') >= 0 || i+1 == t.cols[tabFrom] || i+1 == t.cols[tabKind] || i+1 == t.cols[tabUserType] {
				continue
			}
			b = appendEscaped(append(b, `{"name":"`...), t.names[i])
			b = appendEscaped(append(b, `","value":"`...), c)
			b = append(b, `"},`...)
		}
		if b[len(b)-1] == ',' {
			b = b[:len(b)-1]
		}
		b = append(b, "]}]}"...)
		t.buf, l.text = b, b
		return len(t.get(tabKind)) > 0
	}
}
