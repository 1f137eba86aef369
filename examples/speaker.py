"""A speaker of one's own: python examples/speaker.py URL CA_FILE TOKEN FOLDER (see `bellwire device add`)."""

import asyncio
import sys
from datetime import timedelta
from pathlib import Path

from bellwire.device import Config, Laptop, Observer, Occurrence, Speaker


class Kitchen(Observer):
    def alert_set(self, occurrence: Occurrence) -> None:
        print("set:", occurrence.label or occurrence.kind, "for", occurrence.scheduled_time.astimezone())

    def alert_ringing(self, occurrence: Occurrence, late: timedelta) -> None:
        print("rings:", occurrence.label or occurrence.kind)


async def main(url: str, ca_file: str, token: str, folder: str) -> None:
    config = Config(cloud=url, ca_file=Path(ca_file), access_token=token, folder=Path(folder))
    async with Speaker(config, Laptop(), Kitchen()) as speaker:
        await speaker.ended()


asyncio.run(main(*sys.argv[1:]))
