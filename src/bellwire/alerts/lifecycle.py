"""The life of one alert on one device, as a table: a step that is not in it is illegal.

It knows which step leads where; it must not know who takes it. The device lives by it strictly; the cloud
believes what devices report, even where a report was lost before it.
"""

from enum import StrEnum


class Life(StrEnum):
    """Where an alert stands on a device."""

    UNKNOWN = "unknown"
    """The device has said nothing of it yet (the cloud's view only)."""
    ABSENT = "absent"
    SET = "set"
    FAILED = "failed"
    """It could not be set."""
    WAITING = "waiting"
    """Due, while another one rings."""
    RINGING = "ringing"
    MUTED = "muted"
    """Somebody pressed stop: silent, until the cloud says that it is over."""
    SNOOZED = "snoozed"
    """Somebody pressed snooze: silent, until the device itself rings it again or the cloud gives it another time."""
    STOPPED = "stopped"
    """This occurrence is over; the cloud says what comes next."""


class Step(StrEnum):
    """What can happen to it."""

    SET = "set"
    FAIL = "fail"
    WAIT = "wait"
    START = "start"
    MUTE = "mute"
    SNOOZE = "snooze"
    STOP = "stop"
    DELETE = "delete"


class IllegalStepError(ValueError):
    """A step that the table does not have: a bug of whoever took it."""


TABLE: dict[tuple[Life, Step], Life] = {
    (Life.ABSENT, Step.SET): Life.SET,
    (Life.ABSENT, Step.FAIL): Life.FAILED,
    (Life.ABSENT, Step.DELETE): Life.ABSENT,
    (Life.SET, Step.SET): Life.SET,
    (Life.SET, Step.FAIL): Life.FAILED,
    (Life.SET, Step.WAIT): Life.WAITING,
    (Life.SET, Step.START): Life.RINGING,
    (Life.SET, Step.STOP): Life.STOPPED,
    (Life.SET, Step.DELETE): Life.ABSENT,
    (Life.FAILED, Step.SET): Life.SET,
    (Life.FAILED, Step.FAIL): Life.FAILED,
    (Life.FAILED, Step.DELETE): Life.ABSENT,
    (Life.WAITING, Step.SET): Life.SET,
    (Life.WAITING, Step.START): Life.RINGING,
    (Life.WAITING, Step.STOP): Life.STOPPED,
    (Life.WAITING, Step.DELETE): Life.ABSENT,
    (Life.RINGING, Step.SET): Life.SET,
    (Life.RINGING, Step.MUTE): Life.MUTED,
    (Life.RINGING, Step.SNOOZE): Life.SNOOZED,
    (Life.RINGING, Step.STOP): Life.STOPPED,
    (Life.RINGING, Step.DELETE): Life.ABSENT,
    (Life.MUTED, Step.SET): Life.SET,
    (Life.MUTED, Step.STOP): Life.STOPPED,
    (Life.MUTED, Step.DELETE): Life.ABSENT,
    (Life.SNOOZED, Step.SET): Life.SET,
    (Life.SNOOZED, Step.START): Life.RINGING,
    (Life.SNOOZED, Step.STOP): Life.STOPPED,
    (Life.SNOOZED, Step.DELETE): Life.ABSENT,
    (Life.STOPPED, Step.SET): Life.SET,
    (Life.STOPPED, Step.FAIL): Life.FAILED,
    (Life.STOPPED, Step.DELETE): Life.ABSENT,
    (Life.UNKNOWN, Step.SET): Life.SET,
    (Life.UNKNOWN, Step.FAIL): Life.FAILED,
    (Life.UNKNOWN, Step.WAIT): Life.WAITING,
    (Life.UNKNOWN, Step.START): Life.RINGING,
    (Life.UNKNOWN, Step.MUTE): Life.MUTED,
    (Life.UNKNOWN, Step.SNOOZE): Life.SNOOZED,
    (Life.UNKNOWN, Step.STOP): Life.STOPPED,
    (Life.UNKNOWN, Step.DELETE): Life.ABSENT,
}

SOUNDING = frozenset({Life.RINGING, Life.MUTED})
"""Lives in which an alert has the device's bell, heard or not."""

ACTIVE = SOUNDING | {Life.SNOOZED}
"""Lives in which an occurrence has begun and is not over: what the cloud is shown as active."""


def after(life: Life, step: Step) -> Life:
    """Where `step` leads from `life`. Raises IllegalStepError."""
    try:
        return TABLE[life, step]
    except KeyError:
        raise IllegalStepError(f"an alert that is {life} cannot take the step {step!s}") from None


def believed(life: Life, step: Step) -> Life:
    """Where a *reported* step leads: a step that was illegal proves that a report before it was lost."""
    return TABLE.get((life, step)) or TABLE[Life.UNKNOWN, step]
