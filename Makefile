# What a contributor runs; .ci/run runs the same in one go. Only Go and a C compiler are needed.

# How long make fuzz gives each target and each format: some two hours on two cores.
FUZZTIME ?= 60s

.PHONY: all build test race lint fuzz bench bench-sigma bench-formats bench-live soak demo drills drill-full scope-stats scope-full docs ci clean pages live torture watch-drills

all: lint test

build:
	go build -o sekisho ./cmd/sekisho

test:
	go test ./...

race:
	go test -race ./...

lint:
	.ci/run lint

fuzz:
	FUZZTIME=$(FUZZTIME) .ci/run fuzz

# Whole investigations of two million lines each, next to wc -l and fail2ban-regex on the same files; Sigma rules on parsed events.
bench: bench-live
	go run ./bench
	go test -run '^$$' -bench '^Benchmark(Sigma|Correlate)$$' ./node ./sigma

# Sigma rules next to RSigma, where cargo can build it: the same events and rules, and whether both match the same.
bench-sigma:
	bench/rsigma.sh

# Parsing alone, next to fail2ban-regex, jq, goaccess and evtx_dump on the same files, six times each, as benchstat's table.
bench-formats:
	go run ./bench -only parse

# The live system as a whole, next to rsyslogd that writes to a plain file: TCP, RELP, _bulk, and how long alerts take; an hour's soak by itself.
bench-live:
	go run ./bench/live

soak:
	go run ./bench/live -only soak

demo:
	go run ./cmd/sekisho demo

# Every drill and variant: made, investigated, scored. Takes up to an hour on two cores. TABLE='--only NAME' makes a part.
drills:
	go build -ldflags "-X main.version=$$(git describe --tags --always --dirty)" -o sekisho ./cmd/sekisho
	./sekisho drill table $(TABLE) --out docs/reference/drill-scores.md --acts docs/reference/drill-acts.md

# Scoping over seeds and variants, with people who answer, beside other methods on the same worlds. Some twenty minutes; interrupted, it
# goes on where it was, as long as the build is the same. STATS='-seeds 101-105' makes fewer, STATS='-accounts 1000 -rows DIR' larger ones.
SCOPESTATS = go run -ldflags "-X main.version=$$(git describe --tags --always --dirty)" ./bench/scopestats

scope-stats:
	$(SCOPESTATS) $(STATS) -out docs/scoping-statistics.md

# The same on aist-2018 at full size, 8,000 accounts and 385 days, once. Needs 60 GB below FULL: the logs and the case.
scope-full:
	$(SCOPESTATS) -drill aist-2018 -variants plain -seeds 1 -accounts 0 -days 0 -peak 0 -dir $(FULL) $(STATS) -out $(FULL)/scope-full.md

# The whole of aist-2018, 8,000 accounts and 385 days, made and read back by the project's parsers. Needs 30 GB below FULL.
FULL ?= /tmp

drill-full:
	SEKISHO_DRILL_FULL=$(FULL) go test -run '^TestFull$$' -v -timeout 3h ./drill

# The live watch on whole drills, in any order, late and with restarts, against one replay in order. Some minutes.
live:
	SEKISHO_LIVE=1 go test -run '^TestLiveDrills$$' -v -timeout 30m ./node

# The live vault: a process that writes it killed 1,000 times, and the whole of serve under load as often; 10,000 changes to what it sealed. An hour or so; interrupted, it goes on where it was. TORTURE is where that is kept.
TORTURE ?= $(or $(TMPDIR),/tmp)/sekisho-torture

torture:
	mkdir -p $(TORTURE)
	SEKISHO_TORTURE=$(TORTURE) SEKISHO_KILLS=1000 SEKISHO_TAMPER=10000 go test -run '^Test(Kill|Tamper)$$' -v -timeout 6h ./vault/sealed
	SEKISHO_TORTURE=$(TORTURE) SEKISHO_KILLS=1000 go test -run '^TestServeKilled$$' -v -timeout 3h ./node

# What a live watch is to see of the AIST drill, and when; with WATCH people in it. Some minutes.
WATCH ?= 400

watch-drills:
	SEKISHO_WATCH=$(WATCH) go test -run '^TestWatch(AIST|DropOut|Quiet)$$' -v -timeout 2h ./node

# The manual pages, from the texts of --help, and the page of every format, from its own words.
docs: pages
	go run ./cmd/sekisho man --dir man

pages:
	go test ./formats ./formats/own -run '^(TestPages|TestBuiltin)$$' -update
	go test ./node -run '^TestBuiltinRules$$' -update

ci:
	.ci/run

clean:
	rm -rf sekisho man bench/out
