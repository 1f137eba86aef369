"""What a cloud and a device must do: a folder a namespace, a file a section of the documents."""

from collections.abc import Iterable
from fnmatch import fnmatchcase

from bellwire.conformance.case import Case, Side
from bellwire.conformance.cases.alerts import (
    alert_started,
    alert_stopped,
    delete_alert,
    delete_alert_results,
    introduction,
    request_alert_stop,
    request_delete_alert,
    set_alert,
    set_alert_results,
    several_and_volume,
    stop_alert,
    synchronize_alert,
)
from bellwire.conformance.cases.system import reports, synchronize_state
from bellwire.conformance.cases.transport import cloud, device
from bellwire.protocol.profiles.profile import Profile

CASES: tuple[Case, ...] = (
    *cloud.CASES,
    *device.CASES,
    *introduction.CASES,
    *alert_started.CASES,
    *alert_stopped.CASES,
    *delete_alert.CASES,
    *delete_alert_results.CASES,
    *request_alert_stop.CASES,
    *request_delete_alert.CASES,
    *set_alert.CASES,
    *set_alert_results.CASES,
    *stop_alert.CASES,
    *synchronize_alert.CASES,
    *several_and_volume.CASES,
    *synchronize_state.CASES,
    *reports.CASES,
)


def chosen(side: Side, profile: Profile, patterns: Iterable[str] = ()) -> tuple[Case, ...]:
    """The cases of a side that a version has, in the order of the documents, of those that a pattern names.

    A pattern is an id, the beginning of one (``alerts/SetAlert``), or has * and ? in it. Raises ValueError for one that
    names nothing.
    """
    there = [case for case in CASES if case.side is side and case.applies(profile)]
    wanted = {pattern: [case for case in there if _is_named(case, pattern)] for pattern in patterns}
    for pattern, found in wanted.items():
        if not found:
            raise ValueError(
                f"no case of a {side} that speaks {profile.name} is called {pattern!r}; --list shows them all"
            )
    return tuple(case for case in there if not wanted or any(case in found for found in wanted.values()))


def _is_named(case: Case, pattern: str) -> bool:
    return fnmatchcase(case.id, pattern) or case.id.startswith(pattern.rstrip("/") + "/")
