"""The command `bellwire`.

Nothing is loaded with it: what speaks for hours (`speaker_process`) should not carry the code that reads a command
line.
"""

from collections.abc import Sequence


def main(args: Sequence[str] | None = None) -> int:
    """Run the command of `args` (else of the process); give its exit code. 1: it failed; 2: it was called wrongly."""
    from bellwire.cli.commands import run

    return run(args)
