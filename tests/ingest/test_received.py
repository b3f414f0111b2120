"""Adding a file to a quarter: copied once, listed, read-only, never over another; and `papu add` that says so."""

from __future__ import annotations

import csv
import hashlib
import os
import threading
from datetime import date
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.cli import main
from helpers.ingest import add
from helpers.ingest.add import NotAdded, add_file
from helpers.ingest.quarter import read_quarter
from helpers.ingest.received import FileBytes, read_bytes

Q = "2024Q3"
DAY = date(2024, 10, 12)
TEXT = b"member,quarter,offices_total\nSEN,2024Q3,130\n"


@pytest.fixture
def mail(tmp_path) -> Path:
    """A file as it was saved from a mail."""
    path = tmp_path / "outside" / "réponse.csv"
    path.parent.mkdir()
    path.write_bytes(TEXT)
    return path


def rows(raw) -> list[dict[str, str]]:
    with (raw.folder(Q) / "MANIFEST.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("listed", [True, False])
def test_control_characters_in_the_name_of_a_file_are_shown_not_acted_on(raw, listed):
    name = "a\nb\x1b[31m\u202e\u2028c.csv"
    shown = r"a\u000ab\u001b[31m\u202e\u2028c.csv"
    if listed:
        raw.add(Q, name, TEXT, DAY.isoformat())
    else:
        (raw.folder(Q) / name).write_bytes(TEXT)
    result = CliRunner().invoke(main, ["check", Q, "--out", str(raw.root / "out")])
    assert result.exit_code == 0 and not set(name) - set("abc.sv[31m\n") & set(result.output)
    for table in ("returns", "inputs"):
        with (raw.root / "out" / f"{table}.csv").open(encoding="utf-8", newline="") as file:
            names = [row.get("source_file") or row["file"] for row in csv.DictReader(file)]
        assert sum(one.endswith(shown) for one in names) == 1
    with (raw.root / "out" / "returns.csv").open(encoding="utf-8", newline="") as file:
        assert [row["received_on"] for row in csv.DictReader(file)] == [DAY.isoformat() if listed else ""]


def test_a_file_is_copied_listed_and_read_only(raw, mail):
    assert add_file(mail, Q, DAY, "mail", "sent again") == ("réponse.csv", True)
    copy = raw.folder(Q) / "réponse.csv"
    assert (copy.read_bytes(), copy.stat().st_mode & 0o777) == (TEXT, 0o444)
    digest = hashlib.sha256(TEXT).hexdigest()
    listed = {"file": "réponse.csv", "sha256": digest, "received_on": "2024-10-12", "channel": "mail"}
    assert rows(raw) == [listed | {"note": "sent again"}]
    (one,) = read_quarter(Q).returns
    assert (one.member, one.received_on) == ("SEN", DAY)
    assert mail.read_bytes() == TEXT


def test_the_same_bytes_are_added_once_under_whatever_name(raw, mail):
    add_file(mail, Q, DAY)
    again = mail.with_name("copy.csv")
    again.write_bytes(TEXT)
    assert add_file(again, Q, date(2024, 11, 1)) == ("réponse.csv", False)
    assert len(rows(raw)) == 1


def test_another_file_of_the_same_name_is_given_a_free_one(raw, mail):
    names = []
    for number in range(3):
        mail.write_bytes(TEXT + b"\n" * number)
        names.append(add_file(mail, Q, DAY)[0])
    assert names == ["réponse.csv", "réponse-2.csv", "réponse-3.csv"]
    assert (raw.folder(Q) / "réponse.csv").read_bytes() == TEXT
    assert [row["file"] for row in rows(raw)] == names


def test_a_name_that_is_listed_but_missing_is_not_taken(raw, mail):
    add_file(mail, Q, DAY)
    (raw.folder(Q) / "réponse.csv").unlink()
    mail.write_bytes(TEXT + b"\n")
    assert add_file(mail, Q, DAY)[0] == "réponse-2.csv"


def test_rows_that_stood_in_the_manifest_stay_as_they_were(raw, mail):
    before = 'file,sha256,received_on,channel,note\r\n"a, b.csv",00,2024-10-01,mail,"said ""so"""'
    path = raw.folder(Q) / "MANIFEST.csv"
    path.write_text(before, encoding="utf-8", newline="")
    add_file(mail, Q, DAY)
    assert path.read_bytes().decode().startswith(before + "\n")
    assert [row["file"] for row in rows(raw)] == ["a, b.csv", "réponse.csv"]


@pytest.mark.parametrize("name", ["MANIFEST.csv", "edition.toml", ".hidden.csv", "~$lock.xlsx", "upload.csv.part"])
def test_a_name_that_would_be_passed_over_is_changed(raw, mail, name):
    given = mail.with_name(name)
    given.write_bytes(TEXT)
    added, _ = add_file(given, Q, DAY)
    assert added != name
    assert [one.place.source_file for one in read_quarter(Q).returns] == [added]


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda path: path.write_bytes(b""), "empty"),
        (lambda path: path.write_bytes(b"x" * 20_000_001), "over 20 MB"),
        (lambda path: path.mkdir(), "a folder"),
        (lambda path: path.symlink_to("/etc/hostname"), "link"),
        (os.mkfifo, "neither"),
    ],
)
def test_what_is_no_file_of_a_fit_size_is_not_added(raw, tmp_path, make, said):
    path = tmp_path / "odd.csv"
    make(path)
    with pytest.raises(NotAdded, match=said):
        add_file(path, Q, DAY)
    assert not (raw.root / "data" / "raw" / Q / "MANIFEST.csv").exists()


def test_a_file_that_changes_while_it_is_copied_is_not_added(raw, mail, monkeypatch):
    read, times = read_bytes, iter(range(9))

    def changing(path: Path) -> FileBytes:
        path.write_bytes(TEXT * (2 + next(times)))
        return read(path)

    monkeypatch.setattr(add, "read_bytes", changing)
    with pytest.raises(NotAdded, match="changed while it was copied"):
        add_file(mail, Q, DAY)
    assert [path.name for path in raw.folder(Q).iterdir()] == []


def test_a_manifest_that_cannot_be_read_is_not_written_over(raw, mail):
    path = raw.folder(Q) / "MANIFEST.csv"
    path.write_bytes(b"\xff\xfe\x00 not a manifest")
    with pytest.raises(NotAdded, match=r"MANIFEST\.csv cannot be read"):
        add_file(mail, Q, DAY)
    assert path.read_bytes() == b"\xff\xfe\x00 not a manifest"


def test_files_added_at_once_are_all_listed(raw, mail):
    files = []
    for number in range(8):
        path = mail.with_name(f"{number}.csv")
        path.write_bytes(TEXT + b"\n" * number)
        files.append(path)
    threads = [threading.Thread(target=add_file, args=(path, Q, DAY)) for path in files]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(row["file"] for row in rows(raw)) == [path.name for path in files]


def test_the_original_of_a_copy_that_was_edited_is_added_again(raw, mail):
    add_file(mail, Q, DAY)
    copy = raw.folder(Q) / "réponse.csv"
    copy.chmod(0o644)
    copy.write_bytes(TEXT + b"KEN,2024Q3,5\n")
    assert add_file(mail, Q, DAY) == ("réponse-2.csv", True)
    assert (raw.folder(Q) / "réponse-2.csv").read_bytes() == TEXT


def test_a_row_goes_under_the_manifests_own_header(raw, mail):
    path = raw.folder(Q) / "MANIFEST.csv"
    path.write_text("sha256,file,received_on,by\n", encoding="utf-8")
    add_file(mail, Q, DAY)
    (row,) = rows(raw)
    assert (row["file"], row["sha256"]) == ("réponse.csv", hashlib.sha256(TEXT).hexdigest())
    assert (row["received_on"], row["by"]) == ("2024-10-12", "")


def test_what_a_killed_add_left_behind_is_not_listed(raw, mail):
    (raw.folder(Q) / ".adding").write_text("file,sha256\nghost.csv,00\n", encoding="utf-8")
    add_file(mail, Q, DAY)
    assert [row["file"] for row in rows(raw)] == ["réponse.csv"]
    assert not (raw.folder(Q) / ".adding").exists()


def test_a_very_long_name_is_kept(raw, mail):
    long = mail.with_name("n" * 251 + ".csv")
    long.write_bytes(TEXT)
    assert add_file(long, Q, DAY) == (long.name, True)


# --- the command ------------------------------------------------------------------------------------------------


def papu(*words: str) -> tuple[int, str]:
    """Return the exit code and what the command said."""
    done = CliRunner().invoke(main, words)
    return done.exit_code, done.output


def test_the_command_says_what_was_added_and_what_was_read_in_it(raw, mail):
    mail.write_bytes(TEXT + b"Atlantis,2024Q3,5\n")
    code, said = papu("add", str(mail), "--quarter", "T3 2024", "--received-on", "2024-10-12")
    assert code == 0
    assert "data/raw/2024Q3/réponse.csv: added, received on 2024-10-12" in said
    assert "returns in it: 2 (SEN, Atlantis)" in said
    assert "« Atlantis » n'est le nom d'aucun membre" in said
    assert papu("add", str(mail), "--quarter", Q)[1].startswith("data/raw/2024Q3/réponse.csv: these bytes are there")


def test_the_command_tells_at_once_of_a_file_that_cannot_be_read_and_keeps_it(raw, mail):
    mail.write_bytes(b"<html><table>")
    code, said = papu("add", str(mail), "--quarter", Q)
    assert (code, "page HTML" in said, (raw.folder(Q) / "réponse.csv").exists()) == (0, True, True)


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["--quarter", "2024-3"], 2, "is not a quarter"),
        (["--quarter", "1999Q1"], 2, "outside the plan"),
        (["--quarter", Q, "--received-on", "12/10/2024"], 2, "is not a date"),
        (["--quarter", Q, "--received-on", "2999-01-01"], 2, "has not come yet"),
        ([], 2, "--quarter"),
    ],
)
def test_the_command_says_what_is_wrong_with_its_words(raw, mail, words, code, said):
    assert (papu("add", str(mail), *words)[0], said in papu("add", str(mail), *words)[1]) == (code, True)


def test_the_command_says_that_there_is_no_such_file_and_what_is_no_file(raw, tmp_path):
    assert papu("add", str(tmp_path / "none.csv"), "--quarter", Q)[0] == 2
    assert papu("add", str(tmp_path), "--quarter", Q)[0] == 3


def test_the_command_warns_beside_the_invented_sample(raw, mail):
    raw.write_plain(
        Q, [{"member": "KEN", "quarter": Q, "offices_total": 600}], channel="sample", received_on="2024-10-10"
    )
    assert "beside the invented sample" in papu("add", str(mail), "--quarter", Q)[1]


def test_the_command_tells_a_file_that_cannot_be_read_from_a_folder_that_cannot_be_written(raw, mail, monkeypatch):
    def denied(path: Path) -> FileBytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(add, "read_bytes", denied)
    code, said = papu("add", str(mail), "--quarter", Q)
    assert (code, "cannot be read: Permission denied" in said) == (3, True)
