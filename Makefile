SHELL := bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
PYTHON ?= python3

# The cluster is on this machine: no proxy between its parts.
export NO_PROXY := 127.0.0.1,localhost,$(NO_PROXY)
export no_proxy := $(NO_PROXY)

BIN := .venv/bin
INSTALLED := .venv/.installed

# What `make demo` may be told, as in `make demo GPU_GIB=16`.
VIDEOS ?= 200
GPU_GIB ?= 24
WORKERS ?= 4
ADAPT ?= on
KEEP ?=

# What `make incident` may be told, besides VIDEOS and GPU_GIB.
DOCS ?=

# What `make bench-worker` may be told.
QUICK ?=

# What `make bench-reaction` may be told.
RUNS ?= 50

# What `make bench-operator` may be told, besides RUNS.
WINDOW ?= 150

# What `make hostile` may be told.
EXAMPLES ?= 2000

# What `make faults` may be told, besides RUNS.
SEED ?= 1

# What `make soak` may be told, besides DOCS.
MINUTES ?= 20

# What `make bench-control` may be told.
SEEDS ?= 0-999

.PHONY: help system install demo observe incident test test-all lint format bench-worker bench-peers bench-reaction bench-operator bench-control faults soak hostile audit crds chart docs cluster-up cluster-down clean

help: ## Show this list.
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-14s %s\n", $$1, $$2}'

system:
	@PYTHON=$(PYTHON) dev/check-system

$(INSTALLED): pyproject.toml constraints.txt | system
	@PYTHON=$(PYTHON) dev/setup

install: system $(INSTALLED) ## Everything that this repository needs, into .venv.

demo: system $(INSTALLED) ## The founding incident, survived on a real Kubernetes API (VIDEOS=200 GPU_GIB=24 WORKERS=4 ADAPT=on|off KEEP=1).
	@$(BIN)/python -m dev.demo --videos $(VIDEOS) --gpu-gib $(GPU_GIB) --workers $(WORKERS) --adapt $(ADAPT) $(if $(KEEP),--keep)

observe: system $(INSTALLED) ## The demonstration with a real Prometheus beside it, its alerts, and a preview of the dashboards (VIDEOS=200 GPU_GIB=24).
	@PYTHON=$(PYTHON) dev/check-system dev/system-packages dev/test-packages
	@$(BIN)/python -m dev.observed --videos $(VIDEOS) --gpu-gib $(GPU_GIB) $(if $(KEEP),--keep)

incident: system $(INSTALLED) ## The founding incident beside our worker with frozen levers and our operator (VIDEOS=200 GPU_GIB=24 DOCS=1: into docs/).
	@$(BIN)/python -m dev.incident --videos $(VIDEOS) --gpu-gib $(GPU_GIB) $(if $(DOCS),--docs docs)

test: $(INSTALLED) ## The tests of each change, a whole run on a cluster among them: seven to eight minutes.
	@PYTHON=$(PYTHON) dev/check-system dev/system-packages dev/test-packages
	@$(BIN)/pytest -m "not long"

test-all: $(INSTALLED) ## All tests; those that need a cluster bring up their own: the better part of an hour.
	@PYTHON=$(PYTHON) dev/check-system dev/system-packages dev/test-packages
	@$(BIN)/pytest

lint: $(INSTALLED) ## Style, types and layers.
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(INSTALLED) ## Let ruff put the code into shape.
	@$(BIN)/ruff check --fix .
	@$(BIN)/ruff format .

bench-worker: $(INSTALLED) ## The worker beside its peers, into docs/benchmarks.md: hours, on a machine with nothing else to do (QUICK=1: minutes).
	@$(BIN)/python -m benchmarks.worker run $(if $(QUICK),--quick)

bench-peers: $(INSTALLED) ## Install the peers that bench-worker compares with, outside the repository: 8 GB.
	@$(BIN)/python -m benchmarks.worker peers

bench-reaction: system $(INSTALLED) ## From an OOM to the operator's answer, with many runs at once, into docs/reaction.md (RUNS=50: four minutes).
	@$(BIN)/python -m benchmarks.reaction --runs $(RUNS)

bench-operator: RUNS = 1000
bench-operator: system $(INSTALLED) ## The operator with many runs at once beside a minimal one, into docs/load.md (RUNS=1000 WINDOW=150: half an hour).
	@$(BIN)/python -m benchmarks.load --runs $(RUNS) --window-seconds $(WINDOW)

bench-control: $(INSTALLED) ## The control law against others in simulated clusters, into docs/control-contest.md (SEEDS=0-999: an hour).
	@$(BIN)/python -m benchmarks.control run --seeds $(SEEDS)

hostile: system $(INSTALLED) ## Thousands of hostile manifests and metrics pages, against a real API server and both parsers (EXAMPLES=2000: ten minutes).
	@REQUIRE_CLUSTER=1 HOSTILE_EXAMPLES=$(EXAMPLES) $(BIN)/pytest --hypothesis-profile=hostile tests/hostile tests/operator/observe tests/operator/status/test_hostile_workers.py tests/contract/test_summary.py

audit: $(INSTALLED) ## Look the pinned packages up in the database of known vulnerabilities (needs the internet).
	@PYTHON=$(PYTHON) dev/audit

faults: RUNS = 200
faults: system $(INSTALLED) ## Runs under faults drawn by chance, each audited video by video (RUNS=200 SEED=1 DOCS=1: into docs/).
	@$(BIN)/python -m benchmarks.faults --runs $(RUNS) --seed $(SEED) $(if $(DOCS),--docs docs)

soak: system $(INSTALLED) ## Runs come and go, and nothing of the operator or of the objects may grow (MINUTES=20 DOCS=1: into docs/).
	@$(BIN)/python -m benchmarks.soak --minutes $(MINUTES) $(if $(DOCS),--docs docs)

crds: $(INSTALLED) ## Write crds/, the chart's template of it, and docs/reference/api.md, from the contract's types.
	@$(BIN)/python -m dev.write_crds
	@$(BIN)/python -m dev.write_api_reference

chart: crds ## Write what the chart repeats: the CRD, the values in its README, alerts and dashboards.
	@$(BIN)/python -m dev.write_grafana
	@$(BIN)/python -m dev.write_chart

docs: $(INSTALLED) ## The documentation as a site, into build/site; fails on a link that leads nowhere.
	@NO_MKDOCS_2_WARNING=true $(BIN)/python -m mkdocs build --strict --quiet
	@echo "built build/site; to read it: $(BIN)/python -m http.server --directory build/site 8000"

cluster-up: system $(INSTALLED) ## A real Kubernetes on this machine, as processes; kubeconfig in build/cluster/kubeconfig.
	@$(BIN)/python -m dev.cluster up --detach --gpus 8 --image ingestion-operator=.venv --image ingestion-worker=.venv

cluster-down: $(INSTALLED) ## End it.
	@$(BIN)/python -m dev.cluster down

clean: ## Remove what was built here (not the cache outside the repository).
	@if [ -e build/cluster/pid ] && [ -x $(BIN)/python ]; then $(BIN)/python -m dev.cluster down; fi
	rm -rf build .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
