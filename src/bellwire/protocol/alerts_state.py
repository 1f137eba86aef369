"""The alerts of a context: what came before in the same bytes is not read and checked again.

It knows that a device says the same of nearly all its alerts with every event; it must not know what an alert means.
"""

from collections.abc import Iterable

import msgspec

from bellwire.protocol.errors import ProtocolError
from bellwire.protocol.messages.context import AlertsState, AlertState
from bellwire.protocol.payload import PayloadCodec

_MOST = 20_000
"""Alerts that are remembered, some 10 MB; when there are more, all are forgotten."""
_LONGEST = 512
"""Bytes of an alert that is remembered; they are some 100."""


class _Listed(msgspec.Struct, frozen=True, gc=False, rename="camel"):
    all_alerts: list[msgspec.Raw]
    active_alerts: list[msgspec.Raw]


_decode = msgspec.json.Decoder(_Listed).decode
_encode = msgspec.json.Encoder().encode


class AlertsStateReader:
    """Reads what a `PayloadCodec` for AlertsState reads, to the same values and errors, at a third of the cost.

    The same alert in the same bytes is the same object each time, so whoever compared it before can know it by that.
    """

    def __init__(self, wording: PayloadCodec) -> None:
        self._wording = wording
        self._known: dict[bytes, AlertState] = {}

    def decode(self, payload: msgspec.Raw, path: str) -> AlertsState:
        """The device's alerts, from a payload which stands at `path`. Raises MalformedJson, InvalidMessage."""
        try:
            listed = _decode(payload)
            return AlertsState(
                all_alerts=self._alerts(listed.all_alerts), active_alerts=self._alerts(listed.active_alerts)
            )
        except (ProtocolError, msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            whole: AlertsState = self._wording.decode(payload, path)  # which says what is wrong, and where
            return whole

    def _alerts(self, listed: Iterable[msgspec.Raw]) -> tuple[AlertState, ...]:
        known = self._known
        found = []
        for raw in listed:
            json = bytes(raw)
            found.append(known.get(json) or self._read(json))
        return tuple(found)

    def _read(self, json: bytes) -> AlertState:
        alone = _Listed([msgspec.Raw(json)], [])
        state: AlertsState = self._wording.decode(msgspec.Raw(_encode(alone)), "")
        (alert,) = state.all_alerts
        if len(json) <= _LONGEST:
            if len(self._known) >= _MOST:
                self._known.clear()
            self._known[json] = alert
        return alert
