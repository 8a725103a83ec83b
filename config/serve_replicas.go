// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"path/filepath"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Replica is a place to which the live system copies its vault by itself.
type Replica struct {
	Name   string        // by which it is told of; the path, unless said
	Path   string        // folder that is mounted; it must hold a replica already
	Every  time.Duration // between two runs, at least
	Rate   int64         // bytes a second, at most; 0: no bound
	Expire bool          // what has expired in the vault goes there, too
	Line   int
}

const (
	replicaKeys         = "name, path, every, rate, expire"
	defaultReplicaEvery = 10 * time.Second
	defaultReplicaRate  = 32 << 20
	mostReplicas        = 16
)

func (d *document) replicas(s *Serve, folder string, n *yaml.Node, where string) {
	names, paths := map[string]bool{}, map[string]bool{}
	d.items(n, where, func(where string, v *yaml.Node) {
		r := d.replica(folder, v, where)
		if r.Path != "" && paths[r.Path] {
			d.amiss(v, where, "の path がほかと重なっています", "has the path of another one")
		}
		if names[r.Name] {
			d.amiss(v, where, "の name がほかと重なっています", "has the name of another one")
		}
		names[r.Name], paths[r.Path] = true, true
		s.Replicas = append(s.Replicas, r)
	})
	if len(s.Replicas) > mostReplicas {
		d.wrong(n, where, "has %d replicas, and the most is %d", len(s.Replicas), mostReplicas)
	}
}

func (d *document) replica(folder string, n *yaml.Node, where string) Replica {
	r := Replica{Line: n.Line, Every: defaultReplicaEvery, Rate: defaultReplicaRate}
	if n.Kind == yaml.ScalarNode {
		r.Path = d.text(n, where)
	} else {
		d.each(n, where, replicaKeys, func(key, where string, v *yaml.Node) bool {
			switch key {
			case "name":
				r.Name = d.text(v, where)
			case "path":
				r.Path = d.text(v, where)
			case "every":
				if r.Every = d.duration(v, where, false); r.Every < time.Second || r.Every > 24*time.Hour {
					d.amiss(v, where, "は 1s から 24h までです", "is from 1s to 24h")
				}
			case "rate":
				r.Rate = d.size(v, where, 64<<10, 16<<30)
			case "expire":
				r.Expire, _ = d.truth(v, where)
			default:
				return false
			}
			return true
		})
	}
	if r.Path == "" {
		d.amiss(n, where, "に path がありません。マウントしたフォルダを書いてください（例 {path: /mnt/backup/sekisho}）", "has no path: name a folder that is mounted, like {path: /mnt/backup/sekisho}")
		return r
	}
	r.Path = filepath.Clean(within(folder, r.Path))
	if r.Name == "" {
		r.Name = r.Path
	}
	if len(r.Name) > 200 || strings.ContainsFunc(r.Name, func(c rune) bool { return c < ' ' || c == 0x7f }) {
		d.amiss(n, where, "の name に使えない文字があるか、長すぎます", "has a name with control characters, or one that is too long")
	}
	return r
}

// replicasApart holds replicas to places outside the data: whoever takes the one takes both otherwise.
func (d *document) replicasApart(s *Serve) {
	if s.Data == "" {
		return
	}
	for _, r := range s.Replicas {
		if r.Path != "" && (inside(s.Data, r.Path) || inside(r.Path, s.Data)) {
			d.wrongLine(r.Line, "replicas", "%s and data lie within one another: a replica is to survive what happens to the data; name a folder on another disk or machine", r.Path)
		}
	}
}

// inside says whether path is dir or lies below it.
func inside(dir, path string) bool {
	a, err := filepath.Abs(dir)
	b, err2 := filepath.Abs(path)
	if err != nil || err2 != nil {
		return false
	}
	rel, err := filepath.Rel(a, b)
	return err == nil && rel != ".." && !strings.HasPrefix(rel, ".."+string(filepath.Separator))
}
