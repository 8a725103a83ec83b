// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package sigma

import (
	"encoding/binary"
	"math/bits"
)

// hashOf is SipHash-2-4 (Aumasson and Bernstein, 2012) with one key for all: what correlations remember is the same in every run, so that it
// can be kept over a restart, and groups that share a coarse one are the same wherever the records are read again. It takes more than
// chance to find a text that falls together with a given one, which a quicker hash would not promise.
func hashOf(s string) uint64 {
	const k0, k1 = 0x736567616b696873, 0x616d676973206f68
	v0, v1, v2, v3 := uint64(k0^0x736f6d6570736575), uint64(k1^0x646f72616e646f6d), uint64(k0^0x6c7967656e657261), uint64(k1^0x7465646279746573)
	last := uint64(len(s)) << 56
	var tail [8]byte
	for {
		var m uint64
		end := len(s) < 8
		if end {
			copy(tail[:], s)
			m = binary.LittleEndian.Uint64(tail[:]) | last
		} else {
			m = uint64(s[0]) | uint64(s[1])<<8 | uint64(s[2])<<16 | uint64(s[3])<<24 | uint64(s[4])<<32 | uint64(s[5])<<40 | uint64(s[6])<<48 | uint64(s[7])<<56
			s = s[8:]
		}
		v3 ^= m
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
		v0 ^= m
		if end {
			break
		}
	}
	v2 ^= 0xff
	for range 4 {
		v0, v1, v2, v3 = sipRound(v0, v1, v2, v3)
	}
	return v0 ^ v1 ^ v2 ^ v3
}

func sipRound(v0, v1, v2, v3 uint64) (uint64, uint64, uint64, uint64) {
	v0 += v1
	v1 = bits.RotateLeft64(v1, 13) ^ v0
	v0 = bits.RotateLeft64(v0, 32)
	v2 += v3
	v3 = bits.RotateLeft64(v3, 16) ^ v2
	v0 += v3
	v3 = bits.RotateLeft64(v3, 21) ^ v0
	v2 += v1
	v1 = bits.RotateLeft64(v1, 17) ^ v2
	v2 = bits.RotateLeft64(v2, 32)
	return v0, v1, v2, v3
}
