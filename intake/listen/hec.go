// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
)

// The answers of Splunk's HTTP event collector.
const hecSuccess = `{"text":"Success","code":0}`

const hecInvalid = "Invalid data format"

// hec takes the event endpoint of Splunk's HTTP event collector: JSON objects one behind the other. Each is a record, with the time, host and
// source that the sender says of it.
func (q *request) hec() {
	d := json.NewDecoder(bytes.NewReader(q.body))
	var one json.RawMessage
	for {
		err := d.Decode(&one)
		if err == io.EOF {
			break
		}
		if err != nil || one[0] != '{' || !hasEvent(one) {
			n := len(q.fill.records)
			q.h.r.ledger.reject(q.origin.account, int64(q.at), Malformed, int64(n)+1)
			reply(q.w, http.StatusBadRequest, fmt.Sprintf(`{"text":%q,"code":6,"invalid-event-number":%d}`, hecInvalid, n))
			return
		}
		end := int(d.InputOffset())
		if err := q.record(q.body[end-len(one):end], false); err != nil {
			q.refuse(http.StatusBadRequest, err)
			return
		}
	}
	q.hecSeal()
}

// hasEvent says whether an object has the one member that an event must have.
func hasEvent(one []byte) bool {
	var e struct {
		Event json.RawMessage `json:"event"`
	}
	return json.Unmarshal(one, &e) == nil && len(e.Event) > 0
}

// hecRaw takes the raw endpoint: a record a line.
func (q *request) hecRaw() {
	if err := q.lines(); err != nil {
		q.refuse(http.StatusBadRequest, err)
		return
	}
	q.hecSeal()
}

func (q *request) hecSeal() {
	if len(q.fill.records) == 0 {
		reply(q.w, http.StatusBadRequest, `{"text":"No data","code":5}`)
		return
	}
	if q.seal() {
		reply(q.w, http.StatusOK, hecSuccess)
	}
}
