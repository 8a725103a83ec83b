// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package vault

import (
	"encoding/json"
	"testing"
)

// TestNamesThatAreNoUTF8: a file named in Shift_JIS is found again by its manifest and by the record of custody.
func TestNamesThatAreNoUTF8(t *testing.T) {
	for _, name := range []string{"logs/plain.log", "logs/<b>関所.log", "logs/\x8a\xd6\x8f\x8a.log", "\xff", ""} {
		var e Entry
		b, err := json.Marshal(Entry{Kind: KindInput, Path: name, Size: 7})
		if err == nil {
			err = json.Unmarshal(b, &e)
		}
		if err != nil || e.Path != name || e.Size != 7 || e.Kind != KindInput {
			t.Errorf("%q: %s: %+v, %v", name, b, e, err)
		}
		var i Item
		b, err = json.Marshal(Item{Source: "s", Absolute: "/" + name, Copy: name, State: ItemTaken})
		if err == nil {
			err = json.Unmarshal(b, &i)
		}
		if err != nil || i.Absolute != "/"+name || i.Copy != name || i.State != ItemTaken || i.Source != "s" {
			t.Errorf("%q: %s: %+v, %v", name, b, i, err)
		}
	}
	// Bytes that say another name than the path that people read are not taken for it.
	var e Entry
	if err := json.Unmarshal([]byte(`{"path":"a.log","path_bytes":"Yi5sb2c="}`), &e); err != nil || e.Path != "a.log" {
		t.Errorf("%+v, %v", e, err)
	}
}
