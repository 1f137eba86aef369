"""The transport, as a cloud keeps it: downchannel, events, refusals, authorization, liveness."""

import asyncio
import json
import uuid
from collections.abc import Callable

from bellwire.conformance.case import Case, Level, Side, expect
from bellwire.conformance.cases.event_rows import Run
from bellwire.conformance.played_device import Downchannel
from bellwire.conformance.stands import CloudStand, describe
from bellwire.protocol.messages import key_of
from bellwire.protocol.multipart import JSON_TYPE, boundary_of
from bellwire.protocol.profiles.profile import Profile

_TOO_LONG = 300 * 1024


def _needs_downchannel(profile: Profile) -> bool:
    return profile.needs_downchannel


def _greets(profile: Profile) -> bool:
    return profile.greeting is not None


async def _opened(at: CloudStand) -> None:
    downchannel = await at.device.is_online()
    kind = downchannel.headers.get("content-type", "")
    expect(kind.startswith("multipart/related"), "multipart/related", kind)


async def _boundary(at: CloudStand) -> None:
    downchannel = await at.device.is_online()
    boundary = boundary_of(downchannel.headers["content-type"])
    expect(boundary.startswith(b"----"), "a boundary that begins with ----", f"{boundary!r}")


async def _opens_at_once(at: CloudStand) -> None:
    downchannel = await at.device.is_online()
    opening = b"--" + boundary_of(downchannel.headers["content-type"]) + b"\r\n"
    await _came(downchannel, opening, at.patience)


async def _came(downchannel: Downchannel, start: bytes, patience: float) -> None:
    try:
        async with asyncio.timeout(patience):
            while len(downchannel.raw) < len(start):
                downchannel.news.clear()
                await downchannel.news.wait()
    except TimeoutError:
        expect(holds=False, expected="the opening boundary at once", came=f"{bytes(downchannel.raw)!r}")
    begins = bytes(downchannel.raw).removeprefix(b"\r\n")
    expect(begins.startswith(start), "the opening boundary first", f"{begins[:100]!r}")


async def _greeted(at: CloudStand) -> None:
    await at.device.goes_offline()
    at.device.heard.clear()
    await at.device.is_online()
    if at.profile.greeting is not None:  # else the case does not apply
        await at.device.heard.take(".".join(key_of(at.profile.greeting)))


async def _complete_at_once(at: CloudStand) -> None:
    """A reader delivers a part when the next delimiter comes: were that late, the directive would be."""
    await at.sets()


async def _part_headers(at: CloudStand) -> None:
    heard = await at.sets()
    kind = heard.headers.get("content-type")
    expect(kind == JSON_TYPE, f"Content-Type: {JSON_TYPE}", kind)
    expect(b"\n" not in heard.raw, "the JSON on one line", f"{heard.raw[:200]!r}")


async def _ids(at: CloudStand) -> None:
    first, second = await at.sets(), await at.sets()
    ids = [each.header.get("messageId") for each in (first, second)]
    expect(all(isinstance(each, str) and each for each in ids), "a messageId in every header", ids)
    expect(ids[0] != ids[1], "messageIds that differ", ids)


async def _no_dialogue(at: CloudStand) -> None:
    heard = await at.sets()
    expect("dialogRequestId" not in heard.header, "no dialogRequestId: it answers no utterance", heard.header)


async def _not_compressed(at: CloudStand) -> None:
    downchannel = await at.device.is_online()
    coding = downchannel.headers.get("content-encoding", "identity")
    expect(coding == "identity", "a response that is not compressed", coding)


async def _second(at: CloudStand) -> None:
    await at.device.goes_offline()
    await asyncio.sleep(_LATER)
    link = await at.device.connects()
    first, second = await at.device.opens(link), await at.device.opens(link)
    expect(first.status == 200, "200 for the first", first.status)
    expect(second.status == 429, "429 for a second one at the same time", second.status)


async def _takes_over(at: CloudStand) -> None:
    older = await at.device.is_online()
    await asyncio.sleep(_LATER)
    newer = await at.device.opens()
    expect(newer.status == 200, "200 for a later one", newer.status)
    try:
        async with asyncio.timeout(at.patience):
            await older.ended.wait()
    except TimeoutError:
        expect(holds=False, expected="the older one to end", came="it stays open")
    expect(not older.broken, "the older one to end in good order", older.broken)


_LATER = 1.2
"""Seconds after which a second downchannel is no mistake of the device, but its next one."""


def _unauthorized(authorization: str | None) -> Run:
    async def run(at: CloudStand) -> None:
        await at.device.is_online()
        at.refuses(await at.device.posts(_some_event(at), authorization=authorization), 401)

    return run


def _some_event(at: CloudStand, **more: object) -> bytes:
    about = at.device.about("Alerts.AlertStarted", str(uuid.uuid4()))
    return at.device.worded("Alerts.AlertStarted", about, **more)  # type: ignore[arg-type]


async def _other_form(at: CloudStand) -> None:
    await at.device.is_online()
    authorization = f"TOKENTYPE Altz|{at.device.token}"
    at.takes(await at.device.posts(_some_event(at), authorization=authorization))


def _has_other_form(profile: Profile) -> bool:
    return profile.token_of("TOKENTYPE Altz|x") == "x"


async def _no_downchannel(at: CloudStand) -> None:
    await at.device.goes_offline()
    await asyncio.sleep(0.3)
    link = await at.device.connects()
    at.refuses(await at.device.posts(_some_event(at), over=link), 412)


async def _other_connection(at: CloudStand) -> None:
    await at.device.is_online()
    at.refuses(await at.device.posts(_some_event(at), over=await at.device.connects()), 412)


def _refused(make: Callable[[CloudStand], tuple[bytes, str]], status: int = 400) -> Run:
    async def run(at: CloudStand) -> None:
        await at.device.is_online()
        body, content_type = make(at)
        at.refuses(await at.device.posts(_some_event(at), body=body, content_type=content_type), status)

    return run


def _taken(make: Callable[[CloudStand], tuple[bytes, str]]) -> Run:
    async def run(at: CloudStand) -> None:
        await at.device.is_online()
        body, content_type = make(at)
        at.takes(await at.device.posts(_some_event(at), body=body, content_type=content_type))

    return run


def _framed(json_part: bytes, boundary: str = "----kit", *, name: str = 'name="metadata"', end: str = "\r\n") -> bytes:
    head = f"--{boundary}\r\nContent-Disposition: form-data; {name}\r\nContent-Type: {JSON_TYPE}\r\n\r\n"
    return head.encode() + json_part + f"\r\n--{boundary}--{end}".encode()


_FORM = "multipart/form-data; boundary=----kit"


def _body(raw: bytes) -> Callable[[CloudStand], tuple[bytes, str]]:
    return lambda _: (_framed(raw), _FORM)


def _event_with(**more: object) -> Callable[[CloudStand], tuple[bytes, str]]:
    return lambda at: (_framed(_some_event(at, **more)), _FORM)


def _without_context(at: CloudStand) -> tuple[bytes, str]:
    event = json.loads(_some_event(at))
    event.pop("context", None)
    return _framed(json.dumps(event).encode()), _FORM


def _without_part(_: CloudStand) -> tuple[bytes, str]:
    return b"----kit\r\nContent-Type: text/plain\r\n\r\nhello\r\n------kit--\r\n".replace(
        b"----kit", b"------kit", 1
    ), _FORM


async def _unknown_name(at: CloudStand) -> None:
    await at.device.is_online()
    answer = await at.device.says("Alerts.AlertYodelled", {"token": "1"})
    at.refuses(answer, 400)
    told = (answer.exception(at.profile.error_form) or {}).get("description", "")
    expect("AlertYodelled" in told, "a description that names the event", f"{told!r}")


async def _not_served(at: CloudStand) -> None:
    await at.device.is_online()
    at.takes(await at.device.says("Speaker.VolumeReported", {"volume": 3}))


async def _twice(at: CloudStand) -> None:
    await at.device.is_online()
    for number in range(2):
        header = {"messageId": "{STRING}"}
        about = at.device.about("Alerts.AlertStarted", f"{number}-{uuid.uuid4()}")
        at.takes(await at.device.says("Alerts.AlertStarted", about, header=header))


async def _ping(at: CloudStand) -> None:
    await at.device.is_online()
    answer = await at.device.gets(at.profile.ping_path)
    expect(answer.status == 204, "204", f"{describe(answer)}")


async def _frame_ping(at: CloudStand) -> None:
    expect(await at.device.is_answered(), "an answer to PING within 2 s", "nothing came")


async def _goes_on(at: CloudStand) -> None:
    """A refusal costs the device no more than the event."""
    await at.device.is_online()
    at.refuses(await at.device.posts(b"{", body=_framed(b"{"), content_type=_FORM), 400)
    at.takes(await at.device.posts(_some_event(at)))
    await at.sets()


def _case(number: str, title: str, run: Run, clause: str, **more: object) -> Case:
    return Case(f"transport/{number}", title, Side.CLOUD, run, (f"practice/{clause}",), **more)  # type: ignore[arg-type]


_SHOULD = Level.SHOULD
CASES = (
    _case("downchannel/1", "answers the downchannel with 200 and multipart/related", _opened, "downchannel"),
    _case("downchannel/2", "uses a boundary that begins with ----", _boundary, "boundary", level=_SHOULD),
    _case("downchannel/3", "sends the opening boundary with the headers", _opens_at_once, "opening"),
    _case("downchannel/4", "greets with the version's first directive", _greeted, "greeting", applies=_greets),
    _case("downchannel/5", "completes each part at once with the next delimiter", _complete_at_once, "delimiter"),
    _case(
        "downchannel/6",
        "heads each part as clients want it, its JSON on one line",
        _part_headers,
        "part",
        level=_SHOULD,
    ),
    _case("downchannel/7", "gives each directive a messageId of its own", _ids, "message-id"),
    _case(
        "downchannel/8",
        "gives no dialogRequestId where no utterance is answered",
        _no_dialogue,
        "dialogue",
        level=_SHOULD,
    ),
    _case("downchannel/9", "does not compress the downchannel", _not_compressed, "compression"),
    _case("downchannel/10", "refuses a second downchannel at the same time with 429", _second, "second", refuses=True),
    _case("downchannel/11", "lets a later downchannel take over, and ends the older one", _takes_over, "takeover"),
    _case("authorization/1", "refuses an event without a token", _unauthorized(None), "unauthorized", refuses=True),
    _case(
        "authorization/2",
        "refuses an event with a token that it does not know",
        _unauthorized("Bearer no-such-token"),
        "unauthorized",
        refuses=True,
    ),
    _case("authorization/3", "takes the other form of the header", _other_form, "altz", applies=_has_other_form),
    _case(
        "events/1",
        "refuses an event without a downchannel with 412",
        _no_downchannel,
        "no-downchannel",
        applies=_needs_downchannel,
        refuses=True,
    ),
    _case(
        "events/2",
        "refuses an event over another connection than the downchannel's with 412",
        _other_connection,
        "no-downchannel",
        applies=_needs_downchannel,
        refuses=True,
    ),
    _case(
        "events/3",
        "refuses what is not multipart",
        _refused(lambda at: (_some_event(at), "application/json")),
        "badly-formed",
        refuses=True,
    ),
    _case("events/4", "refuses a body without a JSON part", _refused(_without_part), "badly-formed", refuses=True),
    _case("events/5", "refuses what is no JSON", _refused(_body(b'{"event":')), "badly-formed", refuses=True),
    _case("events/6", "refuses JSON that is no event", _refused(_body(b"[]")), "badly-formed", refuses=True),
    _case(
        "events/7",
        "refuses an event without a header",
        _refused(_body(b'{"context":[],"event":{"payload":{}}}')),
        "badly-formed",
        refuses=True,
    ),
    _case(
        "events/8",
        "refuses a name that its namespace does not have, and names it",
        _unknown_name,
        "unknown",
        refuses=True,
    ),
    _case("events/9", "takes an event of a namespace that it does not serve", _not_served, "foreign", level=_SHOULD),
    _case(
        "events/10",
        "refuses 300 KB of JSON with 413",
        _refused(_body(b'{"event":{"header":{"namespace":"Alerts"},"payload":"' + b"x" * _TOO_LONG + b'"}}'), 413),
        "too-large",
        level=_SHOULD,
        refuses=True,
    ),
    _case("events/11", "goes on after a refusal", _goes_on, "badly-formed"),
    _case(
        "events/12",
        "takes a body that begins with a line end",
        _taken(lambda at: (b"\r\n" + _framed(_some_event(at)), _FORM)),
        "clients",
    ),
    _case(
        "events/13",
        "takes a boundary with odd characters",
        _taken(
            lambda at: (
                _framed(_some_event(at), "Woo'(odd)+_,-./:=?"),
                'multipart/form-data; boundary="Woo\'(odd)+_,-./:=?"',
            )
        ),
        "clients",
    ),
    _case(
        "events/14",
        "takes a boundary that ends with = and has no quotes",
        _taken(lambda at: (_framed(_some_event(at), "OddOne="), "multipart/form-data; boundary=OddOne=")),
        "clients",
    ),
    _case(
        "events/15",
        "takes a body without the last line end",
        _taken(lambda at: (_framed(_some_event(at), end=""), _FORM)),
        "clients",
    ),
    _case(
        "events/16",
        "takes a part that has a file's name",
        _taken(lambda at: (_framed(_some_event(at), name='name="metadata"; filename="metadata"'), _FORM)),
        "clients",
    ),
    _case("events/17", "takes an event without a context", _taken(_without_context), "clients"),
    _case("events/18", "takes an event whose context is an empty list", _taken(_event_with(context=[])), "clients"),
    _case(
        "events/19", "takes an empty messageId", _taken(_event_with(header={"messageId": ""})), "clients", level=_SHOULD
    ),
    _case("events/20", "takes the same messageId twice with different content", _twice, "clients"),
    _case(
        "events/21",
        "takes the misspelling diaglogRequestId",
        _taken(_event_with(header={"diaglogRequestId": "1"})),
        "clients",
    ),
    _case("ping/1", "answers GET of the ping path with 204", _ping, "ping"),
    _case("ping/2", "answers PING", _frame_ping, "ping"),
)
