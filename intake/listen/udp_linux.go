// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

package listen

import (
	"encoding/binary"
	"net"

	"golang.org/x/sys/unix"
)

// drops follows how many datagrams the kernel dropped for want of room: it says so beside each that it delivers.
type drops struct {
	last uint32
}

const socketRoom = 16 << 20 // bytes that may wait in the kernel

func watchDrops(c *net.UDPConn) *drops {
	d := &drops{}
	raw, err := c.SyscallConn()
	if err != nil {
		return d
	}
	_ = raw.Control(func(fd uintptr) {
		_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1)
		if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, socketRoom) != nil { // only root may have more than the system's bound
			_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, socketRoom)
		}
	})
	return d
}

// since returns how many were dropped since the datagram before.
func (d *drops) since(oob []byte) int64 {
	if len(oob) == 0 {
		return 0
	}
	for len(oob) >= unix.SizeofCmsghdr {
		head, data, rest, err := unix.ParseOneSocketControlMessage(oob)
		if err != nil {
			return 0
		}
		if head.Level == unix.SOL_SOCKET && head.Type == unix.SO_RXQ_OVFL && len(data) >= 4 {
			n := binary.NativeEndian.Uint32(data)
			lost := n - d.last // it turns over
			d.last = n
			return int64(lost)
		}
		oob = rest
	}
	return 0
}
