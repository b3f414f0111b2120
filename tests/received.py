"""Returns as a person would describe them, for tests of every format."""

from __future__ import annotations

from exports import Said

Q = "2024Q3"
RETURNS: list[Said] = [
    {
        "member": "SEN", "quarter": Q, "submitted_on": "2024-10-10", "organisation": "La Poste",
        "form_language": "fr", "offices_total": 130, "staff_total": 1800, "staff_women": 700,
        "roadmap_status": "adopted", "roadmap_adopted_on": "2024-03-01", "domain_postal_iot": "in_progress",
        "offices_electrified": 120, "offices_connected": 90, "cloud_use": "pilot", "server_required": 0,
        "services_epost": "hybrid_mail e_postbox", "services_ecommerce": "none", "services_efinance":
        "mobile_wallet domestic_transfer international_remittance", "sectors_benefiting": "trade finance other",
        "ipp_tracked": "s10_barcode tracking_events", "project_dre": "none", "project_payments": "implementing",
        "nd_infrastructure": "offices_networked server_working", "trained_cumulative": 200, "training_sessions": 4,
        "attended_meetings": "yes", "sent_feedback": "no", "nd_participation": "none",
        "comment": "Merci ; à bientôt, « l'équipe »",
        "innovations": [
            {"kind": "solution", "reference": "SEN-S-1", "title": "Suivi", "date": "2024-08-02", "detail": "software",
             "local_experts": 3},
            {"kind": "hackathon", "reference": "UPU-H-7", "title": "Hack, poste; et colis"},
        ],
    },
    {
        "member": "COG", "quarter": Q, "submitted_on": "2024-10-12", "offices_total": "NA", "staff_total": 900,
        "roadmap_status": "completed", "cloud_use": "none", "sectors_benefiting": "none",
        "services_egovernment": "tax_payment", "comment": "=1+1", "innovations": [],
    },
    {
        "member": "EGY", "quarter": Q, "submitted_on": "2024-10-13", "offices_total": 4400, "staff_total": 51000,
        "organisation": "البريد", "uses_software_guidelines": "yes", "project_fitaf": "agreed",
        "comment": "مع الشكر", "innovations": [{"kind": "exhibition", "title": "معرض", "local_experts": 0}],
    },
]  # fmt: skip
