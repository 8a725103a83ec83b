// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"bytes"

	"github.com/sekisho/sekisho/event"
)

func (p *npsParser) text(f npsField) string { return npsText(p.env, p.v[f]) }

// npsText returns a value with what XML writes in other words undone.
func npsText(env *Env, b []byte) string {
	b = b[:min(len(b), 256)]
	if bytes.IndexByte(b, '&') < 0 {
		return env.Intern.Bytes(b)
	}
	var buf [256]byte
	out := buf[:0]
	for len(b) > 0 {
		took := 0
		for _, w := range [...]struct {
			text string
			c    byte
		}{{"&lt;", '<'}, {"&gt;", '>'}, {"&amp;", '&'}, {"&quot;", '"'}, {"&apos;", '\''}} {
			if isPrefix(b, w.text) {
				out, took = append(out, w.c), len(w.text)
				break
			}
		}
		if took == 0 {
			out, took = append(out, b[0]), 1
		}
		b = b[took:]
	}
	return env.Intern.Bytes(out)
}

// record makes an event of the attributes that were read: 1 is a request, 2 and 3 are its answers, 4 is accounting.
func (p *npsParser) record(rec *event.Record, out *event.Batch, at event.Micros) {
	r := radiusRecord{at: at, user: p.user(), framed: p.text(nFramedIP), framed6: p.text(nFramedIPv6), calling: p.text(nCalling), called: p.text(nCalled), nas: p.text(nClientName),
		nasIP: p.text(nNASIP), session: p.text(nSession), cause: p.text(nCause), detail: p.text(nPolicy)}
	if r.nas == "" {
		r.nas = p.text(nNASName)
	}
	if r.nasIP == "" {
		r.nasIP = p.text(nClientIP)
	}
	switch string(p.v[nPacket]) {
	case "1":
		p.ask(rec, &r)
		return
	case "2":
		r.kind = radiusAccept
	case "3":
		r.kind = radiusReject
		r.reason, r.detail = npsReason(p.v[nReason]), "reason code "+p.text(nReason)
	case "4":
		r.kind = radiusStatus(string(p.v[nStatus]))
		r.in, r.out = someNumber(p.v[nIn]), someNumber(p.v[nOut])
		if sec, ok := parseNumber(p.v[nTook]); ok && sec < 1<<40 {
			r.took = event.Some(sec * 1000)
		}
	}
	a := (*npsAsked)(nil)
	if r.kind == radiusAccept || r.kind == radiusReject {
		if a = p.asker(&r); a != nil {
			r.join(a)
		}
	}
	ev := r.event(p.env, out)
	if ev == nil {
		return
	}
	if ev.Ref = p.env.Ref(rec); a != nil && a.ref.Input == ev.Ref.Input {
		ev.Ref.More = out.Parts(ev.Ref.Part)
		ev.Ref.Part = a.ref.Part
	}
	if c := p.text(nComputer); c != "" {
		ev.DstHost = c
	}
}

// user returns the name: as typed, else as the directory has it ("LAB\hanako", "lab.example/Users/hanako").
func (p *npsParser) user() string {
	for _, f := range [...]npsField{nUser, nSAM, nFull} {
		v := p.v[f]
		if f == nFull {
			if i := bytes.LastIndexByte(v, '/'); i >= 0 && bytes.IndexByte(v, '\\') < 0 {
				v = v[i+1:]
			}
		}
		if len(v) > 0 {
			return npsText(p.env, v)
		}
	}
	return ""
}

// ask keeps a request until its answer comes.
func (p *npsParser) ask(rec *event.Record, r *radiusRecord) {
	p.asked[p.next] = npsAsked{waits: true, at: r.at, class: p.text(nClass), client: r.nasIP, user: r.user, calling: r.calling, called: r.called, nas: r.nas, nasIP: r.nasIP,
		name: p.text(nComputer), ref: p.env.Ref(rec)}
	p.next = (p.next + 1) % len(p.asked)
}

// asker finds the request that an answer is to: the one of the same Class, which the server gives to both; where it gives none, the last
// one of the same access point within a minute.
func (p *npsParser) asker(r *radiusRecord) *npsAsked {
	class := p.text(nClass)
	for i := range p.asked {
		a := &p.asked[(p.next+len(p.asked)-1-i)%len(p.asked)]
		if !a.waits || r.at < a.at || r.at-a.at > 60e6 {
			continue
		}
		if class != "" && a.class != "" {
			if a.class != class {
				continue
			}
		} else if a.client != r.nasIP && r.nasIP != "" {
			continue
		}
		a.waits = false
		return a
	}
	return nil
}

// join takes from the request what the answer does not say.
func (r *radiusRecord) join(a *npsAsked) {
	for _, f := range [...]struct {
		to   *string
		from string
	}{{&r.calling, a.calling}, {&r.called, a.called}, {&r.nas, a.nas}, {&r.nasIP, a.nasIP}} {
		if *f.to == "" {
			*f.to = f.from
		}
	}
	if a.user != "" {
		r.user = a.user // as typed
	}
}

// npsReason reads a reason code of the policy server.
func npsReason(code []byte) event.Reason {
	switch string(code) {
	case "7", "8", "259":
		return event.ReasonNoSuchAccount
	case "16", "0", "":
		return event.ReasonBadCredentials
	case "33", "35", "262":
		return event.ReasonExpired
	case "34":
		return event.ReasonDisabled
	case "36":
		return event.ReasonLocked
	case "37", "38", "48", "49", "64", "65", "66", "67", "68", "69", "70", "80", "97", "112", "257", "258":
		return event.ReasonDenied
	case "1", "2", "4", "5", "6", "9", "10", "11":
		return event.ReasonUnavailable
	case "3", "17", "18", "19", "20", "21", "22", "23", "295", "300":
		return event.ReasonProtocol
	}
	return event.ReasonBadCredentials
}
