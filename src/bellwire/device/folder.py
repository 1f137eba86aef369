"""A speaker's folder while no speaker runs on it.

It knows what is kept there; it must not know why somebody looks after it.
"""

from contextlib import suppress

from bellwire.device.config import Config
from bellwire.device.held import Remembered
from bellwire.device.ringer.assets import AssetCache
from bellwire.device.storage import Storage, fact_of


def hold(config: Config) -> Storage:
    """What a speaker keeps: as long as it is open here no speaker runs on the folder, which is made when missing.

    Raises StorageError when one does.
    """
    config.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return Storage(config.database)


def forget_account(config: Config, storage: Storage) -> None:
    """Delete all that a speaker, whose folder is on `hold`, has of an account, but for its tokens.

    Raises StorageError.
    """
    forgotten = [held.token for held in storage.alerts()]
    storage.keep(forget=forgotten, drop_letters=True, facts=fact_of(Remembered()))
    if config.assets.exists():
        AssetCache(config.assets).forget_all()
        with suppress(OSError):  # something is in it that the disk does not let go, and the log has it
            config.assets.rmdir()
