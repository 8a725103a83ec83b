// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package detectors

import (
	"fmt"
	"testing"
)

func TestTargetDropOut(t *testing.T) {
	s := newStory(200)
	spared := map[int]bool{}
	for wave := range 8 {
		if wave == 3 {
			spared[7], spared[90] = true, true // their passwords were found
		}
		guessWave(s, 20+wave, 200, 2, spared)
	}
	all := s.run(t, targetDropOut)
	got := map[string]bool{}
	for _, f := range all {
		got[f.Accounts[0]] = true
	}
	if len(got) != 2 || !got["A-user7"] || !got["A-user90"] {
		t.Errorf("got %v", got)
	}
}

func TestTargetDropOutNearMiss(t *testing.T) {
	s := newStory(200)
	some := map[int]bool{}
	for i := range 150 {
		some[i] = true
	}
	for wave := range 8 {
		// one wave in three is aimed at some only; and one account is left out of a wave by chance
		spared := map[int]bool{wave * 3: true}
		if wave%3 == 2 {
			spared = some
		}
		guessWave(s, 20+wave, 200, 2, spared)
	}
	locked := s.person("user33")
	locked.Disabled = true
	all := s.run(t, targetDropOut)
	quiet(t, all, -1)
	if len(all) > 0 {
		t.Log(fmt.Sprint(len(all)))
	}
}
