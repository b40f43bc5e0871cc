# The one place where versions of tools are pinned. Everything is installed below .tools and nothing else is looked up on
# PATH but go, git, python3 and a POSIX shell; once the tools are there, every target works without a network.

BUF_VERSION                := v1.75.0
PROTOC_GEN_GO_VERSION      := v1.36.12
PROTOC_GEN_GO_GRPC_VERSION := v1.6.2
ESBUILD_VERSION            := v0.28.2
GOLANGCI_LINT_VERSION      := v2.15.0
GRPCURL_VERSION            := v1.9.4
BENCHSTAT_VERSION          := v0.0.0-20260908200009-22c9c6c9d4da
CYCLONEDX_VERSION          := v1.10.0
# It brings the schema of compose files with it.
CHECK_JSONSCHEMA_VERSION   := 0.39.0
# The last grpcio-tools whose output checks no version of the runtime: it runs with old and with new grpcio and protobuf.
# The other two are what it needs itself. There are wheels for Python 3.8 to 3.12.
GRPCIO_TOOLS_VERSION       := 1.62.3
GRPCIO_VERSION             := 1.62.3
PROTOBUF_PYTHON_VERSION    := 4.25.9
# Types of the service stubs, which protoc leaves untyped, and what checks the examples against them.
MYPY_PROTOBUF_VERSION      := 3.6.0
MYPY_VERSION               := 2.4.1
TYPES_GRPCIO_VERSION       := 1.85.0.20261028
TYPES_PROTOBUF_VERSION     := 7.35.1.20260906
# ClickHouse in the process of Python, which `make peers` compares with.
CHDB_VERSION               := 4.4.0

# What stands in for a MongoDB in tests, and what it is fetched with; the only target that needs Java and Maven.
MONGO_JAVA_SERVER_VERSION := 1.47.0
SLF4J_VERSION             := 2.0.17
DEPENDENCY_PLUGIN_VERSION := 3.8.1

GO     ?= go
PYTHON ?= python3

TOOLS := .tools
BIN   := $(TOOLS)/bin
VENV  := $(TOOLS)/venv

.SHELLFLAGS := -euc
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-18s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# A tool is the file that is run. It is older than its stamp, which has the version in its name, whenever the version
# above has changed; then it is installed again.
#
# $(call go-tool,name,version,package)
define go-tool
$(BIN)/$(1): $(TOOLS)/$(1)-$(2)
	GOBIN='$(CURDIR)/$(BIN)' $(GO) install $(3)@$(2)
	@touch $$@

$(TOOLS)/$(1)-$(2):
	@mkdir -p $(BIN)
	@rm -f $(TOOLS)/$(1)-v[0-9]*
	@touch $$@

GO_TOOLS += $(BIN)/$(1)
endef

$(eval $(call go-tool,buf,$(BUF_VERSION),github.com/bufbuild/buf/cmd/buf))
$(eval $(call go-tool,protoc-gen-go,$(PROTOC_GEN_GO_VERSION),google.golang.org/protobuf/cmd/protoc-gen-go))
$(eval $(call go-tool,protoc-gen-go-grpc,$(PROTOC_GEN_GO_GRPC_VERSION),google.golang.org/grpc/cmd/protoc-gen-go-grpc))
$(eval $(call go-tool,esbuild,$(ESBUILD_VERSION),github.com/evanw/esbuild/cmd/esbuild))
$(eval $(call go-tool,golangci-lint,$(GOLANGCI_LINT_VERSION),github.com/golangci/golangci-lint/v2/cmd/golangci-lint))
$(eval $(call go-tool,grpcurl,$(GRPCURL_VERSION),github.com/fullstorydev/grpcurl/cmd/grpcurl))
$(eval $(call go-tool,benchstat,$(BENCHSTAT_VERSION),golang.org/x/perf/cmd/benchstat))

# Its version stands in the go.mod of a module of its own: go install of it fails where a proxy lists no versions.
OPENAPI_SOURCE := tools/openapi

$(BIN)/protoc-gen-connect-openapi: $(OPENAPI_SOURCE)/go.mod $(OPENAPI_SOURCE)/go.sum
	@mkdir -p $(BIN)
	cd $(OPENAPI_SOURCE) && $(GO) build -o '$(CURDIR)/$@' github.com/sudorandom/protoc-gen-connect-openapi

GO_TOOLS += $(BIN)/protoc-gen-connect-openapi

# Named after its versions, inside what it stands for: clearing the environment takes the old mark along.
VENV_READY := $(VENV)/grpcio-tools-$(GRPCIO_TOOLS_VERSION)-grpcio-$(GRPCIO_VERSION)-protobuf-$(PROTOBUF_PYTHON_VERSION)-mypy-$(MYPY_PROTOBUF_VERSION)-$(MYPY_VERSION)-types-$(TYPES_GRPCIO_VERSION)-$(TYPES_PROTOBUF_VERSION)

$(VENV_READY):
	$(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/pip --disable-pip-version-check install --quiet grpcio-tools==$(GRPCIO_TOOLS_VERSION) \
		grpcio==$(GRPCIO_VERSION) protobuf==$(PROTOBUF_PYTHON_VERSION) mypy-protobuf==$(MYPY_PROTOBUF_VERSION) \
		mypy==$(MYPY_VERSION) types-grpcio==$(TYPES_GRPCIO_VERSION) types-protobuf==$(TYPES_PROTOBUF_VERSION)
	@touch $@

.PHONY: tools
tools: $(GO_TOOLS) $(VENV_READY) ## install every tool below .tools, in the pinned versions

# Django's oldest supported version and its newest, and for the generated client the oldest grpcio and protobuf that install and the newest, each with a
# Python that it runs on. Where such a Python is not on the machine, PYTHON takes its place if it can.
DJANGO_OLDEST := 5.2.19
DJANGO_NEWEST := 6.1.3
GRPCIO_OLDEST := 1.48.2
GRPCIO_NEWEST := 1.85.3
PROTOBUF_OLDEST := 4.21.1
PYTHON_OLD    ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.9.*/bin/python) $(PYTHON))
PYTHON_NEW    ?= $(firstword $(wildcard $(HOME)/.pyenv/versions/3.14.*/bin/python) $(shell command -v python3.14) \
	$(wildcard $(HOME)/.pyenv/versions/3.13.*/bin/python) $(PYTHON))
DJANGO_OLD_READY := $(TOOLS)/django-oldest/django-$(DJANGO_OLDEST)
DJANGO_NEW_READY := $(TOOLS)/django-newest/django-$(DJANGO_NEWEST)
GRPCIO_OLD_READY := $(TOOLS)/client-oldest/grpcio-$(GRPCIO_OLDEST)-protobuf-$(PROTOBUF_OLDEST)
GRPCIO_NEW_READY := $(TOOLS)/client-newest/grpcio-$(GRPCIO_NEWEST)
PIP := bin/pip --disable-pip-version-check install --quiet

$(DJANGO_OLD_READY):
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/$(PIP) Django==$(DJANGO_OLDEST) grpcio protobuf
	@touch $@

$(DJANGO_NEW_READY):
	$(PYTHON_NEW) -m venv --clear $(@D)
	$(@D)/$(PIP) Django==$(DJANGO_NEWEST) grpcio protobuf
	@touch $@

$(GRPCIO_OLD_READY):
	$(PYTHON_OLD) -m venv --clear $(@D)
	$(@D)/$(PIP) grpcio==$(GRPCIO_OLDEST) protobuf==$(PROTOBUF_OLDEST)
	@touch $@

$(GRPCIO_NEW_READY):
	$(PYTHON_NEW) -m venv --clear $(@D)
	$(@D)/$(PIP) grpcio==$(GRPCIO_NEWEST) protobuf
	@touch $@

.PHONY: test-python
test-python: $(DJANGO_OLD_READY) $(DJANGO_NEW_READY) $(GRPCIO_OLD_READY) $(GRPCIO_NEW_READY) ## test the Python client and the Django app at both ends of what they support
	$(GO) test ./internal/e2e -run '^Test(Django|PythonClient)$$' -count=1 -v

# What is released. Its tools are not among `make tools`: nothing else needs them.
CYCLONEDX       := $(BIN)/cyclonedx-gomod
CYCLONEDX_READY := $(TOOLS)/cyclonedx-gomod-$(CYCLONEDX_VERSION)
SCHEMAS         := $(TOOLS)/check-jsonschema
SCHEMAS_READY   := $(SCHEMAS)/version-$(CHECK_JSONSCHEMA_VERSION)
VERSION         ?= $(shell deploy/version)

$(CYCLONEDX_READY):
	@mkdir -p $(BIN)
	@rm -f $(TOOLS)/cyclonedx-gomod-v[0-9]*
	GOBIN='$(CURDIR)/$(BIN)' $(GO) install github.com/CycloneDX/cyclonedx-gomod/cmd/cyclonedx-gomod@$(CYCLONEDX_VERSION)
	@touch $@

$(SCHEMAS_READY):
	$(PYTHON) -m venv --clear $(SCHEMAS)
	$(SCHEMAS)/$(PIP) check-jsonschema==$(CHECK_JSONSCHEMA_VERSION)
	@touch $@

.PHONY: dist
dist: $(CYCLONEDX_READY) ## make what is released, in dist/: tarballs, Debian packages, lists of components, checksums
	GO='$(GO)' CYCLONEDX='$(CURDIR)/$(CYCLONEDX)' deploy/dist '$(VERSION)'

# A new Debian as a folder, in which the packages are tried.
DEBIAN       := $(TOOLS)/debian
DEBIAN_SUITE := bookworm

.PHONY: clean-debian
clean-debian:
	@if [ -e $(DEBIAN)/bin ]; then :; \
	elif [ "$$(id -u)" = 0 ] && command -v debootstrap >/dev/null; then \
		rm -rf $(DEBIAN).part; \
		debootstrap --variant=minbase $(DEBIAN_SUITE) $(DEBIAN).part >$(DEBIAN).log; \
		mv $(DEBIAN).part $(DEBIAN); \
	else \
		echo 'no clean Debian to install into: that needs root and debootstrap'; \
	fi

.PHONY: test-dist
test-dist: dist $(SCHEMAS_READY) clean-debian ## make what is released twice, install it, start it; the Dockerfile, step by step; the compose file
	TVSTATS_DIST='$(CURDIR)/dist' CYCLONEDX='$(CURDIR)/$(CYCLONEDX)' GO='$(GO)' $(GO) test ./deploy -count=1 -v -timeout 30m

STAND_IN        := $(TOOLS)/mongo-stand-in
STAND_IN_SOURCE := internal/store/mongolog/mongotest/standin
STAND_IN_READY  := $(STAND_IN)/mongo-java-server-$(MONGO_JAVA_SERVER_VERSION)-slf4j-$(SLF4J_VERSION)

$(STAND_IN_READY): $(STAND_IN_SOURCE)/pom.xml $(STAND_IN_SOURCE)/StandIn.java
	@rm -rf $(STAND_IN)
	mvn --quiet --batch-mode --file $(STAND_IN_SOURCE)/pom.xml \
		org.apache.maven.plugins:maven-dependency-plugin:$(DEPENDENCY_PLUGIN_VERSION):copy-dependencies \
		-Dmongo-java-server.version=$(MONGO_JAVA_SERVER_VERSION) -Dslf4j.version=$(SLF4J_VERSION) \
		-DoutputDirectory='$(CURDIR)/$(STAND_IN)'
	javac -cp '$(STAND_IN)/*' -d $(STAND_IN) $(STAND_IN_SOURCE)/StandIn.java
	@touch $@

# What harms connections to it. Its version stands in the go.mod beside its source: the program needs none of its modules.
TOXIPROXY        := $(TOOLS)/toxiproxy
TOXIPROXY_SOURCE := internal/e2e/toxiproxy

$(TOXIPROXY): $(wildcard $(TOXIPROXY_SOURCE)/*)
	cd $(TOXIPROXY_SOURCE) && $(GO) build -o '$(CURDIR)/$@' .

.PHONY: mongo-stand-in
mongo-stand-in: $(STAND_IN_READY) $(TOXIPROXY) ## build the server that stands in for a MongoDB in tests, and what harms connections to it

# FerretDB lets two change one document at once, each as if the other had not: what tests compare-and-set fails for that
# reason. Its version stands in the go.mod beside its source.
FERRETDB        := $(TOOLS)/ferretdb
FERRETDB_SOURCE := internal/store/mongolog/mongotest/ferretdb
FERRETDB_CANNOT := ^TestBaseIsMovedByOne$$

$(FERRETDB): $(wildcard $(FERRETDB_SOURCE)/*)
	cd $(FERRETDB_SOURCE) && $(GO) build -o '$(CURDIR)/$@' .

WHOLE ?=

.PHONY: second-opinion
second-opinion: $(FERRETDB) ## run the tests of the log in MongoDB against FerretDB; all of the suite of stores with WHOLE=-whole, for hours
	$(FERRETDB) $(GO) test ./internal/store/mongolog -count=1 $(WHOLE) -timeout 0 -skip '$(FERRETDB_CANNOT)'

.PHONY: conformance
conformance: mongo-stand-in ## hold replicas of a log in MongoDB to the whole of internal/store; go test has a part of it
	$(GO) test ./internal/store/mongolog -run '^TestStore$$' -count=1 -whole -timeout 60m

GENERATED := gen proto/tvstats.binpb
PROTOS := $(sort $(shell find proto -name '*.proto'))

.PHONY: generate
generate: $(BIN)/buf $(BIN)/protoc-gen-go $(BIN)/protoc-gen-go-grpc $(BIN)/protoc-gen-connect-openapi $(VENV_READY) ## generate gen/ and proto/tvstats.binpb from proto/
	find gen -type f \( -name '*.pb.go' -o -name '*_pb2*.py*' \) -delete # not the packaging of gen/python
	$(BIN)/buf generate
	$(BIN)/buf build --as-file-descriptor-set --output proto/tvstats.binpb
	$(VENV)/bin/python -m grpc_tools.protoc --proto_path=proto --grpc_python_out=gen/python \
		--plugin=protoc-gen-mypy_grpc=$(VENV)/bin/protoc-gen-mypy_grpc --mypy_grpc_out=quiet:gen/python $(PROTOS)

# The console is committed as it is built, so that a build of the program needs no Node.js. What npm fetches is pinned in
# package-lock.json; the client is generated from proto/, and needs no place in the repository besides the bundle.
WEB         := internal/web
WEB_MODULES := $(WEB)/node_modules/.package-lock.json

$(WEB_MODULES): $(WEB)/package-lock.json
	cd $(WEB) && npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

# What write-excel-file compresses with is replaced by src/zip.ts, which says why.
.PHONY: web
web: $(BIN)/buf $(BIN)/esbuild $(WEB_MODULES) ## check and bundle the console, internal/web/dist, from internal/web/src and proto/
	rm -rf $(WEB)/src/gen
	$(BIN)/buf generate --template $(WEB)/buf.gen.yaml
	cd $(WEB) && node_modules/.bin/tsc --noEmit
	rm -rf $(WEB)/dist
	$(BIN)/esbuild $(WEB)/src/main.tsx --bundle --minify --format=esm --target=es2023 --charset=utf8 --legal-comments=none \
		--jsx=automatic --jsx-import-source=preact --alias:fflate=./$(WEB)/src/zip.ts --entry-names=console --outdir=$(WEB)/dist
	cp $(WEB)/src/index.html $(WEB)/src/icon.svg $(WEB)/dist/
	cat $(WEB)/src/licences.txt $(foreach of,preact uplot write-excel-file fflate,$(WEB)/node_modules/$(of)/LICENSE) >$(WEB)/dist/licences.txt

.PHONY: check-web
check-web: web ## fail if the console is not what its sources build
	@if ! git diff --exit-code --stat -- $(WEB)/dist || git ls-files --others --exclude-standard -- $(WEB)/dist | grep .; then \
		echo 'the console differs from what its sources build (see above): run "make web" and commit the result' >&2; \
		exit 1; \
	fi

.PHONY: check-generated
check-generated: generate ## fail if what is generated is not what proto/ generates
	@if ! git diff --exit-code -- $(GENERATED) || git ls-files --others --exclude-standard -- $(GENERATED) | grep .; then \
		echo 'generated files differ from what proto/ generates (see above): run "make generate" and commit the result' >&2; \
		exit 1; \
	fi

.PHONY: proto-lint
proto-lint: $(BIN)/buf ## check the style of proto/: lint, format
	$(BIN)/buf lint
	$(BIN)/buf format --diff --exit-code

# Comparing a fresh checkout of main with main would compare it with itself. So proto/ as it stands here is compared with
# each state that it ever had on this branch and on main: what was once promised stays. States equal to the one here are
# left out. With a shallow clone only the commits that are there can be compared.
.PHONY: proto-breaking
proto-breaking: $(BIN)/buf ## fail if proto/ breaks callers of any earlier state of it, on this branch or main
	@tips=; \
	for ref in HEAD main origin/main; do \
		if git rev-parse --quiet --verify "$$ref^{commit}" >/dev/null; then tips="$$tips $$ref"; fi; \
	done; \
	if [ "$$(git rev-parse --is-shallow-repository)" = true ]; then echo 'note: this clone is shallow'; fi; \
	old=$$(mktemp -d); trap 'rm -rf "$$old"' EXIT; \
	compared=0; broken=0; seen=; \
	for commit in $$([ -z "$$tips" ] || git rev-list --full-history $$tips -- proto); do \
		tree=$$(git rev-parse --quiet --verify "$$commit:proto") || continue; \
		case " $$seen " in *" $$tree "*) continue ;; esac; \
		seen="$$seen $$tree"; \
		rm -rf "$$old/proto"; git archive "$$commit" proto | tar -xf - -C "$$old"; \
		if diff -r "$$old/proto" proto >/dev/null; then continue; fi; \
		if ! $(BIN)/buf build "$$old/proto" -o "$$old/image.binpb"; then \
			echo "note: $$commit does not build and so promised nothing"; continue; \
		fi; \
		if ! $(BIN)/buf breaking proto --against "$$old/image.binpb"; then \
			echo "proto/ breaks callers of $$(git log -1 --format='%h (%s)' "$$commit")" >&2; broken=1; \
		fi; \
		compared=$$((compared + 1)); \
	done; \
	echo "proto/ compared with $$compared other states of it"; \
	exit $$broken

.PHONY: lint
lint: $(BIN)/golangci-lint ## vet and lint the Go code
	$(GO) vet ./...
	$(BIN)/golangci-lint run

.PHONY: test
test: ## run the tests
	$(GO) test ./...

WORLDS ?= ./internal/store/duckdb ./internal/store/replica ./internal/e2e

.PHONY: worlds
worlds: ## run the tests with all of their random worlds, and each engine's whole suite; go test and race take a few of them
	TVSTATS_TEST_WORLDS=all $(GO) test -timeout 60m $(WORLDS)

.PHONY: console
console: ## open every page of the console in every width and language; go test opens each in one width a language
	TVSTATS_TEST_WORLDS=all $(GO) test -timeout 30m ./internal/e2e -run '^TestConsole' -count=1

.PHONY: race
race: ## run the tests with the race detector
	$(GO) test -race -timeout 40m ./...

FAULTS ?= 600

.PHONY: durability
durability: ## kill, stop, starve and slow a program, and kill replicas, under load, FAULTS (600) times, and tell what was lost
	$(GO) test ./internal/e2e -run '^TestDurability' -count=1 -v -timeout 0 -faults $(FAULTS)

FUZZTIME ?= 10s

.PHONY: fuzz
fuzz: ## run every fuzz target for FUZZTIME (10s)
	@for package in $$($(GO) list ./...); do \
		for target in $$($(GO) test -list '^Fuzz' "$$package" | grep '^Fuzz' || true); do \
			echo "$$package $$target"; \
			$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) "$$package"; \
		done; \
	done

BENCH     ?= .
BENCHTIME ?= 1s

.PHONY: bench
bench: ## run the benchmarks that match BENCH (.), each for BENCHTIME (1s)
	$(GO) test -run '^$$' -bench '$(BENCH)' -benchtime $(BENCHTIME) -timeout 60m ./...

BASE ?=

.PHONY: bench-compare
bench-compare: $(BIN)/benchstat ## compare short benchmarks with those of the commit that this began from, or BASE; fail where one is slower beyond noise
	.ci/bench-compare '$(CURDIR)/$(BIN)/benchstat' $(BASE)

CHDB       := $(TOOLS)/chdb
CHDB_READY := $(CHDB)/chdb-$(CHDB_VERSION)

$(CHDB_READY):
	$(PYTHON) -m venv --clear $(@D)
	$(@D)/$(PIP) chdb==$(CHDB_VERSION)
	@touch $@

SESSIONS  ?= 20000000
ROUNDS    ?= 5
QUESTIONS ?= .
STORES    ?= $(TOOLS)

# Nothing else needs ClickHouse, which is 500 MB: so it is not among `make tools`.
.PHONY: peers
peers: ## compare tvstats with DuckDB and ClickHouse: SESSIONS (20000000), ROUNDS (5), QUESTIONS (.); writes docs/design/peers.md
	@if ! $(MAKE) --no-print-directory $(CHDB_READY); then \
		echo 'skipped: $(PYTHON) cannot make an environment with chdb $(CHDB_VERSION), which has ClickHouse'; \
	else \
		$(GO) test ./internal/store/duckdb -run 'TestPeers/$(QUESTIONS)' -count=1 -v -timeout 0 -sessions $(SESSIONS) -peers '$(abspath $(STORES))/peers' \
			-peers-python '$(CURDIR)/$(CHDB)/bin/python' -peers-rounds $(ROUNDS) -peers-page '$(CURDIR)/docs/design/peers.md'; \
	fi

.PHONY: sizing
sizing: ## measure a store of SESSIONS (20000000) sessions, and write what all sizes so far say to docs/sizing.md
	$(GO) test ./internal/store/duckdb -run '^TestSizing$$' -count=1 -v -timeout 0 -sessions $(SESSIONS) -sizing '$(abspath $(STORES))/sizing' \
		-sizing-page '$(CURDIR)/docs/sizing.md'
