"""One target, fuzzed towards code that was not reached yet (atheris).

python -m tests.fuzzing.guided TARGET [FLAG OR FOLDER]…

Flags are libFuzzer's; new inputs that reach more are put into the first folder.
"""

import sys

import atheris


def main() -> None:
    name, *flags = sys.argv[1:]
    with atheris.instrument_imports(include=["bellwire"]):
        from tests.fuzzing.targets import TARGETS  # noqa: PLC0415 - what is imported here is instrumented
    atheris.Setup([sys.argv[0], *flags], TARGETS[name])
    atheris.Fuzz()


if __name__ == "__main__":
    main()
