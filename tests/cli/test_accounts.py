from pathlib import Path

from bellwire.cloud.auth import hash_of
from bellwire.cloud.config import Config
from bellwire.cloud.store.accounts import account_by_token
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
        {"account_id": added["account_id"], "name": "home", "timezone": "Asia/Seoul"}
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
