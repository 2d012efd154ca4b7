# Targets: generate | test | check | e2e | bench | golden
export PIP_DISABLE_PIP_VERSION_CHECK = 1
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --constraint .constraints.txt --editable

.PHONY: generate test check e2e bench golden

generate: .venv/runtime ## write templates/ from breakglass.yaml
	$(BIN)/cfn-breakglass generate

test: .venv/dev ## run the tests
	$(BIN)/pytest --numprocesses auto

check: .venv/dev ## lint, types, and the tests with the coverage gate
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest --numprocesses auto --cov --cov-report=term

e2e: .venv/dev ## the committed templates: those of breakglass.yaml, and AWS would take them
	$(BIN)/cfn-breakglass generate --check
	$(BIN)/cfn-breakglass validate

bench: .venv/dev ## what generate costs beside what it cannot do without, and simulate beside orjson and moto
	$(BIN)/python tests/bench_generate.py
	$(BIN)/python tests/bench_simulate.py

golden: .venv/dev ## write the golden templates, messages and schema anew; then review the diff
	$(BIN)/python tests/golden.py

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/runtime: .venv/bin/python pyproject.toml .constraints.txt
	$(INSTALL) .
	touch $@

.venv/dev: .venv/runtime
	$(INSTALL) '.[dev]'
	touch $@
