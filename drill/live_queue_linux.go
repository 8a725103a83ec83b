// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package drill

import (
	"net"

	"golang.org/x/sys/unix"
)

// unacknowledged returns how many bytes of a connection the other side's system has not acknowledged.
func unacknowledged(conn *net.TCPConn) (n int64, ok bool) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return 0, false
	}
	queue := 0
	if cerr := raw.Control(func(fd uintptr) { queue, err = unix.IoctlGetInt(int(fd), unix.SIOCOUTQ) }); cerr != nil || err != nil {
		return 0, false
	}
	return int64(queue), true
}
