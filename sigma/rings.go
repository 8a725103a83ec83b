// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"slices"

	"github.com/sekisho/sekisho/event"
)

// rings keeps short rows of moments for very many groups: rows of one length lie together, without a pointer for each, so that a
// million of them cost their moments and nothing else.
type rings struct {
	class [32]struct {
		chunks [][]event.Micros
		used   uint32
		free   []uint32
	}
}

// ringChunk is how many moments are taken from the memory at once.
const ringChunk = 8192

func (r *rings) get(class uint8) uint32 {
	c := &r.class[class]
	if n := len(c.free); n > 0 {
		row := c.free[n-1]
		c.free = c.free[:n-1]
		return row
	}
	size := 2 << class
	rows := max(ringChunk/size, 1)
	if int(c.used) == len(c.chunks)*rows {
		c.chunks = append(c.chunks, make([]event.Micros, rows*size))
	}
	c.used++
	return c.used - 1
}

func (r *rings) put(class uint8, row uint32) {
	r.class[class].free = append(r.class[class].free, row)
}

func (r *rings) row(class uint8, row uint32) []event.Micros {
	size := 2 << class
	rows := max(ringChunk/size, 1)
	at := int(row) % rows * size
	return r.class[class].chunks[int(row)/rows][at : at+size]
}

// right says whether rows that were read have the shape that rows have.
func (r *rings) right() bool {
	for class := range r.class {
		c := &r.class[class]
		size := 2 << class
		rows := max(ringChunk/size, 1)
		for _, chunk := range c.chunks {
			if len(chunk) != rows*size {
				return false
			}
		}
		if int(c.used) > len(c.chunks)*rows || slices.ContainsFunc(c.free, func(row uint32) bool { return row >= c.used }) {
			return false
		}
	}
	return true
}

// has says whether there is such a row, with room for so many moments.
func (r *rings) has(class uint8, row uint32, n int32) bool {
	return int(class) < len(r.class) && row < r.class[class].used && int64(n) <= 2<<class
}
