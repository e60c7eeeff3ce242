# Everything a person or a machine does here starts with `make`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
UV := .uv/bin/uv
PY := $(BIN)/python
WORKERS ?= auto

.PHONY: help setup lock check format lint types contracts test unit parity bench clean

help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(UV): requirements/uv.txt
	@python3 -c 'import sys; sys.exit(sys.version_info[:2] != (3, 13))' \
	  || { echo "haetae needs Python 3.13 as python3; install it with: pyenv install 3.13"; exit 2; }
	@rm -rf .uv && python3 -m venv .uv && .uv/bin/python -m pip install --quiet --require-hashes -r requirements/uv.txt
	@touch $@

$(BIN)/haetae: $(UV) requirements/dev.txt pyproject.toml
	@test -x $(PY) || $(UV) venv --quiet --python 3.13 $(VENV)
	@$(UV) pip sync --quiet --python $(PY) --require-hashes requirements/dev.txt
	@$(UV) pip install --quiet --python $(PY) --no-deps --no-build-isolation -e .
	@touch $@

setup: $(BIN)/haetae ## install the locked tools and the product into .venv

lock: $(UV) ## resolve the dependencies again into requirements/*.txt
	@$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.13 pyproject.toml -o requirements/runtime.txt
	@$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.13 --extra research --extra dev pyproject.toml -c requirements/runtime.txt -o requirements/dev.txt

check: setup ## format, lint, types, contracts, house and unit tests (under a minute)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/cfn-lint template.yaml
	@$(BIN)/pytest -q -n $(WORKERS) tests/house tests/unit

format: setup ## put the code in its one format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

test: check ## the whole suite
	@$(BIN)/pytest -q -n $(WORKERS) --dist worksteal -m "not long" tests

parity: setup ## the long matrix: backtest against replay on every tape
	@$(BIN)/pytest -q -n $(WORKERS) --dist worksteal -m long tests/parity

bench: setup ## measure; prints and saves out/bench.json
	@$(PY) -m haetae.research.bench --json out/bench.json

clean: ## remove what make made
	@rm -rf .venv .uv out .mypy_cache .ruff_cache .pytest_cache .cache
