# `make` lists the targets. Contributors and CI call the same ones.
PYTHON ?= python3
VENV   ?= .venv
BIN     = $(VENV)/bin
READY   = $(VENV)/.ready

# Kernels start twice as fast from compiled bytecode, so it is written whatever the machine's habit is.
unexport PYTHONDONTWRITEBYTECODE
# The work is spread over processes; threads inside each would only fight for the cores.
export OMP_NUM_THREADS      = 1
export OPENBLAS_NUM_THREADS = 1

.DEFAULT_GOAL := help
.PHONY: help setup report test slow lint lab bench reference lock clean

help:  ## list the targets
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:[^#]*## /\t/' | expand -t 12

setup: $(READY)  ## make the environment in .venv from requirements.lock

$(READY): requirements.lock pyproject.toml
	$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed; set PYTHON=python3.x") if sys.version_info < (3, 11) else None'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade pip
	$(BIN)/python -m pip install --quiet -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q -j 0 $(VENV)/lib kinerja_lab || true
	@touch $(READY)

report: $(READY)  ## make every report of every study found under data/studies
	$(BIN)/kinerja report

test: $(READY) lint  ## the whole suite but the slow simulations
	$(BIN)/python -m pytest -n 2 --dist loadgroup -m "not slow" $(ARGS)

slow: $(READY)  ## the slow simulations (coverage of intervals, recovery of known truths)
	$(BIN)/python -m pytest -n 2 -m slow $(ARGS)

lint: $(READY)  ## style and import order
	$(BIN)/ruff check .

lab: $(READY)  ## JupyterLab on the start page
	$(BIN)/kinerja lab

bench: $(READY)  ## every benchmark: ratios against a named peer or the plain way
	@for script in benchmarks/bench_*.py; do echo "== $$script"; $(BIN)/python $$script || exit 1; done

reference: $(READY)  ## make the shipped reference cases and studies anew
	$(BIN)/kinerja simulate
	@for script in tests/reference/make_*; do case $$script in *.py) $(BIN)/python $$script;; *.R) command -v Rscript >/dev/null && Rscript $$script || echo "$$script needs R";; esac; done

lock: $(READY)  ## pin what is installed now (after changing pyproject.toml)
	$(BIN)/python -m pip freeze --exclude-editable --exclude kinerja_lab | grep -v '@' > requirements.lock

clean:  ## remove what was made: reports, caches, the environment
	rm -rf reports/out $(VENV) .pytest_cache .hypothesis .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
