# One word per task; CI says the same words.
.PHONY: setup tour fmt check test slow

OUT ?= tour

setup:   # an editable install with everything development needs
	python -m pip install -e '.[dev]'

tour:    # make a test checkpoint, convert it, verify it, speak with it
	python benchmarks/checkpoints.py tiny $(OUT)/checkpoint --tokenizer phonemes
	cosyvoice-lite convert $(OUT)/checkpoint $(OUT)/bundle --replace
	cosyvoice-lite verify $(OUT)/bundle
	cosyvoice-lite speak "你好，世界。Hello, world." --model $(OUT)/bundle -o $(OUT)/hello.wav

fmt:     # format and fix what can be fixed
	ruff format . && ruff check --fix .

check:   # format, lint, types
	ruff format --check . && ruff check . && mypy

test:    # everything that needs no network, no downloads, and under a minute or two
	pytest

slow:    # full-size and long checks
	pytest -m slow
