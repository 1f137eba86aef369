"""Speakers of any version in one house, each in the words of its own."""

from datetime import datetime
from typing import TypeVar

from bellwire.protocol.messages import key_of
from bellwire.protocol.messages.alerts import AlertStarted, OneAlert, SetAlertSucceeded
from bellwire.protocol.profiles.profile import Profile
from tests.cloud.conversation import Line, Talk, alarm, at

One = TypeVar("One", bound=OneAlert)


class Speaker:
    """A device that is connected, and what it says and hears of alarms."""

    def __init__(self, talk: Talk, profile: Profile, name: str = "kitchen", *, quietly: bool = False) -> None:
        self.talk = talk
        self.profile = profile
        self.line = talk.connects(name, profile=profile, quietly=quietly)

    def of(self, message: type[One], token: str = "a") -> One:
        """A message about an alarm, with the fields that this version has."""
        forms = (self.profile.events.get(key_of(message)), self.profile.directives.get(key_of(message)))
        has_type = any(field.path == "type" for form in forms if form for field in form.fields)
        return message(token=token, type="ALARM" if has_type else None)

    def shows(self, *times: datetime, ringing: bool = False) -> Line:
        """The context of its events to come: the alarm `a` at this time, or none."""
        alerts = [alarm("a", time) for time in times]
        return self.line.shows(*alerts, ringing=("a",) if ringing else ())

    def holds(self, *, rule: str | None = None) -> "Speaker":
        """The account sets the alarm `a` of 07:00, and it is on the device."""
        if "a" not in self.talk.alerts():
            self.talk.sets("a", at("07:00"), rule=rule)
        self.line << alarm("a", at("07:00"))
        self.shows(at("07:00")) >> self.of(SetAlertSucceeded)
        self.line << ()
        return self

    def rings(self, *, rule: str | None = None) -> "Speaker":
        """The same, and it rings."""
        self.holds(rule=rule)
        self.talk.now = at("07:00")
        self.starts()
        return self

    def starts(self) -> None:
        """It begins to ring, and says so."""
        self.shows(at("07:00"), ringing=True) >> self.of(AlertStarted)
        self.line << ()
