# One word per task; CI says the same words.
.PHONY: setup fmt check test slow

setup:
	python -m pip install -e '.[dev]'

fmt:
	ruff format src tests && ruff check --fix src tests

check:
	ruff format --check src tests && ruff check src tests && mypy

test:
	pytest

slow:
	pytest -m slow
