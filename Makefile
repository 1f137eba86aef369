.PHONY: help setup demo test bench soak fuzz docs format lock

help:           ## say what there is
	@grep -hE '^[a-z]+:.*##' Makefile | sed -E 's/:[^#]*##/\t/'

setup:          ## make .venv with the command .venv/bin/bellwire
	@scripts/setup

demo: setup     ## a reminder from the cloud to the speaker, over the real wire
	@.venv/bin/bellwire demo --out demo.wav

test: setup     ## every check that CI runs
	@scripts/test

bench: setup    ## measure; prints a table and writes bench.json
	@.venv/bin/python -m benchmarks

soak: setup     ## simulate until told to stop, from a seed that nobody has seen yet
	@.venv/bin/bellwire simulate --forever --start $$(date +%s)

fuzz: setup     ## fuzz until told to stop; what reaches more is kept in tests/fuzzing/corpus
	@scripts/fuzz

docs: setup     ## write docs/profiles from the profiles
	@scripts/docs

format: setup   ## lay the code out
	@.venv/bin/ruff check --fix --quiet . ; .venv/bin/ruff format --quiet .

lock:           ## pin the dependencies anew (needs uv)
	@scripts/lock
