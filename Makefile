# Everything a person does with Alajo. Needs Python 3.11 and make; each target does its own set-up.
PYTHON ?= python3
PORT ?= 8000
BIN = .venv/bin
INSTALL = $(BIN)/python -I config/install.py
# One more than there are cores: while one waits for a clock or a browser, another works.
JOBS ?= $(shell expr $$(nproc 2>/dev/null || echo 2) + 1)

# Python keeps what it compiled, whoever asked it not to: every process of a test would compile all of it again.
export PYTHONDONTWRITEBYTECODE =

help:  ## Say what can be done here
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

run: .venv/run.stamp  ## Start Alajo at http://127.0.0.1:8000 (PORT=8001 for another port)
	@exec $(BIN)/python manage.py up --port $(PORT)

test: .venv/dev.stamp  ## Run every test (real PostgreSQL and Valkey, headless Chromium when it can be had)
	@$(BIN)/python -m config.browser
	@$(BIN)/python -m config.javascript
	@$(BIN)/python -m pytest -n $(JOBS)

check: .venv/dev.stamp  ## Format, lint, types, floors, migrations, API document
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy .
	$(BIN)/lint-imports
	$(BIN)/python manage.py makemigrations --check --dry-run
	$(BIN)/python manage.py spectacular --validate --fail-on-warn --file .data/openapi.yaml

bench: .venv/run.stamp  ## Measure the ledger, signing in, files, sockets, statements, reconciliation, interest, credit (many minutes)
	$(BIN)/python manage.py bench ledger
	$(BIN)/python manage.py bench referrals
	$(BIN)/python manage.py bench auth
	$(BIN)/python manage.py bench storage
	$(BIN)/python manage.py bench realtime
	$(BIN)/python manage.py bench kyc
	$(BIN)/python manage.py bench interest
	$(BIN)/python manage.py bench credit
	$(BIN)/python manage.py bench statements
	$(BIN)/python manage.py bench reconcile

mutants: .venv/dev.stamp  ## Break each guard of the ledger in turn, and see that a test notices (some minutes)
	$(BIN)/python -m wallet.tests.mutations

format: .venv/dev.stamp  ## Put the code into its form
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.venv/run.stamp: requirements.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Alajo needs Python 3.11 or newer: make run PYTHON=/path/to/python3.11")'
	@test -x $(BIN)/python || { echo "Making .venv …"; $(PYTHON) -m venv .venv; }
	@echo "Installing what Alajo needs (a minute or two, once) …"
	@$(INSTALL) requirements.txt
	@touch $@

.venv/dev.stamp: .venv/run.stamp requirements-dev.txt
	@echo "Installing what tests and checks need …"
	@$(INSTALL) requirements-dev.txt
	@touch $@

.DEFAULT_GOAL := help
.PHONY: help run test check bench mutants format
