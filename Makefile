# Sealwright. Two commands do it all on a fresh machine with Python 3.11+ and make: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo test lint model firmware bench bench-device format clean

help: ## What there is to make
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-13s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/run.stamp ## Three machines measure, sign, pay each other and get settled
	$(BIN)/sealwright demo --home build/demo

test: $(VENV)/dev.stamp ## All tests, device code under CPython and unix MicroPython
	$(BIN)/python -m pytest --numprocesses auto --dist worksteal

lint: $(VENV)/dev.stamp ## ruff, mypy --strict on the host, mypy with the boards' stubs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/python firmware/tools/check_types.py

model: $(VENV)/dev.stamp ## The payment channel's model in larger bounds; needs spin, gcc, 8 GB and some minutes
	SEALWRIGHT_MODEL=large $(BIN)/python -m pytest tests/model

bench: $(VENV)/dev.stamp ## Sizes and speeds, as ratios within this run; also in build/bench.json
	$(BIN)/python tests/bench/bench.py

bench-device: $(VENV)/dev.stamp ## The same on an emulated Pico; SEALWRIGHT_PICO_UF2 names a MicroPython image
	$(BIN)/python -m tests.pico.bench

firmware: $(VENV)/dev.stamp ## Compile the device code for each architecture into build/
	$(BIN)/python firmware/tools/build.py

format: $(VENV)/dev.stamp ## Lay out the code
	$(BIN)/ruff check --fix
	$(BIN)/ruff format

clean: ## Remove what was made here
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# pip older than 25.1 does not know dependency groups; this one is pinned with the rest
$(VENV)/pip.stamp:
	@$(PYTHON) -c 'import sys; sys.exit("Sealwright needs Python 3.11 or newer; set PYTHON=...") if sys.version_info < (3, 11) else 0'
	$(PYTHON) -m venv $(VENV)
	$(PIP) install pip==26.3
	@touch $@

$(VENV)/run.stamp: pyproject.toml $(VENV)/pip.stamp
	@echo "Installing what the demo needs (about half a minute)"
	$(PIP) install --group lock --editable .
	$(PIP) install --no-deps --group series
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	@echo "Installing what tests and lint need"
	$(PIP) install --group lock --group test --group lint
	$(PIP) install --no-deps --upgrade --target build/cbor2-6 --group cbor2-6
	$(PIP) install --no-deps --upgrade --target build/stubs/rp2 --group stubs-rp2
	$(PIP) install --no-deps --upgrade --target build/stubs/esp32 --group stubs-esp32
	@touch $@
