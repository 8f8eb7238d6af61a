# Every target works alone from a fresh clone; needs Python 3.11 or newer, Node 20 or newer and make.
PYTHON ?= python3
VENV := .venv
BIN := $(CURDIR)/$(VENV)/bin
INSTALLED := $(VENV)/.installed
TOUR := notebooks/tour.ipynb
WORKSPACES := $(VENV)/workspaces
UI_TESTS := labextension/ui-tests
LAB_SOURCES := $(wildcard labextension/*.json labextension/yarn.lock labextension/.yarnrc.yml) \
	$(shell find labextension/src labextension/style -type f)
export PATH := $(BIN):$(PATH)

.PHONY: install lab check test test-all test-lowest browser picture lint tour bench wheel clean

install: $(INSTALLED)

$(VENV)/.tools: pyproject.toml constraints.txt
	test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt pip hatchling hatch-jupyter-builder hatch-nodejs-version jupyter-builder
	touch $@

$(INSTALLED): $(VENV)/.tools $(LAB_SOURCES)
	$(BIN)/python -m pip install --quiet --constraint constraints.txt --no-build-isolation --editable '.[dev]'
	touch $@

$(WORKSPACES): notebooks/lab-workspace.json | install
	JUPYTERLAB_WORKSPACES_DIR=$(CURDIR)/$@ $(BIN)/jupyter lab workspaces import $<
	touch $@

lab: install $(WORKSPACES)
	JUPYTERLAB_WORKSPACES_DIR=$(CURDIR)/$(WORKSPACES) $(BIN)/jupyter lab $(if $(filter 0,$(shell id -u)),--allow-root) $(LAB_OPTIONS) $(TOUR)

check: lint
	cd labextension && jlpm test
	$(BIN)/python -m pytest --quiet tests/core tests/notebook/magics/test_verb.py tests/test_claims.py tests/test_tables.py

test: lint
	cd labextension && jlpm test
	$(BIN)/python -c 'import matplotlib.font_manager'  # makes its font cache, which it tells on stderr
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder --max-worker-restart 0 $(PYTEST_OPTIONS)
	$(MAKE) --no-print-directory browser

test-all: PYTEST_OPTIONS := --every-line
test-all: test

test-lowest: $(UI_TESTS)/node_modules
	$(BIN)/python tests/older/run.py

browser: $(UI_TESTS)/node_modules
	cd $(UI_TESTS) && jlpm test

picture: $(UI_TESTS)/node_modules
	cd $(UI_TESTS) && jlpm picture

$(UI_TESTS)/node_modules: $(UI_TESTS)/package.json $(UI_TESTS)/yarn.lock | install
	cd $(UI_TESTS) && jlpm install --immutable
	touch $@

lint: install
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	cd labextension && jlpm lint:check

tour: install
	$(BIN)/jupyter nbconvert --to notebook --execute --stdout $(TOUR) > /dev/null

bench: install
	$(BIN)/python -m benchmarks

wheel: $(VENV)/.tools
	$(BIN)/python -m pip wheel --quiet --no-deps --no-build-isolation --wheel-dir dist .

clean:
	rm -rf $(VENV) .environments dist labextension/node_modules $(UI_TESTS)/node_modules labextension/lib labextension/.yarn tfsess_magics/labextension
