# Everything runs in .venv, which the first target that needs it makes from requirements.lock.
PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.made-from-lock
ARGS   ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo images test unit lint lint-mypy lint-pyright format bench fuzz readme notebooks charts reference lock clean

help: ## Show what can be made
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make the environment in .venv

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "frontrow needs Python 3.11 or newer; this is " + sys.version.split()[0] + ". Name another: make PYTHON=python3.12")'
	@$(PYTHON) -m venv $(VENV) || { echo "error: $(PYTHON) cannot make a virtual environment; on Debian install its venv package (python3-venv)"; exit 1; }
	@echo "installing the locked packages into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --use-pep517 --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: $(STAMP) ## Play a simulated live event through Kafka and Druid and watch the answers (ARGS=--keep leaves the stack up)
	@$(BIN)/frontrow demo $(ARGS)

images: $(STAMP) ## Build container images of Kafka and Druid for docker-compose.yml, without a registry
	@$(BIN)/frontrow images build

test: lint ## Lint, then run every test, on a real stack that is started and stopped
	@$(BIN)/python -m pytest --numprocesses=auto --max-worker-restart=0 $(ARGS)

unit: $(STAMP) ## Run only the tests that need no service
	@$(BIN)/python -m pytest -m "not stack and not containers" $(ARGS)

lint: $(STAMP) ## Check style and types (ruff, mypy, pyright)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(MAKE) --no-print-directory -j2 lint-mypy lint-pyright

lint-mypy: $(STAMP)
	@$(BIN)/mypy

lint-pyright: $(STAMP)
	@PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright

format: $(STAMP) ## Rewrite the code in its style
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench: $(STAMP) ## Measure, each number beside its alternative, on a stack of its own
	@$(BIN)/python -m tests.bench $(ARGS)

fuzz: $(STAMP) ## Fuzz the reading of CMCD and of Avro, half a minute each (needs atheris)
	@$(BIN)/python tests/fuzz/fuzz_cmcd.py $(ARGS)
	@$(BIN)/python tests/fuzz/fuzz_decoder.py $(ARGS)

readme: $(STAMP) ## Write the README's transcripts anew by running what they show
	@$(BIN)/python tests/packaging/record_readme.py

notebooks: $(STAMP) ## Run the notebooks in client/notebooks anew and store their output
	@$(BIN)/python tests/packaging/record_notebooks.py

charts: $(STAMP) ## Draw the pictures of charts in client/docs anew
	@$(BIN)/python tests/packaging/draw_charts.py

reference: $(STAMP) ## Write the API reference in client/docs anew
	@$(BIN)/python tests/packaging/write_reference.py

lock: $(STAMP) ## Write requirements.lock anew
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --group dev --generate-hashes --no-emit-index-url --no-header --upgrade -o requirements.lock pyproject.toml

clean: ## Remove the environment and what tests and builds left here
	rm -rf $(VENV) dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
