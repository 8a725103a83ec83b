// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package duckdb

import (
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/store"
)

// kind is how a raw column is held while a chunk is filled.
type kind uint8

const (
	kindWord kind = iota // one byte, an ENUM of the event's vocabulary
	kindBool
	kindU16
	kindU32
	kindI64
	kindTime
	kindText
	kindJSON // text that is known to be JSON
)

// rawColumn is one column of events_raw: what is written, and how the view shows it.
type rawColumn struct {
	name  string
	kind  kind
	words []string // kindWord
	view  string   // the expression of the view's column of the same name; "": hidden
}

// Indexes of the raw columns, in the order of rawColumns.
const (
	colTime = iota
	colClass
	colActivity
	colOutcome
	colReason
	colAccount
	colAccountCode
	colSrcIP
	colSrcPort
	colSrcHost
	colDstIP
	colDstPort
	colDstHost
	colSrcIsRelay
	colService
	colClient
	colObject
	colBytesIn
	colBytesOut
	colCount
	colDuration
	colCountry
	colASN
	colFormat
	colInput
	colLine
	colOffset
	colLength
	colRest
	colTarget
	columns
)

// rawColumns returns the columns of events_raw. The account stands there twice: as the record spells it, which filters well,
// and as the number of that spelling, by which the view finds the account.
func rawColumns() [columns]rawColumn {
	text := func(name string) rawColumn { return rawColumn{name: name, kind: kindText, view: "r." + name} }
	whole := func(name string) rawColumn { return rawColumn{name: name, kind: kindI64, view: `r."` + name + `"`} }
	word := func(name string, words []string) rawColumn {
		return rawColumn{name: name, kind: kindWord, words: words, view: "r." + name + "::VARCHAR"}
	}
	return [columns]rawColumn{
		colTime:        {name: "time", kind: kindTime, view: "r.time"},
		colClass:       word("class", event.Classes()),
		colActivity:    word("activity", event.Activities()),
		colOutcome:     word("outcome", event.Outcomes()),
		colReason:      word("reason", event.Reasons()),
		colAccount:     text("account"),
		colAccountCode: {name: "account_code", kind: kindU32},
		colSrcIP:       text("src_ip"),
		colSrcPort:     {name: "src_port", kind: kindU16, view: "r.src_port::INTEGER"},
		colSrcHost:     text("src_host"),
		colDstIP:       text("dst_ip"),
		colDstPort:     {name: "dst_port", kind: kindU16, view: "r.dst_port::INTEGER"},
		colDstHost:     text("dst_host"),
		colSrcIsRelay:  {name: "src_is_relay", kind: kindBool, view: "r.src_is_relay"},
		colService:     text("service"),
		colClient:      text("client"),
		colObject:      text("object"),
		colBytesIn:     whole("bytes_in"),
		colBytesOut:    whole("bytes_out"),
		colCount:       whole("count"),
		colDuration:    whole("duration_ms"),
		colCountry:     text("country"),
		colASN:         {name: "asn", kind: kindU32, view: "r.asn::BIGINT"},
		colFormat:      text("format"),
		colInput:       {name: "input", kind: kindU32, view: "n.inputs[1 + r.input]"},
		colLine:        whole("line"),
		colOffset:      whole("offset"),
		colLength:      whole("length"),
		colRest:        {name: "rest", kind: kindJSON, view: "r.rest"},
		colTarget:      text("target"),
	}
}

func (c rawColumn) sqlType() string {
	switch c.kind {
	case kindWord:
		return "ENUM (" + quoteAll(c.words) + ")"
	case kindBool:
		return "BOOLEAN"
	case kindU16:
		return "USMALLINT"
	case kindU32:
		return "UINTEGER"
	case kindI64:
		return "BIGINT"
	case kindTime:
		return "TIMESTAMP"
	case kindJSON:
		return "JSON"
	}
	return "VARCHAR"
}

// createEvents returns the statements that make the tables which the appenders fill.
func createTables() []string {
	var b strings.Builder
	for i, c := range rawColumns() {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `"%s" %s`, c.name, c.sqlType())
	}
	return []string{
		"CREATE TABLE events_raw (" + b.String() + ")",
		"CREATE TABLE inputs_raw (code UINTEGER, input VARCHAR, realm VARCHAR, host VARCHAR)",
		"CREATE TABLE aliases_raw (code UINTEGER, realm VARCHAR, account VARCHAR, valid_from TIMESTAMP, valid_to TIMESTAMP, account_id VARCHAR, name VARCHAR)",
	}
}

// createViews returns the statements that make what people query from what the appenders filled.
//
// The table names has one row, of lists: the view looks a code up in a list. A query that does not ask for such a column
// pays nothing for it, which a join would make it do. A spelling that meant several accounts over time has no place in the
// list account_ids; its periods are looked through instead, and there are few such.
func createViews() []string {
	const accountID = `CASE WHEN r.account IS NULL THEN NULL WHEN r.account_code IS NULL THEN n.others
		ELSE coalesce(n.account_ids[1 + r.account_code], list_filter(n.periods, lambda p: p.code = r.account_code AND p.valid_from <= r.time AND r.time < p.valid_to)[1].account_id) END`
	raw := rawColumns()
	views := map[string]string{"account_id": accountID}
	for _, c := range raw {
		views[c.name] = c.view
	}
	var b strings.Builder
	for i, c := range store.Tables()[0].Columns {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, `%s AS "%s"`, views[c.Name], c.Name)
	}
	return []string{
		`CREATE TABLE names AS SELECT
			(SELECT list(input ORDER BY code) FROM inputs_raw) AS inputs,
			(SELECT list(id ORDER BY code) FROM (SELECT code, CASE WHEN count(*) = 1 AND bool_and(valid_from IS NULL AND valid_to IS NULL) THEN any_value(account_id) END AS id
				FROM aliases_raw WHERE code IS NOT NULL GROUP BY code)) AS account_ids,
			coalesce((SELECT list({code: code, valid_from: coalesce(valid_from, '-infinity'), valid_to: coalesce(valid_to, 'infinity'), account_id: account_id} ORDER BY code, valid_from)
				FROM aliases_raw WHERE code IS NOT NULL AND account_id IS NOT NULL AND (valid_from IS NOT NULL OR valid_to IS NOT NULL)), []) AS periods,
			(SELECT any_value(account_id) FROM aliases_raw WHERE code IS NULL) AS others`,
		ipNumber,
		ipShift,
		inNetwork,
		"CREATE VIEW events AS SELECT " + b.String() + " FROM events_raw r, names n",
		"CREATE VIEW inputs AS SELECT input, realm, host FROM inputs_raw ORDER BY code",
		"CREATE TABLE accounts AS SELECT account_id, min(name) AS name FROM aliases_raw WHERE account_id IS NOT NULL GROUP BY account_id ORDER BY account_id",
		"CREATE VIEW aliases AS SELECT realm, account, valid_from, valid_to, account_id FROM aliases_raw WHERE code IS NOT NULL AND account_id IS NOT NULL",
	}
}

// Functions that SQL lacks: whether an address lies in a network. They work on texts in canonical form, need about two
// microseconds for an address, and are in the file, so that DuckDB's own tools have them too.
const (
	ipNumber = `CREATE MACRO ip_number(ip) AS CASE WHEN ip IS NULL THEN NULL
		WHEN contains(ip, ':') THEN list_reduce(list_transform(
			CASE WHEN contains(ip, '::') THEN list_concat(
				list_filter(string_split(split_part(ip, '::', 1), ':'), lambda g: g <> ''),
				list_transform(range(8 - len(list_filter(string_split(replace(ip, '::', ':'), ':'), lambda g: g <> ''))), lambda x: '0'),
				list_filter(string_split(split_part(ip, '::', 2), ':'), lambda g: g <> ''))
			ELSE string_split(ip, ':') END, lambda g: TRY_CAST('0x' || g AS UINTEGER)::UHUGEINT), lambda a, b: a * 65536::UHUGEINT + b)
		ELSE list_reduce(list_transform(string_split(ip, '.'), lambda g: TRY_CAST(g AS UTINYINT)::UHUGEINT), lambda a, b: a * 256::UHUGEINT + b) END`
	ipShift = `CREATE MACRO ip_shift(cidr) AS TRY_CAST(CASE WHEN contains(cidr, ':') THEN 128 ELSE 32 END
		- CASE WHEN contains(cidr, '/') THEN TRY_CAST(split_part(cidr, '/', 2) AS UTINYINT)::INTEGER WHEN contains(cidr, ':') THEN 128 ELSE 32 END AS UHUGEINT)`
	inNetwork = `CREATE MACRO in_network(ip, cidr) AS contains(ip, ':') = contains(cidr, ':')
		AND ip_number(ip) >> ip_shift(cidr) = ip_number(split_part(cidr, '/', 1)) >> ip_shift(cidr)`
)

func quoteAll(words []string) string {
	q := make([]string, len(words))
	for i, w := range words {
		q[i] = quote(w)
	}
	return strings.Join(q, ", ")
}

// quote returns s as a text of SQL.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", "''") + "'" }
