"""What a speaker shows of itself at a terminal, a line each: for people, or as JSON for programs.

It knows words; it must not know how the speaker works.
"""

from datetime import UTC, datetime, timedelta

from bellwire.alerts.alert import Occurrence
from bellwire.cli.conversation import ARROWS, Direction, Said, in_short
from bellwire.cli.output import printable, put_json, say
from bellwire.device.do_not_disturb import DoNotDisturb
from bellwire.device.observer import Observer


class Face(Observer):
    """Says what happens to the speaker."""

    def __init__(self, cloud: str, *, as_json: bool, keeps_offline: bool = True, shows_messages: bool = False) -> None:
        """`keeps_offline`: what is set stays as long as the cloud is away. `shows_messages`: those on the wire too."""
        self._keeps_offline = keeps_offline
        self._shows_messages = shows_messages
        self._cloud = cloud
        self._as_json = as_json
        self._reason: str | None = None

    def connected(self) -> None:
        """The cloud can be reached."""
        self._reason = None
        self._say("connected", f"connected to {self._cloud}", cloud=self._cloud)

    def moved(self, cloud: str) -> None:
        """It goes to another cloud."""
        self._cloud, self._reason = cloud, None
        self._say("moved", f"goes to another cloud: {cloud}", cloud=cloud)

    def disconnected(self, reason: str) -> None:
        """The cloud can't be reached; said again only when the reason is another one."""
        if reason != self._reason:
            self._reason = reason
            comfort = "; what is set rings all the same" if self._keeps_offline else ""
            self._say("disconnected", f"no connection to {self._cloud}: {reason}{comfort}", reason=reason)

    def logged_out(self) -> None:
        """The cloud has ended the pairing."""
        self._say("logged_out", f"logged out: {self._cloud} has ended the pairing; nothing of the account is kept")

    def alert_set(self, occurrence: Occurrence) -> None:
        """An alert is there."""
        self._say_alert("set", f"set for {occurrence.scheduled_time.astimezone():%Y-%m-%d %H:%M:%S}", occurrence)

    def alert_ringing(self, occurrence: Occurrence, late: timedelta) -> None:
        """It can be heard."""
        milliseconds = round(late / timedelta(milliseconds=1), 1)
        self._say_alert("ringing", f"rings, {milliseconds:g} ms late", occurrence, late_ms=milliseconds)

    def alert_stopped(self, occurrence: Occurrence) -> None:
        """It rings no longer, or was missed."""
        self._say_alert("stopped", "stopped", occurrence)

    def alert_snoozed(self, occurrence: Occurrence, until: datetime) -> None:
        """It rings again then."""
        self._say_alert("snoozed", f"snoozed until {until.astimezone():%H:%M:%S}", occurrence, until=until.isoformat())

    def alert_removed(self, occurrence: Occurrence) -> None:
        """It is there no longer."""
        self._say_alert("removed", "removed", occurrence)

    def volume_changed(self, volume: int) -> None:
        """Alerts ring so loud."""
        self._say("volume", f"alerts ring at {volume} %", volume=volume)

    def muted(self, is_muted: bool) -> None:
        """Somebody pressed mute, or what was muted is over."""
        self._say(
            "muted" if is_muted else "unmuted", f"what rings is {'muted' if is_muted else 'heard again, or over'}"
        )

    def do_not_disturb_changed(self, setting: DoNotDisturb) -> None:
        """It was switched, by somebody or by its hours, or set."""
        heard = [kind.value for kind in setting.exceptions]
        text = f"do not disturb: heard all the same: {', '.join(heard) or 'nothing'}"
        self._say(
            "do_not_disturb",
            text if setting.is_on else "everything is heard again",
            is_on=setting.is_on,
            exceptions=heard,
        )

    def time_doubted(self) -> None:
        """The clock may be wrong."""
        self._say("time_doubted", "the clock may be wrong: nothing rings by it until it is believed, a minute at most")

    def time_believed(self) -> None:
        """It is not, or nobody knows better."""
        self._say("time_believed", "the clock is believed: alerts ring by it")

    def message_sent(self, json: str) -> None:
        """An event goes to the cloud."""
        self._say_message("event", json)

    def message_received(self, json: str) -> None:
        """The cloud says something."""
        self._say_message("directive", json)

    def plugged(self, is_plugged: bool) -> None:
        """Somebody pulled the network's plug, or put it back."""
        if is_plugged:
            self._say("plugged", "the network is plugged in again")
        else:
            self._say("unplugged", "the network is unplugged; u plugs it in again")

    def talks(self) -> None:
        """A dialogue, which a key stands for, is in front of what rings."""
        self._say("talk", "a dialogue is in front: what rings is softer; h ends it")

    def is_silent(self) -> None:
        """It is over."""
        self._say("hush", "no dialogue any more")

    def can_not_delete(self) -> None:
        """Somebody pressed delete, and this version of the protocol has no word for it."""
        self._say("not_deleted", "alerts are deleted in the account, not on this speaker; s stops what rings")

    def _say_message(self, direction: Direction, body: str) -> None:
        if self._shows_messages:
            name, payload = in_short(Said(datetime.now(UTC), direction, body.encode()))
            self._say(
                "message", f"{ARROWS[direction][0]} {name} {payload}", direction=direction, name=name, payload=payload
            )

    def _say_alert(self, event: str, text: str, alert: Occurrence, **more: str | float) -> None:
        named = f'{alert.kind.value} "{alert.label}"' if alert.label else alert.kind.value
        self._say(
            event,
            f"{named} {text}",
            token=alert.token,
            kind=alert.kind.value,
            label=alert.label,
            scheduled_time=alert.scheduled_time.isoformat(),
            **more,
        )

    def _say(self, event: str, text: str, **facts: str | float | list[str]) -> None:
        now = datetime.now(UTC)
        if self._as_json:
            put_json({"at": now.isoformat(timespec="milliseconds"), "event": event, **facts})
        else:
            say(f"{now.astimezone():%H:%M:%S} {printable(text)}")
