// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package formats

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/sekisho/sekisho/event"
)

// TestOCSFBack writes the events of samples as OCSF and reads them again: what comes back is what was written, but for the
// microseconds, which OCSF has no place for, and the way to the record, which leads to the export.
func TestOCSFBack(t *testing.T) {
	checked := 0
	for _, name := range []string{"openssh.log", "openldap.log", "389ds.log", "entra-signin.json", "m365-audit.json", "windows.json", "fortigate.log", "postfix.log", "dovecot.log",
		"web-access.log", "samba.log", "pam.log", "openvpn.log", "bind-query.log"} {
		path := filepath.Join("testdata", name)
		data, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		all := All()
		order := make([]*Format, len(all))
		for i := range all {
			order[i] = &all[i]
		}
		var out event.Batch
		r := NewReader(order, testEnv())
		recs := cut(path, data)
		for i := range recs {
			_ = r.Read(&recs[i], &out)
		}
		r.Flush(&out)
		for i := range out.Events {
			ev := &out.Events[i]
			text := ev.AppendOCSF(nil, path)
			env := testEnv()
			p := ocsf.New(env)
			var back event.Batch
			if err := p.Parse(&event.Record{Part: event.Part{Line: 1, Length: int64(len(text))}, Data: text}, &back); err != nil || len(back.Events) != 1 {
				t.Fatalf("%s: %v\n%s", path, err, text)
			}
			got, want := back.Events[0], *ev
			want.Time = want.Time / 1000 * 1000
			if want.Target == want.Account { // one user who acts on himself: OCSF says it as one who acts
				want.Target = got.Target
			}
			got.Format, got.Ref, want.Ref, got.Unique, want.Unique = want.Format, event.Ref{}, event.Ref{}, false, false
			sortRest(&got)
			sortRest(&want)
			if a, b := string(got.AppendJSON(nil)), string(want.AppendJSON(nil)); a != b {
				t.Fatalf("%s:\n got %s\nwant %s\nocsf %s", path, a, b, text)
			}
			checked++
		}
	}
	if checked < 300 {
		t.Errorf("only %d events were compared", checked)
	}
}

func sortRest(e *event.Event) {
	e.Rest = slices.Clone(e.Rest)
	slices.SortStableFunc(e.Rest, func(a, b event.Field) int { return strings.Compare(a.Name, b.Name) })
}
