"""A third, tiny plan, made as docs/next_plan.md says: one language, two themes, three KPIs, hardly any file filled."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from helpers.cli import main

TOML = """\
code = "UCV"
reference = "UCV 2026/1"
first_quarter = "2026Q1"
last_quarter = "2027Q4"
baseline_quarter = "2026Q1"
first_status_quarter = "2026Q2"
counted_from = 2026-01-01
on_time_days = 30
cutoff_days = 45
revision_days = 90
carry_quarters = 4
languages = ["pt"]
official = ["pt"]
master_language = "pt"
[union]
pt = "União dos Clubes de Xadrez"
[title]
pt = "Plano dos clubes"
[identity]
group = "quem"
personal = ["contacto"]
"""
MEMBERS = {"XAA": ("Norte", "Alvaria"), "XBB": ("Norte", "Belmar"), "XCC": ("Sul", "Cerqueda")}
LABEL = "label::Português (pt)"
SURVEY = (
    ("begin_group", "quem", "Quem responde"), ("select_one member", "member", "Membro"),
    ("text", "quarter", "Trimestre"), ("text", "contacto", "Contacto"), ("end_group", "", ""),
    ("begin_group", "clubes", "Os clubes"), ("integer", "clubes_total", "Número de clubes"),
    ("integer", "clubes_com_sala", "Clubes com sala própria"), ("select_one sim_nao", "torneio", "Houve torneio?"),
    ("end_group", "", ""),
)  # fmt: skip
CHOICES = (*(("member", code, name) for code, (_, name) in MEMBERS.items()),
    ("sim_nao", "yes", "Sim"), ("sim_nao", "no", "Não"))  # fmt: skip
KPIS = (
    ("1.1.a", "sum_flow", "clubes_total", "clubes", "10", "30", "Clubes"),  # no sum whose change is explained
    ("1.1.b", "mean_index", "clubes_com_sala over clubes_total", "percent", "", "50", "Clubes com sala"),
    ("2.1.a", "count_known", "torneio in yes", "members", "", "3", "Membros com torneio"),
)
UNITS = (("clubes", "clube"), ("members", "membro"))
EMPTY = ("stages", "totals", "names", "components", "companions", "rules")


def fill(plan: Path, name: str, *rows: Mapping[str, object]) -> None:
    """Write the rows of a file under the head that it has."""
    with (plan / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        head = [column for column in next(csv.reader(file)) if column not in ("reference_offices", "reference_staff")]
    with (plan / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, head)
        writer.writeheader()
        writer.writerows(rows)


def fill_all(plan: Path) -> None:
    """Fill in the files, in the order of the page."""
    (plan / "plan.toml").write_text(TOML, encoding="utf-8")
    fill(plan, "regions", *({"region": name, "title_pt": name} for name in ("Norte", "Sul")))
    fill(plan, "members", *(
        {"member": code, "region": region, "language": "pt", "name_pt": name}
        for code, (region, name) in MEMBERS.items()
    ))  # fmt: skip
    fill(plan, "aliases", *({"alias": name, "iso3": code, "member": "yes"} for code, (_, name) in MEMBERS.items()))
    fill(plan, "tile_grid", *(
        {"iso3": code, "row": row, "column": 4, "member": "yes"} for row, code in enumerate(MEMBERS, start=2)
    ))  # fmt: skip
    fill(plan, "themes", *({"theme": n, "leads": f"{n}.1.a", "title_pt": f"Tema {n}"} for n in (1, 2)))
    fill(plan, "steps", *(
        {"step": f"{n}.1", "theme": n, "due": "2027Q4", "responsible": "SG", "title_pt": f"Etapa {n}"} for n in (1, 2)
    ))  # fmt: skip
    fill(plan, "questionnaire/choices", *({"list_name": a, "name": b, LABEL: c} for a, b, c in CHOICES))
    fill(plan, "questionnaire/survey", *({"type": a, "name": b, LABEL: c} for a, b, c in SURVEY))
    settings = {"form_title": "Clubes", "form_id": "ucv", "version": "2026010101", "default_language": "Português (pt)"}
    fill(plan, "questionnaire/settings", settings)
    fill(plan, "units", *(
        {"unit": unit, "form": form, "text_pt": text}
        for unit, word in UNITS
        for form, text in (("name", f"{word}s"), ("one", f"{{n}} {word}"), ("other", f"{{n}} {word}s"))
    ))  # fmt: skip
    columns = ("kpi", "measure", "source", "unit", "baseline", "target", "title_pt")
    fill(plan, "kpis", *(
        dict(zip(columns, row, strict=True)) | {"step": row[0][:3], "assessed": "value", "target_status": "proposed"}
        for row in KPIS
    ))  # fmt: skip
    figures = (("1", "trend", "1.1.a"), ("1", "members", "1.1.b"), ("2", "member_map", "2.1.a"))
    fill(plan, "figures", *(dict(zip(("theme", "figure", "kpis"), row, strict=True)) for row in figures))
    for name in EMPTY:
        fill(plan, name)


def papu(*words: object) -> str:
    """Run a command; return what it prints."""
    ran = CliRunner().invoke(main, [str(word) for word in words], catch_exceptions=False)
    assert ran.exit_code == 0, ran.output
    return ran.output


@pytest.fixture
def root(tmp_path, monkeypatch) -> Path:
    """Return the root of the third plan, which the commands look in."""
    papu("init", tmp_path / "root")
    fill_all(tmp_path / "root" / "data" / "raw" / "plan")
    monkeypatch.setenv("PAPU_ROOT", str(tmp_path / "root"))
    monkeypatch.delenv("PAPU_OUT", raising=False)
    return tmp_path / "root"


def test_it_is_checked_and_printed(root):
    assert "respostas recebidas: 0" in papu("check", "2026Q2")
    said = papu("plan")
    assert (
        all(kpi in said for kpi, *_ in KPIS)
        and "10 a 30" in said
        and "2026Q2 as of" in papu("status", "--today", "2026-08-15")
    )


@pytest.mark.slow
def test_its_edition_and_briefs_are_made(root, tmp_path):
    file = tmp_path / "ret.csv"
    head = "member,quarter,contacto,clubes_total,clubes_com_sala,torneio"
    file.write_text(f"{head}\nXAA,2026Q2,Fulana,12,6,yes\nXBB,2026Q2,Beltrano,8,4,no\n", encoding="utf-8")
    papu("add", file, "--quarter", "2026Q2", "--received-on", "2026-07-15")
    papu("run", "2026Q2")
    papu("briefs", "2026Q2", "--workers", "1")
    kpis = (root / "data" / "processed" / "2026Q2" / "2026-08-14" / "kpis.csv").read_text(encoding="utf-8")
    assert "2026Q2,UCV,1.1.a,clubes,20," in kpis
    page = (root / "reports" / "2026Q2" / "2026-08-14" / "report_pt.html").read_text(encoding="utf-8")
    assert "União dos Clubes de Xadrez" in page and "Fulana" not in page
    assert "Composição das variações" not in page
