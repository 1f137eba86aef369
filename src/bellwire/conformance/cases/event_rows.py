"""What every event about one alert has in common, row by row: cases 1 to 6 of its section.

It knows the rows `token` and `type`; it must not know what an event leads to.
"""

import uuid
from collections.abc import Awaitable, Callable

from bellwire.conformance.case import Applies, Case, Level, Side
from bellwire.conformance.heard import Json
from bellwire.conformance.stands import CloudStand
from bellwire.protocol.profiles.profile import Profile

Run = Callable[[CloudStand], Awaitable[None]]


def has(name: str) -> Applies:
    """Versions with this message, in either direction: ``Alerts.SetAlert``."""
    namespace, _, short = name.partition(".")
    return lambda profile: (namespace, short) in {*profile.events, *profile.directives}


def has_row(name: str, path: str) -> Applies:
    """Versions whose event of this name has this field."""
    namespace, _, short = name.partition(".")

    def applies(profile: Profile) -> bool:
        form = profile.events.get((namespace, short))
        return form is not None and any(row.path == path for row in form.fields)

    return applies


def event_cases(section: str, *, has_type: bool = True) -> tuple[Case, ...]:
    """Cases 1 to 6 of the section of an event about one alert; 4 and 5 where some version has it with a type."""
    name = f"Alerts.{section}"
    token, kind = (f"{section}/token",), (f"{section}/type",) if has_type else ()

    def without(path: str) -> Run:
        return _refused(name, lambda payload: {key: value for key, value in payload.items() if key != path})

    def but(path: str, value: object) -> Run:
        return _refused(name, lambda payload: {**payload, path: value})

    def case(number: int, title: str, run: Run, clauses: tuple[str, ...], applies: Applies) -> Case:
        return Case(f"alerts/{section}/{number}", title, Side.CLOUD, run, clauses, applies=applies, refuses=number > 1)

    return (
        case(1, f"takes {section} of an alert", _taken(name), (*token, *kind), has(name)),
        case(2, f"refuses {section} without a token", without("token"), token, has(name)),
        case(3, f"refuses {section} with a token that is no string", but("token", 7), token, has(name)),
        *(
            (
                case(4, f"refuses {section} without a type", without("type"), kind, has_row(name, "type")),
                case(5, f"refuses {section} with no such type", but("type", "GONG"), kind, has_row(name, "type")),
            )
            if has_type
            else ()
        ),
        Case(
            f"alerts/{section}/6",
            f"takes {section} with a field that is not in the table",
            Side.CLOUD,
            _taken(name, {"lightColor": "amber"}),
            ("practice/unknown-fields",),
            Level.SHOULD,
            has(name),
        ),
    )


def _taken(name: str, more: Json | None = None) -> Run:
    async def run(at: CloudStand) -> None:
        await at.device.is_online()
        at.takes(await at.device.says(name, {**at.device.about(name, str(uuid.uuid4())), **(more or {})}))

    return run


def _refused(name: str, spoil: Callable[[Json], Json]) -> Run:
    async def run(at: CloudStand) -> None:
        await at.device.is_online()
        at.refuses(await at.device.says(name, spoil(at.device.about(name, str(uuid.uuid4())))), 400)

    return run
