"""What an observer hears of the difference between two states."""

from datetime import datetime
from inspect import signature

import pytest
from structlog.testing import capture_logs

from bellwire.alerts.alert import Occurrence
from bellwire.alerts.lifecycle import Life
from bellwire.device.agenda import Agenda
from bellwire.device.held import Held, State
from bellwire.device.observer import Observer, Observers, tell
from bellwire.device.occurrences import occurrence_of
from tests.conversation import alarm, moment


class Diary(Observer):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def alert_set(self, occurrence: Occurrence) -> None:
        self.lines.append(f"set {occurrence.scheduled_time:%H:%M}")

    def alert_stopped(self, occurrence: Occurrence) -> None:
        self.lines.append(f"stopped {occurrence.scheduled_time:%H:%M}")

    def alert_snoozed(self, occurrence: Occurrence, until: datetime) -> None:
        self.lines.append(f"snoozed {occurrence.scheduled_time:%H:%M} until {until:%H:%M}")

    def alert_removed(self, occurrence: Occurrence) -> None:
        self.lines.append(f"removed {occurrence.scheduled_time:%H:%M}")


def held(time: str, life: Life = Life.SET, *, hidden: bool = False) -> Held:
    again_at = moment("07:09:00") if life is Life.SNOOZED else None
    return Held(occurrence_of(alarm("a", f"{time}:00")), life, hidden, again_at=again_at)


@pytest.mark.parametrize(
    ("before", "after", "heard"),
    [
        (None, held("07:00"), ["set 07:00"]),
        (held("07:00"), held("07:00", Life.WAITING), []),
        (held("07:00"), held("07:00", Life.RINGING), []),
        (held("07:00", Life.RINGING), held("07:00", Life.MUTED), []),
        (held("07:00", Life.MUTED), held("07:00", Life.STOPPED), ["stopped 07:00"]),
        (held("07:00", Life.STOPPED), held("08:00"), ["set 08:00"]),
        (held("07:00", Life.RINGING), held("08:00"), ["stopped 07:00", "set 08:00"]),
        (held("07:00", Life.RINGING), held("07:01", Life.RINGING), ["stopped 07:00", "set 07:01"]),
        (held("07:00", Life.RINGING), None, ["stopped 07:00", "removed 07:00"]),
        (held("07:00"), held("07:00", Life.STOPPED), ["stopped 07:00"]),
        (held("07:00", Life.RINGING), held("07:00", Life.SNOOZED), ["snoozed 07:00 until 07:09"]),
        (held("07:00", Life.SNOOZED), held("07:00", Life.SNOOZED), []),
        (held("07:00", Life.SNOOZED), held("07:00", Life.RINGING), []),
        (held("07:00", Life.SNOOZED), held("07:00", Life.STOPPED), ["stopped 07:00"]),
        (held("07:00", Life.SNOOZED), held("07:10"), ["set 07:10"]),
        (None, held("07:00", Life.STOPPED), ["set 07:00", "stopped 07:00"]),
        (held("07:00"), held("07:00", hidden=True), ["removed 07:00"]),
        (held("07:00", hidden=True), held("07:00"), ["set 07:00"]),
        (held("07:00", hidden=True), None, []),
        (None, held("07:00", hidden=True), []),
    ],
)
def test_what_is_heard(before: Held | None, after: Held | None, heard: list[str]) -> None:
    diary = Diary()
    was, now = (State(Agenda([held] if held else [])) for held in (before, after))
    tell(diary, was, now)
    assert diary.lines == heard


def test_what_did_not_change_is_not_told() -> None:
    diary = Diary()
    state = State(Agenda([held("07:00", Life.STOPPED)]))
    tell(diary, state, State(Agenda(state.alerts.values())))
    assert diary.lines == []


def test_another_volume_is_told_once() -> None:
    heard: list[int] = []

    class Listening(Observer):
        def volume_changed(self, volume: int) -> None:
            heard.append(volume)

    tell(Listening(), State(), State(volume=60))
    tell(Listening(), State(volume=60), State(volume=60, is_behind=True))
    assert heard == [60]


def test_several_see_the_same_and_one_that_fails_troubles_nobody() -> None:
    hooks = [name for name in vars(Observer) if not name.startswith("_")]
    told: list[tuple[str, str, int]] = []

    class Named(Observer):
        def __init__(self, name: str) -> None:
            self.name = name

    def seen(hook: str) -> object:
        def see(self: Named, *facts: object) -> None:
            told.append((self.name, hook, len(facts)))
            if self.name == "clumsy":
                raise RuntimeError("it fell")

        return see

    for hook in hooks:
        setattr(Named, hook, seen(hook))
    observers = Observers(Named("clumsy"), Named("other"))
    with capture_logs() as logs:
        for hook in hooks:
            facts = list(signature(getattr(Observer, hook)).parameters)[1:]
            getattr(observers, hook)(*facts)
            assert told == [("clumsy", hook, len(facts)), ("other", hook, len(facts))]
            told.clear()
    assert [(entry["event"], entry["hook"]) for entry in logs] == [("an observer failed", hook) for hook in hooks]
