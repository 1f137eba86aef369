"""What is fuzzed: functions that take any bytes, and raise where something is wrong.

Each stands for a door at which bytes come in from elsewhere, or for a core that has to bear whatever happens.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime, time, timedelta
from functools import cache
from typing import Any, TypeVar

import sqlalchemy as sa

from bellwire.alerts.alert import Kind
from bellwire.cloud.store.connection import Connection
from bellwire.cloud.store.opening import MEMORY, connect
from bellwire.cloud.store.schema import accounts
from bellwire.cloud.store.transaction import Statement, Transaction
from bellwire.device import inputs, outputs
from bellwire.device.do_not_disturb import Hours
from bellwire.device.engine import MAX_ALERTS, alerts_state, step
from bellwire.device.held import LOUDEST, State
from bellwire.protocol.codec import Codec
from bellwire.protocol.errors import MalformedMultipart, ProtocolError, TooLarge
from bellwire.protocol.messages import Message
from bellwire.protocol.messages.alerts import (
    AdjustVolume,
    AlertStarted,
    AlertStopped,
    Asset,
    DeleteAlert,
    DeleteAlerts,
    DeleteAlertSucceeded,
    RequestAlertStop,
    RequestDeleteAlert,
    RequestSynchronizeAlert,
    SetAlert,
    SetAlertFailed,
    SetAlertSucceeded,
    SetVolume,
    StopAlert,
    SynchronizeAlert,
)
from bellwire.protocol.messages.envelope import Directive
from bellwire.protocol.multipart import MultipartReader, Part, read_json
from bellwire.protocol.profiles import PROFILES
from tests.cloud.conversation import Line, Talk, alarm
from tests.conversation import MIDNIGHT

CODECS = {name: Codec(profile) for name, profile in sorted(PROFILES.items())}
NAMES = sorted(PROFILES)
LONGEST_PART = 1 << 16
MOST_STEPS = 60
"""Of one sequence."""
MOST_WAKES = 200
"""Times that an engine may wake at one instant before it is one that never sleeps."""
TOKENS = ("a", "b", "c", "", "a" * 300, "\u0000", "\ud7ff")
KINDS = ("ALARM", "TIMER", "REMINDER", "ACTIONTIMER", "OTHER")
SPANS = (-100_000, -1801, -1800, -60, -1, 0, 1, 2, 60, 1800, 3600, 86_400, 40 * 86_400)
HOURS = (None, Hours(time(22), time(7), "Europe/Berlin"), Hours(time(1), time(1, 30), "Australia/Lord_Howe"))
EXCEPTIONS: tuple[tuple[Kind, ...], ...] = ((), (Kind.ALARM,), tuple(Kind))
URLS = ("https://cloud.example/1", "https://cloud.example/2", "x")

T = TypeVar("T")


class Choices:
    """Bytes, read as choices; when they are used up, each is the first."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def __bool__(self) -> bool:
        return self._at < len(self._data)

    def number(self, below: int) -> int:
        """From 0."""
        self._at += 1
        return self._data[self._at - 1] % below if self._at <= len(self._data) else 0

    def of(self, options: tuple[T, ...] | list[T]) -> T:
        return options[self.number(len(options))]

    def some(self, options: tuple[T, ...] | list[T], most: int = 3) -> tuple[T, ...]:
        return tuple(self.of(options) for _ in range(self.number(most + 1)))


# Bytes from the wire


def multipart(data: bytes) -> None:
    """A body in pieces has the parts that it has whole; of what is no body it is said so."""
    size, body = 1 + (data[0] if data else 0), data[1:]
    in_pieces = [body[at : at + size] for at in range(0, len(body), size)]
    assert _parts([body]) == _parts(in_pieces)
    for content_type in (
        'multipart/form-data; boundary="x"',
        "multipart/related;boundary=x",
        str(data[:200], "latin-1"),
    ):
        with suppress(MalformedMultipart, TooLarge):
            assert read_json(content_type, body) in body


def _parts(pieces: list[bytes]) -> list[Part] | type[Exception]:
    reader, parts = MultipartReader(b"x", LONGEST_PART), []
    try:
        for piece in pieces:
            parts += reader.feed(piece)
    except (MalformedMultipart, TooLarge) as error:
        return type(error)
    return parts


def events(data: bytes) -> None:
    """An event is read, and what is written of it is read and written the same; or what is wrong with it is said."""
    for codec in CODECS.values():
        try:
            event = codec.decode_event(data)
        except ProtocolError as error:
            assert str(error)
            with suppress(ProtocolError):
                codec.decode_context(data)
            continue
        written = codec.encode_event(event)
        assert codec.encode_event(codec.decode_event(written)) == written


def directives(data: bytes) -> None:
    """A directive is read, and what is written of it is read and written the same; or what is left of it is."""
    for codec in CODECS.values():
        try:
            directive = codec.decode_directive(data)
        except ProtocolError as error:
            codec.left_of(data, str(error))
            continue
        written = codec.encode_directive(directive)
        assert codec.encode_directive(codec.decode_directive(written)) == written


# Sequences of what can happen


def engine(data: bytes) -> None:
    """Whatever happens to a device, in whatever order: it goes on, holds no more than it may, and sleeps."""
    choices = Choices(data)
    profile = PROFILES[choices.of(NAMES)]
    state, now = State(), MIDNIGHT
    wake_at: datetime | None = None
    happened: inputs.Input = inputs.Started()
    for _ in range(MOST_STEPS):
        state, wake_at, now = _step(state, happened, now, profile, wake_at)
        for _ in range(MOST_WAKES):
            if wake_at is None or wake_at > now:
                break
            state, wake_at, now = _step(state, inputs.Woke(), now, profile, None)
        else:
            raise AssertionError(f"it wakes and wakes at {now}")
        assert len(state.alerts) <= MAX_ALERTS
        alerts_state(state)
        if not choices:
            break
        now += timedelta(seconds=max(0, choices.of(SPANS)))
        happened = _happens(choices, state, now)
        if isinstance(happened, inputs.Started):
            state, wake_at = State(), None
        if isinstance(happened, inputs.ClockStepped):
            now += happened.by


def _step(
    state: State, happened: inputs.Input, now: datetime, profile: Any, wake_at: datetime | None
) -> tuple[State, datetime | None, datetime]:
    """Also what the clock shows then."""
    after, done = step(state, happened, now, profile)
    assert len(done) <= 20 + 10 * (len(state.alerts) + len(after.alerts) + len(TOKENS)), f"{len(done)} outputs"
    for output in done:
        if isinstance(output, outputs.WakeAt):
            wake_at = output.time
        elif isinstance(output, outputs.CorrectClock):
            now += output.by
    return after, wake_at, now


def _happens(choices: Choices, state: State, now: datetime) -> inputs.Input:
    return choices.of(_INPUTS)(choices, state, now)


def _set_alert(choices: Choices, now: datetime) -> SetAlert:
    urls = choices.some(URLS, 2)
    return SetAlert(
        token=choices.of(TOKENS),
        type=choices.of(KINDS[:4]),
        scheduled_time=now.replace(microsecond=0) + timedelta(seconds=choices.of(SPANS)),
        assets=tuple(Asset(asset_id=url, url=url) for url in urls),
        asset_play_order=urls,
        background_alert_asset=choices.of((None, *URLS)),
        loop_count=choices.of((None, 0, 1, 3, 1_000_000)),
        loop_pause_in_milli_seconds=choices.of((None, 0, 500)),
    )


def _said(choices: Choices, now: datetime) -> Directive:
    token, kind = choices.of(TOKENS), choices.of(KINDS[:4])
    words: tuple[Callable[[], Message], ...] = (
        lambda: _set_alert(choices, now),
        lambda: DeleteAlert(token=token, type=kind),
        lambda: StopAlert(token=token, type=kind),
        lambda: DeleteAlerts(tokens=choices.some(TOKENS, 6)),
        lambda: SynchronizeAlert(all_alerts=tuple(_set_alert(choices, now) for _ in range(choices.number(5)))),
        lambda: SetVolume(volume=choices.number(256) - 50),
        lambda: AdjustVolume(volume=choices.number(256) - 128),
    )
    return Directive(message=choices.of(words)(), message_id="m")


def _directive(choices: Choices, _: State, now: datetime) -> inputs.Input:
    return _said(choices, now)


_INPUTS: tuple[Callable[[Choices, State, datetime], inputs.Input], ...] = (
    _directive,
    _directive,
    _directive,
    lambda *_: inputs.StopPressed(),
    lambda choices, *_: inputs.DeletePressed(choices.of(TOKENS)),
    lambda choices, *_: inputs.VolumePressed(choices.number(256) - 50),
    lambda *_: inputs.Connected(),
    lambda *_: inputs.Disconnected(),
    lambda *_: inputs.Woke(),
    lambda choices, *_: inputs.ClockStepped(timedelta(seconds=choices.of(SPANS))),
    lambda choices, *_: inputs.OtherAudio(bool(choices.number(2))),
    lambda choices, *_: inputs.PlaybackEnded(choices.of(TOKENS)),
    lambda choices, *_: inputs.AssetFetched(choices.of(URLS)),
    lambda choices, *_: inputs.AssetFailed(choices.of(URLS), "it is away"),
    lambda choices, state, now: choices.of(_RARER)(choices, state, now),
    lambda *_: inputs.NotUnderstood("x", "why"),
    lambda _, state, *__: inputs.Started(tuple(state.alerts.values()), LOUDEST),
    lambda *_: inputs.LoggedOut(),
)

_RARER: tuple[Callable[[Choices, State, datetime], inputs.Input], ...] = (
    lambda *_: inputs.UserActive(),
    lambda *_: inputs.SnoozePressed(),
    lambda *_: inputs.KeptByNtp(),
    lambda choices, _, now: inputs.TimeTold(now + timedelta(seconds=choices.of(SPANS))),
    lambda choices, *_: inputs.DoNotDisturbPressed(bool(choices.number(2))),
    lambda choices, *_: inputs.DoNotDisturbSet(choices.of(HOURS), choices.of(EXCEPTIONS)),
    lambda choices, _, now: inputs.Told(_said(choices, now), "{}"),
    lambda choices, _, now: inputs.NotKept(_said(choices, now), "{}"),
    lambda choices, *_: inputs.Answered(RequestSynchronizeAlert(), choices.of((None, 204, 400, 500))),
    lambda choices, state, now: inputs.Started(
        tuple(state.alerts.values()), LOUDEST, latest=now + timedelta(seconds=choices.of(SPANS))
    ),
)
"""Behind one of those above: what was kept means the same as before there were more."""


def handlers(data: bytes) -> None:
    """Whatever two devices of an account say, and their owner does: each transaction is carried out, and talk ends."""
    choices = Choices(data)
    with _conversation() as talk:
        lines = [talk.connects(f"device {number}", profile=PROFILES[choices.of(NAMES)]) for number in (1, 2)]
        for _ in range(MOST_STEPS // 2):
            if not choices:
                break
            choices.of(_DEEDS)(choices, talk, choices.of(lines))
        for line in lines:
            said = len(line.hears())
            assert said <= 10 * (len(talk.alerts()) + len(TOKENS)), f"{said} directives"


@contextmanager
def _conversation() -> Iterator[Talk]:
    """One with a cloud that holds nothing; to make its store anew would take most of the time."""
    store = _store()
    try:
        yield Talk(store)
    finally:
        store.run(_everything_goes)


@cache
def _store() -> Connection:
    return Connection(connect(MEMORY))


def _everything_goes() -> Transaction[None]:
    yield Statement(sa.delete(accounts), "every account, with all that is its"), {}


def _owner_sets(choices: Choices, talk: Talk, line: Line) -> None:
    token = f"t{choices.number(4)}"
    when = (talk.now + timedelta(seconds=abs(choices.of(SPANS)) + 1)).replace(microsecond=0)
    if token in talk.alerts():
        talk.moves(token, when)
    else:
        talk.sets(token, when, rule=choices.of((None, "FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,WE")))


def _owner_deletes(choices: Choices, talk: Talk, line: Line) -> None:
    token = f"t{choices.number(4)}"
    if token in talk.alerts():
        talk.deletes(token)


_ABOUT_ONE = (
    SetAlertSucceeded, SetAlertFailed, DeleteAlertSucceeded,
    AlertStarted, AlertStopped, RequestAlertStop, RequestDeleteAlert,
)  # fmt: skip


def _device_says(choices: Choices, talk: Talk, line: Line) -> None:
    """With a context of its own making, about alerts that there are or not."""
    tokens = ("t0", "t1", "t2", "t3", *TOKENS)
    times = [*talk.alerts().values(), *(talk.now + timedelta(seconds=span) for span in SPANS)]
    shown = {token: alarm(token, choices.of(times), choices.of(KINDS[:4])) for token in choices.some(tokens, 4)}
    line.shows(*shown.values(), ringing=tuple(shown)[: choices.number(2)])
    kinds = [kind for kind in (*_ABOUT_ONE, RequestSynchronizeAlert) if line.memory.profile.has(kind)]
    kind = choices.of(kinds)
    said = (
        RequestSynchronizeAlert() if kind is RequestSynchronizeAlert else kind(token=choices.of(tokens), type="ALARM")
    )
    with suppress(ProtocolError):  # a token that cannot be one is refused before it gets here
        line >> said


def _device_hears(choices: Choices, talk: Talk, line: Line) -> None:
    line.hears()


def _time_passes(choices: Choices, talk: Talk, line: Line) -> None:
    talk.passes(seconds=choices.of(SPANS))
    talk.sweeps()


_DEEDS: tuple[Callable[[Choices, Any, Line], None], ...] = (
    _owner_sets, _owner_deletes, _device_says, _device_says, _device_hears, _device_hears, _time_passes
)  # fmt: skip

TARGETS: Mapping[str, Callable[[bytes], None]] = {
    "multipart": multipart,
    "events": events,
    "directives": directives,
    "engine": engine,
    "handlers": handlers,
}
