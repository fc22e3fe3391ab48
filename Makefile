# make demo   everything it needs, then the main job with callers and seats; stays up until Ctrl-C
# make test   everything it needs, then the tests
# make check  what a reviewer's machine runs: format, lint, types, import contracts
# make fuzz   the property tests with examples that were never tried, ten rounds
# make bench  the speed figures of bench/
# make chaos  faults on a real Asterisk under traffic, and a table of what held
# make shift  a shift compressed into minutes, its figures counted by the telephones and by the system

PYTHON ?= python3
BIN := .venv/bin

.PHONY: setup demo test fuzz check bench chaos shift

setup:
	@$(PYTHON) scripts/setup.py

demo: setup
	@$(BIN)/hotline demo

test: setup
	@$(BIN)/python -m pytest -n 2 --dist loadfile -rR

fuzz: setup
	@for round in 1 2 3 4 5 6 7 8 9 10; do \
		HYPOTHESIS_PROFILE=search $(BIN)/python -m pytest -q -x -m "not asterisk and not browser" \
			--hypothesis-seed=random $$(grep -rl "from hypothesis" tests --include="test_*.py") || exit 1; \
	done

check: setup
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

bench: setup
	@$(BIN)/python bench/assign.py
	@$(BIN)/python bench/link.py
	@$(BIN)/python bench/ring_latency.py
	@$(BIN)/python bench/many_seats.py
	@$(BIN)/python bench/capacity.py --profile
	@$(BIN)/python bench/answer_to_audio.py
	@$(BIN)/python bench/viewers.py
	@$(BIN)/python bench/draft.py
	@$(BIN)/python bench/transcribe.py --seconds 600 --without-whisperx
	@$(BIN)/python bench/memory.py
	@$(BIN)/python bench/drain.py
	@$(BIN)/python bench/sealed.py
	@$(BIN)/python bench/replay_start.py
	@$(BIN)/python bench/desk.py
	@$(BIN)/python bench/repeats.py
	@$(BIN)/python bench/drafts/run.py --half all

chaos: setup
	@$(BIN)/python -m tests.chaos

shift: setup
	@$(BIN)/python -m tests.chaos.shift
