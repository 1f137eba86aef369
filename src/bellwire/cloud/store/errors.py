"""What can go wrong in the store, sorted by what the caller can do about it. It must not know any engine.

StoreError
├── StoreUnusable     the store cannot be opened: a person has to mend it
├── StoreClosed       used before open() or after close()
├── StoreBusy         nothing was written: try again in a moment
├── StoreFailed       nothing was written: the engine or the disk refused
└── Refused           the transaction breaks a rule of the schema; its neighbours are unharmed
    ├── AlreadyExists   a name or key is taken
    └── NotFound        what the row belongs to is not there, or is not this account's
"""


class StoreError(Exception):
    """Something went wrong in the store; the message is one sentence for a person."""


class StoreUnusable(StoreError):
    """The store cannot be opened until somebody mends what the message names."""


class StoreClosed(StoreError):
    """The store was used before it was opened or after it was closed."""


class StoreBusy(StoreError):
    """Nothing was written, and the same call may succeed in a moment."""


class StoreFailed(StoreError):
    """Nothing was written: the engine or the disk refused the statement or the commit."""


class Refused(StoreError):
    """The transaction breaks a rule of the schema."""


class AlreadyExists(Refused):
    """A name or a key that must be unique is taken."""


class NotFound(Refused):
    """What a row belongs to is not there, or belongs to another account."""
