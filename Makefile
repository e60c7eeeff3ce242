# Everything a person or a machine does here starts with `make`.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help

VENV := .venv
BIN := $(VENV)/bin
UV := .uv/bin/uv
COMPILE = $(CURDIR)/$(UV) pip compile --quiet --universal --generate-hashes --no-header --no-annotate --python-version 3.13
PY := $(BIN)/python
WORKERS ?= auto
# Workers of the tests that start servers, most of which wait for a minute to come; slowest first.
SERVERS ?= 3

# Where every line and every branch has a unit test.
CORE := */haetae/kernel/*,*/haetae/ledger/*,*/haetae/market/*,*/haetae/app/orders/*

# What goals may be told. A name on the command line that a goal does not take is refused; the values
# go to programs in the environment, as they are, and never through the text of a recipe.
# A shell's own LANGUAGE is that of its programs.
GOALS := $(or $(MAKECMDGOALS),$(.DEFAULT_GOAL))
quoted = '$(subst ','\'',$(1))'
NAMES := $(foreach name,$(.VARIABLES),$(if $(filter command,$(origin $(name))),$(name)))
ifneq ($(NAMES),)
REFUSAL := $(shell python3 infra/local/haetae_local/make_variables.py $(call quoted,$(NAMES)) $(call quoted,$(GOALS)))
ifneq ($(REFUSAL),)
$(error $(REFUSAL))
endif
endif
MAKEOVERRIDES :=
ifneq ($(origin LANGUAGE),command line)
LANGUAGE :=
endif
HANDED := SOURCE CANDLES UPSTREAM SPEED MARKETS PROFILE INTERVAL SETTINGS CONFIG LANGUAGE \
  ENDPOINT EXCHANGE F EVENT FOLLOW REASON CONFIRM WORKERS SERVERS
$(foreach name,$(HANDED),$(eval override $(name) := $$(value $(name))))
export $(HANDED)
LOCALLY = $(PY) -m haetae_local.make
# What must not wait for an installation that is there already.
READY = $(if $(wildcard $(BIN)/haetae),,setup)
LOCAL := .localstack/venv/.ready .localstack/runtime/.ready .sam/venv/.ready

.PHONY: help setup setup-local lock check format test coverage parity bench docs clean \
  up down deploy-local deploy invoke logs doctor status kill resume

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

.localstack/venv/.ready: infra/localstack/requirements.txt infra/localstack/pyproject.toml | $(UV)
	@$(UV) venv --quiet --clear --python 3.13 .localstack/venv
	@$(UV) pip sync --quiet --python .localstack/venv/bin/python --require-hashes $<
	@$(UV) pip install --quiet --python .localstack/venv/bin/python --no-deps --no-build-isolation -e infra/localstack
	@touch $@

.localstack/runtime/.ready: infra/localstack/runtime.txt | $(UV)
	@$(UV) venv --quiet --clear --python 3.13 .localstack/runtime
	@$(UV) pip sync --quiet --python .localstack/runtime/bin/python --require-hashes $<
	@touch $@

.localstack/layer/.ready: requirements/layer.txt layers/dependencies/Makefile | $(BIN)/haetae
	@rm -rf .localstack/layer && mkdir -p .localstack/layer
	@$(MAKE) --silent -C layers/dependencies build-DependenciesLayer ARTIFACTS_DIR='$(CURDIR)/.localstack/layer'
	@touch $@

.sam/venv/.ready: requirements/sam.txt | $(UV)
	@$(UV) venv --quiet --clear --python 3.13 .sam/venv
	@$(UV) pip sync --quiet --python .sam/venv/bin/python --require-hashes $<
	@touch $@

setup-local: setup $(LOCAL) ## install LocalStack and the SAM CLI, each in a place of its own

up: setup-local ## run everything here: SOURCE=synthetic|live|replay CANDLES=… SPEED=… MARKETS=… PROFILE=… INTERVAL=… CONFIG=…
	@$(LOCALLY) up

down: $(READY) ## keep the paper account and stop everything
	@$(LOCALLY) down

deploy-local: setup-local ## deploy changed code or a changed template to what runs; the data stays
	@$(LOCALLY) deploy

deploy: setup-local ## deploy to AWS with your own credentials; asks for what it needs
	@.sam/venv/bin/sam build --cached --parallel
	@.sam/venv/bin/sam deploy --guided --capabilities CAPABILITY_IAM

invoke: setup ## send an event to a function: F=trading_cycle EVENT=events/trading_cycle.json
	@$(LOCALLY) invoke

logs: $(READY) ## what the functions logged: F=risk_check FOLLOW=1
	@$(LOCALLY) logs

doctor: setup ## what runs and what is wrong here, and what to do about it: CONFIG=…
	@$(LOCALLY) doctor

status: $(READY) ## what the bot holds and does
	@$(LOCALLY) status

kill: $(READY) ## cancel everything, sell everything, halt: REASON=…
	@$(LOCALLY) kill

resume: setup ## trade again: REASON=… CONFIRM='RESUME main'
	@$(LOCALLY) resume

lock: $(UV) ## resolve the dependencies again into requirements/*.txt
	@$(COMPILE) pyproject.toml -o requirements/runtime.txt
	@$(COMPILE) --extra research --extra dev pyproject.toml -c requirements/runtime.txt -o requirements/dev.txt
	@$(COMPILE) --extra context pyproject.toml -c requirements/dev.txt -o requirements/layer.txt
	@$(COMPILE) requirements/sam.in -o requirements/sam.txt
	@cd infra/sandbox && $(COMPILE) --extra parquet pyproject.toml -c ../../requirements/dev.txt -o requirements.txt
	@cd infra/localstack && $(COMPILE) --extra build pyproject.toml -o requirements.txt
	@cd infra/localstack && $(COMPILE) runtime.in -o runtime.txt

check: setup .localstack/layer/.ready ## format, lint, types, contracts, house and unit tests (under a minute)
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@PYTHONDONTWRITEBYTECODE= $(BIN)/cfn-lint template.yaml
	@$(BIN)/pytest -q -n "$$WORKERS" $(COVER) tests/house tests/unit

format: setup ## put the code in its one format
	@$(BIN)/ruff format . && $(BIN)/ruff check --fix .

test: COVER := --cov --cov-report=
test: check setup-local ## the whole suite, the deployed bot included; unit tests reach all of the core
	@$(BIN)/coverage html --quiet
	@$(BIN)/coverage report --skip-covered --show-missing --include='$(CORE)' --fail-under=100
	@$(BIN)/pytest -q -n "$$WORKERS" --dist worksteal -m "not long" $(addprefix --ignore tests/,house unit local) tests
	@$(BIN)/pytest -q -n "$$SERVERS" --dist loadfile --no-loadscope-reorder -m "not long" tests/local

coverage: setup-local ## what the tests reach of the product, by branch: out/coverage/index.html
	@rm -rf out/coverage && mkdir -p out/coverage
	@$(BIN)/pytest -q -n "$$WORKERS" --dist worksteal -m "not long" --cov --cov-report= $(addprefix tests/,unit property contract app functions)
	@$(BIN)/coverage html --quiet
	@$(BIN)/coverage report --skip-covered
	@$(BIN)/coverage report --skip-covered --show-missing --include='$(CORE)' --fail-under=100

parity: setup-local ## the long matrix: backtest against replay on every tape; ten minutes of schedules
	@$(BIN)/pytest -q -n "$$WORKERS" --dist worksteal -m long tests/parity
	@$(BIN)/pytest -q -n "$$SERVERS" --dist loadfile -m long tests/local

bench: setup-local ## measure; prints and saves out/bench*.json
	@$(PY) -m haetae.research.bench --json out/bench.json
	@$(PY) -m haetae_local.bench.sandbox --json out/bench_sandbox.json
	@$(PY) -m haetae_local.bench.deployed --json out/bench_local.json

docs: setup ## write docs/settings.md, .env.example and the table of docs/sandbox.md again
	@PYTHONPATH=tests $(PY) -m sandbox.documented
	@$(PY) -m haetae.cli settings --page > docs/settings.md
	@$(PY) -m haetae.cli settings --dotenv > .env.example

clean: ## remove what make made
	@rm -rf .venv .uv .localstack .sam .aws-sam out .mypy_cache .ruff_cache .pytest_cache .cache
