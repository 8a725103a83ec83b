// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"crypto/sha1"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/sekisho/sekisho/cases"
)

// stixNamespace is the name space of the identities (RFC 9562, version 5) of what a bundle holds: the same case gives the same ones.
var stixNamespace = [16]byte{0x6f, 0x1d, 0x5c, 0x0a, 0x2e, 0x0b, 0x5b, 0x4e, 0x8f, 0x3d, 0x51, 0x7a, 0x9d, 0x44, 0x10, 0x5e}

// tlpAmber is the marking that STIX 2.1 itself defines (section 7.2.1.4): for the institute and those that it must tell.
var tlpAmber = stixMarking{Type: "marking-definition", Version: "2.1", ID: "marking-definition--f88d31f6-486f-44da-b317-01333bde0b82",
	Created: "2017-01-20T00:00:00.000Z", DefinitionType: "tlp", Name: "TLP:AMBER", Definition: map[string]string{"tlp": "amber"}}

type stixBundle struct {
	Type    string `json:"type"`
	ID      string `json:"id"`
	Objects []any  `json:"objects"`
}

type stixMarking struct {
	Type           string            `json:"type"`
	Version        string            `json:"spec_version"`
	ID             string            `json:"id"`
	Created        string            `json:"created"`
	DefinitionType string            `json:"definition_type"`
	Name           string            `json:"name"`
	Definition     map[string]string `json:"definition"`
}

type stixIdentity struct {
	Type     string   `json:"type"`
	Version  string   `json:"spec_version"`
	ID       string   `json:"id"`
	Created  string   `json:"created"`
	Modified string   `json:"modified"`
	Name     string   `json:"name"`
	Class    string   `json:"identity_class"`
	Marking  []string `json:"object_marking_refs"`
}

type stixIndicator struct {
	Type        string   `json:"type"`
	Version     string   `json:"spec_version"`
	ID          string   `json:"id"`
	CreatedBy   string   `json:"created_by_ref"`
	Created     string   `json:"created"`
	Modified    string   `json:"modified"`
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Types       []string `json:"indicator_types"`
	Pattern     string   `json:"pattern"`
	PatternType string   `json:"pattern_type"`
	ValidFrom   string   `json:"valid_from"`
	ValidUntil  string   `json:"valid_until,omitempty"`
	Confidence  int      `json:"confidence"` // 0 to 100
	Marking     []string `json:"object_marking_refs"`
}

// STIX returns the case's attacking addresses as a STIX 2.1 bundle: an indicator for each stretch of time in which an address was in bad hands. Shared
// and suspected addresses are left out: whoever blocks by the bundle must not block honest people. Valid until is one millisecond
// after the last bad use, as the standard's end is exclusive.
func STIX(d *Data) ([]byte, error) {
	c := d.Case
	at := stixTime(c.Generated.Time())
	name := c.Institute.Name
	if name == "" {
		name = "Sekisho"
	}
	marks := []string{tlpAmber.ID}
	who := stixIdentity{"identity", "2.1", stixID("identity", name), tlpAmber.Created, tlpAmber.Created, visible(name, maxTitle), "organization", marks}
	b := stixBundle{Type: "bundle", Objects: []any{tlpAmber, who}}
	for i := range c.Addresses {
		a := &c.Addresses[i]
		if a.Verdict != cases.AddressAttacker {
			continue
		}
		spans := a.Intervals
		if len(spans) == 0 {
			spans = []cases.Span{{From: a.First, To: a.Last}}
		}
		for _, s := range spans {
			b.Objects = append(b.Objects, stixAddress(a, s, at, who.ID))
		}
	}
	var all strings.Builder
	for _, o := range b.Objects {
		fmt.Fprintf(&all, "%v\n", o)
	}
	b.ID = stixID("bundle", all.String())
	out, err := json.MarshalIndent(b, "", "  ")
	return append(out, '\n'), err
}

func stixAddress(a *cases.Address, s cases.Span, at, who string) stixIndicator {
	version := "ipv6-addr"
	ip := a.IP.Unmap().WithZone("")
	if ip.Is4() {
		version = "ipv4-addr"
	}
	from := s.From
	if from.IsZero() {
		from = a.First
	}
	o := stixIndicator{Type: "indicator", Version: "2.1", CreatedBy: who, Created: at, Modified: at, Name: ip.String(), Description: visible(En.of(a.Why), maxTitle),
		Types: []string{"malicious-activity"}, Pattern: fmt.Sprintf("[%s:value = '%s']", version, ip), PatternType: "stix",
		ValidFrom: at, Confidence: int(100 * min(1, max(0, a.Confidence))), Marking: []string{tlpAmber.ID}}
	if !from.IsZero() {
		o.ValidFrom = stixTime(from.Time())
	}
	if !s.To.IsZero() {
		o.ValidUntil = stixTime(s.To.Time().Add(time.Millisecond))
	}
	o.ID = stixID("indicator", o.Pattern+o.ValidFrom)
	o.Created = o.ValidFrom // what an identity stands for was created once, whatever revision tells of it
	o.Modified = max(at, o.Created)
	return o
}

func stixTime(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// stixID returns kind--UUID, of version 5 over kind and text.
func stixID(kind, text string) string {
	h := sha1.New()
	h.Write(stixNamespace[:])
	fmt.Fprintf(h, "%s\n%s", kind, text)
	u := h.Sum(nil)[:16]
	u[6], u[8] = u[6]&0x0f|0x50, u[8]&0x3f|0x80
	x := hex.EncodeToString(u)
	return kind + "--" + x[:8] + "-" + x[8:12] + "-" + x[12:16] + "-" + x[16:20] + "-" + x[20:]
}
