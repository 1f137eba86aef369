"""The process that pairs a speaker by a code, before it becomes the speaker.

It knows in which order things are done; it must not know how a code looks, nor when the cloud is asked.
"""

import asyncio
import random
import signal
import sys
from contextlib import closing, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO, cast

from msgspec.structs import replace

from bellwire.cli import logs
from bellwire.cli.code_face import CodeFace
from bellwire.cli.failure import Failure, shown_in_one_line, tell
from bellwire.cli.keys import Wish, Word, words_from
from bellwire.cli.output import Unfailing
from bellwire.cli.pairing import forget_pairing
from bellwire.cli.parting import give_back, part
from bellwire.cli.settings import Settings, become_speaker, settings_from
from bellwire.cli.speaker_process import config_of, either, hardware_of
from bellwire.device.authorization import server_of
from bellwire.device.folder import forget_account, hold
from bellwire.device.grant import Grant
from bellwire.device.pairing import NotPaired, pair
from bellwire.device.storage import StorageError
from bellwire.device.token_file import TokenFile, Tokens

PRODUCT = "Bellwire Speaker"
"""What the cloud calls a speaker that has no name yet."""


def main(settings: Settings) -> int:
    """Pair, and be the speaker; gives the exit code when it does not come to that."""
    sys.stdout = cast("TextIO", Unfailing(sys.stdout))
    logs.configure(brief=True)
    try:
        if settings.log_out:
            CodeFace(settings.cloud, as_json=settings.json).parted(part(Path(settings.folder)))
            settings = replace(settings, log_out=False)
        if pair_by_code(settings):
            become_speaker(settings)
    except Failure as failure:
        return tell(str(failure))
    return 0


def pair_by_code(settings: Settings) -> bool:
    """Show codes until one is confirmed, and keep the tokens; False: somebody ended it. Raises Failure.

    What the speaker had, of whatever account, goes before the new tokens come, so that no power cut brings the two
    together; the tokens that it had are good until then.
    """
    face = CodeFace(settings.cloud, as_json=settings.json)
    with shown_in_one_line(ValueError, StorageError, NotPaired):
        config = config_of(settings)
        file = TokenFile(config.folder)
        # What could stand in the way is told of now, not after the confirmation, and no other speaker comes meanwhile.
        with closing(hold(config)) as storage:
            before = file.read()
            grant = asyncio.run(_granted(settings, face))
            if grant is None:
                return False
            forget_account(config, storage)
            file.write(_tokens(settings, grant))
        forget_pairing(config.folder)
        if before is not None:
            asyncio.run(give_back(config.folder, before))
    face.paired(grant.device_id)
    return True


async def _granted(settings: Settings, face: CodeFace) -> Grant | None:
    loop = asyncio.get_running_loop()
    quitting = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, quitting.set)

    def heard(wish: Wish) -> None:
        if wish.word == "quit":
            loop.call_soon_threadsafe(quitting.set)

    server = server_of(config_of(settings), hardware_of(settings).product)
    at_end: Word | None = "quit" if settings.has_face else None
    with words_from(sys.stdin.fileno(), heard, at_end=at_end) if sys.stdin else nullcontext() as by_key:
        if by_key:
            face.keys()
        asking = asyncio.create_task(
            pair(server, face, profile=settings.profile, product=PRODUCT, chance=random.random)
        )
        await either(quitting.wait(), asking)
    return asking.result() if asking.done() and not asking.cancelled() else None


def _tokens(settings: Settings, grant: Grant) -> Tokens:
    return Tokens(
        url=settings.cloud,
        profile=settings.profile,
        access_token=grant.access_token,
        refresh_token=grant.refresh_token or "",
        issued_at=datetime.now(UTC),
        lifetime=grant.expires_in,
        device_id=grant.device_id,
        ca=settings.ca,
        cloud=settings.cloud_folder,
    )


if __name__ == "__main__":
    sys.exit(main(settings_from(int(sys.argv[1]))))
