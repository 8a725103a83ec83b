// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"mime"
	"net/http"
	"strconv"
	"time"
)

// OpenTelemetry sends many log records in one message, and what is true of all of them, like the host's name, once. A record alone could not be
// read, so each is written as a JSON object of its own, the same from protobuf and from JSON:
//
//	{"timestamp": "…", "body": …, "severity": "…", "severity_number": 9, "attributes": {…}, "resource": {…}, "scope": "…", "trace_id": "…", "span_id": "…"}

var errOTLP = errors.New("not an ExportLogsServiceRequest of OpenTelemetry")

// otlp takes OTLP over HTTP.
func (q *request) otlp() {
	kind, _, _ := mime.ParseMediaType(q.Header.Get("Content-Type"))
	limits := &q.h.r.limits
	out := otlpWriter{most: 4 * limits.Message, left: 4 * limits.Body, take: func(b []byte) error { return q.record(b, true) }}
	var err error
	switch kind {
	case "application/json":
		err = out.json(q.body)
	case "application/x-protobuf":
		err = out.proto(q.body)
	default:
		q.refuse(http.StatusUnsupportedMediaType, errOTLP)
		return
	}
	if err != nil {
		q.refuse(http.StatusBadRequest, err)
		return
	}
	if !q.seal() {
		return
	}
	if kind == "application/json" {
		reply(q.w, http.StatusOK, "{}")
		return
	}
	q.w.Header().Set("Content-Type", kind)
	q.w.WriteHeader(http.StatusOK) // an empty message: everything was taken
}

// otlpRecord is a log record on the way to its own object.
type otlpRecord struct {
	Timestamp  string          `json:"timestamp,omitempty"`
	Observed   string          `json:"observed_timestamp,omitempty"`
	Body       json.RawMessage `json:"body,omitempty"`
	Severity   string          `json:"severity,omitempty"`
	Number     int64           `json:"severity_number,omitempty"`
	Event      string          `json:"event_name,omitempty"`
	Attributes json.RawMessage `json:"attributes,omitempty"`
	Resource   json.RawMessage `json:"resource,omitempty"`
	Scope      string          `json:"scope,omitempty"`
	Trace      string          `json:"trace_id,omitempty"`
	Span       string          `json:"span_id,omitempty"`
}

// otlpWriter writes records of a request. What a resource says is written into each of its records, so that little could
// become much: the whole is bounded, and so is a record before it is taken apart.
type otlpWriter struct {
	most int   // bytes of a record, or of a resource, as it came
	left int64 // bytes of all records
	take func([]byte) error
}

func (w *otlpWriter) write(o *otlpRecord) error {
	b, err := json.Marshal(o)
	if err != nil {
		return errOTLP
	}
	if w.left -= int64(len(b)); w.left < 0 {
		return errTooLarge
	}
	return w.take(b)
}

// otlpTime writes nanoseconds since 1970 as RFC 3339.
func otlpTime(ns uint64) string {
	if ns == 0 || ns > 1<<62 {
		return ""
	}
	return time.Unix(0, int64(ns)).UTC().Format(time.RFC3339Nano)
}

// jsonValue is an AnyValue in the JSON of protobuf.
type jsonValue struct {
	String *string     `json:"stringValue"`
	Bool   *bool       `json:"boolValue"`
	Int    json.Number `json:"intValue"`
	Double *float64    `json:"doubleValue"`
	Bytes  *string     `json:"bytesValue"`
	Array  *struct {
		Values []jsonValue `json:"values"`
	} `json:"arrayValue"`
	List *struct {
		Values []jsonPair `json:"values"`
	} `json:"kvlistValue"`
}

type jsonPair struct {
	Key   string    `json:"key"`
	Value jsonValue `json:"value"`
}

type jsonNumber uint64

// UnmarshalJSON takes a number as the JSON of protobuf writes it: as text.
func (n *jsonNumber) UnmarshalJSON(b []byte) error {
	if len(b) >= 2 && b[0] == '"' {
		b = b[1 : len(b)-1]
	}
	v, err := strconv.ParseUint(string(b), 10, 64)
	*n = jsonNumber(v)
	return err
}

type jsonLog struct {
	Time       jsonNumber `json:"timeUnixNano"`
	Observed   jsonNumber `json:"observedTimeUnixNano"`
	Number     int64      `json:"severityNumber"`
	Severity   string     `json:"severityText"`
	Event      string     `json:"eventName"`
	Body       jsonValue  `json:"body"`
	Attributes []jsonPair `json:"attributes"`
	Trace      string     `json:"traceId"`
	Span       string     `json:"spanId"`
}

// json writes every log record of a request in the JSON of protobuf. It takes it apart level by level: read as a whole, a short text
// could fill the memory.
func (w *otlpWriter) json(body []byte) error {
	return each(body, "resourceLogs", func(rl []byte) error {
		var head struct {
			Resource json.RawMessage `json:"resource"`
		}
		if json.Unmarshal(rl, &head) != nil {
			return errOTLP
		}
		var of struct {
			Attributes []jsonPair `json:"attributes"`
		}
		if len(head.Resource) > w.most {
			return errTooLarge
		}
		if len(head.Resource) > 0 && json.Unmarshal(head.Resource, &of) != nil {
			return errOTLP
		}
		resource := pairs(of.Attributes, 0)
		return each(rl, "scopeLogs", func(sl []byte) error {
			var head struct {
				Scope struct {
					Name string `json:"name"`
				} `json:"scope"`
			}
			if json.Unmarshal(sl, &head) != nil {
				return errOTLP
			}
			return each(sl, "logRecords", func(b []byte) error { return w.jsonRecord(b, resource, head.Scope.Name) })
		})
	})
}

func (w *otlpWriter) jsonRecord(b []byte, resource json.RawMessage, scope string) error {
	if len(b) > w.most {
		return errTooLarge
	}
	var r jsonLog
	if json.Unmarshal(b, &r) != nil {
		return errOTLP
	}
	o := otlpRecord{Timestamp: otlpTime(uint64(r.Time)), Observed: otlpTime(uint64(r.Observed)), Body: r.Body.write(0), Severity: r.Severity, Number: r.Number,
		Event: r.Event, Attributes: pairs(r.Attributes, 0), Resource: resource, Scope: scope, Trace: r.Trace, Span: r.Span}
	if o.Timestamp == "" {
		o.Timestamp = o.Observed
	}
	return w.write(&o)
}

// each calls take for every element of the array that is one member of an object. The bytes are valid during the call.
func each(object []byte, member string, take func(b []byte) error) error {
	d := json.NewDecoder(bytes.NewReader(object))
	if t, err := d.Token(); err != nil || t != json.Delim('{') {
		return errOTLP
	}
	var one json.RawMessage
	for d.More() {
		name, err := d.Token()
		if err != nil {
			return errOTLP
		}
		if name != member {
			if d.Decode(&one) != nil {
				return errOTLP
			}
			continue
		}
		t, err := d.Token()
		if err != nil || t != json.Delim('[') && t != nil {
			return errOTLP
		}
		if t == nil { // null
			continue
		}
		for d.More() {
			if d.Decode(&one) != nil {
				return errOTLP
			}
			end := int(d.InputOffset())
			if err := take(object[end-len(one) : end]); err != nil {
				return err
			}
		}
		if _, err := d.Token(); err != nil {
			return errOTLP
		}
	}
	if _, err := d.Token(); err != nil {
		return errOTLP
	}
	return nil
}

const otlpDepth = 16

// write returns a value as plain JSON; nothing for one that says nothing.
func (v *jsonValue) write(depth int) json.RawMessage {
	var out any
	switch {
	case depth > otlpDepth:
		return nil
	case v.String != nil:
		out = *v.String
	case v.Bool != nil:
		out = *v.Bool
	case v.Int != "":
		if n, err := v.Int.Int64(); err == nil {
			out = n
		}
	case v.Double != nil:
		out = *v.Double
	case v.Bytes != nil:
		out = *v.Bytes
	case v.Array != nil:
		list := make([]json.RawMessage, 0, len(v.Array.Values))
		for i := range v.Array.Values {
			list = append(list, orNull(v.Array.Values[i].write(depth+1)))
		}
		out = list
	case v.List != nil:
		return pairs(v.List.Values, depth+1)
	default:
		return nil
	}
	b, _ := json.Marshal(out)
	return b
}

func orNull(b json.RawMessage) json.RawMessage {
	if b == nil {
		return json.RawMessage("null")
	}
	return b
}

// pairs writes attributes as an object, in their order; of two with one name both stand, as they came.
func pairs(list []jsonPair, depth int) json.RawMessage {
	if len(list) == 0 || depth > otlpDepth {
		return nil
	}
	o := objectWriter{}
	for i := range list {
		o.add(list[i].Key, list[i].Value.write(depth+1))
	}
	return o.done()
}

// objectWriter writes an object member by member.
type objectWriter struct{ b []byte }

func (o *objectWriter) add(key string, value json.RawMessage) {
	k, _ := json.Marshal(key)
	if len(o.b) == 0 {
		o.b = append(o.b, '{')
	} else {
		o.b = append(o.b, ',')
	}
	o.b = append(append(append(o.b, k...), ':'), orNull(value)...)
}

func (o *objectWriter) done() json.RawMessage {
	if len(o.b) == 0 {
		return nil
	}
	return append(o.b, '}')
}

func hexOf(b []byte) string { return hex.EncodeToString(b) }

func base64Of(b []byte) string { return base64.StdEncoding.EncodeToString(b) }
