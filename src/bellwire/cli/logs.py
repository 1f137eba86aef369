"""Logs of long-running commands, on stderr: for people on a terminal, one JSON object a line elsewhere."""

import logging
import sys
from typing import TextIO, cast

import structlog

from bellwire.cli.output import Unfailing


def configure(*, brief: bool = False) -> None:
    """Set up structlog for this process; `brief`: a person at a terminal is told what is wrong only."""
    terminal = sys.stderr.isatty()
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="%H:%M:%S" if terminal else "iso", utc=not terminal),
            *_rendered(terminal),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING if terminal and brief else logging.INFO),
        logger_factory=structlog.PrintLoggerFactory(cast("TextIO", Unfailing(sys.stderr))),
    )


def _rendered(terminal: bool) -> list[structlog.typing.Processor]:
    if terminal:
        # Values in quotes, with escapes: some are what a device sent, which must not steer the terminal.
        return [structlog.dev.ConsoleRenderer(repr_native_str=True, exception_formatter=structlog.dev.plain_traceback)]
    # Without the values of local variables: there are tokens among them.
    tracebacks = structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
    return [structlog.processors.ExceptionRenderer(tracebacks), structlog.processors.JSONRenderer()]
