from pathlib import Path

from bellwire.cli.profile_pages import INDEX, pages, write
from bellwire.protocol.profiles import PROFILES

FOLDER = Path(__file__).parents[2] / "docs" / "profiles"


def test_the_pages_are_up_to_date() -> None:
    there = {file.name: file.read_text("utf-8") for file in FOLDER.iterdir()}
    assert there == pages(), "docs/profiles is not what the profiles say; run: make docs"


def test_every_version_has_its_page_and_the_index_leads_there() -> None:
    written = pages()
    assert written.keys() == {INDEX, *(f"{name}.md" for name in PROFILES)}
    for name, profile in PROFILES.items():
        assert f"[{name}]({name}.md)" in written[INDEX]
        for key in (*profile.events, *profile.directives, *profile.context):
            assert f"### {'.'.join(key)}\n" in written[f"{name}.md"]


def test_every_row_of_a_table_has_as_many_cells_as_its_head() -> None:
    for text in pages().values():
        for block in text.split("\n\n"):
            if block.startswith("|"):
                cells = {line.replace(r"\|", "").count("|") for line in block.splitlines()}
                assert len(cells) == 1, block


def test_a_page_of_a_version_that_is_no_more_is_removed(tmp_path: Path) -> None:
    (tmp_path / "older.md").touch()
    (tmp_path / "notes.txt").touch()
    write(tmp_path)
    assert {file.name for file in tmp_path.iterdir()} == {*pages(), "notes.txt"}
