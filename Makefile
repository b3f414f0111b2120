# Each recipe is a plain command that can be typed where there is no make (docs/deployment.md).
QUARTER   ?= 2024Q3
LANGUAGES ?= fr en
MINUTES   ?= 3
PYTHON    ?= python3
BIN       := .venv/bin
READY     := .venv/.ready

# Compiled once: without, every start would compile the package again, and every run of pytest the tests.
export PYTHONDONTWRITEBYTECODE :=

.DEFAULT_GOAL := help
.PHONY: help setup report test test-fast test-browser faults notebooks sample lab lint format messages review published determinism mutations briefs contact-sheet benchmark benchmark-scale fuzz lock clean

help: ## show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 17

setup: $(READY) ## make the environment in .venv

# uv is the lock's, by its digest; bytecode is compiled once, here, and not at every start.
$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	sed -n '/^uv==/,/[^\]$$/p' requirements.lock > .venv/uv.lock
	test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --requirement .venv/uv.lock
	UV_COMPILE_BYTECODE=1 $(BIN)/uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	UV_COMPILE_BYTECODE=1 $(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	$(BIN)/python -m compileall -q src
	touch $(READY)

report: setup ## make a quarter's report: make report QUARTER=2024Q3 LANGUAGES="fr en"
	$(BIN)/python -m helpers run $(QUARTER) $(foreach language,$(LANGUAGES),--language $(language))

# Freed memory goes back to the system (see FRUGAL in src/helpers/runs/fork.py): the workers stay smaller.
test test-fast: export ARROW_DEFAULT_MEMORY_POOL := system
test test-fast: export MALLOC_ARENA_MAX := 1
test test-fast: export MALLOC_TRIM_THRESHOLD_ := 131072
test: setup lint ## pass every test, the notebooks' stored outputs included
	$(BIN)/python -m pytest tests notebooks --nbval --nbval-current-env -n 2 --dist loadscope

test-fast: setup ## pass the unit tests only
	$(BIN)/python -m pytest tests -m "not slow" -n 2 --dist loadscope

# Only what is missing is asked for; what comes from npm comes by its digest, and nothing of it is run on the way.
test-browser: setup ## open the report, the notebooks and the questionnaire in a browser: needs Chromium and npm
	@command -v chromium >/dev/null || command -v chromium-browser >/dev/null || command -v google-chrome >/dev/null || { echo "make test-browser needs Chromium: apt-get install chromium" >&2; exit 1; }
	@test -d node_modules/enketo-core || command -v npm >/dev/null || { echo "make test-browser needs npm: apt-get install npm" >&2; exit 1; }
	test -d node_modules/enketo-core || npm ci --ignore-scripts
	$(BIN)/python -m pytest tests/browser -rs

# About ten minutes on two idle processors; what may not be tried on this machine says why it was skipped.
faults: setup ## kill runs, fill disks, cut networks, take ten times the data
	$(BIN)/python -m pytest tests/faults -n 2 --dist worksteal -rs

notebooks: setup ## run the notebooks and store their outputs
	$(BIN)/python scripts/refresh_notebooks.py

sample: setup ## make the invented sample again
	$(BIN)/python scripts/make_sample.py

# JupyterLab opens the folder of the notebook that it is given: the others are in its list.
lab: setup ## open the notebooks in JupyterLab, on the one to explore
	JUPYTER_DEFAULT_PROVISIONER_NAME=papu $(BIN)/python -m jupyterlab notebooks/05_explore.ipynb

lint: setup ## check the code's style
	$(BIN)/python -m ruff check
	$(BIN)/python -m ruff format --check

format: setup ## put the code into style
	$(BIN)/python -m ruff check --fix
	$(BIN)/python -m ruff format

messages: setup ## compile what the command says in other languages, as Python reads it
	$(BIN)/pybabel compile --directory src/helpers/locales --domain papu

contact-sheet: setup ## put all pages of an edition on one picture per language
	$(BIN)/python scripts/contact_sheet.py $(QUARTER) fr en pt ar

briefs: setup ## make every member's brief: make briefs QUARTER=2024Q3
	$(BIN)/python -m helpers briefs $(QUARTER)

review: test report ## what a reviewer does: every test, then the edition, built again and compared byte by byte
	$(BIN)/python -m helpers verify $(QUARTER)

published: setup ## record what the sample's editions come to, after a change of figures or design that CHANGELOG.md tells
	$(BIN)/python scripts/record_published.py

determinism: setup ## make an edition in 90 combinations of zone, locale and hash seed; compare every byte
	$(BIN)/python scripts/determinism.py

mutations: setup ## change 200 raw cells, one at a time; see that each shows in a published table
	$(BIN)/python scripts/mutations.py 200 --nbval 10

benchmark: setup ## measure the desk's work against commit be73697, and the reading of returns, and their floors
	$(BIN)/python benchmarks/desk.py
	$(BIN)/python benchmarks/ingest.py
	$(BIN)/python benchmarks/scale.py

benchmark-scale: setup ## measure what many members, quarters and offices cost, for docs/scale.md
	$(BIN)/python benchmarks/briefs.py
	$(BIN)/python benchmarks/offices.py

fuzz: setup ## try the reader of returns on damaged files: make fuzz MINUTES=3
	$(BIN)/python benchmarks/fuzz.py $(MINUTES)

lock: setup ## resolve the dependencies again
	$(BIN)/uv pip compile pyproject.toml --group dev --group lab --group browser --group cluster --universal --generate-hashes --no-emit-index-url --no-header --quiet --output-file requirements.lock
	$(BIN)/python scripts/write_environment.py

clean: ## remove what was built; raw data and published editions stay
	rm -rf build .pytest_cache .ruff_cache
