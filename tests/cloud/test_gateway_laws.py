"""Whatever a device sends, it gets an answer that the documents have: never a failure of ours."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bellwire.protocol.errors import ProtocolError
from bellwire.protocol.multipart import read_json
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Field, Form, Profile
from bellwire.protocol.profiles.tvs import TVS_2020
from tests.cloud.alone import CONTENT_TYPE
from tests.cloud.conversation import Talk, talking
from tests.cloud.running import CODECS, Cloud, event_body, refusal_of

each_version = pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
lawful = settings(deadline=None, derandomize=True, max_examples=150)

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# Any JSON


scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20)
    | st.sampled_from(
        ["", "\0", "ALARM", "GONG", "a" * 2_000, "{STRING}", "9999-12-31T23:59:59Z", "1969-01-01T00:00:00Z"]
    )
)
RAW = {
    "<no UTF-8>": b'"\xff"',
    "<half a surrogate>": b'"\\ud800"',
    "<beyond any number>": b"1e999",
    "<long>": b"9" * 5_000,
    "<deep>": b"[" * 940 + b"]" * 940,
}
"""What only bytes can say, by the text that stands for it."""
anything = st.recursive(
    scalars | st.sampled_from(list(RAW)),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
instants = st.integers(-(2**36), 2**38).map(lambda second: (EPOCH + timedelta(seconds=second // 2)).isoformat())
"""From the year 881 to 6325: with some that are none of an alert."""
tokens = st.sampled_from(["a", "b", "c"])


def json_of(said: object) -> bytes:
    """The bytes of a value of `anything`."""
    text = json.dumps(said).encode()
    for name, raw in RAW.items():
        text = text.replace(json.dumps(name).encode(), raw)
    return text


# Any message, from the tables of the profile


def value_of(row: Field, form: Form) -> st.SearchStrategy[Any]:
    """What a row could hold, now and then anything else."""
    name = row.path.removesuffix("[]").rpartition(".")[2]
    good: st.SearchStrategy[Any]
    if any(other.path.startswith(row.path + ".") for other in form.fields):
        one = holder(form, row.path + ".")
        good = st.lists(one, max_size=3) if row.path.endswith("[]") else one
    elif row.path.endswith("[]"):
        good = st.lists(tokens, max_size=3)
    elif row.is_time:
        good = instants
    elif row.one_of:
        good = st.sampled_from(row.one_of)
    elif row.type in {"long", "number"}:
        good = st.integers(-5, 5).map(lambda number: number * 3_600) | st.integers(0, 100)
    else:
        good = tokens if name == "token" else st.text(max_size=20) | st.sampled_from(["8701", "0"])
    return st.one_of(good, good, good, anything)


def holder(form: Form, inside: str = "") -> st.SearchStrategy[Any]:
    """An object with the rows directly inside of a path; each may be missing, and others come with them."""
    rows = [row for row in form.fields if row.path.startswith(inside) and "." not in row.path[len(inside) :]]
    named = {row.path[len(inside) :].removesuffix("[]"): value_of(row, form) for row in rows}
    foreign = {"type": anything, "label": anything, "allAlerts": anything, "x": anything}
    mostly = st.fixed_dictionaries(named)
    lacking = st.fixed_dictionaries({}, optional=named)
    more = st.fixed_dictionaries({}, optional={key: value for key, value in foreign.items() if key not in named})
    return st.builds(lambda base, extra: {**base, **extra}, mostly | lacking, st.just({}) | more)


def headers_of(namespace: str, name: str) -> st.SearchStrategy[Any]:
    good = st.fixed_dictionaries(
        {"namespace": st.just(namespace), "name": st.just(name), "messageId": st.sampled_from(["m", "", "{STRING}"])},
        optional={"dialogRequestId": scalars, "diaglogRequestId": scalars},
    )
    return st.one_of(good, good, good, good, anything)


def contexts_of(profile: Profile) -> st.SearchStrategy[Any]:
    entries = [
        st.fixed_dictionaries({"header": st.just({"namespace": key[0], "name": key[1]}), "payload": holder(form)})
        for key, form in profile.context.items()
    ]
    payload = anything | st.sampled_from(list(RAW))
    other = st.fixed_dictionaries({"header": headers_of("AudioPlayer", "PlaybackState"), "payload": payload})
    return st.one_of(st.lists(st.one_of(*entries, other), max_size=3), anything)


def events_of(profile: Profile) -> st.SearchStrategy[Any]:
    """Any event of a profile, right or wrong."""
    bodies = [
        st.fixed_dictionaries({"header": headers_of(*key), "payload": holder(form)})
        for key, form in profile.events.items()
    ]
    whole = st.fixed_dictionaries({"event": st.one_of(*bodies)}, optional={"context": contexts_of(profile)})
    return st.one_of(whole, whole, whole, whole, anything)


@each_version
def test_an_event_is_carried_out_or_refused_with_400(profile: Profile) -> None:
    """Codec, handlers and delivery, with the store in memory. What goes wrong otherwise would be answered 500."""
    with talking() as talk:
        talk.sets("a", talk.now.replace(hour=7))
        talk.sets("b", talk.now.replace(hour=8), rule="FREQ=DAILY")
        line = talk.connects("kitchen", profile=profile)
        codec = CODECS[profile.name]

        @settings(lawful, max_examples=500)
        @given(events_of(profile))
        def is_answered(said: object) -> None:
            try:
                event = codec.decode_event(json_of(said))
            except ProtocolError as error:
                assert error.status == 400
                told = codec.decode_refusal(codec.encode_refusal(error.status, str(error), "m"))
                assert 0 < len(told.description) < 4_000
                return
            talk.passes(seconds=1)
            line.brings(event)
            line.hears()
            assert msgspec.json.encode(talk.known(line))

        is_answered()


@pytest.mark.parametrize("raw", RAW.values(), ids=RAW)
def test_what_is_kept_of_a_context_can_be_read_again(talk: Talk, raw: bytes) -> None:
    line = talk.connects("kitchen", profile=TVS_2020)
    state = b'{"header":{"namespace":"Speaker","name":"%s"},"payload":{"a":%s}}'
    context = b",".join([state % (b"Strange", raw), state % (b"VolumeState", b"1")])
    header = b'{"namespace":"System","name":"SynchronizeState","messageId":"m"}'
    try:
        line.brings(
            CODECS[TVS_2020.name].decode_event(
                b'{"context":[%s],"event":{"header":%s,"payload":{}}}' % (context, header)
            )
        )
    except ProtocolError as refused:
        assert refused.status == 400
        return
    kept = talk.known(line).components
    assert kept is not None
    assert ([state["header"]["name"] for state in kept.states], kept.left_out) == (["VolumeState"], 1)


# Any bytes


garbage = st.one_of(
    st.binary(max_size=300),
    st.binary(max_size=100).map(lambda body: b"------speaker\r\n" + body + b"\r\n------speaker--\r\n"),
    st.binary(max_size=100).map(event_body),
    anything.map(lambda value: event_body(json_of(value))),
    st.lists(
        st.sampled_from([b"--", b"----speaker", b"\r\n", b"\r\n\r\n", b"Content-Type: application/json", b":", b"{}"])
    ).map(b"".join),
)


@each_version
@lawful
@given(body=garbage)
@example(body=b"")
@example(body=event_body(b"[" * 100_000))
@example(body=event_body(b'{"event":' * 20_000))
def test_garbage_is_refused_with_400(profile: Profile, body: bytes) -> None:
    codec = CODECS[profile.name]
    with pytest.raises(ProtocolError) as refused:
        codec.decode_event(read_json(CONTENT_TYPE, body))
    assert refused.value.status == 400


@each_version
@settings(lawful, max_examples=60)
@given(
    content_type=st.text(st.characters(codec="latin-1"), max_size=80) | st.text("multipar/form-d;=\"' \t", max_size=80)
)
def test_any_content_type_is_read_or_refused(profile: Profile, content_type: str) -> None:
    for kind in (content_type, "multipart/form-data;" + content_type, "multipart/form-data; boundary=" + content_type):
        try:
            read_json(kind, b"--b\r\n\r\n{}\r\n--b--")
        except ProtocolError as refused:
            assert refused.status == 400


# At the wire


@each_version
def test_whatever_is_posted_is_answered_204_or_400_in_the_form_of_the_version(cloud: Cloud, profile: Profile) -> None:
    speaker = cloud.account().speaker(profile=profile).opens()

    @settings(lawful, max_examples=60)
    @given(garbage | events_of(profile).map(lambda said: event_body(json_of(said))))
    def is_answered(body: bytes) -> None:
        answer = speaker.posts(body)
        assert answer.status in {204, 400}
        assert refusal_of(answer, profile).description if answer.status == 400 else not answer.body
        speaker.connection.pings()
        assert not speaker.downchannel.is_over

    is_answered()


@each_version
def test_any_authorization_is_refused_in_the_form_of_the_version(cloud: Cloud, profile: Profile) -> None:
    connection = cloud.connects()

    @settings(lawful, max_examples=30)
    @given(
        st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=60),
        st.sampled_from(["", "Bearer ", "TOKENTYPE Altz|"]),
    )
    def is_refused(text: str, form: str) -> None:
        answer = connection.answer(connection.asks("GET", profile.downchannel_path, {"authorization": form + text}))
        assert answer.status in {CODECS[profile.name].status_of(401), 429}
        assert refusal_of(answer, profile).description

    is_refused()
