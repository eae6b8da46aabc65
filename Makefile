# On Windows, or without make: see README.md for the same commands in pip and conda.
PY := .venv/bin/python
LAB_AREA ?= Oxfordshire

help:  ## list the commands
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/  /'

.venv/.ready: requirements.lock pyproject.toml
	@python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "Python 3.11 or newer is needed; python3 is $$(python3 --version)."; exit 2; }
	python3 -m venv .venv
	$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(PY) -m pip install --quiet --disable-pip-version-check --no-deps -e .
	@touch .venv/.ready

setup: .venv/.ready  ## make the environment (.venv) from the lock

report: setup  ## build the tables and publish the report for Oxfordshire
	$(PY) -m oxcare_analysis refresh

test: setup  ## run every test: library, notebooks, doctests
	$(PY) -m pytest -q -n 2

check: setup  ## check the published figures, the style and the layers
	$(PY) -m oxcare_analysis data check
	$(PY) -m ruff format --check .
	$(PY) -m ruff check .
	.venv/bin/lint-imports

fuzz: setup  ## give 20,000 mutated real files to every reader (takes minutes)
	$(PY) tests/fuzz.py --mutants 20000 --processes 2

kills: setup  ## kill 200 runs at chosen steps and look at what stands (takes minutes)
	$(PY) tests/kill.py --kills 200

bench: setup  ## measure it against the plain way, in pairs, and write docs/performance.md (takes half an hour)
	$(PY) tests/bench.py

accept: setup  ## re-run the notebooks in place and keep only the verdicts: the diff is the change to review
	$(PY) -m oxcare_analysis.refresh.accept
	$(PY) -m oxcare_analysis.refresh.readme
	$(PY) -m oxcare_analysis.tables.dictionary

monthly: setup  ## take in new editions, check them, publish, say what changed
	$(PY) -m oxcare_analysis data update
	$(PY) -m oxcare_analysis data check
	$(PY) -m oxcare_analysis refresh

lab: setup  ## open JupyterLab on working copies set to LAB_AREA
	$(PY) -m oxcare_analysis lab --area "$(LAB_AREA)"

lock:  ## renew requirements.lock (needs uv)
	uv pip compile pyproject.toml --extra test --extra cluster --python-version 3.11 --universal --generate-hashes \
		--no-emit-index-url --no-annotate --no-header --quiet -o requirements.lock

.PHONY: help setup report test check bench fuzz kills accept monthly lab lock
