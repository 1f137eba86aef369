"""Clouds and speakers with one bug each, for the kit to find: the product's own, with one thing done otherwise.

    python -m tests.conformance.broken BUG cloud|speaker …

What follows is as for `bellwire cloud`, and for a speaker its settings as JSON.
"""

import ssl
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from bellwire.alerts.recurrence import next_occurrence
from bellwire.cli import main
from bellwire.cli.settings import Settings
from bellwire.cloud import delivery, wording
from bellwire.cloud import occurrences as cloud_occurrences
from bellwire.device import engine, occurrences, outbox
from bellwire.device.endpoint import Endpoint
from bellwire.protocol import profiles
from bellwire.protocol.codec import Codec
from bellwire.protocol.messages.alerts import DeleteAlert, SetAlert, StopAlert, SynchronizeAlert
from bellwire.protocol.messages.envelope import Directive, Event
from bellwire.protocol.multipart import MultipartWriter
from bellwire.protocol.payload import PayloadCodec
from bellwire.protocol.profiles.profile import Field, UnknownDirective


def _instead(owner: Any, name: str, wrong: Any) -> None:
    """Put `wrong` in the place of what the owner has under this name."""
    assert hasattr(owner, name)
    setattr(owner, name, wrong)


def _profiles(**changed: Any) -> None:
    for name, profile in list(profiles.PROFILES.items()):
        profiles.PROFILES[name] = replace(profile, **changed)


def _directives(change: Callable[[Directive], Directive]) -> None:
    encode = Codec.encode_directive
    _instead(Codec, "encode_directive", lambda codec, said: encode(codec, change(said)))


def _events(change: Callable[[Event], Event]) -> None:
    encode = Codec.encode_event
    _instead(Codec, "encode_event", lambda codec, said: encode(codec, change(said)))


# Clouds


def never_deletes() -> None:
    """AlertStopped of an alert that rings once is answered with nothing."""
    say = delivery.Downchannel.say

    def others(self: delivery.Downchannel, *args: Any) -> Iterator[Any]:
        return (message for message in say(self, *args) if not isinstance(message, DeleteAlert))

    _instead(delivery.Downchannel, "say", others)


def skips_a_day() -> None:
    """The day after the next is taken for the next occurrence."""
    _instead(
        cloud_occurrences,
        "next_occurrence",
        lambda schedule, after: next_occurrence(schedule, after + timedelta(days=1)),
    )


def forgets_the_type() -> None:
    """StopAlert comes without a type."""
    _directives(
        lambda said: (
            msgspec.structs.replace(said, message=msgspec.structs.replace(said.message, type=None))
            if isinstance(said.message, StopAlert)
            else said
        )
    )


def empty_list() -> None:
    """SynchronizeAlert never lists anything."""
    _directives(
        lambda said: (
            msgspec.structs.replace(said, message=SynchronizeAlert(all_alerts=()))
            if isinstance(said.message, SynchronizeAlert)
            else said
        )
    )


def does_not_greet() -> None:
    """The downchannel begins without Hello."""
    _profiles(greeting=None)


def late_delimiter() -> None:
    """A part is completed only when the next one begins."""
    right = MultipartWriter.part

    def wrong(self: MultipartWriter, json: bytes) -> bytes:
        delimiter = b"\r\n" + self.opening
        return delimiter + right(self, json).removesuffix(delimiter)

    _instead(MultipartWriter, "part", wrong)


def takes_anything() -> None:
    """Fields may be missing."""
    decode = PayloadCodec.decode

    def lenient(self: PayloadCodec, payload: Any, path: str) -> Any:
        try:
            return decode(self, payload, path)
        except Exception:  # noqa: BLE001 -- that is the bug
            return decode(self, msgspec.Raw(b'{"token":"?","type":"ALARM"}'), path)

    _instead(PayloadCodec, "decode", lenient)


def one_message_id() -> None:
    """Every directive, and every event, has the same messageId."""
    _directives(lambda said: msgspec.structs.replace(said, message_id="{STRING}"))
    _events(lambda said: msgspec.structs.replace(said, message_id="{STRING}"))


def any_firmware() -> None:
    """Any text is a version of the firmware."""
    rows = profiles.PROFILES["tvs-2020"].events
    key = ("System", "SoftwareInfo")
    _profiles(events={**rows, key: replace(rows[key], fields=(Field("firmwareVersion"),))})


def other_connections() -> None:
    """Events are taken over any connection."""
    sys.argv.append("--behind-proxy")


def wrong_hour() -> None:
    """Times are sent an hour late, as after a change of the clocks."""
    right = wording.set_alert
    _instead(
        delivery,
        "set_alert",
        lambda occurrence: right(replace(occurrence, scheduled_time=occurrence.scheduled_time + timedelta(hours=1))),
    )


# Speakers


def seconds_of_a_day() -> None:
    """A day ahead is now: `interval.seconds` for the whole interval."""
    right = occurrences.occurrence_of

    def wrong(message: SetAlert) -> Any:
        occurrence = right(message)
        days = max((occurrence.scheduled_time - datetime.now(UTC)).days, 0)
        return replace(occurrence, scheduled_time=occurrence.scheduled_time - timedelta(days=days))

    _instead(engine, "occurrence_of", wrong)


def keeps_the_old_time() -> None:
    """An edit leaves the old timer running."""
    right = engine._set

    def wrong(turn: Any, occurrence: Any) -> None:
        held = turn.alerts.get(occurrence.token)
        if held is not None and held.occurrence.scheduled_time < occurrence.scheduled_time:
            occurrence = replace(occurrence, scheduled_time=held.occurrence.scheduled_time)
        right(turn, occurrence)

    _instead(engine, "_set", wrong)


def rings_on_when_deleted() -> None:
    """Delete while it rings never matches."""
    right = engine._delete_alert

    def wrong(turn: Any, message: DeleteAlert) -> None:
        if turn.sounding is None or turn.sounding.token != message.token:
            right(turn, message)

    _instead(engine, "_DIRECTIVES", {**engine._DIRECTIVES, DeleteAlert: wrong})


def ignores_the_offset() -> None:
    """What the clock shows in Seoul is what it shows here."""
    right = occurrences.occurrence_of

    def wrong(message: SetAlert) -> Any:
        time = message.scheduled_time
        return right(msgspec.structs.replace(message, scheduled_time=time.replace(tzinfo=UTC)))

    _instead(engine, "occurrence_of", wrong)


def all_are_alarms() -> None:
    """Reports say ALARM, whatever it is."""
    _events(
        lambda said: (
            msgspec.structs.replace(said, message=msgspec.structs.replace(said.message, type="ALARM"))
            if getattr(said.message, "type", None)
            else said
        )
    )


def trusts_anybody() -> None:
    """Certificates are not looked at."""

    def wrong(self: Endpoint) -> None:
        self._check_address()
        if self.tls is not None:
            self.tls.check_hostname = False
            self.tls.verify_mode = ssl.CERT_NONE

    _instead(Endpoint, "__post_init__", wrong)


def stops_by_itself() -> None:
    """The stop button asks nobody."""
    _profiles(stop_asks_first=False)


def no_context() -> None:
    """Events come without the state of the alerts."""
    _events(lambda said: msgspec.structs.replace(said, alerts_state=None))


def gives_up() -> None:
    """An event that was answered 500 is not sent again."""
    _instead(outbox, "_is_never_taken", lambda status: status >= 400)


def ignores_the_unknown() -> None:
    """A directive that is not known is nobody's affair."""
    _profiles(unknown_directive=UnknownDirective.IGNORE)


def an_hour_late() -> None:
    """The alert rings one hour late after a change of the clocks."""
    right = occurrences.occurrence_of
    late = timedelta(hours=1)
    _instead(
        engine,
        "occurrence_of",
        lambda message: replace(right(message), scheduled_time=right(message).scheduled_time + late),
    )


BUGS: dict[str, Callable[[], None]] = {
    bug.__name__: bug
    for bug in (
        never_deletes,
        skips_a_day,
        forgets_the_type,
        empty_list,
        does_not_greet,
        late_delimiter,
        takes_anything,
        one_message_id,
        any_firmware,
        other_connections,
        wrong_hour,
        seconds_of_a_day,
        keeps_the_old_time,
        rings_on_when_deleted,
        ignores_the_offset,
        all_are_alarms,
        trusts_anybody,
        stops_by_itself,
        no_context,
        gives_up,
        ignores_the_unknown,
        an_hour_late,
    )
}


def run(bug: str, what: str, rest: list[str]) -> int:
    """Be the broken one until told to end."""
    sys.argv = rest
    BUGS[bug]()
    if what == "cloud":
        return main(["cloud", *sys.argv])
    from bellwire.cli import speaker_process  # noqa: PLC0415 -- it leaves out modules that a cloud needs

    return speaker_process.main(msgspec.json.decode(rest[0].encode(), type=Settings))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], sys.argv[2], sys.argv[3:]))
