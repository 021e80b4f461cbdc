# Every target sets up what it needs; see README.md for what each one shows.
.DEFAULT_GOAL := help
PYTHON := .venv/bin/python
COMPILE := .venv/bin/uv pip compile -q --generate-hashes --no-annotate --no-header \
	--no-emit-index-url --no-emit-find-links --universal --python-version

.PHONY: help
help:  ## print these targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup:  ## install the Debian packages and the virtual environment that are missing
	@./packaging/setup.sh

.PHONY: demo
demo:  ## the whole pipeline at work, ending by itself (KEEP=1 leaves it running)
	@./packaging/setup.sh demo
	@$(PYTHON) -m examples.thumbnails.demo $(if $(KEEP),--keep)

.PHONY: test
test: setup  ## unit, integration and fault tests, with real daemons (ARGS="-k name" selects)
	@$(PYTHON) -m pytest $(ARGS)

.PHONY: test-pythons
test-pythons: setup  ## unit tests and a smoke under every Python found, 3.9 to 3.14 and PyPy (ARGS="3.9 3.13")
	@$(PYTHON) -m tests.pythons $(ARGS)

.PHONY: test-clickhouse
test-clickhouse: setup  ## every question of gearmang logs to ClickHouse's engine (chdb, 150 MB, in .clickhouse)
	@[ -x .clickhouse/bin/python ] || { python3 -m venv .clickhouse && .clickhouse/bin/pip install -q chdb==4.4.0; }
	@$(PYTHON) -m pytest tests/clickhouse $(ARGS)

.PHONY: test-packages
test-packages: setup  ## the packages in fresh Debian 12 and 13 under systemd, from install to purge (root; after make deb)
	@$(PYTHON) -m pytest tests/packages -x $(ARGS)

.PHONY: lint
lint: setup  ## ruff (lint and format) and mypy --strict
	@.venv/bin/ruff check .
	@.venv/bin/ruff format --check .
	@.venv/bin/mypy

.PHONY: lint-release
lint-release: docs  ## the site without a warning, wheel and sdist by twine, manifests by Kubernetes' schemas
	@rm -rf dist/pip && .site/bin/python -m hatchling build -d dist/pip
	@.site/bin/twine check --strict dist/pip/*
	@rm -rf dist/alone && mkdir dist/alone && tar -xzf dist/pip/*.tar.gz -C dist/alone --strip-components 1
	@cd dist/alone && ../../.site/bin/python -m hatchling build -t wheel -d ../alone-wheel && rm -rf ../alone ../alone-wheel
	@.site/bin/kubernetes-validate --strict packaging/kubernetes/worker.yaml packaging/kubernetes/collector.yaml packaging/kubernetes/page.yaml

.PHONY: release-check
release-check: lint lint-release  ## all that a release must pass: lint, tests, Pythons, packages by lintian and in fresh systems
	@$(MAKE) -s reference && git diff --exit-code --stat -- packaging/man packaging/completion docs/reference
	@$(MAKE) -s test test-pythons test-clickhouse
	@$(MAKE) -s deb PYTHONS="3.11 3.13" && lintian --profile debian --fail-on error,warning dist/*.deb
	@$(MAKE) -s rpm && rpm -qp --requires dist/*.rpm >/dev/null
	@$(MAKE) -s test-packages
	@echo "all passed: date the version in CHANGELOG.md, commit, and: git tag -a v$$(sed -n 's/^version = \"\(.*\)\"/\1/p' pyproject.toml) -m 'what the changelog says'"

.PHONY: bench
bench: setup  ## the figures, as ratios against baselines measured in the same run
	@$(PYTHON) -m tests.benchmarks $(ARGS)

.PHONY: coverage
coverage: setup  ## how much of each module the unit tests alone reach, by branches
	@$(PYTHON) -m pytest tests/unit --cov --cov-branch --cov-report=term:skip-covered $(ARGS)

.PHONY: mutants
mutants: setup  ## deliberate bugs, each of which a test must notice; prints the survivors
	@$(PYTHON) -m tests.mutants $(ARGS)

.PHONY: fuzz
fuzz: setup  ## 1,000,000 fuzzed replies through the admin client's parser
	@$(PYTHON) -m tests.fuzz $(ARGS)

.PHONY: chaos
chaos: setup  ## a whole pipeline under faults, then every job accounted for (SEED=n DURATION=60)
	@$(PYTHON) -m tests.chaos $(if $(SEED),--seed $(SEED)) $(if $(DURATION),--duration $(DURATION))

.PHONY: soak
soak: setup  ## the long runs: every kill and every count of the issues at full length
	@$(PYTHON) -m pytest tests/soak $(ARGS)

.PHONY: lock
lock: setup  ## pin the dependencies of pyproject.toml anew, with hashes
	@$(COMPILE) 3.9 --upgrade pyproject.toml --extra all --extra dev -o requirements-dev.lock
	@cp requirements-dev.lock requirements.lock  # the same versions, where both have a package
	@$(COMPILE) 3.9 pyproject.toml --extra all -o requirements.lock
	@$(COMPILE) 3.9 --upgrade --group build -o requirements-build.lock
	@$(COMPILE) 3.11 --upgrade --group site -o requirements-site.lock

.PHONY: reference
reference: setup  ## write manual pages, completions and the Reference anew from the code
	@PYTHONPATH=. $(PYTHON) packaging/documents/generate.py

.site/made: requirements-site.lock
	@python3 -m venv .site
	@.site/bin/pip install -q --disable-pip-version-check --require-hashes -r requirements-site.lock
	@touch $@

.PHONY: docs
docs: .site/made  ## make the site of the documents in dist/site, without a warning
	@NO_MKDOCS_2_WARNING=1 .site/bin/mkdocs build -q --strict -f packaging/documents/mkdocs.yml -d ../../dist/site

.PHONY: deb
deb:  ## build the .deb packages into dist/ (PYTHONS="3.11 3.13" for Debian 12 and 13)
	@./packaging/packages/build deb $(PYTHONS)

.PHONY: rpm
rpm:  ## build the .rpm packages of the checks and the collectd plugin into dist/
	@./packaging/packages/build rpm

.PHONY: clean
clean:  ## remove what the other targets made
	@rm -rf .venv .site .pythons .servers .mypy_cache .pytest_cache .ruff_cache .hypothesis dist
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
