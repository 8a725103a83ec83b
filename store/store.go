// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

// Package store holds the words in which stored events are asked for: the columns of the event table, what a store is
// given beside the events, and what every store must do. It stores nothing; store/duckdb does.
//
// Queries are SQL over the tables that Tables names. Every store answers the same query over the same events with the
// same rows; storetest holds a store to it.
package store

import (
	"context"
	"database/sql"

	"github.com/sekisho/sekisho/event"
)

// ErrMemory means that an answer, or a write, would take more memory than was allowed.
var ErrMemory = event.Tell("許されたメモリでは足りません", "more memory would be needed than is allowed")

// ErrRefused is wrapped by the error of a query that is not one statement that only reads the store.
var ErrRefused = event.Tell("答えられるのは、この事案に対する SELECT、WITH、FROM、VALUES、DESCRIBE、SHOW、SUMMARIZE、EXPLAIN のいずれか 1 文だけです", "only one SELECT, WITH, FROM, VALUES, DESCRIBE, SHOW, SUMMARIZE or EXPLAIN is answered, and only from the store")

// Column is one column of a table that people may query.
type Column struct {
	Name string
	Type string // of SQL: TIMESTAMP, VARCHAR, INTEGER, BIGINT, BOOLEAN or JSON
	Doc  string // one sentence; for the reference page too
}

// Table is one table or view that people may query.
type Table struct {
	Name    string
	Doc     string
	Columns []Column
}

// Tables returns every table that a store offers, the event table first. What a store has beyond them is its own affair.
func Tables() []Table {
	return []Table{
		{"events", "One row an event, in canonical order: by time, then by content.", eventColumns()},
		{"inputs", "One row for each file or source that was read.", []Column{
			{"input", "VARCHAR", "the path as given, as in events.input"},
			{"realm", "VARCHAR", "the realm in which its account names are to be understood; null for the only one"},
			{"host", "VARCHAR", "the host that it comes from, where the profile or the file says so"},
		}},
		{"accounts", "One row for each account that any event names.", []Column{
			{"account_id", "VARCHAR", "the stable, realm-qualified identity, as in events.account_id"},
			{"name", "VARCHAR", "what the institute calls it: a mail address where there is one"},
		}},
		{"aliases", "One row for each spelling of an account in the records, and for each time in which it meant an account.", []Column{
			{"realm", "VARCHAR", "the realm of the records; null for the only one"},
			{"account", "VARCHAR", "the spelling, as in events.account"},
			{"valid_from", "TIMESTAMP", "from when on it meant this account; null for ever since"},
			{"valid_to", "TIMESTAMP", "until when, exclusive; null for ever"},
			{"account_id", "VARCHAR", "the account, as in accounts.account_id"},
		}},
	}
}

// eventColumns are the columns of contracts: they stay; others come after them.
func eventColumns() []Column {
	return []Column{
		{"time", "TIMESTAMP", "when it happened, in UTC with microseconds, by the record, corrected by the source's clock offset where one is declared; null where the record has none"},
		{"class", "VARCHAR", "the kind of thing that happened"},
		{"activity", "VARCHAR", "what was done"},
		{"outcome", "VARCHAR", "how it ended, as far as the record says"},
		{"reason", "VARCHAR", "why it ended so; null where the record does not say"},
		{"account", "VARCHAR", "who, as the record spells it"},
		{"account_id", "VARCHAR", "who, as resolved when asked: a stable, realm-qualified identity, the same for all spellings of one account"},
		{"src_ip", "VARCHAR", "the address it came from, in canonical form"},
		{"src_port", "INTEGER", "the port it came from"},
		{"src_host", "VARCHAR", "the host it came from, by name"},
		{"dst_ip", "VARCHAR", "the address that was reached"},
		{"dst_port", "INTEGER", "the port that was reached"},
		{"dst_host", "VARCHAR", "the host that was reached; for what a host records about itself, that host"},
		{"src_is_relay", "BOOLEAN", "the source address stands for somebody else: a front end, a proxy, a gateway"},
		{"service", "VARCHAR", "imap, ssh, ldap, “Office 365 Exchange Online”, …"},
		{"client", "VARCHAR", "user agent or client name"},
		{"object", "VARCHAR", "path, URL, DN and filter, host name asked for, command line"},
		{"bytes_in", "BIGINT", "bytes that the source received"},
		{"bytes_out", "BIGINT", "bytes that the source sent"},
		{"count", "BIGINT", "items in an aggregated record, entries returned; null for one"},
		{"duration_ms", "BIGINT", "how long it took, in milliseconds"},
		{"country", "VARCHAR", "of the source, ISO 3166-1 alpha-2, as recorded or looked up"},
		{"asn", "BIGINT", "number of the source's autonomous system, as recorded or looked up"},
		{"format", "VARCHAR", "the parser that read it"},
		{"input", "VARCHAR", "the file or source it was read from, as given"},
		{"line", "BIGINT", "the physical line on which the record's first part begins, from 1"},
		{"offset", "BIGINT", "bytes from the start of the decompressed stream to the record's first part"},
		{"length", "BIGINT", "bytes of the record's first part, without the line's end"},
		{"rest", "JSON", "what the format knows beyond these columns, and, as parts, the record's further parts: [line, offset, length]"},
		{"target", "VARCHAR", "the other account of an account change, an impersonation or a delegated access"},
	}
}

// Input describes the input that Event.Ref.Input counts.
type Input struct {
	Path  string // as given
	Realm string // "": the only one
	Host  string // "": not known
}

// Period says what account a spelling meant in a stretch of time.
type Period struct {
	From, To event.Micros // To is exclusive; 0: open
	ID       string       // identity of the account
	Name     string       // what the institute calls it
}

// Resolve returns what a recorded spelling meant, in order of time and without overlaps; none for no account. It is asked
// once for each spelling, after the last event, and for the empty spelling: what stands for those beyond the store's bound.
type Resolve func(realm, account string) []Period

// Writer takes events in canonical order and makes a store of them. It is owned by one goroutine.
//
// A store that was not finished leaves nothing behind. The same events in the same order make a store that answers alike,
// whatever the sizes of the batches.
type Writer interface {
	// Append adds events; it keeps none of their memory.
	Append(events []event.Event) error
	// Finish resolves the accounts and makes the store durable. Nothing can be appended after it.
	Finish(ctx context.Context, resolve Resolve) error
	// Close gives up what is not finished and frees everything.
	Close() error
}

// Reader answers questions. It is safe for concurrent use.
//
// Query takes one statement that reads; anything that writes, configures, or reaches outside the store is refused with
// ErrRefused. It ends with the context. Rows come in the order that the query asks for; without one, those of
// "SELECT … FROM events [WHERE …]" come in canonical order.
type Reader interface {
	Query(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	Close() error
}
