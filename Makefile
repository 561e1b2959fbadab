# One word a task; `make` alone lists them.

PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-input
LOCKED := --require-hashes --only-binary :all:
PYTEST := $(BIN)/pytest -n 2 -ra
PACKAGES := ledger contracts nodes api cli

.PHONY: help demo test check fix bench docs soak tools lock clean
.DELETE_ON_ERROR:

help: ## this list
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' Makefile

demo: .venv/node.stamp ## play the main job on real input, into lading-demo/
	$(BIN)/lading demo

test: .venv/dev.stamp ## run every test; what needs an absent program skips, with the reason
	$(PYTEST)

check: .venv/dev.stamp ## style, types, layers, documents
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/python tools/check_docs.py

fix: .venv/dev.stamp ## mend style and format
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/node.stamp ## measure, and print the figures with their ratios
	$(BIN)/lading bench

docs: .venv/dev.stamp ## run what shows the thirty properties, and write the generated documents anew
	$(BIN)/python tools/docs_reliability.py
	$(BIN)/python tools/make_docs.py

soak: .venv/dev.stamp ## long tests, and the property tests with many random examples
	$(PYTEST) -m "soak or not soak" --hypothesis-profile=soak tests/property
	$(PYTEST) -m soak || test $$? -eq 5  # 5: no test has the mark

tools: ## install the programs that some tests need (Debian's packages)
	tools/install_tools.sh

lock: ## write requirements/*.txt anew from pyproject.toml
	tools/lock.sh $(UPGRADE)

clean: ## remove everything that make made
	rm -rf .venv .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache build dist lading-demo
	find $(PACKAGES) tests tools -name __pycache__ -type d -prune -exec rm -rf {} +

# The environment. A stamp is as new as the lock that was installed; the development lock holds
# the node's, in the same versions.

.venv/pyvenv.cfg:
	@PYTHON="$(PYTHON)" tools/make_venv.sh

.venv/node.stamp: .venv/pyvenv.cfg requirements/node.txt pyproject.toml
	@echo "installing what a node needs into .venv (the first time takes about a minute)"
	@$(PIP) $(LOCKED) --requirement requirements/node.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch $@

.venv/dev.stamp: .venv/pyvenv.cfg requirements/dev.txt pyproject.toml
	@echo "installing what tests and checks need into .venv (the first time takes about a minute)"
	@$(PIP) $(LOCKED) --requirement requirements/dev.txt
	@$(PIP) --no-deps --no-build-isolation --editable .
	@touch .venv/node.stamp $@
