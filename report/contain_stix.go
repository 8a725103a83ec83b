// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package report

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/sekisho/sekisho/cases"
)

type stixCourse struct {
	Type        string   `json:"type"`
	Version     string   `json:"spec_version"`
	ID          string   `json:"id"`
	CreatedBy   string   `json:"created_by_ref"`
	Created     string   `json:"created"`
	Modified    string   `json:"modified"`
	Name        string   `json:"name"`
	Description string   `json:"description,omitempty"`
	Labels      []string `json:"labels"`
	Marking     []string `json:"object_marking_refs"`
}

type stixRelationship struct {
	Type      string   `json:"type"`
	Version   string   `json:"spec_version"`
	ID        string   `json:"id"`
	CreatedBy string   `json:"created_by_ref"`
	Created   string   `json:"created"`
	Modified  string   `json:"modified"`
	Kind      string   `json:"relationship_type"`
	Source    string   `json:"source_ref"`
	Target    string   `json:"target_ref"`
	Marking   []string `json:"object_marking_refs"`
}

// STIX returns the list as a STIX 2.1 bundle: a course of action for each item, and for each address to block the indicators that it
// mitigates. Labels carry step, kind and state: the standard has no place of its own for them.
func (x *Containment) STIX() ([]byte, error) {
	c := x.Data.Case
	at := stixTime(c.Generated.Time())
	name := c.Institute.Name
	if name == "" {
		name = "Sekisho"
	}
	marks := []string{tlpAmber.ID}
	who := stixIdentity{"identity", "2.1", stixID("identity", name), tlpAmber.Created, tlpAmber.Created, visible(name, maxTitle), "organization", marks}
	b := stixBundle{Type: "bundle", Objects: []any{tlpAmber, who}}
	byIP := map[string]*cases.Address{}
	for i := range c.Addresses {
		byIP[c.Addresses[i].IP.String()] = &c.Addresses[i]
	}
	for _, k := range x.items() {
		a := stixCourse{Type: "course-of-action", Version: "2.1", ID: stixID("course-of-action", k.ID), CreatedBy: who.ID, Created: tlpAmber.Created, Modified: max(at, tlpAmber.Created), // an item has no time of its own, and was created once, whatever revision tells of it

			Name: visible(En.of(k.What), maxTitle), Description: visible(En.of(k.Why), maxTitle), Labels: []string{fmt.Sprintf("order:%d", k.Order), fmt.Sprintf("step:%d", k.Step), "kind:" + string(k.Kind), "state:" + string(k.State)}, Marking: marks}
		b.Objects = append(b.Objects, a)
		addr := byIP[k.Subject.Address]
		if k.Kind != cases.BlockAddress || addr == nil {
			continue
		}
		for _, s := range k.Intervals {
			i := stixAddress(addr, s, at, who.ID)
			r := stixRelationship{Type: "relationship", Version: "2.1", CreatedBy: who.ID, Created: i.Created, Modified: max(at, i.Created), Kind: "mitigates", Source: a.ID, Target: i.ID, Marking: marks}
			r.ID = stixID("relationship", r.Source+" mitigates "+r.Target)
			b.Objects = append(b.Objects, i, r)
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
