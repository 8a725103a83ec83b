// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// ocsfSchema is the schema's source, resolved: what each class and object inherits, includes and takes from the dictionary.
type ocsfSchema struct {
	dir        string
	version    string
	dictionary map[string]map[string]any
	types      map[string]map[string]any
	categories map[string]int
	sources    map[string]map[string]any // of classes and objects, by "events/name" and "objects/name"
	resolved   map[string]*ocsfNode
	patterns   map[string]*regexp.Regexp
}

// ocsfNode is a class or an object.
type ocsfNode struct {
	name, category string
	uid            int
	attributes     map[string]map[string]any
	constraints    map[string]any
	free           bool // has no attributes of its own: anything goes
}

func readOCSF(t testing.TB) *ocsfSchema {
	t.Helper()
	root, err := os.Getwd()
	for ; err == nil; root = filepath.Dir(root) {
		if _, err := os.Stat(filepath.Join(root, "go.mod")); err == nil {
			break
		}
		if root == filepath.Dir(root) {
			t.Fatal("no go.mod above the test")
		}
	}
	s := &ocsfSchema{dir: filepath.Join(root, "..", "shared", "data", "ref-ocsf-schema"), sources: map[string]map[string]any{}, resolved: map[string]*ocsfNode{},
		categories: map[string]int{}, patterns: map[string]*regexp.Regexp{}}
	if _, err := os.Stat(s.dir); err != nil {
		t.Skip("the OCSF schema is not there: ../shared/data/ref-ocsf-schema")
	}
	s.version = s.read(t, "version.json")["version"].(string)
	dictionary := s.read(t, "dictionary.json")
	s.dictionary = objectOfObjects(dictionary["attributes"])
	s.types = objectOfObjects(dictionary["types"].(map[string]any)["attributes"])
	for name, c := range objectOfObjects(s.read(t, "categories.json")["attributes"]) {
		s.categories[name] = int(c["uid"].(float64))
	}
	for _, kind := range []string{"events", "objects"} {
		err := filepath.WalkDir(filepath.Join(s.dir, kind), func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
				return err
			}
			rel, _ := filepath.Rel(s.dir, path)
			source := s.read(t, rel)
			s.sources[kind+"/"+source["name"].(string)] = source
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func (s *ocsfSchema) read(t testing.TB, name string) map[string]any {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil {
		t.Fatal(err)
	}
	var v map[string]any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return v
}

func objectOfObjects(v any) map[string]map[string]any {
	out := map[string]map[string]any{}
	for k, x := range v.(map[string]any) {
		if m, ok := x.(map[string]any); ok {
			out[k] = m
		}
	}
	return out
}

// node resolves a class or an object.
func (s *ocsfSchema) node(t testing.TB, kind, name string) *ocsfNode {
	t.Helper()
	key := kind + "/" + name
	if n := s.resolved[key]; n != nil {
		return n
	}
	source := s.sources[key]
	if source == nil {
		t.Fatalf("the schema has no %s", key)
	}
	n := &ocsfNode{name: name, attributes: map[string]map[string]any{}}
	if parent, ok := source["extends"].(string); ok {
		p := s.node(t, kind, parent)
		n.category, n.constraints = p.category, p.constraints
		for k, a := range p.attributes {
			n.attributes[k] = maps.Clone(a)
		}
	}
	if c, ok := source["category"].(string); ok {
		n.category = c
	}
	if u, ok := source["uid"].(float64); ok {
		n.uid = int(u)
	}
	if c, ok := source["constraints"].(map[string]any); ok {
		n.constraints = c
	}
	own := source["attributes"].(map[string]any)
	if include, ok := own["$include"].([]any); ok {
		for _, file := range include {
			for k, a := range objectOfObjects(s.read(t, file.(string))["attributes"]) {
				a = maps.Clone(a)
				a["profile"] = strings.TrimSuffix(filepath.Base(file.(string)), ".json")
				s.merge(n, k, a)
			}
		}
	}
	for k, a := range objectOfObjects(own) {
		s.merge(n, k, a)
	}
	n.free = len(n.attributes) == 0
	s.resolved[key] = n
	return n
}

// merge lays an attribute over what is inherited, and that over the dictionary's; values of an enum add up.
func (s *ocsfSchema) merge(n *ocsfNode, name string, a map[string]any) {
	base := n.attributes[name]
	if base == nil {
		base = maps.Clone(s.dictionary[name])
		if base == nil {
			base = map[string]any{}
		}
	}
	for k, v := range a {
		if old, ok := base[k].(map[string]any); ok && k == "enum" {
			merged := maps.Clone(old)
			maps.Copy(merged, v.(map[string]any))
			v = merged
		}
		base[k] = v
	}
	n.attributes[name] = base
}

// class finds the class of a class_uid.
func (s *ocsfSchema) class(t testing.TB, uid int) *ocsfNode {
	for key := range s.sources {
		if name, ok := strings.CutPrefix(key, "events/"); ok {
			n := s.node(t, "events", name)
			category := s.categories[n.category]
			if uid == 0 && name == "base_event" || n.uid != 0 && category*1000+n.uid == uid {
				return n
			}
		}
	}
	return nil
}

// check returns what the schema does not accept in an event.
func (s *ocsfSchema) check(t testing.TB, e map[string]any) []string {
	uid, _ := e["class_uid"].(float64)
	n := s.class(t, int(uid))
	if n == nil {
		return []string{fmt.Sprintf("there is no class %v", e["class_uid"])}
	}
	var wrong []string
	if c := s.categories[n.category]; e["category_uid"] != float64(c) {
		wrong = append(wrong, fmt.Sprintf("category_uid is %v, want %d", e["category_uid"], c))
	}
	if a, ok := e["activity_id"].(float64); !ok || e["type_uid"] != uid*100+a {
		wrong = append(wrong, "type_uid is not class_uid * 100 + activity_id")
	}
	if v, _ := e["metadata"].(map[string]any); v["version"] != s.version {
		wrong = append(wrong, fmt.Sprintf("metadata.version is %v, the schema's is %s", v["version"], s.version))
	}
	// These enums are computed from the class, or have been compared above.
	skip := []string{"category_uid", "class_uid", "type_uid"}
	return append(wrong, s.object(t, n, e, "", skip)...)
}

func (s *ocsfSchema) object(t testing.TB, n *ocsfNode, v map[string]any, path string, skip []string) []string {
	if n.free {
		return nil
	}
	var wrong []string
	for name, a := range n.attributes {
		_, there := v[name]
		profile, _ := a["profile"].(string)
		switch {
		case !there && a["requirement"] == "required" && profile == "":
			wrong = append(wrong, path+name+" is required")
		case there && profile != "":
			wrong = append(wrong, path+name+" needs the profile "+profile)
		}
	}
	for name, x := range v {
		a := n.attributes[name]
		if a == nil {
			wrong = append(wrong, path+name+" is no attribute of "+n.name)
			continue
		}
		if slices.Contains(skip, name) {
			continue
		}
		wrong = append(wrong, s.value(t, a, x, path+name)...)
	}
	for kind, names := range n.constraints {
		have := 0
		for _, name := range names.([]any) {
			if _, ok := v[name.(string)]; ok {
				have++
			}
		}
		if kind == "at_least_one" && have == 0 || kind == "just_one" && have != 1 {
			wrong = append(wrong, fmt.Sprintf("%s%s: %s of %v", path, n.name, kind, names))
		}
	}
	return wrong
}

func (s *ocsfSchema) value(t testing.TB, a map[string]any, x any, path string) []string {
	if a["is_array"] == true {
		list, ok := x.([]any)
		if !ok {
			return []string{path + " is not an array"}
		}
		one := maps.Clone(a)
		delete(one, "is_array")
		var wrong []string
		for _, y := range list {
			wrong = append(wrong, s.value(t, one, y, path+"[]")...)
		}
		return wrong
	}
	if enum, ok := a["enum"].(map[string]any); ok {
		key := fmt.Sprint(x)
		if f, ok := x.(float64); ok {
			key = fmt.Sprint(int64(f))
		}
		if _, ok := enum[key]; !ok {
			return []string{fmt.Sprintf("%s is %v, which is not one of its values", path, x)}
		}
	}
	kind, _ := a["type"].(string)
	if s.types[kind] == nil {
		m, ok := x.(map[string]any)
		if !ok {
			return []string{path + " is not an object of " + kind}
		}
		return s.object(t, s.node(t, "objects", kind), m, path+".", nil)
	}
	return s.scalar(kind, x, path)
}

// scalar checks a value against a type and the types that it is made of.
func (s *ocsfSchema) scalar(kind string, x any, path string) []string {
	d := s.types[kind]
	var wrong []string
	if base, ok := d["type"].(string); ok {
		wrong = s.scalar(base, x, path)
	}
	text, isText := x.(string)
	number, isNumber := x.(float64)
	switch kind {
	case "string_t":
		if !isText {
			wrong = append(wrong, path+" is not a text")
		}
	case "integer_t", "long_t":
		if !isNumber || number != math.Trunc(number) {
			wrong = append(wrong, path+" is not a whole number")
		}
	case "boolean_t":
		if _, ok := x.(bool); !ok {
			wrong = append(wrong, path+" is not a truth value")
		}
	}
	if r, ok := d["range"].([]any); ok && isNumber && (number < r[0].(float64) || number > r[1].(float64)) {
		wrong = append(wrong, path+" is out of range")
	}
	if n, ok := d["max_len"].(float64); ok && len(text) > int(n) {
		wrong = append(wrong, path+" is too long")
	}
	if p, ok := d["regex"].(string); ok && isText {
		if s.patterns[p] == nil {
			s.patterns[p] = regexp.MustCompile(p)
		}
		if !s.patterns[p].MatchString(text) {
			wrong = append(wrong, fmt.Sprintf("%s: %q is no %s", path, text, kind))
		}
	}
	return wrong
}
