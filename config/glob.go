// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package config

import (
	"errors"
	"fmt"
	"path"
	"strings"
)

// Match reports whether the glob matches the path, or any tail of it that begins after a slash: idp/*.log matches
// /mnt/logs/idp/access.log. A glob that begins with a slash matches whole paths only. * and ? do not cross a slash, **
// stands for any number of folders, [a-z] for one of a set; a trailing slash means everything below.
//
// A glob that CheckGlob refuses matches nothing. The time is bounded by the product of the two lengths.
func Match(glob, name string) bool {
	g, err := compile(glob)
	return err == nil && g.match(strings.Split(cleanPath(name), "/"))
}

// CheckGlob says what is wrong with a glob, and what to write instead.
func CheckGlob(glob string) error {
	_, err := compile(glob)
	return err
}

// pattern is a glob, one element for each folder of the way.
type pattern []string

const anyDepth = "**"

func compile(glob string) (pattern, error) {
	const maxGlob, maxElements = 1024, 64
	glob = strings.TrimPrefix(strings.ReplaceAll(glob, `\`, "/"), "./")
	if strings.HasSuffix(glob, "/") {
		glob += anyDepth
	}
	switch {
	case glob == "":
		return nil, errors.New("an empty glob: write one like idp/* or **/*.log")
	case len(glob) > maxGlob:
		return nil, fmt.Errorf("a glob longer than %d bytes", maxGlob)
	case strings.ContainsAny(glob, "{}"):
		return nil, errors.New("braces are not understood in globs: write one entry for each")
	}
	var p pattern
	if !strings.HasPrefix(glob, "/") {
		p = append(p, anyDepth)
	}
	for _, e := range strings.Split(glob, "/") {
		if e == anyDepth && len(p) > 0 && p[len(p)-1] == anyDepth {
			continue
		}
		if _, err := path.Match(e, ""); err != nil {
			return nil, fmt.Errorf("%q is no glob: a [ wants a ]", e)
		}
		p = append(p, e)
	}
	if len(p) > maxElements {
		return nil, fmt.Errorf("a glob of more than %d folders", maxElements)
	}
	return p, nil
}

// match walks both lists once and goes back only to the last **, as shells do: no exponential blow-up.
func (p pattern) match(elements []string) bool {
	i, j := 0, 0
	star, resume := -1, 0
	for j < len(elements) {
		switch {
		case i < len(p) && p[i] == anyDepth:
			star, resume = i, j
			i++
			continue
		case i < len(p):
			if ok, _ := path.Match(p[i], elements[j]); ok {
				i++
				j++
				continue
			}
		}
		if star < 0 {
			return false
		}
		resume++
		i, j = star+1, resume
	}
	for i < len(p) && p[i] == anyDepth {
		i++
	}
	return i == len(p)
}

func cleanPath(name string) string {
	return path.Clean(strings.ReplaceAll(name, `\`, "/"))
}
