from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from bellwire.alerts.alert import Schedule
from bellwire.cloud.calendars.entries import Entry, Key, Known, Said
from bellwire.cloud.calendars.importing import Present, Result, Step, plan
from tests.cloud.calendars.files import NOW, entries, wall

TEA = "UID:tea\nSUMMARY:Tea\nDTSTART:20261201T070000Z"
DINNER = "UID:dinner\nSUMMARY:Dinner\nDTSTART:20261201T190000Z\nRRULE:FREQ=DAILY"
PAST = "UID:past\nDTSTART:20200101T070000Z"
BAD = "UID:bad\nDTSTART:20261201T190000Z\nRRULE:FREQ=MINUTELY"


def present(steps: Iterable[Step] = (), room: int = 100, own: dict[str, Said] | None = None) -> Present:
    """What there is after an import, of which these are the steps."""
    known = {each.key: Known(each.key, each.token, each.said) for each in steps if each.said and each.token}
    return Present(known=known, own=own or {}, room=room, most=1000)


def results(steps: list[Step]) -> list[tuple[str, str]]:
    return [(each.key.uid, each.result.value) for each in steps]


def reasons(steps: list[Step]) -> dict[str, str]:
    return {each.key.uid: each.why for each in steps if each.why}


def test_a_first_import() -> None:
    steps = plan(entries(TEA, PAST, DINNER, BAD), present(), NOW)

    assert results(steps) == [("tea", "added"), ("past", "skipped"), ("dinner", "added"), ("bad", "refused")]
    assert reasons(steps)["past"] == "it is past"
    tea = steps[0].alert
    assert tea is not None
    assert (tea.label, tea.scheduled_time.isoformat(), tea.version) == ("Tea", "2026-12-01T07:00:00+00:00", 1)


def test_the_same_file_again_changes_nothing() -> None:
    file = entries(TEA, PAST, DINNER, BAD)
    again = plan(file, present(plan(file, present(), NOW)), NOW + timedelta(days=3))

    assert results(again) == [("tea", "unchanged"), ("past", "skipped"), ("dinner", "unchanged"), ("bad", "refused")]


def test_what_floats_is_the_same_when_the_account_has_moved() -> None:
    floating = TEA.replace("Z", "")
    before = present(plan(entries(floating, zone="Asia/Seoul"), present(), NOW))

    assert results(plan(entries(floating, zone="Europe/Berlin"), before, NOW)) == [("tea", "unchanged")]


def test_what_is_different_is_changed_and_keeps_its_token() -> None:
    before = plan(entries(TEA, DINNER), present(), NOW)
    after = plan(entries(TEA.replace("0700", "0730"), DINNER.replace("Dinner", "Supper")), present(before), NOW)

    assert results(after) == [("tea", "changed"), ("dinner", "changed")]
    assert [each.token for each in after] == [each.token for each in before]


def test_what_is_gone_from_the_file_goes_unless_it_shall_stay() -> None:
    before = present(plan(entries(TEA, DINNER), present(), NOW))

    assert results(plan(entries(TEA), before, NOW)) == [("tea", "unchanged"), ("dinner", "removed")]
    assert results(plan(entries(TEA), before, NOW, keep_missing=True)) == [("tea", "unchanged")]
    assert results(plan([], before, NOW)) == [("tea", "removed"), ("dinner", "removed")]


def test_what_is_cancelled_or_past_goes_in_any_case() -> None:
    before = present(plan(entries(TEA, DINNER), present(), NOW))
    file = entries(f"{TEA}\nSTATUS:CANCELLED", DINNER.replace("FREQ=DAILY", "FREQ=DAILY;UNTIL=20200101"))
    steps = plan(file, before, NOW, keep_missing=True)

    assert results(steps) == [("tea", "skipped"), ("dinner", "skipped"), ("tea", "removed"), ("dinner", "removed")]
    assert [each.why for each in steps[2:]] == ["it is cancelled", "it does not come again"]


def test_what_cannot_be_taken_any_more_stays_as_it_was() -> None:
    before = present(plan(entries(TEA, DINNER), present(), NOW))
    steps = plan(entries(TEA, DINNER.replace("DAILY", "MINUTELY")), before, NOW)

    assert results(steps) == [("tea", "unchanged"), ("dinner", "refused")]


def test_an_occurrence_that_cannot_be_taken_any_more_stays_as_it_was() -> None:
    late = "UID:dinner\nRECURRENCE-ID:20261203T190000Z\nDTSTART:20261203T210000Z"
    before = present(plan(entries(DINNER, late), present(), NOW))
    steps = plan(entries(DINNER, f"{late}\nDTEND:soon"), before, NOW)

    # The series is without its exception then, since nobody knows what stands in its place.
    assert results(steps) == [("dinner", "changed"), ("dinner", "refused")]


def test_a_second_alarm_is_an_alert_more_and_one_that_is_taken_out_goes() -> None:
    alarms = [f"BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-PT{minutes}M\nEND:VALARM" for minutes in (30, 5)]
    one = plan(entries(f"{TEA}\n{alarms[0]}"), present(), NOW)
    two = plan(entries(f"{TEA}\n{alarms[1]}\n{alarms[0]}"), present(one), NOW)

    assert results(two) == [("tea", "unchanged"), ("tea", "added")]
    assert results(plan(entries(f"{TEA}\n{alarms[0]}"), present([*one, two[1]]), NOW)) == [
        ("tea", "unchanged"),
        ("tea", "removed"),
    ]


def test_a_uid_twice_is_refused_the_second_time() -> None:
    steps = plan(entries(TEA, TEA), present(), NOW)
    assert results(steps) == [("tea", "added"), ("tea", "refused")]
    assert reasons(steps) == {"tea": "its UID came on line 3 already; an event has one of its own"}


def test_the_limit_of_alerts_holds_and_what_goes_makes_room() -> None:
    full = plan(entries(TEA, DINNER), present(room=1), NOW)
    assert results(full) == [("tea", "added"), ("dinner", "refused")]
    assert reasons(full)["dinner"].startswith("this account has 1000 alerts, as many as it may have")
    assert results(plan(entries(DINNER), present(full, room=0), NOW)) == [("dinner", "added"), ("tea", "removed")]


def test_what_is_too_far_ahead_or_has_too_many_exceptions_is_refused() -> None:
    dates = ",".join(f"{wall(2027, 1, 1, 19) + timedelta(days=day):%Y%m%dT%H%M%SZ}" for day in range(367))
    far, many = plan(entries(TEA.replace("2026", "2040"), f"{DINNER}\nEXDATE:{dates}"), present(), NOW)

    assert far.why == "it would not ring within ten years"
    assert many.why == "it has too many exceptions to come; 366 are taken at most"
    assert plan(entries(f"{DINNER}\nEXDATE:{dates}"), present(), NOW + timedelta(days=200))[0].result is Result.ADDED


def test_an_alert_of_the_account_itself_is_not_doubled() -> None:
    mine = TEA.replace("UID:tea", "UID:t1@bellwire")
    own = {"t1": Said("Tea", Schedule(wall(2026, 12, 1, 7), "UTC"))}

    assert results(plan(entries(mine), present(own=own), NOW)) == [("t1@bellwire", "unchanged")]
    [edited] = plan(entries(mine.replace("Tea", "Coffee")), present(own=own), NOW)
    assert (edited.result, "bellwire alert edit" in edited.why) == (Result.REFUSED, True)
    assert results(plan(entries(mine), present(), NOW)) == [("t1@bellwire", "added")]


events = st.builds(
    Entry,
    line=st.integers(1, 4),
    uid=st.sampled_from("abc"),
    label=st.sampled_from(["x", "y"]),
    alarm=st.integers(0, 1),
    schedule=st.none() | st.sampled_from([Schedule(wall(year, 1, 1), "UTC") for year in (2020, 2027, 2028)]),
    why=st.just("so"),
    refused=st.booleans(),
)
files = st.lists(events, max_size=6)


@given(files, files, st.booleans())
def test_laws_of_imports(first: list[Entry], second: list[Entry], keep_missing: bool) -> None:
    before = present(plan(first, present(), NOW))
    steps = plan(second, before, NOW, keep_missing=keep_missing)

    # Each entry has one answer, in the order of the file, and what is removed was there.
    assert [each.line for each in steps if each.line is not None] == [each.line for each in second]
    gone = [each.key for each in steps if each.result is Result.REMOVED]
    assert set(gone) <= set(before.known)
    # No alert is touched twice, and none that changes is one that goes.
    touched = Counter(each.key for each in steps if each.result not in {Result.REFUSED, Result.SKIPPED})
    assert not [key for key, times in touched.items() if times > 1]
    after = _after(before.known, steps)
    again = plan(second, replace(before, known=after), NOW, keep_missing=keep_missing)
    assert not [each for each in again if each.changes]


def _after(known: Mapping[Key, Known], steps: list[Step]) -> dict[Key, Known]:
    kept = dict(known)
    for step in steps:
        if step.result is Result.REMOVED:
            del kept[step.key]
        elif step.said and step.token:
            kept[step.key] = Known(step.key, step.token, step.said)
    return kept
