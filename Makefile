# Each recipe is one plain command, so that it can be typed where there is no make (docs/operations.md).
QUARTER   ?= 2024Q3
LANGUAGES ?= fr en
PYTHON    ?= python3
BIN       := .venv/bin
READY     := .venv/.ready

.DEFAULT_GOAL := help
.PHONY: help setup report test test-fast notebooks sample lab lint format review benchmark lock clean

help: ## show this help
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

setup: $(READY) ## make the environment in .venv

# uv is taken from the PATH, else installed into .venv itself; bytecode is compiled once, here, not at every start.
$(READY): requirements.lock pyproject.toml
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	command -v uv >/dev/null || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	PATH="$(CURDIR)/$(BIN):$$PATH" UV_COMPILE_BYTECODE=1 uv pip sync --quiet --python $(BIN)/python --require-hashes requirements.lock
	PATH="$(CURDIR)/$(BIN):$$PATH" UV_COMPILE_BYTECODE=1 uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	touch $(READY)

report: setup ## make the quarter's report: make report QUARTER=2024Q3 LANGUAGES="fr en"
	$(BIN)/python -m helpers run $(QUARTER) $(foreach language,$(LANGUAGES),--language $(language))

