# `make demo` and `make test` need nothing but Python 3.11+, and set up the rest themselves.

SHELL := /bin/bash
.ONESHELL:
.SHELLFLAGS := -euo pipefail -c

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STATE := $(abspath build)
PYTEST_ARGS ?=
WORKERS ?= 2
LAB_ARGS ?=
CALLS ?= 100000
BENCH ?=

PANEL := jupyter_faas/labextension/package.json
PANEL_SOURCES := $(wildcard labextension/*.json labextension/yarn.lock) $(shell find labextension/src labextension/style labextension/schema -type f)

.PHONY: help demo test lint format reference panel dist bench bench-peers soak simulate lab clean

help:  ## This list
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: $(VENV)/.test  ## Publish three notebook functions and call them (KEEP=1 leaves them running)
	@trap '[ -n "$(KEEP)" ] || .ci/engine stop $(STATE)/demo' EXIT
	.ci/engine start $(STATE)/demo
	$(BIN)/python examples/demo.py $(if $(KEEP),--keep)

test: $(VENV)/.dev $(PANEL)  ## Every test, on a real Docker engine, a few files at a time (WORKERS=0: one by one)
	@.ci/tool curl
	.ci/tool debootstrap
	.ci/tool git
	.ci/tool chromium
	trap '.ci/engine stop $(STATE)/test' EXIT
	.ci/engine start $(STATE)/test
	(cd labextension && PATH="$(abspath $(BIN)):$$PATH" jlpm test)
	FAAS_TEST_DOCKER=require $(BIN)/python -m pytest -n $(WORKERS) --dist loadfile --no-loadscope-reorder \
	    --cov --cov-report=term:skip-covered $(PYTEST_ARGS)

lint: $(VENV)/.dev $(PANEL)  ## Formatting, lint and types
	@$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	cd labextension
	PATH="$(abspath $(BIN)):$$PATH" jlpm check

format: $(VENV)/.dev  ## Put the code into its form
	@$(BIN)/ruff check --fix-only .
	$(BIN)/ruff format .

reference: $(VENV)/.dev  ## Write docs/api.md anew
	@$(BIN)/python -m jupyter_faas.gateway.reference > docs/api.md

bench: $(VENV)/.test $(PANEL)  ## What calls and publishes take, as ratios to references of the same run (BENCH=warm,cold)
	@.ci/tool chromium
	trap '.ci/engine stop $(STATE)/bench' EXIT
	.ci/engine start $(STATE)/bench
	$(BIN)/python -m tests.benchmarks --groups '$(BENCH)' --json $(STATE)/bench.json

soak: $(VENV)/.test  ## Very many calls of every kind: each answer is right, nothing is left (CALLS=100000)
	@trap '.ci/engine stop $(STATE)/bench' EXIT
	.ci/engine start $(STATE)/bench
	$(BIN)/python -m tests.benchmarks.soak --calls $(CALLS) --json $(STATE)/soak.json

simulate: $(VENV)/.test  ## Policies of keep-alive on drawn traces: cold starts and memory
	@$(BIN)/python -m tests.benchmarks.keep_alive --json $(STATE)/keep-alive.json

bench-peers: $(VENV)/.test  ## The same functions behind other servers; writes docs/benchmarks/
	@.ci/tool wrk
	trap '.ci/engine stop $(STATE)/bench' EXIT
	.ci/engine start $(STATE)/bench
	$(BIN)/python -m tests.benchmarks.peers

panel: $(PANEL)  ## The JupyterLab panel, built from labextension/

$(PANEL): $(VENV)/.panel $(PANEL_SOURCES)
	@.ci/panel $(VENV)

dist: $(PANEL)  ## A wheel and a source archive in dist/, the panel included
	@$(BIN)/python -m build --outdir dist .

lab: $(VENV)/.lab $(PANEL)  ## JupyterLab with the examples, a running gateway and a first function
	@export PATH="$(abspath $(BIN)):$$PATH"
	.ci/engine start $(STATE)/lab
	jupyter faas serve --background
	echo "Publishing the function of examples/figure.ipynb …"
	jupyter faas publish examples/figure.ipynb || echo "JupyterLab starts all the same."
	jupyter lab --notebook-dir examples $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_ARGS)

clean:  ## Forget the virtual environment and everything built
	@rm -rf $(VENV) build dist jupyter_faas/labextension labextension/node_modules labextension/lib .mypy_cache .ruff_cache .pytest_cache .hypothesis .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# One virtual environment; each mark installs an extra into it.
$(VENV)/.test $(VENV)/.dev $(VENV)/.lab $(VENV)/.panel: $(VENV)/.%: pyproject.toml
	@.ci/venv $(PYTHON) $(VENV)
	echo "Installing jupyter-faas into $(VENV) …"
	$(BIN)/python -m pip install -q --disable-pip-version-check -e '.[$*]'
	touch $@
