# Python 3.11+, make and git are all that these targets need; they build .venv themselves.
#   make demo   the main job on the embedded sample, a report to look at
#   make test   the whole proof
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PYTHON ?= $(shell for p in python3.13 python3.12 python3.11 python3; do \
	if command -v $$p >/dev/null 2>&1 && $$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then echo $$p; break; fi; done)
UV := $(shell command -v uv 2>/dev/null)
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest -n $(WORKERS)

.PHONY: demo test test-all check local-model bench docs constraints clean format
.DEFAULT_GOAL := test

# An empty stamp per set of packages: nothing is installed again until a file it depends on changes.
$(BIN)/python:
	@test -n "$(PYTHON)" || { echo "evenwatt needs Python 3.11 or newer on the PATH (or: make PYTHON=/path/to/python3.11 ...)"; exit 1; }
ifeq ($(UV),)
	@$(PYTHON) -c 'import ensurepip' 2>/dev/null || { echo "this Python cannot make virtual environments: install the package python3-venv"; exit 1; }
	$(PYTHON) -m venv $(VENV)
else
	$(UV) venv --quiet --python $(PYTHON) $(VENV)
endif

ifeq ($(UV),)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check
else
INSTALL := $(UV) pip install --quiet --python $(BIN)/python
endif

$(VENV)/.core: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing evenwatt and what it runs on ..."
	@$(INSTALL) -e . -c constraints.txt
	@touch $@

$(VENV)/.everything: pyproject.toml constraints.txt | $(BIN)/python
	@echo "installing evenwatt, its extras and the developers' tools (once) ..."
	@$(INSTALL) -e '.[all,dev]' -c constraints.txt
	@touch $@ $(VENV)/.core

demo: $(VENV)/.core
	@$(BIN)/evenwatt demo

check: $(VENV)/.everything
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

test: check
	$(PYTEST)

test-all: check
	$(PYTEST) -m ""

# Opt-in: needs a model server of your own (docs/how-to/language-models.md, part 6); proves plumbing, not behaviour.
local-model: $(VENV)/.everything
	@test -n "$$EVENWATT_LLM_URL" || { echo "name a model server: make local-model EVENWATT_LLM_URL=http://127.0.0.1:8000/v1 (docs/how-to/language-models.md, part 6)"; exit 1; }
	$(BIN)/python -m pytest -n 0 -m slow -s tests/policies/language/test_local_model.py

bench: $(VENV)/.everything
	@for script in benchmarks/*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

docs: $(VENV)/.everything
	@$(BIN)/python -c 'import mkdocs' 2>/dev/null || $(INSTALL) -e '.[docs]' -c constraints.txt
	$(BIN)/python -m mkdocs build --strict
	@echo "docs: site/index.html"

constraints: $(VENV)/.everything
	@$(BIN)/python -c 'import uv' 2>/dev/null || $(INSTALL) uv
	$(BIN)/uv pip compile --quiet --universal --upgrade --no-header --no-annotate --all-extras pyproject.toml -o constraints.txt
	@! grep -n '://' constraints.txt

format: $(VENV)/.everything
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) build dist site .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache demo
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
