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

import interrupted
from helpers import durable
from helpers.cli import main
from helpers.ingest import received
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
    assert (copy.read_bytes(), copy.stat().st_mode & 0o777) == (TEXT, 0o440)
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

    monkeypatch.setattr(received, "read_bytes", changing)
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
    left = raw.folder(Q) / ".writing"
    left.write_text("file,sha256\nghost.csv,00\n", encoding="utf-8")
    left.chmod(0o440)
    add_file(mail, Q, DAY)
    assert [row["file"] for row in rows(raw)] == ["réponse.csv"]
    assert not left.exists()


def test_a_very_long_name_is_kept(raw, mail):
    long = mail.with_name("n" * 251 + ".csv")
    long.write_bytes(TEXT)
    assert add_file(long, Q, DAY) == (long.name, True)


def test_a_file_that_a_killed_command_left_unlisted_is_listed_and_not_doubled(raw, mail):
    (raw.folder(Q) / "réponse.csv").write_bytes(TEXT)
    assert add_file(mail, Q, DAY) == ("réponse.csv", True)
    assert [row["file"] for row in rows(raw)] == ["réponse.csv"]
    assert sorted(path.name for path in raw.folder(Q).iterdir()) == ["MANIFEST.csv", "réponse.csv"]
    assert (raw.folder(Q) / "réponse.csv").stat().st_mode & 0o777 == 0o440


@pytest.mark.parametrize("failing", [1, 2])
def test_a_full_disk_leaves_neither_file_nor_row_and_adding_again_works(raw, mail, monkeypatch, failing):
    raw.add(Q, "before.csv", TEXT + b"\n", "2024-10-01")
    before, write, times = rows(raw), durable.write_durably, iter(range(1, 9))

    def full(path: Path, content: bytes, mode: int) -> None:
        if next(times) == failing:
            raise OSError(28, "No space left on device", str(path))
        write(path, content, mode)

    monkeypatch.setattr(durable, "write_durably", full)
    with pytest.raises(OSError, match="No space left"):
        add_file(mail, Q, DAY)
    assert (rows(raw), (raw.folder(Q) / "réponse.csv").exists()) == (before, False)
    assert add_file(mail, Q, DAY) == ("réponse.csv", True)
    assert [row["file"] for row in rows(raw)] == ["before.csv", "réponse.csv"]


@pytest.mark.parametrize("fault", [interrupted.kill, interrupted.fill_disk])
def test_a_command_stopped_at_any_write_is_completed_by_the_next_one(raw, mail, fault):
    for nth in range(1, 40):
        mail.write_bytes(TEXT + b"\n" * nth)
        code = interrupted.run(lambda: not add_file(mail, Q, DAY)[1], raw.root, nth, fault, removals=True)
        add_file(mail, Q, DAY)
        listed, present = rows(raw), {path.name: path for path in raw.folder(Q).iterdir()}
        assert (len(listed), {row["file"] for row in listed}) == (nth, {*present} - {"MANIFEST.csv"})
        assert all(read_bytes(present[row["file"]]).sha256 == row["sha256"] for row in listed)
        if code == 0:
            break
    assert (code, nth > 8) == (0, True)


def test_file_and_manifest_are_on_the_disk_before_they_have_their_names(raw, mail, monkeypatch):
    raw.folder(Q)
    done, sync, move = [], os.fsync, Path.replace
    monkeypatch.setattr(os, "fsync", lambda descriptor: (done.append("sync"), sync(descriptor))[1])
    monkeypatch.setattr(Path, "replace", lambda path, target: (done.append(target.name), move(path, target))[1])
    add_file(mail, Q, DAY)
    assert done == ["sync", "réponse.csv", "sync", "sync", "MANIFEST.csv", "sync"]


def test_permissions_do_not_depend_on_the_umask_and_the_manifest_keeps_its_own(raw, mail):
    folder, umask = raw.root / "data" / "raw" / Q, os.umask(0o077)
    try:
        add_file(mail, Q, DAY)
        modes = {path.name: path.stat().st_mode & 0o777 for path in (folder, *folder.iterdir())}
        assert modes == {Q: 0o750, "réponse.csv": 0o440, "MANIFEST.csv": 0o640}
        (folder / "MANIFEST.csv").chmod(0o664)
        mail.write_bytes(TEXT + b"\n")
        add_file(mail, Q, DAY)
        assert (folder / "MANIFEST.csv").stat().st_mode & 0o777 == 0o664
    finally:
        os.umask(umask)


def test_names_and_remarks_that_look_like_formulas_are_guarded_in_the_manifest_and_read_back(raw, mail):
    given = mail.with_name("=cmd.csv")
    given.write_bytes(TEXT)
    add_file(given, Q, DAY, "mail", '=HYPERLINK("x")')
    add_file(mail, Q, DAY)
    assert [(row["file"], row["note"]) for row in rows(raw)] == [("'=cmd.csv", '\'=HYPERLINK("x")')]
    (one,) = read_quarter(Q).returns
    assert (one.file.name, one.received_on) == ("=cmd.csv", DAY)


def test_a_manifest_that_a_spreadsheet_saved_is_written_again_in_one_way(raw, mail):
    path = raw.folder(Q) / "MANIFEST.csv"
    path.write_bytes("file;sha256;received_on;channel;note\r\na.csv;00;03/10/2024;mail;reçu\r\n".encode("cp1252"))
    add_file(mail, Q, DAY)
    first, second = rows(raw)
    assert (first["received_on"], first["note"], second["file"]) == ("03/10/2024", "reçu", "réponse.csv")


# --- the command ------------------------------------------------------------------------------------------------


def papu(*words: str) -> tuple[int, str]:
    """Return the exit code and what the command said."""
    done = CliRunner().invoke(main, words)
    return done.exit_code, done.output


def test_the_command_says_what_was_added_and_what_was_read_in_it(raw, mail):
    mail.write_bytes(TEXT + b"Atlantis,2024Q3,5\n")
    code, said = papu("add", str(mail), "--quarter", "T3 2024", "--received-on", "2024-10-12")
    assert code == 0
    assert "data/raw/2024Q3/réponse.csv: ajouté, reçu le 2024-10-12" in said
    assert "Retours lus : 2 ; qui comptent : 1" in said
    assert "Sénégal (SEN) - réponse.csv : reçu dans les délais" in said
    assert "« Atlantis » n'est le nom d'aucun membre" in said
    again = papu("add", str(mail), "--quarter", Q, "--language", "en")[1]
    assert again.startswith("data/raw/2024Q3/réponse.csv: these bytes are there already")
    assert "“Atlantis” is the name of no member" in again


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
    told = papu("add", str(mail), *words, "--language", "en")
    assert (told[0], said in told[1]) == (code, True)


def test_the_command_says_that_there_is_no_such_file_and_what_is_no_file(raw, tmp_path):
    assert papu("add", str(tmp_path / "none.csv"), "--quarter", Q)[0] == 2
    os.mkfifo(tmp_path / "pipe.csv")
    code, said = papu("add", str(tmp_path / "pipe.csv"), "--quarter", Q)
    assert (code, "pas ajouté : ni fichier ni dossier" in said) == (3, True)


def test_the_command_warns_beside_the_invented_sample(raw, mail):
    raw.write_plain(
        Q, [{"member": "KEN", "quarter": Q, "offices_total": 600}], channel="sample", received_on="2024-10-10"
    )
    assert "beside the invented sample" in papu("add", str(mail), "--quarter", Q, "--language", "en")[1]


def test_the_command_tells_a_file_that_cannot_be_read_from_a_folder_that_cannot_be_written(raw, mail, monkeypatch):
    def denied(path: Path) -> FileBytes:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(received, "read_bytes", denied)
    code, said = papu("add", str(mail), "--quarter", Q, "--language", "en")
    assert (code, "not added: file not read: Permission denied" in said) == (3, True)


def test_several_files_and_a_folder_are_added_and_what_is_left_out_is_named(raw, mail):
    folder = mail.parent / "mails"
    (folder / "older").mkdir(parents=True)
    for name in ("one.csv", ".hidden.csv", "~$one.xlsx", "two.csv.part", "MANIFEST.csv"):
        (folder / name).write_bytes(TEXT.replace(b"SEN", b"KEN"))
    code, said = papu("add", str(mail), str(folder), "--quarter", Q)
    assert (code, [row["file"] for row in rows(raw)]) == (0, ["réponse.csv", "one.csv"])
    left_out = [line.partition(": laissé de côté")[0] for line in said.splitlines() if "laissé de côté" in line]
    assert left_out == [".hidden.csv", "MANIFEST.csv", "older", "two.csv.part", "~$one.xlsx"]
    assert "Kenya (KEN) - one.csv" in said


def test_a_file_that_is_not_added_does_not_stop_the_others(raw, mail):
    (mail.parent / "empty.csv").write_bytes(b"")
    code, said = papu("add", str(mail.parent / "empty.csv"), str(mail), "--quarter", Q)
    assert (code, [row["file"] for row in rows(raw)]) == (3, ["réponse.csv"])
    assert "empty.csv: pas ajouté : fichier vide" in said


def test_a_dry_run_says_the_same_and_writes_nothing(raw, mail):
    before = sorted(raw.root.rglob("*"))
    code, said = papu("add", str(mail), "--quarter", Q, "--dry-run")
    assert (code, sorted(raw.root.rglob("*"))) == (0, before)
    assert "serait ajouté" in said and "Sénégal (SEN) - réponse.csv" in said


def test_a_file_of_another_quarter_is_named_with_it_and_added_only_anyway(raw, mail):
    mail.write_bytes(TEXT.replace(b"2024Q3", b"2024Q2"))
    code, said = papu("add", str(mail), "--quarter", Q)
    assert (code, (raw.folder(Q) / "MANIFEST.csv").exists()) == (3, False)
    assert "aucun retour pour T3 2024 : ceux du fichier portent sur T2 2024 (2024Q2)" in said
    assert papu("add", str(mail), "--quarter", Q, "--anyway")[0] == 0
    assert [row["file"] for row in rows(raw)] == ["réponse.csv"]


def test_a_file_may_be_kept_under_another_name_and_a_personal_one_is_said(raw, mail):
    given = mail.with_name("M. Exemple 771234567.csv")
    given.write_bytes(TEXT)
    code, said = papu("add", str(given), "--quarter", Q, "--as", "SEN.csv")
    assert (code, [row["file"] for row in rows(raw)], "--as" in said) == (0, ["SEN.csv"], False)
    given.write_bytes(TEXT.replace(b"SEN", b"KEN"))
    code, said = papu("add", str(given), "--quarter", Q)
    assert (code, "--as NOM" in said, "Kenya (KEN) - M. […] […].csv" in said) == (0, True, True)
    assert papu("add", str(given), str(mail), "--quarter", Q, "--as", "b.csv")[0] == 2


def test_a_day_of_receipt_long_before_the_quarter_is_refused_at_once(raw, mail):
    code, said = papu("add", str(mail), "--quarter", Q, "--received-on", "2023-10-12", "--language", "en")
    assert (code, "more than a quarter before the end of 2024Q3" in said) == (2, True)
    assert list(raw.folder(Q).iterdir()) == []


@pytest.mark.parametrize("command", ["check", "run", "briefs", "verify", "explain"])
def test_a_date_of_edition_that_has_not_come_is_a_usage_error(raw, monkeypatch, command):
    monkeypatch.setenv("LANGUAGE", "en")
    words = ["2.1.a", Q] if command == "explain" else [Q]
    code, said = papu(command, *words, "--as-of", "2099-01-01")
    assert (code, "has not come yet" in said) == (2, True)


def test_a_folder_without_a_file_is_said(raw, tmp_path):
    (tmp_path / "mails" / "older").mkdir(parents=True)
    code, said = papu("add", str(tmp_path / "mails"), "--quarter", Q)
    assert (code, "older: laissé de côté" in said, "aucun fichier donné" in said) == (2, True, True)
