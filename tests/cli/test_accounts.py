from datetime import UTC, datetime
from pathlib import Path

from bellwire.cli import records
from bellwire.cli.processes import Process, free_port
from bellwire.cloud.auth import hash_of
from bellwire.cloud.config import Config
from bellwire.cloud.store.accounts import account_by_token, add_account
from bellwire.cloud.store.opening import open_now
from tests.cli.running import Bellwire


def test_add_gives_the_id_and_a_token_that_works(bellwire: Bellwire, tmp_path: Path) -> None:
    added = bellwire("account", "add", "home", "--timezone", "Asia/Seoul", "--data", tmp_path, "--json").answer
    assert added.keys() == {"account_id", "token"}
    with open_now(Config(data=tmp_path).database) as store:
        identity = store.read(account_by_token, hash_of(added["token"]))
    assert identity is not None
    assert (identity.account_id, identity.expires) == (added["account_id"], None)
    assert bellwire("account", "list", "--data", tmp_path, "--json").answer == [
        {
            "account_id": added["account_id"],
            "name": "home",
            "timezone": "Asia/Seoul",
            "locked": False,
            "guest": False,
            "country": None,
            "language": None,
        }
    ]


def test_add_says_what_comes_next(bellwire: Bellwire, tmp_path: Path) -> None:
    assert "bellwire device add --account home" in bellwire("account", "add", "home", "--data", tmp_path).text
    assert "home" in bellwire("account", "list", "--data", tmp_path).text


def test_the_token_is_not_in_the_files(bellwire: Bellwire, tmp_path: Path) -> None:
    token = bellwire("account", "add", "home", "--data", tmp_path, "--json").answer["token"]
    assert not any(token.encode() in file.read_bytes() for file in tmp_path.iterdir())


def test_a_name_is_taken_once(bellwire: Bellwire, tmp_path: Path) -> None:
    assert bellwire("account", "add", "home", "--data", tmp_path).status == 0
    assert "'home' already" in bellwire("account", "add", "home", "--data", tmp_path).complaint


def test_what_is_no_name_or_zone_is_refused(bellwire: Bellwire, tmp_path: Path) -> None:
    assert "the name is empty" in bellwire("account", "add", " ", "--data", tmp_path).complaint
    assert "U+001B" in bellwire("account", "add", "a\x1b[31mb\nc", "--data", tmp_path).complaint
    refused = bellwire("account", "add", "home", "--timezone", "Mars/Phobos", "--data", tmp_path)
    assert "'Mars/Phobos' is not a time zone" in refused.complaint
    assert bellwire("account", "list", "--data", tmp_path, "--json").answer == []


def test_blanks_around_a_name_are_none_of_it(bellwire: Bellwire, tmp_path: Path) -> None:
    bellwire("account", "add", "home", "--data", tmp_path)
    assert "there is an account 'home' already" in bellwire("account", "add", " home\n", "--data", tmp_path).complaint


def test_a_name_is_on_one_line(bellwire: Bellwire, tmp_path: Path) -> None:
    assert bellwire("account", "add", "our\nhome", "--data", tmp_path).status == 0
    assert [each["name"] for each in bellwire("account", "list", "--data", tmp_path, "--json").answer] == ["our home"]


def test_no_account_yet(bellwire: Bellwire, tmp_path: Path) -> None:
    assert "holds no cloud's data" in bellwire("account", "list", "--data", tmp_path).complaint
    bellwire("account", "add", "", "--data", tmp_path)
    assert "bellwire account add home" in bellwire("account", "list", "--data", tmp_path).text


def test_a_file_that_is_no_database_is_named(bellwire: Bellwire, tmp_path: Path) -> None:
    database = Config(data=tmp_path).database
    database.write_bytes(b"not a database, but long enough to be looked at" * 100)
    assert f"{database} is not a SQLite database" in bellwire("account", "list", "--data", tmp_path).complaint


def test_lock_and_unlock(bellwire: Bellwire, tmp_path: Path) -> None:
    for name in ("home", "office"):
        assert bellwire("account", "add", name, "--data", tmp_path).status == 0

    def locked() -> list[str]:
        accounts = bellwire("account", "list", "--data", tmp_path, "--json").answer
        return [account["name"] for account in accounts if account["locked"]]

    assert bellwire("account", "lock", "home", "--data", tmp_path, "--json").answer["locked"] is True
    assert locked() == ["home"]
    assert "locked" in bellwire("account", "list", "--data", tmp_path).text
    assert "home unlocked" in bellwire("account", "unlock", "home", "--data", tmp_path).text
    assert locked() == []
    assert "no account 'hotel'" in bellwire("account", "lock", "hotel", "--data", tmp_path).complaint


def test_agree_to_the_terms_of_the_cloud(bellwire: Bellwire, tmp_path: Path) -> None:
    data, terms = tmp_path / "data", "https://cloud.home/terms"
    assert bellwire("account", "add", "home", "--data", data).status == 0
    assert "no cloud runs" in bellwire("account", "agree", "home", "--data", data).complaint
    args = ("cloud", "--port", str(free_port()), "--data", data, "--terms", terms)
    with Process(*args, log=tmp_path / "log") as process:
        process.line(within=30)
        assert bellwire("account", "agree", "home", "--data", data, "--json").answer == {"terms": terms}
        assert terms in bellwire("account", "agree", "home", "--data", data).text
        assert process.end() == 0


def test_guests_are_listed_and_are_nobodys_only_account(bellwire: Bellwire, tmp_path: Path) -> None:
    home = bellwire("account", "add", "home", "--data", tmp_path, "--json").answer["account_id"]
    with open_now(Config(data=tmp_path).database) as store:
        for name in ("guest 1", "guest 2"):
            store.run(add_account, name, name, "UTC", datetime.now(UTC), guest=True)
        assert records.account_of(store, None).account_id == home
        assert records.account_of(store, "guest 1").guest
    assert bellwire("account", "list", "--data", tmp_path).text.count("guest") >= 4
