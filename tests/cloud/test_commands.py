"""Commands: said once, in order, in time, or never."""

from datetime import timedelta

import pytest

from bellwire.cloud.commands import MOST_WAITING, order, waiting_commands
from bellwire.cloud.store.commands import purge_commands
from bellwire.cloud.store.errors import NotFound
from bellwire.protocol.messages.alerts import AdjustVolume, SetVolume
from bellwire.protocol.messages.system import ReportSoftwareInfo, ResetUserInactivity
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.cloud.conversation import ACCOUNT, START, Line, Talk


@pytest.fixture
def line(talk: Talk) -> Line:
    return talk.connects("kitchen", profile=TVS_2020)


def test_commands_are_said_in_the_order_in_which_they_were_given(talk: Talk, line: Line) -> None:
    said = (AdjustVolume(volume=1), ReportSoftwareInfo(), AdjustVolume(volume=2), ResetUserInactivity())
    for message in said:
        talk.orders(line, message)

    line << said
    line << ()


def test_what_was_said_is_not_said_on_a_later_downchannel(talk: Talk, line: Line) -> None:
    talk.orders(line, SetVolume(volume=1))
    line << SetVolume(volume=1)

    talk.connects(line.device) << ()


def test_a_command_waits_for_a_device_that_is_not_connected(talk: Talk, line: Line) -> None:
    talk.orders(line, SetVolume(volume=1))
    talk.passes(minutes=59)

    talk.connects(line.device) << SetVolume(volume=1)


def test_what_was_not_said_in_time_is_never_said_and_swept(talk: Talk, line: Line) -> None:
    talk.orders(line, SetVolume(volume=1))
    talk.orders(line, ReportSoftwareInfo())
    talk.passes(hours=1)

    line << ReportSoftwareInfo()
    talk.orders(line, SetVolume(volume=2))
    talk.passes(hours=1)
    assert talk.writes(purge_commands, talk.now) == 1
    assert talk.reads(waiting_commands, ACCOUNT, "kitchen", -1, START) == ()


def test_the_oldest_are_given_up_when_too_many_wait(talk: Talk, line: Line) -> None:
    for number in range(MOST_WAITING + 3):
        talk.orders(line, AdjustVolume(volume=number % 100))

    assert line.hears() == [AdjustVolume(volume=number % 100) for number in range(3, MOST_WAITING + 3)]


def test_one_devices_commands_are_not_anothers(talk: Talk, line: Line) -> None:
    hall = talk.connects("hall", profile=TVS_2020)
    for number in range(MOST_WAITING):
        talk.orders(hall, AdjustVolume(volume=number))
    talk.orders(line, SetVolume(volume=7))

    line << SetVolume(volume=7)
    assert len(hall.hears()) == MOST_WAITING


def test_a_command_that_was_planned_but_not_sent_is_said_again(talk: Talk, line: Line) -> None:
    """The downchannel ended in between: nothing was noted as said."""
    talk.orders(line, SetVolume(volume=1))
    plan = talk.reads(line.memory.plan, talk.now)
    assert [once.message for once in line.memory.once(plan, talk.now)] == [SetVolume(volume=1)]

    line << SetVolume(volume=1)


def test_the_rows_are_looked_at_only_when_there_is_something_new(talk: Talk, line: Line) -> None:
    line << ()

    def looks() -> int:
        steps, transaction = 0, line.memory.plan(talk.now)
        step = next(transaction, None)
        while step is not None:
            steps += 1
            try:
                step = transaction.send(talk.performs(step))
            except StopIteration:
                break
        return steps

    quiet = looks()
    talk.orders(line, SetVolume(volume=1))
    assert looks() > quiet
    line << SetVolume(volume=1)
    line << ()
    assert looks() == quiet


def test_a_device_of_another_account_is_not_there(talk: Talk, line: Line) -> None:
    for account_id, device_id in (("office", "kitchen"), (ACCOUNT, "hall")):
        with pytest.raises(NotFound, match=f"no device {device_id}"):
            talk.writes(order, account_id, device_id, ReportSoftwareInfo(), START + timedelta(1))
    line << ()
