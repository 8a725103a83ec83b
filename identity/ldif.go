// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"
)

// isLDIF reports whether the text is LDIF (RFC 2849) and no CSV.
func isLDIF(data []byte) bool {
	for len(data) > 0 {
		line, rest, _ := bytes.Cut(data, []byte{'\n'})
		line = bytes.ToLower(bytes.TrimSpace(line))
		switch {
		case len(line) == 0 || line[0] == '#':
			data = rest
		default:
			return bytes.HasPrefix(line, []byte("dn:")) || bytes.HasPrefix(line, []byte("version:"))
		}
	}
	return false
}

// readLDIF reads the entries that have a login ID or a mail address; other entries (units, groups) are passed over.
func readLDIF(data []byte, found *problems) []Row {
	var rows []Row
	row, entry := Row{}, false
	finish := func() {
		if entry && (row.UID != "" || row.Mail != "" || row.UPN != "") && len(rows) < maxRows {
			if err := row.check(); err != nil {
				found.add(row.Line, "%v: the entry is left out", err)
			} else {
				rows = append(rows, row)
			}
		}
		row, entry = Row{}, false
	}
	line := 0
	for len(data) > 0 {
		line++
		first := line
		text, rest, _ := bytes.Cut(data, []byte{'\n'})
		text = bytes.TrimSuffix(text, []byte{'\r'})
		// A line that begins with a blank continues the one before.
		if len(rest) > 0 && rest[0] == ' ' {
			text = bytes.Clone(text)
			for len(rest) > 0 && rest[0] == ' ' {
				var more []byte
				more, rest, _ = bytes.Cut(rest[1:], []byte{'\n'})
				text = append(text, bytes.TrimSuffix(more, []byte{'\r'})...)
				line++
			}
		}
		data = rest
		switch {
		case len(text) == 0:
			finish()
			continue
		case text[0] == '#':
			continue
		}
		name, value, err := attribute(text)
		if err != nil {
			found.add(first, "%v", err)
			continue
		}
		if name == "dn" {
			finish()
			row.Line, entry = first, true
		}
		row.set(name, value)
	}
	finish()
	return rows
}

// attribute takes "name: text" or "name:: base64" apart. Options (name;lang-ja) are dropped.
func attribute(text []byte) (name, value string, err error) {
	n, v, ok := bytes.Cut(text, []byte{':'})
	if !ok || len(text) > maxRow {
		return "", "", fmt.Errorf("%q is no line of LDIF", short(string(text[:min(len(text), 80)])))
	}
	n, _, _ = bytes.Cut(n, []byte{';'})
	name = strings.ToLower(string(n))
	if len(v) > 0 && v[0] == ':' {
		raw, err := base64.StdEncoding.DecodeString(string(bytes.TrimSpace(v[1:])))
		if err != nil {
			return "", "", fmt.Errorf("%s: %w", short(name), err)
		}
		return name, string(raw), nil
	}
	return name, string(bytes.TrimSpace(v)), nil
}

func (r *Row) set(name, value string) {
	if name == "objectsid" {
		if len(value) >= 8 && value[0] == 1 {
			value = sidText([]byte(value))
		}
		if isSID(fold(value)) {
			r.SID = value
		}
		return
	}
	if value == "" || !utf8.ValidString(value) {
		return
	}
	first := func(field *string) {
		if *field == "" {
			*field = value
		}
	}
	switch name {
	case "uid", "samaccountname":
		first(&r.UID)
	case "mail":
		if r.Mail != "" {
			r.Aliases = append(r.Aliases, value)
		}
		first(&r.Mail)
	case "userprincipalname":
		first(&r.UPN)
	case "department", "departmentnumber", "ou":
		first(&r.Department)
	case "displayname":
		r.Name = value
	case "cn":
		first(&r.Name)
	case "mailalternateaddress", "mailalias", "proxyaddresses":
		r.Aliases = append(r.Aliases, several(value)...)
	case "memberof":
		r.Groups = append(r.Groups, several(value)...)
	case "nsaccountlock": // 389 Directory Server
		if strings.EqualFold(value, "true") {
			r.Disabled = Yes
		}
	case "pwdaccountlockedtime": // OpenLDAP ppolicy: this value locks for good, others for a while
		if value == "000001010000Z" {
			r.Disabled = Yes
		}
	case "useraccountcontrol": // Active Directory
		if flags, err := strconv.ParseUint(value, 10, 32); err == nil {
			r.Disabled = No
			if flags&2 != 0 {
				r.Disabled = Yes
			}
		}
	}
}

// sidText writes a binary objectSid as S-1-5-…; empty where the bytes are none.
func sidText(b []byte) string {
	parts := int(b[1])
	if len(b) != 8+4*parts {
		return ""
	}
	s := "S-1-" + strconv.FormatUint(binary.BigEndian.Uint64(append([]byte{0, 0}, b[2:8]...)), 10)
	for i := range parts {
		s += "-" + strconv.FormatUint(uint64(binary.LittleEndian.Uint32(b[8+4*i:])), 10)
	}
	return s
}
