// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package node

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"strings"

	"github.com/sekisho/sekisho/event"
	"github.com/sekisho/sekisho/store"
)

// storedColumns are those that an event is made of again.
const storedColumns = `time, class, activity, outcome, reason, account, account_id, target, src_ip, src_port, src_host, src_is_relay, dst_ip, dst_port, dst_host, service, client, object, "count", ` +
	`format, input, line, "offset", length, rest, bytes_in, bytes_out, duration_ms, country, asn`

// storedEvent is an event as a store has it.
type storedEvent struct {
	event.Event
	AccountID string
	Input     string
}

// storedEvents hands on the events that the condition names, in order of time. The pointer is valid for the call.
func storedEvents(ctx context.Context, r store.Reader, where string, args []any, take func(*storedEvent) error) error {
	if where == "" {
		where = "true"
	}
	rows, err := r.Query(ctx, "SELECT "+storedColumns+" FROM events WHERE "+where+` ORDER BY time NULLS FIRST, input, "offset"`, args...)
	if err != nil {
		return fmt.Errorf("node: read the stored events: %w", err)
	}
	defer rows.Close()
	var e storedEvent
	for rows.Next() {
		if err := e.scan(rows); err != nil {
			return fmt.Errorf("node: read a stored event: %w", err)
		}
		if err := take(&e); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("node: read the stored events: %w", err)
	}
	return nil
}

func (e *storedEvent) scan(rows *sql.Rows) error {
	var at sql.NullTime
	var class, activity, outcome, reason, account, id, target, srcIP, srcHost, dstIP, dstHost, service, client, object, format, input, rest, country sql.NullString
	var srcPort, dstPort, count, line, offset, length, bytesIn, bytesOut, duration, asn sql.NullInt64
	var relay sql.NullBool
	if err := rows.Scan(&at, &class, &activity, &outcome, &reason, &account, &id, &target, &srcIP, &srcPort, &srcHost, &relay, &dstIP, &dstPort, &dstHost, &service, &client, &object, &count,
		&format, &input, &line, &offset, &length, &rest, &bytesIn, &bytesOut, &duration, &country, &asn); err != nil {
		return err
	}
	*e = storedEvent{AccountID: id.String, Input: input.String}
	if at.Valid {
		e.Time = event.Of(at.Time)
	}
	e.Class, _ = event.ClassOf(class.String)
	e.Activity, _ = event.ActivityOf(activity.String)
	e.Outcome, _ = event.OutcomeOf(outcome.String)
	e.Reason, _ = event.ReasonOf(reason.String)
	e.Account, e.Target, e.SrcHost, e.DstHost = account.String, target.String, srcHost.String, dstHost.String
	e.SrcIP, _ = netip.ParseAddr(srcIP.String)
	e.DstIP, _ = netip.ParseAddr(dstIP.String)
	e.SrcPort, e.DstPort, e.SrcIsRelay = uint16(srcPort.Int64), uint16(dstPort.Int64), relay.Bool
	e.Service, e.Client, e.Object, e.Format = service.String, client.String, object.String, format.String
	e.Country, e.ASN = country.String, uint32(asn.Int64)
	for to, n := range map[*event.Int]sql.NullInt64{&e.Count: count, &e.BytesIn: bytesIn, &e.BytesOut: bytesOut, &e.Duration: duration} {
		if n.Valid {
			*to = event.Some(n.Int64)
		}
	}
	e.Ref.Part = event.Part{Line: line.Int64, Offset: offset.Int64, Length: length.Int64}
	if rest.String != "" {
		return e.remainder(rest.String)
	}
	return nil
}

// remainder takes the column rest apart, in its order. What is not as the store writes it ends it.
func (e *storedEvent) remainder(s string) error {
	s = strings.TrimPrefix(s, "{")
	for strings.HasPrefix(s, `"`) {
		name, rest, ok := quotedText(s)
		if !ok || !strings.HasPrefix(rest, ":") || len(rest) < 2 {
			return errRest
		}
		s = rest[1:]
		switch c := s[0]; {
		case c == '"':
			var text string
			if text, s, ok = quotedText(s); !ok {
				return errRest
			}
			e.Rest = append(e.Rest, event.Text(name, text))
		case c == '[':
			end := strings.LastIndexByte(s, ']') // the parts stand last
			var parts [][3]int64
			if end < 0 || json.Unmarshal([]byte(s[:end+1]), &parts) != nil {
				return errRest
			}
			for _, p := range parts {
				e.Ref.More = append(e.Ref.More, event.Part{Line: p[0], Offset: p[1], Length: p[2]})
			}
			s = s[end+1:]
		default:
			end := strings.IndexAny(s, ",}")
			if end < 0 {
				return errRest
			}
			word := s[:end]
			s = s[end:]
			if n, err := strconv.ParseInt(word, 10, 64); err == nil {
				e.Rest = append(e.Rest, event.Number(name, n))
			} else {
				e.Rest = append(e.Rest, event.Flag(name, word == "true"))
			}
		}
		s = strings.TrimPrefix(s, ",")
	}
	return nil
}

var errRest = errors.New("its remainder is not as a store writes it")

// quotedText takes a JSON string off the beginning of s.
func quotedText(s string) (text, rest string, ok bool) {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '"':
			if strings.IndexByte(s[1:i], '\\') < 0 {
				return s[1:i], s[i+1:], true
			}
			err := json.Unmarshal([]byte(s[:i+1]), &text)
			return text, s[i+1:], err == nil
		}
	}
	return "", "", false
}

// storedNames returns what the institute calls each account of a store, by identity.
func storedNames(ctx context.Context, r store.Reader) (map[string]string, error) {
	rows, err := r.Query(ctx, "SELECT account_id, name FROM accounts")
	if err != nil {
		return nil, fmt.Errorf("node: read the stored accounts: %w", err)
	}
	defer rows.Close()
	out := map[string]string{}
	for rows.Next() {
		var id, name sql.NullString
		if err := rows.Scan(&id, &name); err != nil {
			return nil, fmt.Errorf("node: read the stored accounts: %w", err)
		}
		out[id.String] = name.String
	}
	return out, rows.Err()
}
