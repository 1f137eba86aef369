"""Namespace Alerts as AVS v20160207 has it beside the fields of the others, in our own words: TVS speaks it.

The tables: docs/profiles/tvs-2020.md.
"""

from bellwire.conformance.clause import clauses_of

CLAUSES = clauses_of(
    "docs/profiles/tvs-2020.md",
    {
        "DeleteAlerts": {"tokens[]": "All of these alerts are deleted or, if one can't be, none."},
        "DeleteAlertsSucceeded": {"tokens[]": "All of these were deleted."},
        "DeleteAlertsFailed": {"tokens[]": "One of these could not be deleted, so none was."},
        "AlertEnteredForeground": {"token": "The alert, which rings, is in front: nothing else is heard."},
        "AlertEnteredBackground": {"token": "The alert, which rings, is behind a dialogue or other sound."},
        "SetAlert": {
            "loopCount": "How often its sounds are played; then it is over.",
            "type": "A type that there is not counts as ALARM.",
        },
        "SetVolume": {"volume": "Alerts are to ring so loud, 0 to 100."},
        "AdjustVolume": {"volume": "Alerts are to ring louder or softer by so much; no further than 0 and 100."},
        "VolumeChanged": {"volume": "Alerts ring so loud from now on."},
    },
)
