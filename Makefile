# The commands of this project. Cargo builds; this file only puts its calls together.

TARGET := $(or $(CARGO_TARGET_DIR),target)
VENV := $(TARGET)/test-venv
NODE_MODULES := $(patsubst %,%/node_modules/.package-lock.json,api/tests/node clients/typescript)
CARGO_DENY_VERSION := 0.20.2

# The tests that need services (scripts/services.sh starts those), and the adapters of a deployment they are about.
FEATURES := data-inspector-e2e/oracle,data-inspector-e2e/services,data-inspector-e2e/node

.PHONY: run test soak measure bench dist check node playground

# The whole service in one process at http://127.0.0.1:8080, with the sample file inspected. ARGS="--listen …"
run:
	cargo run --release --locked --bin data-inspector -- $(ARGS)

# Everything that must hold. DuckDB is an oracle for values on clean files, so Python has to be able to import
# it. The benchmark runs tiny: it checks our row counts on all its files, not our speed.
test: $(VENV)/ready node
	@# The services live as long as the tests, in a folder of their own, whatever becomes of the tests.
	set -e; services=$$(mktemp -d); \
	trap 'scripts/services.sh stop "$$services"; rm -rf "$$services"' EXIT; trap 'exit 130' INT; trap 'exit 143' TERM; \
	exported=$$(scripts/services.sh start "$$services"); eval "$$exported"; unset DATA_INSPECTOR_PROGRAMS; \
	DATA_INSPECTOR_TEST_PYTHON=$(abspath $(VENV))/bin/python cargo test --workspace --locked \
	  --features $(FEATURES)
	python3 bench/compare.py --size 1M --rounds 1 --peers none --profile test --out $(TARGET)/bench-smoke

# Random faults on a whole system for a while, e.g. make soak MINUTES=20; SEED=… does the same again.
soak:
	DATA_INSPECTOR_SOAK_MINUTES=$(or $(MINUTES),2) DATA_INSPECTOR_SOAK_SEED=$(SEED) cargo test --workspace --locked \
	  --features $(FEATURES) --test it -- cluster::soak --nocapture

# How fast a deployment is, in figures, with the programs as they are released. MEASURE=events or =workers for one part.
measure:
	cargo build --release --locked --bin data-inspector --bin data-inspector-worker \
	  --features data-inspector-api/cluster,data-inspector-worker/cluster
	DATA_INSPECTOR_PROGRAMS=$(abspath $(TARGET))/release DATA_INSPECTOR_MEASURE=$(MEASURE) \
	  cargo bench --workspace --locked --features $(FEATURES) --bench deployment

# Remade as a whole: a virtual environment dies with the Python it was made from.
$(VENV)/ready: e2e/requirements.txt
	python3 -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	touch $@

# Other people's programs that say what they think of the API: audits, clients, a browser; and our client for them.
node: $(NODE_MODULES)
	scripts/node.sh

$(NODE_MODULES): %/node_modules/.package-lock.json: %/package-lock.json
	scripts/node.sh
	cd $* && npm ci --no-audit --no-fund
	touch $@

# Bundles the playground again after a change in web/playground; what it makes is committed.
playground:
	cd web/playground && npm ci --no-audit --no-fund && npm run build

# Side by side with other profilers, e.g. make bench ARGS="--size 10G --kinds mixed --rounds 5".
# The first run builds the peers, which takes a while; see bench/README.md.
bench:
	python3 bench/compare.py $(ARGS)

# The command line and server as fast as they get, in target/dist: with a profile of the engine at work, which takes
# some minutes more and `rustup component add llvm-tools`. ARGS as for cargo build, e.g. features (docker/Dockerfile).
dist:
	scripts/dist.sh $(or $(ARGS),--workspace --bin data-inspector)

# Style, lints, documentation and dependencies. Drift of generated files is checked by tests.
check:
	cargo fmt --all --check
	cargo clippy --workspace --all-targets --locked --features $(FEATURES) -- -D warnings
	RUSTDOCFLAGS="-D warnings" cargo doc --workspace --no-deps --locked
	command -v cargo-deny > /dev/null || cargo install --locked cargo-deny@$(CARGO_DENY_VERSION)
	cargo deny --locked check --hide-inclusion-graph bans licenses sources
	@# The advisory database is a git repository; where it is out of reach, the other checks still count.
	@if cargo deny --locked fetch db; then cargo deny --locked check --disable-fetch advisories; \
	else echo "ADVISORIES NOT CHECKED: the database could not be fetched" >&2; fi
