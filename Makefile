# Every target does its own set-up; all a machine needs is make and Python 3.11 or newer.
# What is installed is remembered in stamp files, so a second run starts at once.

VENV := .venv
BIN := $(VENV)/bin
# LOCKED=1, as in CI: only the very files that requirements/*.txt name by their hashes. Otherwise
# what pyproject.toml allows, because not every index of packages has those files.
LOCKED ?= $(CI)
RUNTIME := $(VENV)/.runtime$(if $(LOCKED),-locked)
TESTING := $(VENV)/.testing$(if $(LOCKED),-locked)
ABUSING := $(VENV)/.abusing
# The locked packages of the tests include those of the tests of web/.
WEBBING := $(if $(LOCKED),$(TESTING),$(VENV)/.webbing)
# CI measures how much of the pure code the unit tests cover; pyproject.toml says how much it has to be.
COVERAGE := $(if $(CI),--cov)
TOOLS := $(VENV)/.tools
# Integration tests mostly wait, for processes to start and for time-outs.
WORKERS ?= $(shell $(PYTHON) -c "import os; print(2 * (os.cpu_count() or 1))")

# The first interpreter that runs and is new enough: a name on the PATH alone proves neither.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check
PIP_OF := $(BIN)/python -m pip --quiet --disable-pip-version-check --python
TOOLS_BIN := $(VENV)/tools/bin
COMPILE := $(TOOLS_BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-emit-index-url $(if $(UPGRADE),--upgrade)

.DEFAULT_GOAL := help
.PHONY: help up check test labs websocket faults cluster abuse fuzz simulate web web-walks web-types bench lint types imports format install lock audit sbom clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(RUNTIME) ## run the whole system here: three nodes, no Redis needed; Ctrl-C drains and ends it
	@echo 'To talk, in another terminal: $(BIN)/chat localhost:9999 --nick YOU (or :10000, :10001)'
	@echo 'Or in a browser: http://localhost:8080/'
	@exec $(BIN)/python -m node --nodes 3 --web-port 8080

check: lint types imports ## check style, types and import rules, and run the unit tests
	$(BIN)/pytest tests/unit --numprocesses auto $(COVERAGE)

test: check ## run the integration tests, too: sockets, processes, terminals, a real Redis
	$(BIN)/pytest --numprocesses $(WORKERS) --dist loadfile tests/integration

labs: websocket ## run the laboratories in their short forms: faults, attacks, a simulation, the page
	$(BIN)/pytest --numprocesses auto --dist loadfile tests/labs

websocket: $(TESTING) ## run the system tests with clients over WebSocket; a part of `make labs`
	$(BIN)/pytest --websocket --numprocesses $(WORKERS) --dist loadfile tests/integration/system

faults: $(TESTING) ## break everything that can break, for 25 minutes, and print what it cost
	$(BIN)/python -m tests.labs.faults

cluster: $(TESTING) ## the same on a Redis Cluster, whose masters die and whose slots move, for 30 minutes
	$(BIN)/python -m tests.labs.faults --cluster

abuse: $(ABUSING) ## attack a running system in every way, for 18 minutes, and print what honest clients felt
	$(BIN)/python -m tests.labs.abuse

fuzz: $(ABUSING) ## say hostile bytes to a node's connection, for 10 minutes
	$(BIN)/python -m tests.labs.fuzz

simulate: $(TESTING) ## play 100,000 worlds with faults drawn from their seeds; this takes an hour or two
	$(BIN)/python -m tests.labs.simulation --seeds 100000

web: $(WEBBING) ## test the page and the library for browsers (web/); the page if there is a Chromium
	$(BIN)/pytest tests/unit/web tests/integration/web tests/labs/web

web-walks: $(WEBBING) ## compare it with the Python client in 20,000 random walks, for 15 minutes
	WALKS=20000 $(BIN)/pytest --timeout 7200 tests/integration/web/test_walks.py

# The only thing here that npm is needed for.
web-types: ## check the types of web/ with tsc; says so where there is no npm
	@if ! command -v npm >/dev/null; \
	then echo 'There is no npm: the types of web/ are not checked.'; \
	elif ! npm ci --prefix tests/web --silent --no-audit --no-fund; \
	then echo 'npm cannot install tsc: the types of web/ are not checked.'; \
	else tests/web/node_modules/.bin/tsc -p tests/web; fi

bench: $(RUNTIME) ## measure against other servers, over WebSocket and on clusters, for 45 minutes, and write docs/performance.md
	$(BIN)/python -m bench
	$(BIN)/python -m bench --websocket
	$(BIN)/python -m bench --shape shards

lint: $(TESTING) ## check the style
	$(BIN)/flake8
	$(BIN)/black --check --quiet --diff .

types: $(TESTING) ## check the types
	$(BIN)/mypy

imports: $(TESTING) ## check who imports whom
	$(BIN)/lint-imports

format: $(TESTING) ## put the code into shape
	$(BIN)/black .

install: $(RUNTIME) ## only install, into .venv

# Each lock keeps to the ones before it, so that they can be installed together.
lock: $(TOOLS) ## lock what pyproject.toml asks for; UPGRADE=1 takes the newest of everything
	$(COMPILE) pyproject.toml -o requirements/runtime.txt
	$(COMPILE) pyproject.toml --extra test --extra web -c requirements/runtime.txt -o requirements/test.txt
	$(COMPILE) requirements/build.in -c requirements/test.txt -o requirements/build.txt
	$(COMPILE) requirements/tools.in -c requirements/test.txt -c requirements/build.txt \
		-o requirements/tools.txt

audit: $(TOOLS) ## look for what an attacker could use in the workflows
	$(TOOLS_BIN)/zizmor --offline --quiet --persona pedantic .github

# From an environment with nothing in it but what the package needs.
sbom: $(TOOLS) ## list all that a node is made of, as CycloneDX, in build/sbom.cdx.json
	$(BIN)/python -m venv --clear --without-pip build/sbom
	$(PIP_OF) build/sbom/bin/python install --require-hashes -r requirements/runtime.txt
	$(TOOLS_BIN)/cyclonedx-py environment --pyproject pyproject.toml --output-reproducible \
		--output-file build/sbom.cdx.json build/sbom/bin/python

clean: ## remove what the other targets made
	rm -rf $(VENV) tests/web/node_modules build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# pip comes last into a new environment, so its presence says that one is whole. Its age says nothing.
$(BIN)/pip:
	@test -n '$(PYTHON)' || { echo 'No Python 3.11 or newer found; name one: make PYTHON=/path/to/python' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

# The locks name files and not folders: the project itself is installed without looking at the rest.
ifneq ($(LOCKED),)
$(RUNTIME): pyproject.toml requirements/runtime.txt requirements/build.txt | $(BIN)/pip
	$(PIP) --require-hashes -r requirements/runtime.txt -r requirements/build.txt
	$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

$(TESTING): $(RUNTIME) requirements/test.txt
	$(PIP) --require-hashes -r requirements/test.txt
	@touch $@
else
$(RUNTIME): pyproject.toml | $(BIN)/pip
	$(PIP) --editable .
	@touch $@

$(TESTING): pyproject.toml | $(BIN)/pip
	$(PIP) --editable '.[test]'
	@touch $(RUNTIME) $@

$(WEBBING): pyproject.toml | $(BIN)/pip
	$(PIP) --editable '.[test,web]'
	@touch $(RUNTIME) $(TESTING) $@
endif

# Apart from the rest, with which they have nothing to do.
$(TOOLS): requirements/tools.txt | $(BIN)/pip
	$(BIN)/python -m venv --clear --without-pip $(VENV)/tools
	$(PIP_OF) $(VENV)/tools/bin/python install --require-hashes -r $<
	@touch $@

$(ABUSING): pyproject.toml | $(BIN)/pip
	$(PIP) --editable '.[test,abuse]'
	@touch $(RUNTIME) $(TESTING) $@
