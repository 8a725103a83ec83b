// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package identity

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/sekisho/sekisho/event"
)

// Row is what one line of a directory says of one account during one time. Rows with the same SID are one account, and
// so are rows with the same login ID where no SID tells them apart; that is how a change of name is written.
type Row struct {
	Realm      string
	UID        string
	Mail       string
	Name       string // of the person
	Department string
	SID        string
	UPN        string   // user principal name, where it is neither the mail address nor uid@domain
	Aliases    []string // further mail addresses
	Groups     []string
	MFA        Truth
	Disabled   Truth
	Service    bool
	From, To   event.Micros // when these names were valid; 0: open; To is the first moment after
	Line       int
}

const maxRows = 2_000_000

// ReadDirectory reads a directory of accounts: CSV with a header, separated by commas, tabs or semicolons, in UTF-8 or
// UTF-16, or LDIF as ldapsearch prints it. The columns are those of the institute's profile (uid, mail, department, name,
// sid, groups, mfa, disabled, valid_from, valid_to; also aliases, upn, service); the names that Active Directory's tools
// give them are understood too. Columns may stand in any order, and others are ignored.
//
// file is used in messages. Dates without a time are days in the zone (nil: UTC), valid_to being the last day. Rows that
// cannot be read are reported and left out, single values ignored. The error means that nothing could be read at all.
func ReadDirectory(r io.Reader, file, realm string, zone *time.Location) ([]Row, []Problem, error) {
	data, err := readAll(r)
	if err != nil {
		return nil, nil, fmt.Errorf("identity: read directory %s: %w", file, err)
	}
	found := &problems{file: file}
	if !utf8.Valid(data) {
		found.add(0, "is not UTF-8, so names and departments cannot be shown: save it as \"CSV UTF-8\" (login IDs and mail addresses were read)")
		data = bytes.ToValidUTF8(data, []byte("\uFFFD"))
	}
	if zone == nil {
		zone = time.UTC
	}
	var rows []Row
	if isLDIF(data) {
		rows = readLDIF(data, found)
	} else if rows, err = readRows(data, zone, found); err != nil {
		return nil, nil, fmt.Errorf("identity: read directory %s: %w", file, err)
	}
	for i := range rows {
		rows[i].Realm = realm
	}
	return rows, found.all(), nil
}

type column uint8

const (
	colNone column = iota
	colUID
	colMail
	colDepartment
	colName
	colSID
	colUPN
	colAliases
	colGroups
	colMFA
	colDisabled
	colEnabled
	colService
	colFrom
	colTo
)

// columnOf returns the column of a header. Tools write their own words; blanks, case and punctuation do not matter.
func columnOf(header string) column {
	word := strings.Map(func(r rune) rune {
		if strings.ContainsRune(" _-.　", r) {
			return -1
		}
		return r
	}, fold(header))
	switch word {
	case "uid", "login", "loginid", "userid", "user", "username", "account", "samaccountname", "ログインid", "利用者id", "ユーザid":
		return colUID
	case "mail", "email", "emailaddress", "mailaddress", "primarysmtpaddress", "メール", "メールアドレス":
		return colMail
	case "department", "dept", "departmentnumber", "ou", "部署", "所属", "部門":
		return colDepartment
	case "name", "displayname", "cn", "fullname", "氏名", "名前":
		return colName
	case "sid", "objectsid":
		return colSID
	case "upn", "userprincipalname":
		return colUPN
	case "aliases", "alias", "proxyaddresses", "emailaddresses", "mailalternateaddress", "別名":
		return colAliases
	case "groups", "group", "memberof", "グループ":
		return colGroups
	case "mfa", "secondfactor", "多要素認証":
		return colMFA
	case "disabled", "無効":
		return colDisabled
	case "enabled", "accountenabled", "有効":
		return colEnabled
	case "service", "serviceaccount":
		return colService
	case "validfrom", "from", "開始日":
		return colFrom
	case "validto", "to", "accountexpirationdate", "終了日":
		return colTo
	}
	return colNone
}

func readRows(data []byte, zone *time.Location, found *problems) ([]Row, error) {
	t := newTable(data)
	header, err := t.row()
	for err == nil && strings.HasPrefix(header[0], "#") { // #TYPE of Export-Csv
		header, err = t.row()
	}
	if err != nil {
		return nil, errors.New("has no header: the first line wants the columns uid,mail,department")
	}
	columns := make([]column, len(header))
	for i, h := range header {
		c := columnOf(h)
		if c != colNone && slices.Contains(columns[:i], c) {
			found.add(t.line, "column %q says again what an earlier column says, and is ignored", h)
			c = colNone
		}
		columns[i] = c
	}
	if !slices.Contains(columns, colUID) && !slices.Contains(columns, colMail) && !slices.Contains(columns, colUPN) {
		return nil, fmt.Errorf("line %d: no column uid or mail: the first line wants the columns uid,mail,department", t.line)
	}
	var rows []Row
	for {
		fields, err := t.row()
		switch {
		case errors.Is(err, io.EOF):
			return rows, nil
		case err != nil:
			found.add(t.line, "%v: the row is left out", err)
			continue
		case len(fields) > len(columns) && strings.Join(fields[len(columns):], "") != "":
			found.add(t.line, "has %d fields where the header has %d: the row is left out; a comma within a field wants quotes", len(fields), len(columns))
			continue
		case len(rows) == maxRows:
			found.add(t.line, "only the first %d rows are read", maxRows)
			return rows, nil
		}
		row := Row{Line: t.line}
		row.fill(columns, fields, zone, found)
		if err := row.check(); err != nil {
			found.add(t.line, "%v: the row is left out", err)
			continue
		}
		rows = append(rows, row)
	}
}

// fill takes the fields. A value that cannot be read is reported and ignored: an account must not be lost over a date.
func (r *Row) fill(columns []column, fields []string, zone *time.Location, found *problems) {
	for i := range min(len(fields), len(columns)) {
		v := strings.TrimSpace(fields[i])
		if v == "" || columns[i] == colNone {
			continue
		}
		var err error
		switch columns[i] {
		case colUID:
			r.UID = v
		case colMail:
			r.Mail = v
		case colDepartment:
			r.Department = v
		case colName:
			r.Name = v
		case colSID:
			if r.SID = v; !isSID(fold(v)) {
				r.SID, err = "", fmt.Errorf("%q is no SID", short(v))
			}
		case colUPN:
			r.UPN = v
		case colAliases:
			r.Aliases = several(v)
		case colGroups:
			r.Groups = several(v)
		case colMFA:
			r.MFA, err = truth(v)
		case colDisabled:
			r.Disabled, err = truth(v)
		case colEnabled:
			r.Disabled, err = truth(v)
			r.Disabled = []Truth{Unknown, No, Yes}[r.Disabled]
		case colService:
			var is Truth
			is, err = truth(v)
			r.Service = is == Yes
		case colFrom:
			r.From, err = date(v, zone, false)
		case colTo:
			r.To, err = date(v, zone, true)
		}
		if err != nil {
			found.add(r.Line, "%v: the value is ignored", err)
		}
	}
	if r.From != 0 && r.To != 0 && r.From >= r.To {
		found.add(r.Line, "valid_to is before valid_from: both are ignored")
		r.From, r.To = 0, 0
	}
}

// check completes a row that was read and says why it cannot stand.
func (r *Row) check() error {
	if r.Mail == "" && strings.Contains(r.UPN, "@") {
		r.Mail, r.UPN = r.UPN, ""
	}
	if r.UID == "" {
		r.UID = r.Mail
	}
	switch {
	case r.UID == "":
		return errors.New("has neither uid nor mail")
	case len(r.UID) > maxName || len(r.Mail) > maxName:
		return fmt.Errorf("uid or mail is longer than %d bytes", maxName)
	}
	return nil
}

// several splits a list within one field: by semicolons or bars, and by commas where there is none of these and no DN.
func several(v string) []string {
	separators := ";|"
	if !strings.ContainsAny(v, separators) && !strings.Contains(v, "=") {
		separators = ","
	}
	var out []string
	for _, s := range strings.FieldsFunc(v, func(r rune) bool { return strings.ContainsRune(separators, r) }) {
		if s = strings.TrimSpace(s); s == "" {
			continue
		}
		if _, rest, ok := strings.Cut(s, ":"); ok && len(s)-len(rest) == 5 && strings.EqualFold(s[:5], "smtp:") {
			s = rest
		}
		if prefix, _, ok := strings.Cut(s, "="); ok && strings.EqualFold(prefix, "cn") {
			// memberOf: CN=Domain Admins,CN=Users,DC=…
			s, _, _ = strings.Cut(s[3:], ",")
		}
		out = append(out, s)
	}
	return out
}

func truth(v string) (Truth, error) {
	switch fold(v) {
	case "true", "yes", "y", "1", "on", "enabled", "enforced", "○", "有", "有効", "はい":
		return Yes, nil
	case "false", "no", "n", "0", "off", "disabled", "none", "×", "無", "無効", "いいえ", "-":
		return No, nil
	}
	return Unknown, fmt.Errorf("%q is neither yes nor no", short(v))
}

// date reads what directories write: 2025-04-01, 2025/4/1, 20250401, RFC 3339 and LDAP's 20250401000000Z. A date as an end
// means the whole day.
func date(v string, zone *time.Location, end bool) (event.Micros, error) {
	for _, layout := range []string{time.RFC3339Nano, "20060102150405Z07", "2006-01-02 15:04:05", "2006/1/2 15:04:05", "2006/1/2 15:04"} {
		if t, err := time.ParseInLocation(layout, v, zone); err == nil {
			return bounded(t)
		}
	}
	for _, layout := range []string{"2006-1-2", "2006/1/2", "20060102"} {
		if t, err := time.ParseInLocation(layout, v, zone); err == nil {
			if end {
				t = t.AddDate(0, 0, 1)
			}
			return bounded(t)
		}
	}
	return 0, fmt.Errorf("%q is no date: write it like 2025-04-01", short(v))
}

// bounded takes the far past and the far future, which directories write for "always", as open.
func bounded(t time.Time) (event.Micros, error) {
	if y := t.Year(); y <= 1970 || y >= 2200 {
		return 0, nil
	}
	return event.Of(t), nil
}

func short(s string) string {
	if len(s) > 60 {
		return strings.ToValidUTF8(s[:60], "") + "…"
	}
	return s
}
