# One word per task; CI says the same words.
.PHONY: setup tour fmt check test slow

OUT ?= hello.wav

setup:   # an editable install with everything development needs
	python -m pip install -e '.[dev]'

tour:    # check the voice in the package and speak with it
	cosyvoice-lite verify nano
	cosyvoice-lite speak "你好，世界。Hello, world." -o $(OUT)

fmt:     # format and fix what can be fixed
	ruff format . && ruff check --fix .

check:   # format, lint, types
	ruff format --check . && ruff check . && mypy

test:    # everything that needs no network, no downloads, and under a minute or two
	pytest

slow:    # full-size and long checks
	pytest -m slow
