"""The same edition under other conditions: two quarters at once, many workers, odd paths, no network."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from started import QUARTER, RUN, make_root, may, papu, published, start

from commands import hashes
from helpers.plan.plan import read_plan

NEXT = "2022Q4"


def test_f9_two_quarters_at_once_have_the_same_bytes_as_one_after_the_other(tmp_path):
    roots = [make_root(tmp_path / name, QUARTER, NEXT) for name in ("serial", "at once")]
    orders = [("run", quarter, "--language", "fr") for quarter in (QUARTER, NEXT)]
    for words in orders:
        papu(roots[0], *words)
    both = [start(roots[1], *words) for words in orders]
    logs = [run.communicate(timeout=300)[1] for run in both]
    assert [run.returncode for run in both] == [0, 0], logs
    assert published(roots[1]) == published(roots[0]) and len(published(roots[0])) == 2 * 17
    assert hashes(roots[1] / "reports") == hashes(roots[0] / "reports")  # the site lists both


def test_f10_45_briefs_by_16_workers_all_start_and_have_the_bytes_that_one_worker_makes(tmp_path):
    roots = [make_root(tmp_path / name) for name in ("many", "one")]
    members = [member.member for member in read_plan().members_in(QUARTER)]
    papu(roots[0], "briefs", QUARTER, "--workers", "16")
    compared = [word for member in members[::6] for word in ("--member", member)]
    papu(roots[1], "briefs", QUARTER, "--workers", "1", *compared)
    many, one = (published(root) for root in roots)
    assert len(many) == 2 * len(members) == 90 and len(one) == 2 * len(members[::6])
    assert one.items() <= many.items()


@pytest.fixture(scope="module")
def edition(tmp_path_factory) -> dict[str, str]:
    """Return the digests of an edition made under plain conditions."""
    root = make_root(tmp_path_factory.mktemp("plain") / "root")
    papu(root, *RUN)
    return published(root)


def test_f18_a_long_path_with_blanks_accents_an_apostrophe_a_link_and_two_dots(tmp_path, edition):
    name = "Côte d'Ivoire, l'été  "
    real = make_root(tmp_path / (name + "é" * 60) / ("n" * 100) / "$HOME; (a) & 'b'")
    assert len(os.fsencode(real)) > 200
    (tmp_path / "linked").symlink_to(real)
    (tmp_path / "aside").mkdir()
    beside = {path: sorted(path.iterdir()) for path in (tmp_path, tmp_path / "aside")}
    plain = {"LC_ALL": "C", "LANG": "C", "PYTHONUTF8": "0", "TMPDIR": str(real.parent)}
    papu(Path(f"{tmp_path}/aside/../linked"), *RUN, variables=plain)
    assert published(real) == edition
    assert {path: sorted(path.iterdir()) for path in beside} == beside
    assert sorted(path.name for path in real.iterdir()) == [".runs", "build", "data", "reports"]


@pytest.mark.skipif(not may("unshare", "-rn", "true"), reason="NOT CHECKED: no process without network is allowed here")
def test_f19_an_edition_and_a_brief_need_no_network(tmp_path, edition):
    root = make_root(tmp_path / "root")
    papu(root, *RUN, before=("unshare", "-rn"))
    assert published(root) == edition
    shutil.rmtree(root / "reports")
    papu(root, "briefs", QUARTER, "--member", "SEN", before=("unshare", "-rn"))
