"""Where files lie in a root, wherever they are read from."""

from helpers import paths
from helpers.runs import snapshot

QUARTER = "2024Q3"


def test_a_file_has_one_place_in_a_root_whether_it_is_its_own_copied_or_shipped(raw, tmp_path, monkeypatch):
    own = paths.registers() / "workshops.csv"
    assert own.is_relative_to(raw.root) and paths.place_in_root(own) == "data/raw/registers/workshops.csv"
    with snapshot.take_snapshot(QUARTER, tmp_path):
        copied = paths.registers() / "workshops.csv"
        assert copied != own and paths.place_in_root(copied) == "data/raw/registers/workshops.csv"
    checkout = paths.PACKAGE.parents[1]
    for root in (checkout.parent, tmp_path):  # around this checkout, and elsewhere
        monkeypatch.setenv("PAPU_ROOT", str(root))
        shipped = paths.notebooks() / "01.ipynb"
        assert shipped.is_relative_to(checkout) and paths.place_in_root(shipped) == "notebooks/01.ipynb"
