// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package event

// Position says where a received record stands in the vault: the first has 0, and no number is left out.
type Position int64

// Received is a record as it came in live, before anything has read it: what is sealed.
type Received struct {
	Record
	Source string // the input's name in the configuration, bound to who sent it: a sender cannot choose another's
	From   string // the sender's address and port, or the path of the file
	At     Micros // when it was received, by this machine's clock
}
