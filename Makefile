# The commands of a checkout. They need only make and Python 3.11 or later.
.DEFAULT_GOAL := help
.SUFFIXES:

VENV := .venv
PY := $(VENV)/bin/python
# The first of these commands that is Python 3.11 or later.
PYTHON ?= $(shell for python in python3 python3.13 python3.12 python3.11; do \
	"$$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$python" && break; done)
PIP := $(PY) -m pip install --disable-pip-version-check --require-virtualenv -qq

RUNTIME := $(VENV)/.runtime
DEV := $(VENV)/.dev
PROVE := $(VENV)/.prove

.PHONY: run
run: $(RUNTIME) ## install, migrate, compile and serve the desk on http://localhost:8000 (PORT=8010 for another port)
	@exec $(PY) -m ticket_app serve

.PHONY: dev
dev: $(RUNTIME) ## serve with hot reload on http://localhost:3000, for work on the desk itself
	@exec $(PY) -m ticket_app dev

.PHONY: admin
admin: $(RUNTIME) ## create an administrator, which closes the desk: make admin EMAIL=ana@example.com
	@test -n "$$EMAIL" || { echo "Name the address: make admin EMAIL=ana@example.com"; exit 2; }
	@exec $(PY) -m ticket_app people admin "$$EMAIL"

.PHONY: demo
demo: $(RUNTIME) ## fill the desk with 2,000 believable tickets
	@exec $(PY) -m ticket_app demo

.PHONY: test
test: $(DEV) ## run the whole suite: SQLite, PostgreSQL and Chromium
	@# Three workers on two cores: while a test of one waits for a timer or a socket, two compute.
	@# An image may set PYTHONDONTWRITEBYTECODE: each worker and server would compile the tests again.
	@PYTHONDONTWRITEBYTECODE= exec $(PY) -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

.PHONY: test-fast
test-fast: $(DEV) ## run the tests without a server, a browser or another process; a minute
	@exec $(PY) -m pytest -q -n 2 -m "not prove and not program"

.PHONY: prove
prove: $(PROVE) ## run the long forms of the tests: many kills, many examples, every engine
	@exec $(PY) -m pytest -q -p no:rerunfailures -m prove --timeout 1800

.PHONY: bench
bench: $(DEV) ## measure the desk at 100,000 and 1,000,000 tickets, beside a peer; 25 minutes
	@exec $(PY) -m bench

.PHONY: bench-full
bench-full: $(DEV) ## also measure 1,000 and 10,000 tickets, searches and SQLite; half an hour
	@exec $(PY) -m bench --full

.PHONY: screenshots
screenshots: $(DEV) ## take the pictures of the README again, of the demo at a desk of its own
	@exec $(PY) -m tests.browser.screenshots

.PHONY: check
check: $(DEV) ## lint, format, types, architecture, schema drift, docs
	@echo "ruff check"
	@$(PY) -m ruff check .
	@echo "ruff format"
	@$(PY) -m ruff format --check .
	@echo "mypy"
	@$(PY) -m mypy
	@echo "architecture, schema drift and docs"
	@$(PY) -m pytest -q tests/test_architecture.py tests/test_record.py tests/data/test_schema_drift.py tests/test_docs.py

.PHONY: format
format: $(DEV) ## fix lint errors and format every file
	@$(PY) -m ruff check --fix-only -q .
	@$(PY) -m ruff format .

.PHONY: clean
clean: ## remove everything that make has built, but no data
	rm -rf $(VENV) .web .build .mypy_cache .pytest_cache .ruff_cache .hypothesis

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(VENV)/.created:
	@test -n "$(PYTHON)" || { echo "There is no Python 3.11 or later here; install one, or name it: make run PYTHON=/path/to/python3.11"; exit 2; }
	@echo "Making $(VENV) with $$($(PYTHON) --version)."
	@$(PYTHON) -m venv --clear $(VENV) || { echo "Python came without venv; on Debian: apt-get install python3-venv"; exit 2; }
	@touch $@

$(RUNTIME): $(VENV)/.created requirements.txt requirements-build.txt constraints.txt
	@echo "Installing the Python packages; the first time this takes about a minute."
	@$(PIP) -r requirements.txt -r requirements-build.txt
	@touch $@

$(DEV): $(RUNTIME) requirements-dev.txt
	@echo "Installing the packages for tests and checks."
	@$(PIP) -r requirements-dev.txt
	@touch $@

$(PROVE): $(DEV) requirements-prove.txt
	@echo "Installing what generates clients from the OpenAPI document."
	@$(PIP) -r requirements-prove.txt
	@touch $@
