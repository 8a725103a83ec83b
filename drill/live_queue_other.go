// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package drill

import "net"

// unacknowledged returns how many bytes of a connection the other side's system has not acknowledged: here nobody says.
func unacknowledged(*net.TCPConn) (n int64, ok bool) { return 0, false }
