# `make help` lists the commands. They work in .venv, which the first of them sets up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help run lab slides pdf test lint format notebooks weights figures animation photographs experiments playground starters pages bench training memory oldest colab known-good stamp clean

help:  ## list the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-11s %s\n", $$1, $$2 }' Makefile

run: $(VENV)/.notebooks-installed  ## execute the series; notebooks and web pages in build/
	@$(BIN)/python -m tools.publish.series

lab: $(VENV)/.notebooks-installed  ## open the series in JupyterLab
	@$(BIN)/jupyter-lab --LabApp.default_url=/lab/tree/notebooks $(allow_root)

slides: $(VENV)/.notebooks-installed  ## write the series as slides for a lecture, in build/slides
	@$(BIN)/python -m tools.publish.slides

pdf: $(VENV)/.tests-installed  ## write the book and the slides as PDF, in build/pdf; needs Chromium
	@$(BIN)/python -m tools.publish.pdf

test: lint  ## check the style, run the unit tests and every notebook
	@$(BIN)/python -m pytest --numprocesses=2 --dist=loadfile --no-loadscope-reorder

lint: $(VENV)/.tests-installed  ## check style, types and spelling
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/mypy
	@$(BIN)/codespell

format: $(VENV)/.tests-installed  ## put code and notebooks into the project's format
	@$(BIN)/ruff check --fix-only
	@$(BIN)/ruff format

notebooks: $(VENV)/.notebooks-installed  ## re-execute and save outputs into notebooks/; needs real MNIST
	@$(BIN)/python -m tools.publish.series --inplace

weights: $(VENV)/.notebooks-installed  ## train the weights that the package ships; needs real MNIST
	@$(BIN)/python -m tools.make.weights

figures: $(VENV)/.notebooks-installed  ## draw the pictures in figures/ again; needs real MNIST
	@$(BIN)/python -m tools.make.figures

animation: $(VENV)/.tests-installed  ## film the playground for the README, in Chromium; needs real MNIST
	@$(BIN)/python -m tools.make.animation

photographs: $(VENV)/.notebooks-installed  ## draw again the made photographs that notebook 4 reads
	@$(BIN)/python -m tools.make.photographs

experiments: $(VENV)/.notebooks-installed  ## run the long experiments again; needs real MNIST
	@$(BIN)/python -m tools.make.experiments

playground: $(VENV)/.notebooks-installed  ## make the playground, one web page, in build/
	@$(BIN)/python -m tools.publish.playground_page

starters: $(VENV)/.notebooks-installed  ## write the exercises alone, to hand out and to grade, in build/starters
	@$(BIN)/python -m tools.publish.starter

pages: $(VENV)/.notebooks-installed  ## publish book, slides and playground on REMOTE's branch gh-pages
	@$(BIN)/python -m tools.publish.pages $(REMOTE)

bench: $(VENV)/.notebooks-installed  ## measure how fast the series is here; table and picture in build/
	@$(BIN)/python -m tools.measure.bench

training: $(VENV)/.tests-installed  ## measure how fast the playground trains in this machine's Chromium
	@$(BIN)/python -m tools.measure.page_training

memory: $(VENV)/.notebooks-installed  ## measure every notebook's peak memory; fail beyond the budget
	@$(BIN)/python -m tools.measure.memory

oldest:  ## execute the series on the oldest supported packages, set up in .venv-oldest
	@$(run_on_others)

colab:  ## execute the series on Colab's versions of the packages, set up in .venv-colab
	@$(run_on_others)

known-good: $(VENV)/.tests-installed  ## write down the exact versions in .venv, in tests/known-good.txt
	@$(BIN)/python -c 'import sys; print("# Versions that pass the tests, for Python %d.%d;" % \
		sys.version_info[:2], "`make known-good` writes this.")' > tests/known-good.txt
	@$(BIN)/python -m pip list --format=freeze --exclude-editable --exclude=pip >> tests/known-good.txt

stamp: $(VENV)/.notebooks-installed  ## write ADDRESS and REF into what readers see (docs/package.md)
	@$(BIN)/python -m tools.publish.stamp $(ADDRESS) $(REF)

clean:  ## remove what the commands made, except the environments
	@rm -rf build *.egg-info .hypothesis .mypy_cache .pytest_cache .ruff_cache
	@find ae_utils tests tools -name __pycache__ -prune -exec rm -rf {} +

# Runs the series in an environment of its own, on the versions that tests/ names for the target.
run_on_others = AE_DATA=digits PIP_CONSTRAINT=tests/$@.txt \
	$(MAKE) --no-print-directory run VENV=.venv-$@

# In a container, where one is root, Jupyter wants to be told that this is meant.
allow_root = $(if $(filter 0,$(shell id -u)),--allow-root)

# Says what is wrong with $(PYTHON); says nothing of one that the package supports.
python_fault = $(shell $(PYTHON) -c 'import sys; (3, 11) <= sys.version_info < (3, 15) or \
	print("$(PYTHON) is Python", ".".join(map(str, sys.version_info[:3])))' 2>&1 || true)

$(VENV)/.notebooks-installed: pyproject.toml
	$(if $(python_fault),$(error Python 3.11 to 3.14 is needed: $(python_fault); choose one, such as make PYTHON=python3.12))
	@echo 'Setting up $(VENV) (about three minutes, up to 6 GB: once)'
	@$(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) --editable '.[notebooks]'
	@touch $@

$(VENV)/.tests-installed: $(VENV)/.notebooks-installed
	@echo 'Adding the test tools to .venv'
	@$(PIP_INSTALL) --editable '.[notebooks,tests]'
	@PIP_CONSTRAINT= $(PIP_INSTALL) --target $(VENV)/ipywidgets7 --no-deps ipywidgets==7.7.1 ipython-genutils
	@touch $@
