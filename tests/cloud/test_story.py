"""A week of one alarm: every workday at 07:00 in Seoul, on two speakers, with all that happens to alarms.

Every directive is asserted, and so is every silence; at the end the account is told what became of each morning.
"""

from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from bellwire.alerts.alert import Alert, Kind, Schedule
from bellwire.cloud import accounts
from bellwire.cloud.snoozing import snooze_alert, snooze_length
from bellwire.cloud.wishes import Change, Repeats, changed_schedule, first_occurrence, schedule_at
from bellwire.protocol.messages.alerts import (
    AlertStarted,
    AlertStopped,
    RequestAlertStop,
    RequestSynchronizeAlert,
    SetAlert,
    SetAlertSucceeded,
    StopAlert,
    SynchronizeAlert,
)
from tests.cloud.conversation import ACCOUNT, Line, Talk, alarm

SEOUL = ZoneInfo("Asia/Seoul")
A = {"token": "a", "type": "ALARM"}
PAST_DUE = timedelta(minutes=30)
DAYS = {"Sun": 20, "Mon": 21, "Tue": 22, "Wed": 23, "Thu": 24, "Fri": 25, "Sat": 26, "next Sun": 27, "next Mon": 28}
"""Of December 2026; the Friday is Christmas Day, on which Korea does not work."""


def on(day: str, clock: str) -> datetime:
    """A time in Seoul."""
    hour, minute = clock.split(":")
    return datetime(2026, 12, DAYS[day], int(hour), int(minute), tzinfo=SEOUL)


def up(day: str, clock: str = "07:00") -> SetAlert:
    """The SetAlert of that morning."""
    return alarm("a", on(day, clock))


def get(morning: SetAlert, *speakers: Line) -> None:
    """They are told of that morning, and of nothing else, and have it."""
    for speaker in speakers:
        speaker << morning
        speaker.shows(morning) >> SetAlertSucceeded(**A)
        speaker << ()


def ring(talk: Talk, morning: SetAlert, *speakers: Line) -> None:
    """It is time."""
    for speaker in speakers:
        speaker << ()
    talk.now = morning.scheduled_time + timedelta(milliseconds=8)
    for speaker in speakers:
        speaker.shows(morning, ringing=("a",)) >> AlertStarted(**A)
        speaker << ()


def press_stop(talk: Talk, morning: SetAlert, pressed: Line, *others: Line) -> None:
    """Somebody presses stop on one speaker, two minutes later: it is over on all of them."""
    talk.passes(minutes=2)
    pressed >> RequestAlertStop(**A)
    for speaker in (pressed, *others):
        speaker << StopAlert(**A)
    for speaker in (pressed, *others):
        speaker.shows(morning) >> AlertStopped(**A)


def adds_the_alarm(talk: Talk) -> None:
    wish = Repeats(country="KR")
    schedule = schedule_at("07:00", "workday", "Asia/Seoul", talk.now, wish, floating=True)
    first = first_occurrence(schedule, talk.now, PAST_DUE)
    alert = Alert("a", Kind.ALARM, "Get up", schedule, first, 1, everywhere=True)
    talk.writes(accounts.add_alert, ACCOUNT, alert, None, 1000, talk.now)


def snoozes(talk: Talk, length: str) -> None:
    talk.writes(snooze_alert, ACCOUNT, "a", snooze_length(length), talk.now)


def edits(talk: Talk, clock: str) -> None:
    def moved(present: Schedule) -> tuple[Schedule, datetime]:
        schedule = changed_schedule(present, Change(at=clock, country="KR"), talk.now)
        return schedule, first_occurrence(schedule, talk.now, PAST_DUE)

    talk.writes(accounts.edit_alert, ACCOUNT, "a", accounts.Edit(reschedule=moved), talk.now)


def told(talk: Talk) -> list[str]:
    """What became of each morning."""
    rings = talk.history("a").rings
    return [f"{each.scheduled_time.astimezone(SEOUL):%a %H:%M} {each.device} {each.told}" for each in rings]


def test_a_week_of_one_alarm(talk: Talk) -> None:
    talk.now = on("Sun", "20:00")
    talk.goes_to("Asia/Seoul")
    kitchen, bedroom = talk.connects("kitchen"), talk.connects("bedroom")
    adds_the_alarm(talk)
    get(up("Mon"), kitchen, bedroom)

    # Monday: it rings on both, and is stopped in the kitchen.
    ring(talk, up("Mon"), kitchen, bedroom)
    press_stop(talk, up("Mon"), kitchen, bedroom)
    get(up("Tue"), kitchen, bedroom)

    # Tuesday: the bedroom's is unplugged, and misses it.
    talk.now = on("Mon", "22:00")
    bedroom.leaves()
    ring(talk, up("Tue"), kitchen)
    press_stop(talk, up("Tue"), kitchen)
    get(up("Wed"), kitchen)

    # In the evening it is plugged in again: it drops what is long past, and is told of the next morning.
    talk.now = on("Tue", "19:00")
    bedroom = talk.connects(bedroom.device, quietly=True)
    bedroom << ()
    bedroom.shows(up("Tue")) >> AlertStopped(**A)
    bedroom >> RequestSynchronizeAlert()
    bedroom << SynchronizeAlert(all_alerts=(up("Wed"),))
    bedroom.shows(up("Wed")) >> SetAlertSucceeded(**A)
    bedroom << ()
    kitchen << ()

    # Wednesday: it is snoozed, for ten minutes; the same token gets another time.
    ring(talk, up("Wed"), kitchen, bedroom)
    talk.now = on("Wed", "07:01")
    snoozes(talk, "10m")
    for speaker in (kitchen, bedroom):
        speaker << up("Wed", "07:11")
        speaker.shows(up("Wed", "07:11")) >> AlertStopped(**A) >> SetAlertSucceeded(**A)
        speaker << ()
    ring(talk, up("Wed", "07:11"), kitchen, bedroom)
    press_stop(talk, up("Wed", "07:11"), bedroom, kitchen)
    get(up("Thu"), kitchen, bedroom)

    # Thursday: it is edited in time, and rings later, on that day and from then on.
    talk.now = on("Thu", "06:30")
    edits(talk, "07:30")
    get(up("Thu", "07:30"), kitchen, bedroom)
    talk.now = on("Thu", "07:00")
    ring(talk, up("Thu", "07:30"), kitchen, bedroom)
    press_stop(talk, up("Thu", "07:30"), kitchen, bedroom)
    get(up("next Mon", "07:30"), kitchen, bedroom)

    # Friday is a holiday, then it is the week-end: nobody is woken, and nothing was missed.
    for day in ("Fri", "Sat", "next Sun"):
        for clock in ("07:00", "07:30", "08:00"):
            talk.now = on(day, clock)
            for speaker in (kitchen, bedroom):
                speaker << ()
        assert talk.sweeps() == 0

    # On Sunday evening both ask what there is.
    talk.now = on("next Sun", "20:00")
    for speaker in (kitchen, bedroom):
        speaker.shows(up("next Mon", "07:30")) >> RequestSynchronizeAlert()
        speaker << SynchronizeAlert(all_alerts=(up("next Mon", "07:30"),))
        speaker << ()

    # And so on, on Monday.
    ring(talk, up("next Mon", "07:30"), kitchen, bedroom)
    assert talk.alerts() == {"a": on("next Mon", "07:30")}

    away = "it was offline since Mon 2026-12-21 22:00:00"
    missed = f"missed: {away}; at 19:00:00 it was back and dropped it, past due"
    assert told(talk) == [
        "Mon 07:30 bedroom rings since 07:30:00, 8 ms late",
        "Mon 07:30 kitchen rings since 07:30:00, 8 ms late",
        "Thu 07:30 bedroom rang at 07:30:00, 8 ms late; stopped at 07:32:00, by the button on kitchen",
        "Thu 07:30 kitchen rang at 07:30:00, 8 ms late; stopped at 07:32:00, by the button there",
        "Wed 07:11 bedroom rang at 07:11:00, 8 ms late; stopped at 07:13:00, by the button there",
        "Wed 07:11 kitchen rang at 07:11:00, 8 ms late; stopped at 07:13:00, by the button on bedroom",
        "Wed 07:00 bedroom rang at 07:00:00, 8 ms late; stopped at 07:01:00, snoozed",
        "Wed 07:00 kitchen rang at 07:00:00, 8 ms late; stopped at 07:01:00, snoozed",
        f"Tue 07:00 bedroom {missed}",
        "Tue 07:00 kitchen rang at 07:00:00, 8 ms late; stopped at 07:02:00, by the button there",
        "Mon 07:00 bedroom rang at 07:00:00, 8 ms late; stopped at 07:02:00, by the button on kitchen",
        "Mon 07:00 kitchen rang at 07:00:00, 8 ms late; stopped at 07:02:00, by the button there",
    ]
