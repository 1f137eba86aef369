"""The examples of the documents, one file each: golden/PROFILE/Message.json.

Where a document has "...", a template or a comment, that part is filled in; where it has a slip (a comma, a blank that
is none), it is mended. What no document shows (the Alerts of two versions, the greeting, the exceptions) is written
from what is known of it.
"""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from bellwire.protocol.codec import Codec
from bellwire.protocol.messages.context import AlertsState, ContextHeader, ContextObject
from bellwire.protocol.messages.envelope import Event
from bellwire.protocol.profiles import PROFILES
from bellwire.protocol.profiles.profile import Context, ErrorForm, Profile

GOLDEN = Path(__file__).parent / "golden"
FILES = sorted(GOLDEN.glob("*/*.json"))
CODECS = {name: Codec(profile) for name, profile in PROFILES.items()}

STATE = AlertsState(all_alerts=(), active_alerts=())
OTHER = ContextObject(ContextHeader("Speaker", "VolumeState"), msgspec.Raw(b'{"volume":6}'))

Key = tuple[str, str, str]
"""Direction, namespace and name."""


def body_of(said: Any) -> tuple[str, Any]:
    """The direction of an example, and its header and payload."""
    for direction in ("event", "directive"):
        if direction in said:
            return direction, said[direction]
    return "directive", said  # an exception by itself


def key_of_example(file: Path) -> Key:
    direction, body = body_of(json.loads(file.read_text("utf-8")))
    return direction, body["header"]["namespace"], body["header"]["name"]


@pytest.mark.parametrize("profile", PROFILES.values(), ids=PROFILES)
def test_every_message_of_the_tables_has_its_example(profile: Profile) -> None:
    examples = [key_of_example(file) for file in FILES if file.parent.name == profile.name]
    tables = [("event", *key) for key in profile.events] + [("directive", *key) for key in profile.directives]
    assert sorted(examples) == sorted(tables)


def test_examples_are_named_after_their_message_and_version() -> None:
    for file in FILES:
        assert file.stem == key_of_example(file)[2]
        assert file.parent.name in PROFILES


@pytest.mark.parametrize("file", FILES, ids=lambda file: f"{file.parent.name}-{file.stem}")
def test_an_example_is_read_and_written_the_same(file: Path) -> None:
    codec = CODECS[file.parent.name]
    said = json.loads(file.read_text("utf-8"))
    direction, body = body_of(said)
    key = body["header"]["namespace"], body["header"]["name"]
    if body is said:
        assert codec.profile.error_form is ErrorForm.BARE
        error = codec.decode_refusal(json.dumps(said).encode())
        assert json.loads(codec.encode_refusal(400, error.description, body["header"]["messageId"])) == said
    elif direction == "event":
        event = codec.decode_event(json.dumps(said).encode())
        assert type(event.message) is codec.profile.events[key].message
        assert json.loads(codec.encode_event(event)) == said
    else:
        directive = codec.decode_directive(json.dumps(said).encode())
        assert type(directive.message) is codec.profile.directives[key].message
        assert json.loads(codec.encode_directive(directive)) == said


@pytest.mark.parametrize(
    "file", [file for file in FILES if key_of_example(file)[0] == "event"], ids=lambda f: f"{f.parent.name}-{f.stem}"
)
def test_an_event_brings_as_much_context_as_its_document_shows(file: Path) -> None:
    """Whatever state the device has at hand."""
    codec = CODECS[file.parent.name]
    example = json.loads(file.read_text("utf-8"))
    message = codec.decode_event(json.dumps(example).encode()).message
    said = json.loads(codec.encode_event(Event(message=message, message_id="", alerts_state=STATE, context=(OTHER,))))
    assert said.keys() == example.keys()
    names = [entry["header"]["name"] for entry in said.get("context", ())]
    form = codec.profile.events[type(message).namespace, type(message).__name__]
    assert names == (["AlertsState", "VolumeState"] if form.context is Context.WHOLE else [])
    assert (form.context is Context.NONE) == ("context" not in example)
    assert (form.context is Context.EMPTY) == (example.get("context") == [])
