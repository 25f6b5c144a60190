# pstage on one machine: `make demo`, `make test`, `make check`. README says more.

PYTHON := .venv/bin/python
MESSAGES := $(patsubst %.po,%.mo,$(wildcard locale/*/LC_MESSAGES/*.po))
TEMPLATES = $(shell find templates -name '*.html')
LOCK := uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url pyproject.toml
# What production must be given; these values reach nothing.
PRODUCTION = PSTAGE_ENVIRONMENT=production SECRET_KEY=$$($(PYTHON) -c 'import secrets; print(secrets.token_hex(40))') \
  SITE_URL=https://stages.universite.example ALLOWED_HOSTS=stages.universite.example TRUSTED_PROXY_COUNT=1 \
  DATABASE_URL=postgresql://127.0.0.1:9/pstage REDIS_URL=redis://127.0.0.1:9/0 \
  EMAIL_URL=smtp://127.0.0.1:9 DEFAULT_FROM_EMAIL=stages@universite.example

.PHONY: demo demo-reset run test test-dates check bench mutants docs translations audit format lock clean
.NOTPARALLEL:
.DELETE_ON_ERROR:

demo: .venv/demo $(MESSAGES)
	@$(PYTHON) -m pstage.embedded

demo-reset: .venv/demo $(MESSAGES)
	@$(PYTHON) -m pstage.embedded --reset

run: .venv/demo $(MESSAGES)
	@$(PYTHON) -m pstage.embedded --run

# One process more than cores, four at most: a journey waits for its browser, and leaves the core to another test.
test: .venv/dev $(MESSAGES)
	$(PYTHON) -m pytest --numprocesses $$(($$(nproc) < 3 ? $$(nproc) + 1 : 4)) --dist worksteal

# The database tests at each day of the table of tests/clock.py; DAYS=2027-07-20 or DAYS=--of-the-week for one.
test-dates: .venv/dev $(MESSAGES)
	$(PYTHON) -m tests.dates $(DAYS)

check: .venv/dev $(MESSAGES) translations audit
	.venv/bin/ruff check
	.venv/bin/ruff format --check
	.venv/bin/djade --target-version 5.2 --check $(TEMPLATES)
	.venv/bin/oxlint static/js
	PSTAGE_ENVIRONMENT=test .venv/bin/mypy
	.venv/bin/lint-imports
	$(PRODUCTION) $(PYTHON) -W 'ignore:Got an error checking a consistent migration history' \
	  manage.py makemigrations --check --dry-run
	$(PRODUCTION) $(PYTHON) manage.py check --deploy --fail-level WARNING

bench: .venv/dev $(MESSAGES)
	@$(PYTHON) -m tests.bench.pages
	@$(PYTHON) -m tests.bench.pdf
	@$(PYTHON) -m tests.bench.students
	@$(PYTHON) -m tests.bench.law
	@$(PYTHON) -m tests.bench.directory

# The page of the law is the code's own: a test fails when it is not what this writes.
docs: .venv/dev
	@PSTAGE_ENVIRONMENT=test $(PYTHON) manage.py describe_law > docs/droit.md

# Half an hour: the law and the calendar changed in one place at a time. docs/mutants.md says what is accepted.
mutants: .venv/dev
	@$(PYTHON) -u -m tests.mutants

# Collects the messages of a copy, then shows those that have no English or a doubtful one.
translations: .venv/dev
	@copy=$$(mktemp -d) && trap 'rm -rf "$$copy"' EXIT \
	  && cp -r manage.py accounts organisations conventions pstage templates locale "$$copy" && cd "$$copy" \
	  && PSTAGE_ENVIRONMENT=test $(CURDIR)/$(PYTHON) manage.py makemessages --locale en --no-location >/dev/null \
	  && po=locale/en/LC_MESSAGES/django.po \
	  && missing=$$(msgattrib --untranslated --no-obsolete $$po; msgattrib --only-fuzzy --no-obsolete $$po) \
	  && if [ -n "$$missing" ]; then echo "$$missing"; echo "Untranslated: see above." >&2; exit 1; fi

audit: .venv/dev
	@if report=$$(.venv/bin/pip-audit --requirement requirements-dev.txt --disable-pip --strict \
	    --progress-spinner off 2>&1); then echo "$$report"; \
	elif echo "$$report" | grep -q '^Found .* known vulnerabilit'; then echo "$$report"; exit 1; \
	else echo "pip-audit could not reach its data, so nothing was audited: $$(echo "$$report" | tail -n 1)"; fi

format: .venv/dev
	.venv/bin/ruff check --fix
	.venv/bin/ruff format
	.venv/bin/djade --target-version 5.2 $(TEMPLATES)

# Needs uv. The three locks agree because the largest constrains the others.
lock: export PATH := $(CURDIR)/.venv/bin:$(PATH)
lock:
	$(LOCK) --group dev -o requirements-dev.txt
	$(LOCK) --group embedded --constraints requirements-dev.txt -o requirements-demo.txt
	$(LOCK) --constraints requirements-dev.txt -o requirements.txt

# The demo's data stays: `make demo-reset` removes it.
clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache .hypothesis .import_linter_cache var/static var/test-* $(MESSAGES)
	find . -name __pycache__ -prune -exec rm -rf {} +

%.mo: %.po
	msgfmt --check --output-file=$@ $<

.venv/demo: requirements-demo.txt packages.txt
	@$(call install,run demo,requirements-demo.txt)

.venv/dev: requirements-dev.txt packages.txt
	@$(call install,run demo test,requirements-dev.txt)

# Installs the packages of packages.txt that this machine lacks for the uses $(1), then the lock $(2).
define install
if ! python3 -c 'import sys; sys.exit(sys.version_info < (3, 11))'; then \
  echo "pstage needs Python 3.11 or later; python3 is $$(python3 --version 2>&1)" >&2; exit 1; \
fi; \
missing=; \
while read -r package use check; do \
  case " $(1) " in \
    *" $$use "*) sh -c "$$check" >/dev/null 2>&1 </dev/null || missing="$$missing $$package";; \
  esac; \
done < packages.txt; \
if [ -n "$$missing" ]; then \
  if [ "$$(id -u)" = 0 ]; then as_root=env; else as_root="sudo env"; fi; \
  if ! command -v apt-get >/dev/null || ! command -v $${as_root%% *} >/dev/null; then \
    echo "Install these packages (or what your system calls them), then start again:$$missing" >&2; exit 1; \
  fi; \
  echo "Installing:$$missing"; \
  $$as_root apt-get update && $$as_root DEBIAN_FRONTEND=noninteractive \
    apt-get install --yes --no-install-recommends $$missing || exit 1; \
fi; \
echo "Installing Python packages in .venv…"; \
python3 -m venv .venv \
  && $(PYTHON) -m pip install --disable-pip-version-check --quiet --require-hashes -r $(2) \
  && touch $@
endef
