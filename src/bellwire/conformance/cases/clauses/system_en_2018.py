"""CLOVA Interface Connect, namespace System, the English guide of 2018, clause by clause."""

from bellwire.conformance.clause import clauses_of

CLAUSES = clauses_of(
    "clova-system-en-2018",
    {
        "Introduction": {
            "added": "When a user has added another client to their account.",
            "reconnected": "When the client is reconnected to CIC due to network error or other issues.",
            "account": (
                "When the user account registered on the client has changed to a new user's.",
                "the kit gives a device one token and can't have it change hands; every connection begins with the request (reconnected)",
            ),
            "reset": (
                "When the client is reset after getting disconnected from the pair app.",
                "the kit can't reset a device; every connection begins with the request (reconnected)",
            ),
            "forgets": "If the client experiences network disconnection or a user logs out from the client, you MUST delete all the information related to the user account.",
            "asks": "To synchronize information, a client sends the",
            "only": (
                "Until further notice, the System namespace only provides an interface for synchronizing alarm details.",
                "it says what the document does not describe",
            ),
        },
        "RequestSynchronizeState": {
            "answered": "directive in return.",
            "context": "None",
            "payload": "None",
        },
        "SynchronizeState": {
            "obeys": "The client should modify the set value according to the data delivered from Clova.",
            "allAlerts[]": "Contains a list of alarms to synchronize.",
        },
    },
)
