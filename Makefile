# Two commands: `make lab` opens the course, `make test` runs every check.
# ARGS goes on to JupyterLab or pytest: make lab ARGS=--no-browser, make test ARGS=tests/checks

SUITABLE = import sys; sys.exit(sys.version_info < (3, 11))
CANDIDATES = python3 python3.11 python3.12 python3.13 python3.14 python
ifndef PYTHON
PYTHON := $(shell for python in $(CANDIDATES); do \
	"$$python" -c "$(SUITABLE)" 2>/dev/null && echo $$python && break; done)
endif
VENV_PYTHON = .venv/bin/python
ARGS ?=

.PHONY: help lab test setup python

help:
	@sed -n 's/^\([a-z]*\):.*## /  make \1\t/p' $(MAKEFILE_LIST)

lab: python ## open the course in JupyterLab (sets everything up the first time)
	@"$(PYTHON)" bootstrap.py lab $(ARGS)

test: python ## run every check and print one summary
	@"$(PYTHON)" bootstrap.py test $(ARGS)

setup: python ## only make the environment and the notebooks
	@"$(PYTHON)" bootstrap.py setup

python:
	@test -n "$(PYTHON)" || { echo "stepwise: no Python 3.11 or later was found;" \
		"install it (Debian, Ubuntu: sudo apt-get install python3 python3-venv)." >&2; exit 1; }

# For authors and instructors; the student edition ends here.

.PHONY: notebooks release grade lock picture

notebooks: setup ## build the notebooks from their text
	@$(VENV_PYTHON) -m autograder build $(ASSIGNMENT)

release: assignment setup ## release an assignment: make release ASSIGNMENT=01_algorithms
	@$(VENV_PYTHON) -m autograder release $(ASSIGNMENT)

grade: assignment setup ## grade what was handed in: make grade ASSIGNMENT=01_algorithms
	@$(VENV_PYTHON) -m autograder grade $(ASSIGNMENT)

assignment:
	@test -n "$(ASSIGNMENT)" || { echo "stepwise: say which assignment:" \
		"make $(MAKECMDGOALS) ASSIGNMENT=01_algorithms" >&2; exit 2; }

lock: python ## resolve pyproject.toml anew: requirements.lock and environment.yml (needs uv)
	@"$(PYTHON)" binder/lock.py

picture: setup ## make the picture at the top of the README
	@$(VENV_PYTHON) -m tests.browser.picture docs/lesson.png
