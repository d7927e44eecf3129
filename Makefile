# Needs Python 3.11 or later, make and a package registry. All that it makes is in .venv.

PYTHON =
PYTHONS = $(or $(PYTHON),python3.11 python3.12 python3.13 python3.14 python3)
PROBE = import sys, ensurepip, sqlite3, ssl, venv; sys.exit(sys.version_info < (3, 11))

RUN = .venv/bin/python -m
READY = .venv/ready
CODE = migrate mappings adapters tests $(wildcard examples)
WORKERS = 2

# Compiled modules go beside the other caches and not into the checkout.
export PYTHONPYCACHEPREFIX := $(CURDIR)/.venv/cache/python

.PHONY: help demo test lint soak bench lowest lock clean

help: ## show this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "make %-7s %s\n", $$1, $$2 }' Makefile

demo: $(READY) ## import the example export into a Matrix homeserver of its own (ARGS=--keep)
	.venv/bin/chat-migrate demo $(ARGS)

test: lint ## lint, type-check and run every test but the long ones
	$(RUN) pytest -n $(WORKERS) --dist loadgroup $(ARGS)

lint: $(READY) ## check style and types
	$(RUN) ruff check $(CODE)
	$(RUN) ruff format --check $(CODE)
	$(RUN) mypy $(CODE)

soak: $(READY) ## run the long tests
	$(RUN) pytest -m soak -s $(ARGS)

bench: $(READY) ## measure the speeds
	$(RUN) pytest -m bench -s $(ARGS)

lowest: $(READY) ## run the tests with the oldest releases that pyproject.toml allows
	$(RUN) uv venv --quiet --clear --python .venv/bin/python .venv/lowest
	$(RUN) uv pip install --quiet --python .venv/lowest --resolution lowest-direct -e '.[synapse]'
	$(RUN) uv pip install --quiet --python .venv/lowest --group dev
	.venv/lowest/bin/python -m pytest -n $(WORKERS) --dist loadgroup $(ARGS)

lock: $(READY) ## bring requirements.lock up to pyproject.toml (ARGS=--upgrade: to today)
	$(RUN) uv pip compile --quiet --universal --python-version 3.11 --generate-hashes \
		--extra synapse --group dev --custom-compile-command 'make lock' \
		--output-file requirements.lock $(ARGS) pyproject.toml

clean: ## remove .venv, and with it all that make has made
	rm -rf .venv

# Only the new environment's own pip and what the lock names with its hash takes part.
$(READY): pyproject.toml requirements.lock | .venv/bin/pip
	@echo "Setting up .venv from requirements.lock: about a minute, once."
	$(RUN) pip install --quiet --no-compile --require-hashes -r requirements.lock
	$(RUN) pip install --quiet --no-compile --no-deps --no-build-isolation --editable .
	$(RUN) pip check
	@touch $@

.venv/bin/pip:
	@for python in $(PYTHONS); do \
		"$$python" -c '$(PROBE)' 2>/dev/null && exec "$$python" -m venv --clear .venv; \
	done; \
	echo "make: no Python 3.11 or later with venv, ssl and sqlite3 was found;" \
		"install one, or name it: make PYTHON=/path/to/python3.11" >&2; exit 2
