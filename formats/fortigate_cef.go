// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import "bytes"

// FortiGate can send its records in Common Event Format (set format cef): the same fields, some under CEF's own names, the others as they are
// with FTNTFGT before them. They are read as the device's own, which say more than the common names do.

// fortiCEF returns the extension of a record that FortiOS wrote as CEF.
func fortiCEF(b []byte) []byte {
	head := b[:min(len(b), 320)]
	i := index(head, "|Fortinet|Forti")
	if i < 6 || !has(head[:i], "CEF:") {
		return nil
	}
	for range 6 { // vendor, product, version, signature, name and severity follow
		e := bytes.IndexByte(b[i+1:], '|')
		if e < 0 {
			return nil
		}
		i += 1 + e
	}
	return b[i+1:]
}

// scanCEF cuts the extension into fields.
func (p *fortiParser) scanCEF(b []byte) {
	p.v = [fFields + 1][]byte{}
	b = bytes.TrimRight(b, " \r\n")
	key, rest, _ := bytes.Cut(b, []byte("="))
	if sp := bytes.LastIndexByte(key, ' '); sp >= 0 {
		key = key[sp+1:]
	}
	for rest != nil {
		value, next, more := cefValue(rest)
		if value = bytes.TrimRight(value, " "); bytes.IndexByte(value, '\\') >= 0 {
			value = unescapedCEF(value)
		}
		if string(key) == "cat" { // traffic:forward
			t, sub, _ := bytes.Cut(value, []byte(":"))
			p.v[fType] = t
			if p.v[fSubtype] == nil {
				p.v[fSubtype] = sub
			}
		} else if f := fortiCEFKey(key); p.v[f] == nil {
			p.v[f] = value
		}
		key, rest = next, more
	}
}

func unescapedCEF(b []byte) []byte {
	out := make([]byte, 0, len(b))
	for i := 0; i < len(b); i++ {
		if b[i] == '\\' && i+1 < len(b) {
			i++
		}
		out = append(out, b[i])
	}
	return out
}

// fortiCEFKey returns the field of a CEF key.
func fortiCEFKey(k []byte) fortiField {
	if own, ok := cutPrefix(k, "FTNTFGT"); ok {
		return fortiKey(own)
	}
	switch string(k) {
	case "src":
		return fSrcIP
	case "dst":
		return fDstIP
	case "spt":
		return fSrcPort
	case "dpt":
		return fDstPort
	case "suser", "duser":
		return fUser
	case "app":
		return fService
	case "out":
		return fSentByte
	case "in":
		return fRcvdByte
	case "shost":
		return fSrcName
	case "dhost":
		return fHostName
	case "request":
		return fURL
	case "requestClientApplication":
		return fAgent
	case "sproc":
		return fUI
	case "fname":
		return fFileName
	case "cnt":
		return fEventCount
	case "outcome":
		return fStatus
	case "dvchost":
		return fDevice
	case "deviceExternalId":
		return fDevID
	case "act":
		return fAction
	case "reason":
		return fReason
	case "msg":
		return fMsg
	case "externalId":
		return fSessionID
	case "proto":
		return fProto
	case "deviceInboundInterface":
		return fSrcIntf
	case "deviceOutboundInterface":
		return fDstIntf
	case "sourceTranslatedAddress":
		return fTransIP
	case "sourceTranslatedPort":
		return fTransPort
	case "destinationTranslatedAddress":
		return fTranIP
	case "destinationTranslatedPort":
		return fTranPort
	case "duration":
		return fDuration
	case "smac":
		return fMAC
	case "start", "rt":
		return fEventTime
	}
	return fFields
}
