"""What our speaker and our cloud say to each other beyond the documents, in every version alike.

It knows these messages alone; it must not know any version.
"""

from bellwire.protocol.messages import bellwire
from bellwire.protocol.profiles.profile import Field, Form, by_key

_SOURCE = "Bellwire's own (docs/decisions.md, Snooze)"

OWN_EVENTS = by_key(
    Form(bellwire.RequestAlertSnooze, (Field("token"),), _SOURCE),
    Form(bellwire.RequestSnoozeEnd, (Field("token"),), _SOURCE),
)
