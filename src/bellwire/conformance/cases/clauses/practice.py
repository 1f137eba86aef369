"""What the guides say of the transport, and what real clients and clouds of the field need, in our own words.

The decisions behind them: docs/decisions.md.
"""

from bellwire.conformance.clause import clauses_of

CLAUSES = clauses_of(
    "docs/decisions.md",
    {
        "practice": {
            "downchannel": "The downchannel is a GET, answered 200 with multipart/related, and authorized by a token.",
            "boundary": "The boundary begins with ----: one client drops everything otherwise.",
            "opening": "The stream opens with its boundary, in the same flush as the headers: some clients block until then.",
            "greeting": "CIC: the first directive on the downchannel is Clova.Hello, with an empty payload.",
            "delimiter": "A part is followed by the next delimiter in the same flush: clients deliver it only then.",
            "part": "A part's JSON is on one line; Content-Type: application/json; charset=utf-8, in lower case.",
            "message-id": "Every header has a messageId, and no two are the same.",
            "dialogue": "A directive that answers no utterance has no dialogRequestId: clients discard those of others.",
            "compression": "The downchannel is never compressed.",
            "second": "A second downchannel at (nearly) the same time is answered 429.",
            "takeover": "A later downchannel takes over, and the older one is ended in good order.",
            "unauthorized": "Without a token, or with one that is not known: 401 (TVS: 403).",
            "altz": "TVS: Authorization: TOKENTYPE Altz|TOKEN is good too.",
            "no-downchannel": "CIC: events go over the connection of the downchannel; else 412.",
            "badly-formed": "What is badly formed is answered 400, with System.Exception in the form of the version.",
            "unknown": "A name that Alerts or System does not have is answered 400, with an exception that names it.",
            "foreign": "An event of a namespace that is not served is taken: real devices send them.",
            "too-large": "More than 256 KiB of JSON is refused with 413 (TVS: 400).",
            "clients": "Bodies that real clients send are taken: a line end first, odd boundaries, no last line end, a file "
            "name, no context or an empty one, an empty or repeated messageId, diaglogRequestId.",
            "ping": "GET /ping is answered 204, and PING of HTTP/2 by both sides.",
            "unknown-fields": "Fields that a version does not have are ignored.",
            "strangers": "Some firmware only adds and changes: what it has and the account has not is deleted by DeleteAlert.",
            "drift": "A context that lacks an alert which the device had acknowledged has it set again.",
            "once": "After AlertStopped an alert that rings once is over.",
            "late-requests": "A stop that comes before an alert rings is not of its next time.",
            "local-stop": "A stop by button ends what rings within 15 s, also when the cloud does not answer.",
            "twice": "Directives are delivered at least once, and may come twice.",
            "past-due": "An alert that is more than 30 minutes late does not ring any more; one that is less late rings at once.",
            "never-silent": "A sound that can't be had never silences an alert: the bell rings all the same.",
            "opaque": "Tokens are opaque text.",
            "offline": "TVS: the device manages its alerts by itself while it is offline.",
            "event-form": "Events are POSTs of multipart/form-data with one JSON part, each with the token.",
            "reconnect": "A device connects again when its connection, or its downchannel, has ended.",
            "backoff": "A device waits .25, 1, 2, 4 … s between connects that fail.",
            "agent": "Headers tell what the device is: User-Agent with its grammar (CIC), Q-UA2 (TVS).",
            "authority": "A device gives its token to nobody whose certificate is not of an authority that it trusts.",
            "retry": "Reports that must arrive are sent again on 429, 500, 503 and silence; not on 2xx and 400.",
            "unknown-directive": "A directive that is not known is ignored (CIC) or given back (TVS); all else goes on.",
        },
    },
)
