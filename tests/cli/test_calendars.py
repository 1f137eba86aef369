import json
from pathlib import Path

import pytest

from bellwire.cli.calendars import _SHOWN
from tests.cli.running import Bellwire, RunningCloud
from tests.cloud.calendars.files import GOOGLE, calendar

TEA = "UID:tea\nSUMMARY:Tea\nDTSTART:20351201T070000Z"
DINNER = "UID:dinner\nSUMMARY:Dinner\nDTSTART:20351201T190000Z"
Here = tuple[str | Path, ...]


@pytest.fixture
def here(bellwire: Bellwire, cloud: RunningCloud, request: pytest.FixtureRequest) -> Here:
    """The options that name an account of this test alone."""
    bellwire("account", "add", request.node.name, "--timezone", "Asia/Seoul", "--data", cloud.data)
    return "--account", request.node.name, "--data", cloud.data


def written(folder: Path, content: bytes, name: str = "work.ics") -> Path:
    path = folder / name
    path.write_bytes(content)
    return path


def test_the_life_of_a_calendar_in_words(bellwire: Bellwire, here: Here, tmp_path: Path) -> None:
    assert "bellwire calendar import FILE.ics" in bellwire("calendar", "list", *here).text
    past, bad = "UID:past\nDTSTART:20200101T000000Z", f"{TEA}\nRRULE:FREQ=MINUTELY".replace("UID:tea", "UID:bad")
    file = written(tmp_path, calendar(TEA, DINNER, past, bad))

    would = bellwire("calendar", "import", file, "--dry-run", *here).text
    assert "calendar work: would be: 2 added, 1 skipped (1 since it is past), 1 refused" in would
    ran = bellwire("calendar", "import", file, *here)
    assert ran.err == "reading 4 events of work.ics …\n"
    first, second, refused, summary = ran.text.splitlines()
    assert first.startswith("added: Tea, rings at Sat 2035-12-01 07:00:00 UTC")
    assert second.startswith("added: Dinner, rings at")
    assert refused.startswith("refused: Tea (line 17, UID bad): FREQ=MINUTELY is too often")
    assert summary == "calendar work: 2 added, 1 skipped (1 since it is past), 1 refused"
    assert "2 unchanged" in bellwire("calendar", "import", file, *here).text
    assert [line.split() for line in bellwire("calendar", "list", *here).text.splitlines()] == [
        ["name", "alerts"],
        ["work", "2"],
    ]

    written(tmp_path, calendar(TEA.replace("Tea", "Coffee")))
    again = bellwire("calendar", "import", file, *here).text
    assert "changed: Coffee, rings at" in again
    assert "removed: Dinner: the calendar has it no longer" in again
    assert bellwire("calendar", "remove", "work", *here).text == "calendar work removed, with 1 alert\n"
    assert "no alerts of a calendar work" in bellwire("calendar", "remove", "work", *here).text


def test_an_import_for_programs(bellwire: Bellwire, here: Here, tmp_path: Path) -> None:
    device = bellwire("device", "add", *here, "--json").answer["device_id"]
    file = written(tmp_path, calendar(TEA))
    report = bellwire("calendar", "import", file, "--device", device, "--name", "mine", *here, "--json").answer
    assert (report["calendar"], report["counts"]["added"]) == ("mine", 1)
    assert bellwire("alert", "list", *here, "--json").answer[0]["devices"] == {device: "unknown"}
    assert bellwire("calendar", "list", *here, "--json").answer == [{"name": "mine", "alerts": 1}]
    assert bellwire("calendar", "remove", "mine", *here, "--json").answer["counts"]["removed"] == 1


def test_a_calendar_has_the_name_that_its_file_gives_it(bellwire: Bellwire, here: Here, tmp_path: Path) -> None:
    file = written(tmp_path, GOOGLE.encode(), "basic.ics")
    assert "calendar Family: 3 added" in bellwire("calendar", "import", file, *here).text
    listed = bellwire("alert", "list", *here).text
    assert "FREQ=WEEKLY;WKST=MO;BYDAY=FR,MO,TH,TU,WE until 2027-06-30 23:59:59, 10m before" in listed


@pytest.mark.parametrize("name", ["a/b", ".."])
def test_a_name_that_is_none(bellwire: Bellwire, tmp_path: Path, name: str) -> None:
    assert "give it a --name" in bellwire("calendar", "import", written(tmp_path, calendar()), "--name", name).usage


def test_missing_events_can_stay_and_those_without_alarms_be_left_out(
    bellwire: Bellwire, here: Here, tmp_path: Path
) -> None:
    file = written(tmp_path, calendar(TEA))
    bellwire("calendar", "import", file, *here)
    written(tmp_path, calendar(DINNER))
    left = bellwire("calendar", "import", file, "--keep-missing", "--without-alarm", "none", *here).text
    assert left == "calendar work: 1 skipped (1 since it has no alarm)\n"
    assert [each["label"] for each in bellwire("alert", "list", *here, "--json").answer] == ["Tea"]


def test_many_changes_are_not_all_told(bellwire: Bellwire, here: Here, tmp_path: Path) -> None:
    events = [f"UID:{number}\nSUMMARY:Event\nDTSTART:20351201T070000Z" for number in range(_SHOWN + 5)]
    lines = bellwire("calendar", "import", written(tmp_path, calendar(*events)), *here).text.splitlines()
    assert len(lines) == _SHOWN + 2
    assert lines[-2] == "… and 5 more added; --json has them all"


def test_alerts_go_out_as_a_file_and_come_back(bellwire: Bellwire, here: Here, tmp_path: Path) -> None:
    bellwire("alert", "add", "Up", "--at", "07:00", "--every", "weekday", *here)
    shown = bellwire("calendar", "export", *here).text
    assert "RRULE:FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR\n" in shown
    out = tmp_path / "out.ics"
    assert bellwire("calendar", "export", "-o", out, *here).text == f"1 alert written to {out}\n"
    assert out.read_bytes().count(b"BEGIN:VEVENT\r\n") == 1
    assert bellwire("calendar", "export", *here, "--json").answer["ics"].startswith("BEGIN:VCALENDAR")
    assert json.loads(bellwire("calendar", "export", "-o", out, *here, "--json").text) == {
        "file": str(out),
        "alerts": 1,
    }
    assert "1 unchanged" in bellwire("calendar", "import", out, *here).text


def test_the_feed_in_words(bellwire: Bellwire, here: Here) -> None:
    assert "bellwire calendar feed --new" in bellwire("calendar", "feed", *here).text
    assert "https://localhost:" in bellwire("calendar", "feed", "--new", *here).text
    assert "there is a feed since" in bellwire("calendar", "feed", *here).text
    assert bellwire("calendar", "feed", "--new", *here, "--json").answer["url"].endswith(".ics")
    assert "leads nowhere any more" in bellwire("calendar", "feed", "--revoke", *here).text
    assert bellwire("calendar", "feed", *here, "--json").answer == {"since": None}
    assert "either --new or --revoke" in bellwire("calendar", "feed", "--new", "--revoke", *here).usage


def test_a_file_that_cannot_be_imported(bellwire: Bellwire, here: Here, tmp_path: Path) -> None:
    page = written(tmp_path, b"<html>\n")
    assert (
        "line 1 is '<html>' where BEGIN:VCALENDAR is due"
        in bellwire("calendar", "import", page, *here, "--json").complaint
    )
    assert "No such file" in bellwire("calendar", "import", tmp_path / "none.ics", *here).complaint
    assert "No such file" in bellwire("calendar", "export", "-o", tmp_path / "no" / "x.ics", *here).complaint
