# Everything runs in the checkout, from the hash-pinned lock, in .venv.
PYTHON ?= python3.11
BIN := .venv/bin
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: install demo test lint prove bench controls mutants fuzz lock clean

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

.venv-peers/installed: requirements-peers.lock pyproject.toml
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-peers.lock
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

demo: install
	@$(BIN)/python examples/demo.py

test: install lint
	$(BIN)/python -m pytest -n 2 --dist loadfile -m "not prove"

lint: install
	$(BIN)/ruff check .
	$(BIN)/mypy

prove: install
	$(BIN)/python -m pytest tests -m prove -s

bench: bench-ingest bench-profile bench-calls bench-recommenders bench-rehearsal bench-objectives

# plays what has no row yet (docs/bench-search.md); ARGS="--blocks main", "--report"
bench-search: .venv-peers/installed
	PYTHONPATH=tests/benchmarks nice -n 10 .venv-peers/bin/python tests/benchmarks/bench_search.py $(ARGS)

bench-%: install
	PYTHONPATH=tests/benchmarks $(BIN)/python tests/benchmarks/bench_$*.py

# ONLY=1 to 6: one of them alone
controls: install
	nice $(BIN)/python tests/controls/run.py $(ONLY)

# does a test notice each small fault of tests/mutants.toml?
mutants: install
	nice $(BIN)/python tests/run_mutants.py

fuzz: install
	$(BIN)/python -m pytest tests/readers/test_fuzz.py --hypothesis-profile=campaign -s

lock:
	uv pip compile pyproject.toml --extra dev --generate-hashes --universal --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links -o requirements.lock
	uv pip compile pyproject.toml --extra dev --extra peers --generate-hashes --universal --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links -c requirements.lock -o requirements-peers.lock

clean:
	rm -rf .demo .prove .pytest_cache .mypy_cache .ruff_cache
