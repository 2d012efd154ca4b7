# Targets: generate | test | test-all | check | scan | e2e | demo | bench | golden | handlers | policies | mutants | pictures | upgrade
export PIP_DISABLE_PIP_VERSION_CHECK = 1
PYTHON ?= python3
BIN := .venv/bin
INSTALL := $(BIN)/pip install --quiet --constraint .constraints.txt --editable

.PHONY: generate test test-all check scan e2e demo bench golden handlers policies mutants pictures upgrade

generate: .venv/runtime ## write templates/ from breakglass.yaml
	$(BIN)/cfn-breakglass generate

test: .venv/dev ## run the tests in about two minutes, and say what that leaves out
	$(BIN)/pytest --numprocesses auto --dist worksteal

test-all: .venv/dev ## run every test in every variant and region, with the coverage gate
	$(BIN)/pytest --all --numprocesses auto --dist worksteal --cov --cov-report=term

check: .venv/dev ## lint, types, and the committed templates: those of breakglass.yaml, and AWS would accept them
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/cfn-breakglass generate --check
	$(BIN)/cfn-breakglass validate

scan: .venv/dev ## cfn-lint, checkov and parliament over every committed template and policy; and proof that they look
	$(BIN)/python tests/scanners/scan.py
	$(BIN)/pytest tests/scanners

e2e: .venv/dev ## deploy and exercise the templates on a local AWS, as a plain process
	$(BIN)/python tests/e2e/localstack.py 'end to end' $(BIN)/pytest --exitfirst tests/e2e

demo: .venv/dev ## the committed templates on a local AWS, until Ctrl-C, to set off alerts by hand
	$(BIN)/python tests/e2e/localstack.py demo $(BIN)/python tests/e2e/demo.py up

bench: .venv/dev ## how large the templates are, what generate costs, and simulate beside orjson, DuckDB and moto
	$(BIN)/python tests/bench/bench_sizes.py
	$(BIN)/python tests/bench/bench_generate.py
	$(BIN)/python tests/bench/bench_simulate.py

golden: .venv/dev ## write the golden templates, messages and schema anew; then review the diff
	$(BIN)/python tests/helpers/golden_cases.py

handlers: .venv/dev ## write which calls CloudFormation makes for each type of resource, from cfn-lint's schemas
	$(BIN)/python tests/helpers/handler_data.py

policies: .venv/dev ## write the names of AWS's managed policies, from moto's list
	$(BIN)/python tests/helpers/managed_policy_data.py

mutants: .venv/dev ## change one small thing in the product at a time, and see that a test notices
	$(BIN)/python tests/mutants/run.py

pictures: .venv/dev ## draw the runbook, a receipt and a report as they are printed, for docs/; then look at them
	$(BIN)/python tests/helpers/pictures.py

upgrade: .venv/dev ## raise the pins in .constraints.txt, and show what AWS has now that nobody has decided about
	$(BIN)/pip install --quiet --upgrade --upgrade-strategy eager --editable '.[dev]'
	$(BIN)/pip freeze --all --exclude pip --exclude-editable | LC_ALL=C sort --ignore-case >.constraints.txt
	git --no-pager diff --unified=0 .constraints.txt
	$(BIN)/pytest --all tests/aws tests/detections/test_decided_calls.py tests/detections/test_named_parts.py

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/runtime: .venv/bin/python pyproject.toml .constraints.txt
	$(INSTALL) .
	touch $@

.venv/dev: .venv/runtime
	$(INSTALL) '.[dev]'
	touch $@
