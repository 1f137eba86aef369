"""What the lights show follows from what happens."""

from datetime import timedelta

from bellwire.device.do_not_disturb import DoNotDisturb
from bellwire.device.hardware import Lights
from bellwire.device.lights import Lighting
from tests.device.test_meant import TEA, UP


def test_an_evening() -> None:
    shown: list[Lights] = []
    lighting = Lighting(shown.append)
    lighting.begin()
    lighting.disconnected("it is away")
    lighting.connected()
    lighting.alert_set(TEA)
    lighting.alert_set(UP)
    lighting.alert_ringing(UP, timedelta())
    lighting.alert_snoozed(UP, UP.scheduled_time)
    lighting.alert_ringing(UP, timedelta())
    lighting.muted(True)
    lighting.alert_stopped(TEA)  # missed
    lighting.alert_stopped(UP)
    lighting.muted(False)
    lighting.alert_removed(UP)
    lighting.do_not_disturb_changed(DoNotDisturb(is_on=True))
    lighting.disconnected("it went away")
    ready = Lights(connected=True, alert_set=True)
    assert shown == [
        Lights(),
        Lights(connected=True),
        ready,
        Lights(connected=True, alert_set=True, ringing=True),
        ready,
        Lights(connected=True, alert_set=True, ringing=True),
        Lights(connected=True, alert_set=True, ringing=True, muted=True),
        Lights(connected=True, muted=True),
        Lights(connected=True),
        Lights(connected=True, do_not_disturb=True),
        Lights(do_not_disturb=True),
    ]
