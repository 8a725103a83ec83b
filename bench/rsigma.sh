#!/bin/sh
# Copyright 2026 The Sekisho Authors
# SPDX-License-Identifier: Apache-2.0
#
# RSigma, from crates.io, beside our engine: the same parsed Windows events, the same rules, one run; how often each rule matched, and
# how long it took. It needs Rust with cargo, which may fetch crates, and the public collections below ../shared/data. Where one of
# them is missing it says so and is done.
set -eu
cd "$(dirname "$0")/.."
command -v cargo >/dev/null || { echo "bench-sigma: skipped: there is no cargo here to build RSigma with"; exit 0; }
[ -d ../shared/data/sigma-rules ] || { echo "bench-sigma: skipped: there are no rules in ../shared/data/sigma-rules"; exit 0; }
target=$(pwd)/bench/out/rsigma
if ! CARGO_TARGET_DIR=$target cargo build --quiet --release --locked --manifest-path bench/rsigma/Cargo.toml; then
	echo "bench-sigma: skipped: RSigma could not be built (no crates, or a Rust that is older than it asks for)"
	exit 0
fi
SEKISHO_RSIGMA=$target/release/sekisho-bench-rsigma go test -run '^TestSigmaPeer$' -count 1 -v -timeout 20m ./node
