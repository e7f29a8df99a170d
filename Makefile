# Every target does its own set-up; all a machine needs is make and Python 3.11 or newer.
# What is installed is remembered in stamp files, so a second run starts at once.

VENV := .venv
BIN := $(VENV)/bin
RUNTIME := $(VENV)/.runtime
TESTING := $(VENV)/.testing

# The first interpreter that runs and is new enough: a name on the PATH alone proves neither.
PYTHON ?= $(shell for python in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo $$python && break; done)
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help up test faults simulate bench lint types imports format install clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-9s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

up: $(RUNTIME) ## run the whole system here: three nodes, no Redis needed; Ctrl-C ends it
	@echo 'To talk, in another terminal: $(BIN)/chat localhost:9999 --nick YOU (or :10000, :10001)'
	@exec $(BIN)/python -m node --nodes 3

test: lint types imports ## check everything: style, types, import rules, tests
	$(BIN)/pytest

faults: $(TESTING) ## break everything that can break, for 23 minutes, and print what it cost
	$(BIN)/python -m tests.faults

simulate: $(TESTING) ## play 100,000 worlds with faults drawn from their seeds; this takes an hour or two
	$(BIN)/python -m tests.simulation --seeds 100000

bench: $(RUNTIME) ## measure against other servers, for 25 minutes, and write docs/performance.md
	$(BIN)/python -m bench

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

clean: ## remove what the other targets made
	rm -rf $(VENV) build dist *.egg-info .hypothesis .mypy_cache .pytest_cache .import_linter_cache
	find . -name __pycache__ -prune -exec rm -rf {} +

# pip comes last into a new environment, so its presence says that one is whole. Its age says nothing.
$(BIN)/pip:
	@test -n '$(PYTHON)' || { echo 'No Python 3.11 or newer found; name one: make PYTHON=/path/to/python' >&2; exit 1; }
	$(PYTHON) -m venv --clear $(VENV)

$(RUNTIME): pyproject.toml | $(BIN)/pip
	$(PIP) --editable .
	@touch $@

$(TESTING): pyproject.toml | $(BIN)/pip
	$(PIP) --editable '.[test]'
	@touch $(RUNTIME) $@
