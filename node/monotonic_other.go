// Copyright 2026 The Sekisho Authors
// SPDX-License-Identifier: Apache-2.0

//go:build !linux

package node

import "time"

func monotonic() time.Duration { return 0 }
