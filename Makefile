# make demo   the library at work against a private Samba server
# make test   everything that has to pass before a change is handed in
# make bench   the speed beside other clients, table and pictures for the manual; BENCH=--quick takes a minute or two
# They do their own set-up; they need make and Python 3.10 or newer.

PYTHON ?= python3
# More than there are cores: many tests wait for a silence to end.
WORKERS ?= 3
# What takes long already, and shows nothing about coverage that the others do not
UNCOVERED := tests/live tests/attacks tests/fuzz
FUZZ_SECONDS ?= 20
SOAK ?= --json benchmarks/soak.json --rst docs/soak_table.rst
BIN := .venv/bin
SAMBA_PATH := $(PATH):/usr/sbin:/usr/local/samba/sbin

.PHONY: help demo test bench lint format types docs check-samba check-smbclient test-all-pythons fuzz soak mutants picture clean

help:
	@sed -n 's/^# make /make /p' Makefile

demo: check-samba .venv/.package
	@$(BIN)/python tests/demo.py

test: check-samba lint types
	rm -f .coverage
	SMBCOURIER_REQUIRE_SMBD=1 $(BIN)/python -m pytest -q -n $(WORKERS) --durations=5 $(UNCOVERED)
	SMBCOURIER_REQUIRE_SMBD=1 $(BIN)/python -m pytest -q -n $(WORKERS) --cov --cov-report= --durations=5 \
		$(UNCOVERED:%=--ignore=%)
	$(BIN)/coverage report --fail-under=92
	$(BIN)/coverage report --fail-under=98 --include='smb/wire/*,smb/messages/*'
	$(MAKE) docs

bench: check-samba check-smbclient .venv/.package .venv/bench/pysmb/.installed .venv/bench/smbprotocol/.installed
	@$(BIN)/python -m benchmarks $(BENCH)
	@$(BIN)/python -m benchmarks.readme

# make lint   format and lint, changing nothing
lint: .venv/.tools
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

# make format   the format, applied
format: .venv/.tools
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# make types   mypy --strict
types: .venv/.tools
	$(BIN)/mypy --strict smb nmb benchmarks

# make docs   the manual, in docs/_build
docs: .venv/.tools
	$(BIN)/sphinx-build -q -E -W --keep-going -n docs docs/_build

# make test-all-pythons   the tests on each Python that is found on PATH or in ~/.pyenv
test-all-pythons: check-samba
	@set -e; for version in 3.10 3.11 3.12 3.13 3.14; do \
		python=$$(ls -d $$HOME/.pyenv/versions/$$version.*/bin/python 2>/dev/null | tail -n 1); \
		python=$${python:-$$(command -v python$$version || true)}; \
		if [ -z "$$python" ]; then echo "Python $$version: not found"; continue; fi; \
		folder=.venv/pythons/$$version; \
		test -e $$folder/.tools || { $$python -m venv $$folder && \
			$$folder/bin/pip install -q -e '.[fast,dev]' && touch $$folder/.tools; }; \
		echo "Python $$version:"; \
		SMBCOURIER_REQUIRE_SMBD=1 $$folder/bin/python -m pytest -q -n $(WORKERS); \
	done

# make test-integrations   pandas and a Dask cluster at work on a share, the manual in a browser, in an environment of its own
test-integrations: check-samba .venv/integrations/.installed
	@command -v chromium >/dev/null || { $(call install,chromium); }
	SMBCOURIER_REQUIRE_SMBD=1 .venv/integrations/bin/python -m pytest -q -o filterwarnings=default tests/integrations

# make fuzz   each decoder fed with mutated bytes for FUZZ_SECONDS (20), guided by coverage where atheris can be had
fuzz: .venv/.tools
	@$(BIN)/python -m pip install -q --only-binary atheris atheris 2>/dev/null || \
		echo 'atheris cannot be installed here: the mutations are random'
	@$(BIN)/python -m tests.fuzz.explore --seconds $(FUZZ_SECONDS) --workers $(WORKERS)

# make soak   10,000 verified transfers under faults, a million calls, a file of 10 GiB; SOAK='--transfers 100' for less
soak: check-samba .venv/.tools
	$(BIN)/python -m tests.soak $(SOAK)

# make mutants   each check behind a rule taken out in a copy of the tree: its tests have to fail; CHECK=part of its code
mutants: .venv/.tools
	@$(BIN)/python -m tests.attacks.mutants $(if $(CHECK),'$(CHECK)')

# make picture   the picture of the command line in README.rst, taken of a terminal
picture: check-samba .venv/.package
	@command -v Xvfb >/dev/null || { $(call install,xvfb); }
	@command -v xterm >/dev/null || { $(call install,xterm); }
	@command -v xdotool >/dev/null || { $(call install,xdotool); }
	@command -v import >/dev/null || { $(call install,imagemagick); }
	@fc-list 2>/dev/null | grep -q 'DejaVu Sans Mono' || { $(call install,fonts-dejavu-core); }
	$(BIN)/python docs/picture.py

# make clean   everything gone that can be made again, the environment too
clean:
	rm -rf .venv build dist docs/_build *.egg-info .coverage* .hypothesis .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# The stamps make the second run quick; a changed setup.py installs again.
.venv/.package: setup.py .venv/.created
	$(BIN)/python -m pip install -q -e '.[fast]'
	@touch $@

.venv/.tools: setup.py .venv/.created
	$(BIN)/python -m pip install -q -e '.[fast,dev]'
	@touch $@ .venv/.package

# Nothing of it is needed by the library or its other tests.
.venv/integrations/.installed: setup.py .venv/.created
	$(BIN)/python -m venv $(@D)
	$(@D)/bin/python -m pip install -q -e '.[fast,fsspec]' pytest hypothesis pandas pyarrow 'dask[dataframe,distributed]' sphinx
	@touch $@

# An environment for each client that the benchmark compares with, since their packages have the same names as ours
.venv/bench/%/.installed: .venv/.created
	$(BIN)/python -m venv $(@D)
	$(@D)/bin/python -m pip install -q $*
	@touch $@

.venv/.created:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || \
		{ echo 'Python 3.10 or newer is needed: make PYTHON=/path/to/it' >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { $(call install,python3-venv); }
	$(PYTHON) -m venv .venv
	@touch $@

check-samba:
	@PATH=$(SAMBA_PATH) command -v smbd >/dev/null || { $(call install,samba); }
	@find /usr/lib /usr/lib64 /usr/local/samba -name shadow_copy2.so 2>/dev/null | grep -q . || \
		{ $(call install,samba-vfs-modules); }

check-smbclient:
	@command -v smbclient >/dev/null || { $(call install,smbclient); }

# $(call install,PACKAGE): by apt-get as root or through sudo, or else one line that says what to install
define install
	echo 'Installing $(1)'; \
	if [ "$$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi; \
	command -v apt-get >/dev/null && command -v $${as_root:-apt-get} >/dev/null && \
	{ $$as_root apt-get -q update >/dev/null || true; } && \
	$$as_root env DEBIAN_FRONTEND=noninteractive apt-get -q install -y --no-install-recommends $(1) >/dev/null || \
	{ echo 'Please install the package $(1), then run make again' >&2; exit 1; }
endef
