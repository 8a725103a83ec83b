// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
)

// bulk takes the bulk interface of Elasticsearch: pairs of lines, what to do and with what. What is to be created or indexed is a record: the
// document's bytes as they came. Nothing can be deleted or updated here, and each such item is answered so.
// https://www.elastic.co/docs/api/doc/elasticsearch/operation/operation-bulk
func (q *request) bulk() {
	q.w.Header().Set("X-Elastic-Product", "Elasticsearch")
	var items []byte
	failed := 0
	rest := q.body
	var last []byte // what a shipper writes before one document it writes before all
	var what, index, item string
	for {
		var action, doc []byte
		if action, rest = nextLine(rest); len(action) == 0 {
			if len(rest) > 0 {
				continue
			}
			break
		}
		if last == nil || !bytes.Equal(action, last) {
			var ok bool
			if what, index, ok = bulkAction(action); !ok {
				q.refuse(http.StatusBadRequest, errBulk)
				return
			}
			last, item = action, ""
		}
		status := "201"
		switch what {
		case "delete":
			status = "403"
		default:
			if doc, rest = nextLine(rest); len(doc) == 0 || doc[0] != '{' {
				q.refuse(http.StatusBadRequest, errBulk)
				return
			}
			if what == "update" {
				status = "403"
			} else if err := q.record(doc, false); err != nil {
				q.refuse(http.StatusBadRequest, err)
				return
			}
		}
		if status != "201" {
			failed++
		}
		if item == "" {
			item = bulkItem(what, index, status)
		}
		if len(items) > 0 {
			items = append(items, ',')
		}
		items = append(items, item...)
	}
	if len(items) == 0 {
		q.refuse(http.StatusBadRequest, errBulk)
		return
	}
	if !q.seal() {
		return
	}
	q.h.r.ledger.reject(q.origin.account, int64(q.at), Malformed, int64(failed))
	q.w.Header().Set("Content-Type", "application/json")
	_, _ = q.w.Write([]byte(`{"took":1,"errors":` + strconv.FormatBool(failed > 0) + `,"items":[`))
	_, _ = q.w.Write(items)
	_, _ = q.w.Write([]byte("]}"))
}

var errBulk = errors.New("not the lines of _bulk: an action and, unless it is delete, a document on the next line")

func nextLine(b []byte) (line, rest []byte) {
	line, rest, _ = bytes.Cut(b, []byte{'\n'})
	return bytes.TrimSpace(line), rest
}

// bulkAction reads {"create": {"_index": "…"}}.
func bulkAction(line []byte) (what, index string, ok bool) {
	if len(line) > 4096 { // Elasticsearch's bound of a name is 255
		return "", "", false
	}
	var a map[string]struct {
		Index string `json:"_index"`
	}
	if json.Unmarshal(line, &a) != nil || len(a) != 1 {
		return "", "", false
	}
	for what, m := range a {
		switch what {
		case "create", "index", "update", "delete":
			return what, m.Index, len(m.Index) <= 255
		}
	}
	return "", "", false
}

// bulkItem returns what is answered to one action.
func bulkItem(what, index, status string) string {
	name, _ := json.Marshal(index)
	item := `{"` + what + `":{"_index":` + string(name) + `,"_id":"","status":` + status
	if status == "201" {
		return item + `,"result":"created"}}`
	}
	return item + `,"error":{"type":"security_exception","reason":"what is sealed cannot be changed"}}}`
}
