"""The process that is a speaker's face on a terminal; the speaker itself is a process beside it (`speaker_link`).

It knows which two they are, and the signals that end them; it must not know what a face looks like.
"""

import asyncio
import os
import signal
import sys

from bellwire.cli.failure import tell
from bellwire.cli.output import printable
from bellwire.cli.settings import Settings, settings_from
from bellwire.cli.speaker_link import SpeakerLink
from bellwire.cli.terminal_face import TerminalFace


def main(settings: Settings) -> int:
    """Run until the speaker has ended; gives its exit code."""
    for size in ("COLUMNS", "LINES"):  # where a shell exports them, they say what the terminal was once
        os.environ.pop(size, None)
    link = SpeakerLink(settings)
    code = asyncio.run(_run(TerminalFace(link, settings.cloud, is_paired=not settings.must_pair)))
    if code < 0:
        return tell(f"the speaker was ended by the signal {signal.Signals(-code).name}")
    if code and link.last_words:
        sys.stderr.write(f"{printable(link.last_words)}\n")
    return code


async def _run(face: TerminalFace) -> int:
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, face.leave)
    code = await face.run_async(mouse=False)
    return 1 if code is None else code


if __name__ == "__main__":
    sys.exit(main(settings_from(int(sys.argv[1]))))
