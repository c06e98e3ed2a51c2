# Wenbao (问报). `make help` lists the targets.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
DATA ?= var
PORT ?= 8000
SHARED ?= ../shared
PRECISION ?= auto
FONT := /usr/share/fonts/opentype/noto/NotoSerifCJK-Regular.ttc

.PHONY: help setup serve test check format eval eval-shared eval-pages bench bench-peers fit-pages validate-pages count-pairs browser translations lock clean

help: ## list the targets
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  \1\t/' | expand -t 18

setup: .venv/.installed ## make .venv with everything, once

# Made again only when what is installed would differ.
.venv/.installed: requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --requirement requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $@

serve: setup ## index seeds/ (only what is new) and serve the chat page on $(PORT)
	$(BIN)/wenbao build seeds --data $(DATA)
	exec $(BIN)/wenbao serve --data $(DATA) --port $(PORT)

test: setup browser ## run the tests
	$(BIN)/python -m pytest

check: setup ## format, lint, types, layers
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

eval: setup ## measure the answers on seeds/questions.jsonl
	$(BIN)/wenbao build seeds --data .cache/eval/seeds
	$(BIN)/wenbao eval seeds/questions.jsonl --data .cache/eval/seeds

eval-shared: setup ## measure retrieval on the development data in $(SHARED)/data
	SHARED=$(SHARED) $(BIN)/python -m tests.bench.retrieval --precision $(PRECISION)

# `fit-pages` learns from all of these but the marked pages k and m: only those are held out.
eval-pages: setup ## measure the reading of pages on $(SHARED)/data/pages, seeds/ and marked pages
	$(BIN)/python -m tests.bench.pages $(SHARED)/data/pages
	$(BIN)/python -m tests.bench.pages seeds --gold tests/data/seed_pages.jsonl
	$(BIN)/python -m tests.bench.pages tests/data/marked
	$(BIN)/python -m tests.bench.pages tests/data/marked --only k m -q

bench: setup ## measure embedding, building, searching and answering by size (an hour, on an idle machine)
	SHARED=$(SHARED) $(BIN)/python -m tests.bench.embedding
	SHARED=$(SHARED) $(BIN)/python -m tests.bench.indexing
	SHARED=$(SHARED) $(BIN)/python -m tests.bench.vectors
	SHARED=$(SHARED) $(BIN)/python -m tests.bench.queries --plot tests/bench/growth.png

bench-peers: setup .cache/peers/.installed ## measure other libraries on the same questions (needs $(SHARED))
	SHARED=$(SHARED) $(BIN)/python -m tests.bench.peers --python .cache/peers/venv/bin/python

.cache/peers/.installed: tests/bench/peers/requirements.txt
	@test -x .cache/peers/venv/bin/python || $(PYTHON) -m venv .cache/peers/venv
	.cache/peers/venv/bin/python -m pip install --quiet --disable-pip-version-check --requirement $<
	@touch $@

fit-pages: setup ## learn the weights of the layout model from the marked pages and $(SHARED)
	$(BIN)/python -m tests.bench.fit_pages --shared $(SHARED)

validate-pages: setup ## measure the reading of pages on pages left out of learning, five times (10 minutes)
	$(BIN)/python -m tests.bench.fit_pages --shared $(SHARED) --folds 5

count-pairs: setup ## count how common pairs of characters are, in the news of $(SHARED)
	$(BIN)/python -m tests.bench.count_pairs $(SHARED)/data/crud-news.articles.jsonl.gz

# The browser tests drive Debian's Chromium, which also prints the PDF that some tests read. They and the
# scanned pages that tests draw need Chinese fonts.
browser: ## install what the tests need beside Python: Chromium and Chinese fonts
	@{ command -v chromium && test -e $(FONT); } >/dev/null || { \
	  if [ "$$(id -u)" = 0 ]; then as_root=; else as_root=sudo; fi; \
	  $$as_root apt-get update -qq && \
	  DEBIAN_FRONTEND=noninteractive $$as_root apt-get install -y -qq --no-install-recommends chromium fonts-noto-cjk; }

translations: setup ## write down what the pages newly say, and compile what is translated
	$(BIN)/pybabel -q extract -F web/translations/babel.cfg --no-location --omit-header -o .cache/messages.pot .
	$(BIN)/pybabel -q update -i .cache/messages.pot -d web/translations --no-fuzzy-matching --ignore-obsolete --omit-header
	$(BIN)/pybabel -q compile -d web/translations

lock: setup ## write requirements.lock from what is installed
	$(BIN)/python -m pip freeze --exclude-editable --disable-pip-version-check 2>/dev/null \
	  | sed 's/+cpu//' | grep -v '^pip==' > requirements.lock

clean: ## remove what was made here
	rm -rf .venv .cache var build *.egg-info
