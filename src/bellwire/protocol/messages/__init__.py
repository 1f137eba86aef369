"""The vocabulary: one frozen class a message, with every field of any version.

It knows names and types; it must not know which version uses which: a profile says that.
"""

from typing import Annotated, ClassVar

import msgspec

Token = Annotated[str, msgspec.Meta(min_length=1, max_length=1024)]
"""An opaque identifier: real firmware's are not UUIDs. The bound is ours."""


class Message(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What a message carries. Its name on the wire is the class's; fields are there in camelCase.

    A field whose default is None is absent in some version or case.
    """

    namespace: ClassVar[str]


def key_of(message: type[Message] | Message) -> tuple[str, str]:
    """The namespace and the name by which headers call a message."""
    kind = message if isinstance(message, type) else type(message)
    return kind.namespace, kind.__name__
