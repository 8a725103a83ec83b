// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"path/filepath"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Retention says how long the live system keeps what it sealed. A record goes at the end of the month in which it was sealed, and so many days.
type Retention struct {
	Key     string           // file of the key that encrypts the vault; empty: not encrypted
	Keep    int              // days; of what is in no class; 0: forever
	Classes []RetentionClass // the first whose sources match takes a record
}

// RetentionClass is sources that are kept equally long.
type RetentionClass struct {
	Name    string
	Keep    int      // days; 0: forever
	Sources []string // globs of sources' names
}

const (
	retentionKeys = "key, keep, classes"
	classKeys     = "name, keep, sources"
	// longWindow is how far the detectors look back: in seed 001 the first tries came eight months before anybody saw them.
	longWindow  = 400
	mostDays    = 36500
	mostClasses = 64
	noClass     = "default" // what is in no class
)

func (d *document) retention(s *Serve, folder string, n *yaml.Node, where string) {
	r := &Retention{}
	names := map[string]bool{noClass: true}
	d.each(n, where, retentionKeys, func(key, where string, v *yaml.Node) bool {
		switch key {
		case "key":
			r.Key = d.file1(folder, v, where)
		case "keep":
			r.Keep = d.days(v, where)
		case "classes":
			d.items(v, where, func(where string, v *yaml.Node) {
				c := d.retentionClass(v, where)
				if names[c.Name] {
					d.wrong(v, where, "there is a class %s already, or it is the one of all that is in none: keep beside classes is for these", cut(c.Name, 64))
				}
				names[c.Name] = true
				r.Classes = append(r.Classes, c)
			})
		default:
			return false
		}
		return true
	})
	if len(r.Classes) > mostClasses {
		d.wrong(n, where, "has %d classes, and the most is %d", len(r.Classes), mostClasses)
	}
	s.Retention = r
}

func (d *document) retentionClass(n *yaml.Node, where string) (c RetentionClass) {
	kept := false
	d.each(n, where, classKeys, func(key, where string, v *yaml.Node) bool {
		switch key {
		case "name":
			c.Name = d.text(v, where)
		case "keep":
			c.Keep, kept = d.days(v, where), true
		case "sources":
			for _, g := range d.texts(v, where) {
				if err := CheckGlob(g); err != nil {
					d.wrong(v, where, "%v", err)
				}
				c.Sources = append(c.Sources, g)
			}
		default:
			return false
		}
		return true
	})
	if c.Name == "" || len(c.Name) > 64 || strings.Trim(c.Name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" {
		d.wrong(n, where, "%q is no name for a class: small letters, digits, - and _", cut(c.Name, 64))
	}
	if !kept || len(c.Sources) == 0 {
		d.wrong(n, where, "a class says how long, and whose records: {name: web, keep: 180d, sources: [\"web*\"]}")
	}
	return c
}

// days reads a number of days, like 400d; forever is 0.
func (d *document) days(n *yaml.Node, where string) int {
	text := d.text(n, where)
	if text == "forever" {
		return 0
	}
	number, ok := strings.CutSuffix(text, "d")
	v, err := strconv.Atoi(number)
	if !ok || err != nil || v < 1 || v > mostDays {
		d.wrong(n, where, "%q is not how long something is kept: write days, like 400d, or forever", cut(text, 40))
		return 0
	}
	if v < longWindow {
		d.warn(n, where, "%s is less than the %d days that detectors look back: what began earlier can be told of, and its records not looked at any more", text, longWindow)
	}
	return v
}

// apart holds the key to a place outside the data: whoever takes the one disk takes both otherwise.
func (s *Serve) apart() bool {
	if s.Retention == nil || s.Retention.Key == "" || s.Data == "" {
		return true
	}
	rel, err := filepath.Rel(s.Data, s.Retention.Key)
	return err != nil || rel == ".." || strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
