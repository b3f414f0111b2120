"""The true innovations of the invented universe: solutions, events and adoptions, one item a member and quarter."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cache

from helpers.plan import quarters
from sample.truth import QUARTERS, Profile, draw, profile_of


@dataclass(frozen=True)
class Item:
    """One innovation as a member would report it; `date` is an ISO day of the quarter."""

    kind: str
    reference: str
    title: str
    date: str
    detail: str
    local_experts: int | str


# kind, quarter, reference, title, host, the members that took part. All invented but the name of the summit (SMSI).
EVENTS = (
    ("exhibition", "2022Q3", "EXPO-2022-01", "Exposition « La poste numérique »", "Secrétariat général de l'UPAP",
     "EGY TUN CIV SEN GHA KEN ZAF"),
    ("hackathon", "2022Q4", "HACK-2022-01", "Hackathon postal de Dakar", "Opérateur désigné du Sénégal", "SEN CIV"),
    ("competition", "2022Q4", "CONC-2022-01", "Concours des jeunes développeurs", "Opérateur désigné du Maroc",
     "MAR TUN CMR"),
    ("competition", "2023Q1", "SMSI-2023", "Concours SMSI 2023", "SMSI", "EGY MAR KEN BWA TZA NAM CMR"),
    ("hackathon", "2023Q1", "HACK-2023-01", "Hackathon « Adresse pour tous »", "Opérateur désigné de la Tunisie",
     "TUN"),
    # Two members, one reference, two titles: V23 asks which event it was.
    ("hackathon", "2023Q2", "HACK-2023-02", "Nairobi Post Hackathon|East African Postal Coding Week",
     "Designated operator of Kenya", "KEN TZA"),
    ("exhibition", "2023Q3", "EXPO-2023-01", "Salon des services postaux", "Opérateur désigné de la Côte d'Ivoire",
     "CIV BFA TGO SEN BEN DZA UGA ZMB"),
    ("hackathon", "2023Q4", "HACK-2023-03", "Hackathon e-commerce de Casablanca", "Opérateur désigné du Maroc", "MAR"),
    ("hackathon", "2024Q1", "HACK-2024-01", "Lusaka Digital Post Challenge", "Designated operator of Zambia",
     "ZMB ZWE"),
    ("competition", "2024Q2", "SMSI-2024", "Concours SMSI 2024", "SMSI", "EGY DZA KEN NAM BWA SEN MWI GHA"),
    ("exhibition", "2024Q3", "EXPO-2024-01", "Exposition numérique de l'Union", "Secrétariat général de l'UPAP",
     "TUN CIV CMR MOZ AGO ZAF TZA MAR"),
    ("hackathon", "2024Q3", "HACK-2024-02", "Gaborone Post Hackathon", "Designated operator of Botswana", "BWA ZAF"),
)  # fmt: skip

# quarter, reference, title, origin, the members that decided to deploy it.
ADOPTIONS = (
    ("2022Q3", "ADP-001", "Suivi des envois par code à barres", "upu", "SEN MAR"),
    ("2022Q4", "ADP-002", "Guichet unique numérique", "other_post", "CIV CMR"),
    ("2023Q1", "ADP-001", "Suivi des envois par code à barres", "upu", "KEN NAM"),
    ("2023Q2", "ADP-003", "Portefeuille mobile postal", "own", "TUN"),
    ("2023Q4", "ADP-002", "Guichet unique numérique", "other_post", "BEN TGO"),
    ("2024Q1", "ADP-004", "Prédéclaration en douane", "upu", "ZAF EGY"),
    ("2024Q3", "ADP-005", "Adressage numérique", "vendor", "MOZ"),
    ("2024Q3", "ADP-003", "Portefeuille mobile postal", "own", "SEN"),
)

# A member's own solutions are titled in its language.
TITLES = {
    "fr": ("Application de suivi des colis", "Logiciel de gestion des guichets", "Adressage numérique des quartiers",
           "Boutique postale en ligne", "Application de paiement au guichet", "Tableau de bord des tournées"),
    "en": ("Parcel tracking application", "Counter management software", "Digital addressing for towns",
           "Online postal shop", "Counter payment application", "Delivery round dashboard"),
    "pt": ("Aplicação de seguimento de encomendas", "Software de gestão de balcões", "Endereçamento digital",
           "Loja postal em linha", "Aplicação de pagamento ao balcão", "Painel das rondas"),
    "ar": ("تطبيق تتبع الطرود", "برنامج إدارة الشبابيك", "العنونة الرقمية", "متجر بريدي إلكتروني",
           "تطبيق الدفع في الشباك", "لوحة متابعة جولات التوزيع"),
}  # fmt: skip
# A solution that its member gives no reference: it is known by member and title.
WITHOUT_REFERENCE = ("NAM", "2023Q4")


def _day(quarter: str, *key: object) -> str:
    return (quarters.quarter_start(quarter) + timedelta(days=draw("day", quarter, *key).randrange(5, 85))).isoformat()


def _events(member: str, quarter: str) -> list[Item]:
    items = []
    for kind, when, reference, titles, host, took_part in EVENTS:
        if when == quarter and member in took_part.split():
            own = titles.split("|")[min(took_part.split().index(member), titles.count("|"))]
            experts = draw("experts", reference, member).randrange(2, 15)
            items.append(Item(kind, reference, own, _day(quarter, reference), host, experts))
    return items


def _adoptions(member: str, quarter: str) -> list[Item]:
    return [
        Item("adoption", reference, title, _day(quarter, reference, member), origin, 0)
        for when, reference, title, origin, members in ADOPTIONS
        if when == quarter and member in members.split()
    ]


def _solutions(who: Profile, quarter: str) -> list[Item]:
    rng = draw("solution", who.member, quarter)
    known = (who.member, quarter) == WITHOUT_REFERENCE
    if not known and rng.random() > 0.015 + 0.13 * who.strength:
        return []
    n = QUARTERS.index(quarter)
    title = TITLES[who.language][(n + draw("titles", who.member).randrange(6)) % 6]
    detail = "application" if title.startswith(("Appli", "تطبيق", "Aplica")) or "application" in title else "software"
    reference = "" if known else f"{who.member}-SOL-{quarter}"
    return [Item("solution", reference, title, _day(quarter, who.member), detail, rng.randrange(1, 9))]


@cache
def items_of(member: str, quarter: str) -> tuple[Item, ...]:
    """Return the true innovations of one member in one quarter."""
    return (*_solutions(profile_of(member), quarter), *_events(member, quarter), *_adoptions(member, quarter))


def outside(item: Item, quarter: str) -> Item:
    """Return the item dated in the quarter after: a slip that V15 names."""
    late = quarters.quarter_end(quarter) + timedelta(days=9)
    return Item(item.kind, item.reference, item.title, date.isoformat(late), item.detail, item.local_experts)
