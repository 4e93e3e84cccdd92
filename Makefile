# The commands of this repository. `make` alone lists them.

GO      ?= go
TOOLS   := $(CURDIR)/.tools
LINT    := $(TOOLS)/bin/golangci-lint
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
STAMP   := github.com/helios-sql/helios/internal/buildinfo
LDFLAGS := -X $(STAMP).version=$(VERSION)
TAGS    := grpcnotrace # gRPC, which Arrow brings along, would keep a third of the executable alive with its traces

# Tests build and link DuckDB many times over: one at a time is quicker than all at once on a small machine.
export CGO_ENABLED := 1

.DEFAULT_GOAL := help
.PHONY: help build console demo test checks tools lint unit ui e2e browser screenshots abuse interop test-keycloak fuzz bench microbench soak backup-audit dist clean

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*##' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

# The console is built where Node is there; without it the binary has a page that says so.
NPM     := $(shell command -v npm 2>/dev/null)
UI      := web/ui
CONSOLE := internal/web/dist/index.html

$(UI)/node_modules/.package-lock.json: $(UI)/package.json $(UI)/package-lock.json
	@command -v npm >/dev/null || { echo "The console needs Node.js 20.19 or newer with npm to be built: install it and run again" >&2; exit 1; }
	cd $(UI) && npm install --no-save --no-audit --no-fund --loglevel=error
	@touch $@

$(CONSOLE): $(UI)/node_modules/.package-lock.json internal/api/testdata/openapi.json $(shell find $(UI)/src $(UI)/public $(UI)/*.ts $(UI)/*.mjs $(UI)/index.html -type f ! -name schema.d.ts ! -name '*.test.ts' 2>/dev/null)
	cd $(UI) && npm run --silent build
	@touch $@

console: $(CONSOLE) ## build the web console, into internal/web/dist

build: $(if $(NPM),$(CONSOLE)) ## build bin/helios, with the console where Node.js is there
	@command -v gcc >/dev/null || command -v cc >/dev/null || { echo "Helios needs a C compiler, for DuckDB. On Debian: apt-get install gcc" >&2; exit 1; }
	$(GO) build -trimpath -tags $(TAGS) -ldflags '$(LDFLAGS)' -o bin/helios ./cmd/helios

demo: build ## run a stream, a storefront that publishes to it, and Helios on 127.0.0.1:8080
	bin/helios demo

test: build ## everything that must pass before a change lands
	$(MAKE) -j2 checks tools # what is fetched comes while the processor is at work
	$(MAKE) e2e browser

checks:
	$(MAKE) lint
	$(MAKE) unit
	$(MAKE) ui

tools: ## install what the tests need, here and, for packages of Debian, on the machine
	e2e/emulator/install.sh
	e2e/oidc/install.sh
	e2e/foreign/venv.sh
	e2e/deploy/venv.sh
	e2e/boot/install.sh
	e2e/console/install.sh

$(LINT): tools/go.mod
	$(GO) -C tools build -o $@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint

lint: $(LINT) ## check style and the rules of the house
	$(GO) mod tidy -diff
	$(LINT) run ./...

unit: ## run the unit tests with the race detector
	$(GO) test -race ./...

ui: $(CONSOLE) ## check the console: its types, its logic, its size
	cd $(UI) && npm run --silent check && npm test --silent && node budget.mjs

browser: build tools ## use the console in a real browser: what people do with it, and axe on every screen
	cd e2e/console && npx playwright test

screenshots: build ## take the pictures of docs/images
	e2e/console/install.sh
	cd e2e/console && npx playwright test --config screenshots.config.ts

e2e: build tools ## run the binary against emulators that others wrote
	$(GO) test -tags e2e -count=1 -timeout 12m ./e2e/... ./internal/source/kinesis/... ./internal/deploy/stack/...

test-keycloak: ## sign in with Keycloak instead of oidc-provider: needs Java and Maven
	e2e/oidc/keycloak/install.sh
	$(GO) test -tags keycloak -count=1 -timeout 20m -v ./e2e/oidc

MINUTES ?= 10
RATE    ?= 1000
SEED    ?= 0

soak: build ## everything at once for MINUTES=10, kills among it, then an audit event by event
	cd soak && $(GO) test -tags soak -count=1 -timeout 0 -v -run '^TestSoak$$' . -minutes $(MINUTES) -rate $(RATE) -seed $(SEED)

ROWS ?= 5000000

backup-audit: build ## ROWS=5000000 events under load, backups and a restore killed half-way, an audit event by event, then every file damaged in turn
	$(GO) test -tags e2e -count=1 -timeout 2h -v -run '^TestEachEventIsThereOnceAfterBackupsUnderLoadAndARestore$$' ./e2e -rows $(ROWS)

abuse: build ## slow clients and many requests, a minute of each kind: health, memory and freshness meanwhile
	e2e/abuse.sh $(TOOLS)/bin
	PATH=$(TOOLS)/bin:$$PATH $(GO) test -tags 'e2e abuse' -count=1 -timeout 15m -v -run Abuse ./e2e

interop: build ## judge by AWS's own KCL and KPL and by another maker's server: needs Java, Maven, Python and Rust
	interop/install.sh
	$(GO) test -tags interop -count=1 -timeout 15m -v ./interop

fuzz: ## fuzz the parsers, 60 s each
	@for target in $$(grep -rlE '^func Fuzz' --include='*_test.go' internal | xargs -n1 dirname | sort -u); do \
	  for f in $$(grep -rhoE '^func Fuzz[A-Za-z]+' $$target/*_test.go | cut -c6-); do \
	    echo "== $$target $$f"; $(GO) test -run='^$$' -fuzz="^$$f$$" -fuzztime=60s ./$$target || exit 1; done; done

bench: build ## measure what Helios promises: a table, and bench/out/bench.json
	$(GO) run ./bench -helios bin/helios $(BENCHFLAGS)

microbench: ## run the benchmarks of the packages
	$(GO) test -run='^$$' -bench=. -benchmem ./internal/...

# A release is stripped, and says which commit it is of; archives have the time of that commit.
RELEASED := $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
STRIPPED := -s -w $(LDFLAGS) -X $(STAMP).commit=$(shell git describe --always --dirty --abbrev=40 --exclude='*' 2>/dev/null) -X $(STAMP).date=$(shell date -u -d @$(RELEASED) +%FT%TZ 2>/dev/null)

dist: console ## make a release in dist: archives for amd64 and arm64, checksums, SBOM, licences; all of it checked
	release/install.sh
	rm -rf dist && mkdir -p dist/build
	GOARCH=amd64 $(GO) build -trimpath -tags $(TAGS) -ldflags '$(STRIPPED)' -o dist/build/helios_amd64 ./cmd/helios
	GOARCH=arm64 CC=aarch64-linux-gnu-gcc CXX=aarch64-linux-gnu-g++ $(GO) build -trimpath -tags $(TAGS) -ldflags '$(STRIPPED)' -o dist/build/helios_arm64 ./cmd/helios
	$(GO) run ./release -version '$(VERSION)' -made $(RELEASED) dist/build/helios_amd64 dist/build/helios_arm64
	rm -rf dist/build
	$(GO) test -tags release -count=1 -timeout 10m ./release

clean: ## remove what was built and installed here
	rm -rf bin dist $(TOOLS) $(UI)/node_modules e2e/console/node_modules internal/web/dist/assets $(CONSOLE)
