# Sealwright. Two commands do it all on a fresh machine with Python 3.11+ and make: `make demo` and `make test`.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help demo hub campaign-hub campaign-fleet campaign-pressure campaign-cluster test fuzz kills law cuts campaign-cuts campaign-faults campaign-frames campaign-pico campaign-bad campaign-mutations campaign-web campaign-js vectors hour model coverage mutate lint docs firmware bench bench-device readings-day million million-channels settle-kills format clean

# Some tests, in one process: T is what pytest takes, such as a file or "-k pico". Without it all, on every core.
T =
TESTS = $(if $(strip $(T)),$(T),--numprocesses auto --dist worksteal)
# Where typos are looked for: not in build/ and .venv/, nor in the licence, which is not ours to change.
SPELLED = *.md Makefile pyproject.toml .ci .github boards firmware host_tools tests
# How many histories `make law` runs; an hour or so for each 100,000.
HISTORIES = 100000
# What `make campaign-mutations` changes: how many messages, drawn from which seed, from which part of it on.
N = 10000000
BAD = 200000
# How many kills `make campaign-hub` makes; some five minutes for 100.
HUB = 200
SEED = 1
# How long `make campaign-cluster` signs.
CLUSTER = 300
# For how many seconds `make campaign-pressure` holds the ledger up.
SECONDS = 60
FROM = 0
# How many kills `make kills` makes; a minute or so for each 50.
KILLS = 400
# How many power cuts `make campaign-pico` makes.
CUTS = 100
# How many hostile frames `make campaign-frames` sends; some 16 minutes for a million.
FRAMES = 1000000
# How many bundles `make campaign-js` draws, from SEED; some five minutes for 10,000.
BUNDLES = 10000
# Unix MicroPython with the device's code and its tests, for what runs under it alone. Run in build/.
DEVICE = MICROPYPATH=$(CURDIR)/firmware:$(CURDIR)/boards:$(CURDIR)/tests/device:$(CURDIR)/tests/device/micropython_only:.frozen \
  $(CURDIR)/$(BIN)/micropython -X heapsize=1200k $(CURDIR)/tests/device
# Options of host_tools/tools/mutate.py.
M =

help: ## What there is to make
	@awk 'BEGIN {FS = ":.*## "} /^[a-z-]+:.*## / {printf "  make %-19s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(VENV)/run.stamp ## Three machines measure, sign, pay each other and get settled
	$(BIN)/sealwright demo --home build/demo

hub: $(VENV)/run.stamp ## A hub and 20 emulated boards that measure and trade, until Ctrl-C
	$(BIN)/sealwright hub --demo --home build/hub

campaign-hub: $(VENV)/dev.stamp ## HUB kills (200; SEED) of a hub and its parts while bundles come: nothing lost, nothing counted twice
	$(BIN)/python -m tests.host_tools.hub.kills $(HUB) --seed $(SEED)

campaign-fleet: $(VENV)/dev.stamp ## 200 emulated boards hand readings to a hub for 10 minutes; hub, broker and boards fail: nothing lost
	$(BIN)/python -m tests.host_tools.hub.fleet_run --boards 200 --minutes 10 --seed $(SEED)

campaign-pressure: $(VENV)/dev.stamp ## Bundles come for SECONDS (60) while settling stands still: memory and disk stay bounded, nothing is lost
	$(BIN)/python -m tests.host_tools.hub.pressure --seconds $(SECONDS)

campaign-cluster: $(VENV)/dev.stamp ## CLUSTER (300; SEED) of load on 3 servers, 2 verifiers, 2 settlers, PostgreSQL, each killed in turn: nothing lost
	$(BIN)/python -m tests.host_tools.hub.cluster_run --seconds $(CLUSTER) --seed $(SEED)

test: $(VENV)/dev.stamp ## All tests, under CPython and unix MicroPython; T=FILE or T="-k WORD": some of them
	$(BIN)/python -m pytest $(TESTS)

fuzz: $(VENV)/dev.stamp ## The tests of properties with other examples than `make test` draws, and others each time
	SEALWRIGHT_FUZZ=1 $(BIN)/python -m pytest -m hypothesis $(TESTS)
	SEALWRIGHT_WHOLE=1 $(BIN)/python -m pytest tests/host_tools/verify/test_fuzz_verify.py

kills: $(VENV)/dev.stamp ## Power cuts at 400 random moments of trades and of updates (KILLS=N), and at each burn of every kind of chip
	SEALWRIGHT_KILLS=$(KILLS) $(BIN)/python -m pytest -p no:xdist -rP -k kills_at_random_moments tests/e2e
	SEALWRIGHT_KILLS=$(KILLS) $(BIN)/python -m pytest -k "killed_at_every_burn or cut_at_any_step" $(TESTS) tests/cli/test_cli_harden.py \
		tests/host_tools/bench/hardening/test_hardening.py

settle-kills: $(VENV)/dev.stamp ## Kill a settlement of 200,000 vouchers, and who checks for it, at 100 random moments
	SEALWRIGHT_KILLS=100 SEALWRIGHT_VOUCHERS=200000 $(BIN)/python -m pytest -p no:xdist tests/host_tools/ledger/test_kills.py

law: $(VENV)/dev.stamp ## 100,000 random histories of channels against the law of settlement; HISTORIES=N for another number
	SEALWRIGHT_HISTORIES=$(HISTORIES) $(BIN)/python -m pytest -p no:xdist tests/host_tools/ledger/test_law.py

campaign-mutations: $(VENV)/dev.stamp ## N changed messages (10 million; SEED, FROM=PART): no fast reader takes one that the strict one refuses
	$(BIN)/python -m tests.host_tools.wire.mutations $(N) --seed $(SEED) --from $(FROM)

campaign-js: $(VENV)/dev.stamp ## BUNDLES drawn bundles (10,000; SEED): the JavaScript verifier says what the Python one says
	$(BIN)/python -m tests.host_tools.web.campaign $(BUNDLES) --seed $(SEED)

campaign-pico: $(VENV)/dev.stamp ## 100 power cuts at random moments of an emulated Pico's trades; CUTS=N; SEALWRIGHT_PICO_UF2 names an image
	$(BIN)/python -m tests.pico.cuts $(CUTS)

campaign-bad: $(VENV)/dev.stamp ## BAD messages (200,000; SEED), a tenth of them bad: each has its code, all others count, to the unit
	$(BIN)/python -m tests.host_tools.bad_input $(BAD) --seed $(SEED)

campaign-web: $(VENV)/dev.stamp ## Over 1,000 hostile requests to the page and its API: no mistake, and nothing changed
	SEALWRIGHT_WEB_EXAMPLES=40 $(BIN)/python -m pytest -p no:xdist -rP tests/cli/test_cli_web_fuzzed.py

cuts: $(VENV)/dev.stamp ## Cut the power at each operation of the flash under the reading log and a rotation, in thousands of states
	cd build && $(DEVICE)/log_cuts.py
	cd build && $(DEVICE)/rotation_cuts.py

campaign-cuts: $(VENV)/dev.stamp ## Cut the power at each write of everything that a device writes, and again after it: over 10,000 states
	cd build && $(DEVICE)/cuts.py 2>/dev/null

campaign-faults: $(VENV)/dev.stamp ## What a device does when its parts fail: the table of docs/FAULTS.md
	cd build && $(DEVICE)/faults.py 2>/dev/null

campaign-frames: $(VENV)/dev.stamp ## A million hostile frames against the whole device on a LittleFS; FRAMES=N for another number
	cd build && $(DEVICE)/hostile.py $(FRAMES) 2>/dev/null

vectors: $(VENV)/dev.stamp ## Every vector of the curve on every processor that is emulated here
	SEALWRIGHT_WHOLE=1 $(BIN)/python -m pytest -p no:xdist tests/vectors/test_p256_vectors.py tests/pico/curve/test_pico_vectors.py

coverage: $(VENV)/coverage.stamp ## Which lines the tests run, into build/coverage; T as for test
	@mkdir -p build/coverage
	$(BIN)/python -m pytest --cov --cov-report=term --cov-report=html $(TESTS)

mutate: $(VENV)/mutate.stamp ## Break the rules of money, list what no test sees in build/mutants.txt; M="--all"
	$(BIN)/python host_tools/tools/mutate.py $(M)

lint: $(VENV)/dev.stamp ## ruff, codespell, mypy --strict on the host, mypy with the boards' stubs
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/codespell $(SPELLED)
	$(BIN)/mypy
	$(BIN)/mypy host_tools/tools host_tools/examples/*.py
	$(BIN)/python firmware/tools/check_types.py

model: $(VENV)/dev.stamp ## The payment channel's model in larger bounds; needs spin, gcc, 8 GB and some minutes
	SEALWRIGHT_MODEL=large $(BIN)/python -m pytest tests/model

bench: $(VENV)/dev.stamp ## Sizes and speeds, as ratios within this run; also in build/bench.json
	$(BIN)/python tests/bench/bench.py

readings-day: $(VENV)/dev.stamp ## A day of 1,000 devices, 1.44 million readings: taken, drawn, summed, exported, proved; some minutes, 1 GB
	$(BIN)/python tests/bench/readings_day.py 1000

million: $(VENV)/dev.stamp ## A ledger of 1,000,000 rows over 100,000 channels: time and memory of its commands; half an hour, 3 GB of disk
	$(BIN)/python tests/bench/ledger_growth.py million

million-channels: $(VENV)/dev.stamp ## What a voucher costs in a ledger of 1,000,000 channels, and in one of 1,000; half an hour, 3 GB of disk
	$(BIN)/python tests/bench/ledger_growth.py channels

bench-device: $(VENV)/dev.stamp ## The same on an emulated Pico; SEALWRIGHT_PICO_UF2 names a MicroPython image
	$(BIN)/python -m tests.pico.bench

hour: $(VENV)/dev.stamp ## An hour of trade between two devices: what ticks cost on link and flash, settled
	$(BIN)/python -m tests.parity.hour

docs: $(VENV)/docs.stamp ## The library's reference and the guides as web pages in build/docs; checks every link
	$(BIN)/python host_tools/tools/make_docs.py

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
	@touch $@

$(VENV)/dev.stamp: $(VENV)/run.stamp
	@echo "Installing what tests and lint need"
	$(PIP) install --group lock --group test --group lint
	$(PIP) install --no-deps --upgrade --target build/cbor2-6 --group cbor2-6
	$(PIP) install --no-deps --upgrade --target build/stubs/rp2 --group stubs-rp2
	$(PIP) install --no-deps --upgrade --target build/stubs/esp32 --group stubs-esp32
	@touch $@

$(VENV)/coverage.stamp: $(VENV)/dev.stamp
	$(PIP) install --group lock --group coverage
	@touch $@

$(VENV)/mutate.stamp: $(VENV)/dev.stamp
	$(PIP) install --group lock --group mutate
	@touch $@

$(VENV)/docs.stamp: $(VENV)/dev.stamp
	$(PIP) install --group lock --group docs
	@touch $@
