"""The questionnaire as the sample needs it: its questions in order, their groups, types and choices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from helpers import paths
from helpers.plan.files import read_rows

REPEAT = "innovations"
# The form as the sample's members were asked: a question that the plan has gained since is not in what they sent.
ASKED = (
    "member", "quarter", "organisation", "focal_point_name", "focal_point_email", "form_language", "offices_total",
    "staff_total", "staff_women", "nd_network", "roadmap_status", "roadmap_adopted_on",
    "domain_information_platform", "domain_customer_experience", "domain_data_analytics", "domain_postal_iot",
    "domain_ecosystem", "domain_cybersecurity", "domain_human_skills", "nd_model", "offices_electrified",
    "offices_alternative_power", "offices_connected", "offices_networked", "cloud_use", "server_required",
    "server_working", "laptop_required", "laptop_working", "printer_required", "printer_working",
    "scanner_required", "scanner_working", "scale_required", "scale_working", "shared_system_information",
    "uses_software_guidelines", "nd_infrastructure", "services_epost", "services_ecommerce", "services_egovernment",
    "services_efinance", "sectors_benefiting", "ipp_ecompro", "ipp_tracked", "ipp_small_packets", "project_dre",
    "project_payments", "project_fitaf", "nd_services", "trained_capacity_building", "trained_upskilling",
    "trained_reskilling", "trained_women", "trained_cumulative", "audits_completed", "training_sessions",
    "nd_people", "attended_meetings", "joined_initiatives", "sent_feedback", "comment", "nd_participation",
)  # fmt: skip


@dataclass(frozen=True)
class Question:
    """One question: `path` holds the groups (and the repeat) around it, `choices` its list's codes."""

    name: str
    type: str
    path: tuple[str, ...]
    choices: tuple[str, ...]

    @property
    def header(self) -> str:
        """Return the header of an export with XML names and group paths."""
        return "/".join((*self.path, self.name))


@cache
def choices() -> dict[str, tuple[str, ...]]:
    """Return the codes of every choice list, in order."""
    lists: dict[str, tuple[str, ...]] = {}
    for row in read_rows(paths.plan() / "questionnaire" / "choices.csv", ("list_name", "name")):
        if not row.get("until") and (not row["list_name"].startswith("nd_") or row["name"] in (*ASKED, "none")):
            lists[row["list_name"]] = (*lists.get(row["list_name"], ()), row["name"])
    return lists


@cache
def _every_question() -> tuple[Question, ...]:
    questions: list[Question] = []
    path: tuple[str, ...] = ()
    for row in read_rows(paths.plan() / "questionnaire" / "survey.csv", ("type", "name")):
        kind, _, listed = row["type"].partition(" ")
        if kind.startswith("begin_"):
            path = (*path, row["name"])
        elif kind.startswith("end_"):
            path = path[:-1]
        elif kind != "note":
            questions.append(Question(row["name"], kind, path, choices().get(listed, ())))
    return tuple(questions)


def questions() -> tuple[Question, ...]:
    """Return the questions of a return, in order, without those of the repeat."""
    return tuple(question for question in _every_question() if REPEAT not in question.path and question.name in ASKED)


def item_questions() -> tuple[Question, ...]:
    """Return the questions of one innovation, in order."""
    return tuple(question for question in _every_question() if REPEAT in question.path)


def settings() -> dict[str, str]:
    """Return the form's settings: title, id, version."""
    return read_rows(paths.plan() / "questionnaire" / "settings.csv", ("form_title", "version"))[0]
