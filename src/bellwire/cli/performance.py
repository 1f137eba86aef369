"""The demonstration: a cloud and a speaker as processes, a reminder that rings and is stopped, and what was heard.

It knows what must happen, in which order and by when; it must not know how anything of it is done. Every function
raises Failure with what did not happen.
"""

import json
import time
import wave
from array import array
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

from rich.console import Console

from bellwire.cli import records
from bellwire.cli.account_api import api_at
from bellwire.cli.conversation import as_json, as_line, name_and_payload
from bellwire.cli.failure import Failure
from bellwire.cli.machine import time_zone
from bellwire.cli.options import TOKEN_VARIABLE
from bellwire.cli.output import put_json
from bellwire.cli.processes import Ended, Process, free_port
from bellwire.cloud.store.connection import Connection
from bellwire.protocol.profiles import DEFAULT_PROFILE

LABEL = "Take your medicine"
AHEAD = "5s"
HEARD_FOR = 7.5
"""Seconds: the bell and the spoken label, twice."""
QUIETEST = 3_000
"""Of 32,767: bells and speech are many times louder."""
AT_MOST = 22.0
"""Seconds for all of it, but the end in good order."""
_TO_START = 10.0
_TO_RING = 15.0
_TO_ANSWER = 5.0
_LOOK_EVERY = 0.05


class Show(NamedTuple):
    """Where progress is shown, and by when all is over."""

    as_json: bool
    console: Console
    ends: float
    """On the monotonic clock."""

    def left(self, wanted: float) -> float:
        """So many seconds, or as many as are left."""
        return max(min(wanted, self.ends - time.monotonic()), 0.0)

    def note(self, text: str) -> None:
        """A line of our own."""
        if not self.as_json:
            self.console.print(f"{'':12} -- {text}", style="dim", soft_wrap=True)


def perform(out: Path, *, as_json: bool) -> int:
    """Do it all; gives how late it rang, in milliseconds. What was heard is in `out` afterwards."""
    out.write_bytes(b"")
    show = Show(as_json, Console(highlight=False), time.monotonic() + AT_MOST)
    with TemporaryDirectory(prefix="bellwire-demo-") as name:
        folder = Path(name)
        with _cloud(folder, show) as url, records.opened(folder / "cloud") as store:
            account, token = records.make_account(store, "home", time_zone())
            device, access_token = records.make_device(store, account.account_id, "speaker", DEFAULT_PROFILE.name)
            wire = Wire(store, account.account_id, device.device_id, show)
            with _speaker(folder, url, access_token, out, show) as speaker:
                with api_at(url, folder / "cloud" / "ca.pem", token) as api:
                    api.call("POST", "alerts", body={"label": LABEL, "kind": "REMINDER", "in": AHEAD})
                late = _ring_and_stop(wire, speaker, show)
    check_sound(out, show)
    return round(late)


@contextmanager
def _cloud(folder: Path, show: Show) -> Iterator[str]:
    options = ("--port", str(free_port()), "--data", folder / "cloud")
    with Process("cloud", *options, log=folder / "cloud.log") as process:
        url = _line(process, show.left(_TO_START), "start").removeprefix("ready ")
        show.note(f"cloud ready at {url}")
        yield url
        _ended_well(process)


@contextmanager
def _speaker(folder: Path, url: str, access_token: str, out: Path, show: Show) -> Iterator[Process]:
    cloud = ("--url", url, "--ca", folder / "cloud" / "ca.pem")
    secret = {TOKEN_VARIABLE: access_token}
    options = ("--data", folder / "speaker", "--record", out, "--json")
    with Process("speaker", *cloud, *options, log=folder / "speaker.log", environment=secret) as process:
        first = json.loads(_line(process, show.left(_TO_START), "start"))
        if first["event"] != "connected":
            raise Failure(f"the speaker did not connect: {first.get('reason', first)}")
        show.note(f"speaker connected; {_sound_output(process)}")
        yield process
        _ended_well(process)


def _ended_well(process: Process) -> None:
    if process.end() != 0:
        raise Failure(f"the {process.name} did not end in good order: {process.last_words}")


class Wire:
    """The trace of the speaker, shown as it grows."""

    def __init__(self, store: Connection, account_id: str, device_id: str, show: Show) -> None:
        self._store = store
        self._of = account_id, device_id
        self._show = show
        self._last = 0
        self._seen: dict[str, dict[str, Any]] = {}

    def watch(self, seconds: float) -> None:
        """Show what passes for so long."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            self._look()
            time.sleep(_LOOK_EVERY)

    def wait_for(self, name: str, within: float, who: str = "the speaker did not report") -> dict[str, Any]:
        """Show what passes until this message has; gives its payload."""
        within = self._show.left(within)
        until = time.monotonic() + within
        while f"Alerts.{name}" not in self._seen:
            if time.monotonic() > until:
                raise Failure(f"{who} {name} within {within:.0f} s")
            self._look()
            time.sleep(_LOOK_EVERY)
        return self._seen[f"Alerts.{name}"]

    def _look(self) -> None:
        for message in records.messages_since(self._store, *self._of, self._last):
            self._last = message.id
            name, payload = name_and_payload(message)
            self._seen.setdefault(name, payload)
            if self._show.as_json:
                put_json(as_json(message))
            else:
                self._show.console.print(as_line(message), soft_wrap=True)


def _ring_and_stop(wire: Wire, speaker: Process, show: Show) -> float:
    """Gives how late it was heard, in milliseconds."""
    said = wire.wait_for("SetAlert", _TO_ANSWER, "the cloud did not send")
    if len(said.get("assets", ())) < 2:
        raise Failure("the cloud did not make speech of the label")
    wire.wait_for("SetAlertSucceeded", _TO_ANSWER)
    wire.wait_for("AlertStarted", _TO_RING)
    late = _lateness(speaker, show.left(_TO_ANSWER))
    show.note(f"rings, {late:g} ms after its time; stop is pressed in {HEARD_FOR:g} s")
    wire.watch(show.left(HEARD_FOR))
    show.note("stop is pressed")
    speaker.say("stop")
    wire.wait_for("AlertStopped", _TO_ANSWER)
    wire.wait_for("DeleteAlertSucceeded", _TO_ANSWER)
    return late


def _lateness(speaker: Process, within: float) -> float:
    while True:
        said = json.loads(_line(speaker, within, "say that it rings"))
        if said["event"] == "ringing":
            late: float = said["late_ms"]
            return late


def _line(process: Process, within: float, what: str) -> str:
    try:
        return process.line(within)
    except TimeoutError:
        raise Failure(f"the {process.name} did not {what} within {within:.0f} s") from None
    except Ended:
        raise Failure(f"the {process.name} ended and did not {what}: {process.last_words}") from None


def _sound_output(speaker: Process) -> str:
    for line in speaker.log.read_text(encoding="utf-8").splitlines():
        if '"sound output started"' in line:
            backend: str = json.loads(line)["backend"]
            return "no sound card: null device" if backend == "Null" else f"sound card opened by {backend}"
    raise Failure("the speaker did not start its sound output")


def check_sound(out: Path, show: Show) -> None:
    """The recording is neither silent nor too short."""
    with wave.open(str(out)) as heard:
        seconds = heard.getnframes() / heard.getframerate()
        loudest = max(map(abs, array("h", heard.readframes(heard.getnframes()))), default=0)
    if loudest < QUIETEST or seconds < HEARD_FOR:
        raise Failure(f"{out} has {seconds:.1f} s of sound, of which the loudest sample is {loudest} of 32767")
    show.note(f"{out} has what was heard: {seconds:.1f} s")
