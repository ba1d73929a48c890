# Tandem's commands. `make demo` needs a Rust toolchain and a C compiler, nothing else.

SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

CARGO ?= cargo
export TANDEM_CORPUS ?= $(abspath ../shared/corpus)

.PHONY: help
help: ## Says what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F':.*## ' '{ printf "  make %-10s %s\n", $$1, $$2 }'

.PHONY: demo
demo: ## Shows Tandem at work: an example desk, simulated agents, fifty mails
	$(CARGO) run --quiet --release --package tandem -- demo

.PHONY: test
test: ## Everything that is checked before a change lands
	tests/run.sh

.PHONY: setup
setup: ## Installs PostgreSQL and nats-server where they are missing
	tests/setup.sh

.PHONY: format
format: ## Formats the code
	$(CARGO) fmt --all

.PHONY: lint
lint: ## Checks format, clippy, docs and the contracts
	$(CARGO) fmt --all --check
	$(CARGO) clippy --workspace --all-targets --all-features -- -D warnings
	RUSTDOCFLAGS=-Dwarnings $(CARGO) doc --workspace --no-deps
	tests/contracts.sh

.PHONY: chaos
chaos: ## 200 seeded kill -9s in both ways of running, then an audit (minutes)
	tests/chaos.sh

.PHONY: foreign
foreign: ## Clients that are not ours: Python over SMTP and gRPC reflection, swaks
	tests/foreign.sh

.PHONY: bench
bench: ## Ratios, measured side by side in one run
	$(CARGO) bench --package tandem-store --bench commit
	$(CARGO) bench --package tandem-desk --bench wheel
	$(CARGO) bench --package tandem-routing --bench decision
	$(CARGO) bench --package tandem-routing --bench memory
	$(CARGO) bench --package tandem-desk --bench replay
	$(CARGO) bench --package tandem-desk --bench durable
	$(CARGO) build --release --workspace --bins
	$(CARGO) bench --package tandem-tests --bench latency

.PHONY: theory
theory: ## Holds the router against queueing theory; `make theory SEED=7` for other runs (minutes)
	$(CARGO) run --release --quiet --package tandem-theory -- $(if $(SEED),--seed $(SEED))

.PHONY: fuzz
fuzz: ## Fuzzes the expression parser, coverage-guided, needs a C++ compiler; `make fuzz SECONDS=600`
	crates/domain/fuzz/run.sh $(SECONDS)

.PHONY: mutants
mutants: ## Which changes of the core no test notices (hours); `make mutants SHARD=3/40`, see docs/mutants.md
	tests/mutants.sh $(SHARD)

.PHONY: deny
deny: ## Bans, licences and sources of dependencies; advisories where their database can be reached
	tests/deny.sh

.PHONY: manifests
manifests: ## Renders and validates the Kubernetes manifests
	tests/manifests.sh

.PHONY: image
image: ## Builds the container image
	deploy/build-image.sh
