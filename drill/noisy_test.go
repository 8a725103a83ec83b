// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"bytes"
	"testing"
)

// TestNoisy checks that a noisy life has in it what it is said to have, that its logs lack what is said to be missing, and that nobody is
// accused of anything by its truth.
func TestNoisy(t *testing.T) {
	o := Options{Name: "quiet", Accounts: 120, Days: 60, Seed: 5}
	if err := o.Vary("noisy"); err != nil {
		t.Fatal(err)
	}
	dir, truth := generate(t, o)
	if truth.Verdict != "clear" || len(truth.Accounts)+len(truth.Addresses)+len(truth.Acts) > 0 {
		t.Errorf("verdict %s, %d accounts", truth.Verdict, len(truth.Accounts))
	}
	w := newWorld(o, nil)
	conference, vpn, moved := 0, 0, 0
	for i := range w.people {
		p := &w.people[i]
		conference += btoi(len(p.away) > 0 && p.away[0].at == w.conference)
		vpn += btoi(p.anon != nil)
		moved += btoi(p.moves > 0)
	}
	if conference < 6 || vpn < 6 || moved < 20 {
		t.Errorf("%d at the conference, %d with a VPN, %d moved", conference, vpn, moved)
	}
	modified, scanned := 0, 0
	silent, dark := w.noisyDay(noisySilent), w.noisyDay(noisyDark)
	gap := map[string][2]int64{logSlapd: {w.cal.at(silent, 7*60), w.cal.at(silent, 13*60)}, logEdge: {w.cal.at(dark, 18*60), w.cal.at(dark+2, 18*60)}}
	for _, f := range truth.Files {
		if f.Kind != logSlapd && f.Kind != logEdge {
			continue
		}
		for _, line := range read(t, dir, f) {
			modified += btoi(bytes.Contains([]byte(line), []byte("departmentNumber")))
			scanned += btoi(bytes.Contains([]byte(line), []byte("srcip="+scannerIP)))
			if at, err := stampOf(f.Kind, line); err == nil && at.UnixMicro() > gap[f.Kind][0]+second && at.UnixMicro() < gap[f.Kind][1]-second {
				t.Fatalf("%s: %s", f.Path, line)
			}
		}
	}
	if modified < 20 || scanned < 6*1000 {
		t.Errorf("%d entries changed, %d sessions of the scanner", modified, scanned)
	}
	plain := newWorld(Options{Name: "quiet", Accounts: 120, Days: 60, Seed: 5, Start: o.Start}, nil)
	for i := range w.people {
		if w.people[i].uid != plain.people[i].uid {
			t.Fatal("another institute")
		}
	}
	if err := (&Options{Name: AIST}).Vary("noisy"); err == nil || (Options{Name: AIST, Noisy: true}).Check() == nil {
		t.Error("a noisy life beside an attack")
	}
}
