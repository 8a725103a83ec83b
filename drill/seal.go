// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"crypto/sha256"
	"fmt"
)

// What is wrong with a truth that something is held against.
const (
	TruthAltered = "altered"       // it is not as it was made
	TruthOther   = "another-run's" // it is as it was made, for another exercise
)

// unsealed stands for the seal while it is made: the SHA-256 of the file with noughts in its place.
const unsealed = "0000000000000000000000000000000000000000000000000000000000000000"

func sealField(sum string) []byte { return []byte(`"sha256": "` + sum + `"`) }

// seal puts the seal into a truth's text, which has unsealed in its place, and returns both.
func seal(text []byte) ([]byte, string) {
	sum := sha256.Sum256(text)
	hexed := fmt.Sprintf("%x", sum)
	return bytes.Replace(text, sealField(unsealed), sealField(hexed), 1), hexed
}

// check compares a truth's text with the seal in it.
func (t *Truth) check(text []byte) {
	if t.Seal == "" { // made before truths were sealed, or by hand
		return
	}
	_, sum := seal(bytes.Replace(text, sealField(t.Seal), sealField(unsealed), 1))
	t.altered = sum != t.Seal
}

// Doubt says what is wrong with the truth: TruthAltered, TruthOther, or nothing. r is the record of the exercise that it should be of;
// it may be nil.
func (t *Truth) Doubt(r *Record) string {
	switch {
	case t.altered, r != nil && r.Truth != "" && t.Seal == "":
		return TruthAltered
	case r != nil && r.Truth != "" && t.Seal != r.Truth:
		return TruthOther
	}
	return ""
}

// DoubtIn says in a language what is wrong with the truth that something was held against.
func DoubtIn(doubt, lang string) string { return doubtWords(doubt).in(lang) }

func doubtWords(doubt string) phrase {
	switch doubt {
	case TruthAltered:
		return phrase{"注意：truth.json が作成後に書き換えられています。以下は書き換えられた正解との比較です。", "Mind: truth.json was altered after it was made; what follows is held against it as it is now."}
	case TruthOther:
		return phrase{"注意：truth.json はこの演習のものではありません（run.json の truth_sha256 と一致しません）。以下は別の正解との比較です。", "Mind: truth.json is not that of this exercise (truth_sha256 in run.json is another); what follows is held against it all the same."}
	}
	return phrase{}
}
