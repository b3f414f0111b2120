"""Cells of the report's tables: each carries its value, which PDF, page and workbook format at their edge."""

from dataclasses import dataclass, field, replace

from helpers.i18n import Badge, Translator, is_blank, terms
from helpers.plan import quarters


@dataclass(frozen=True)
class Number:
    """A number, blank as None or NaN: in percent (0-100) or a count, with its decimals, its sign, and what follows it.

    `decimals` None: one for a percentage, none for a count. `suffix` is printed after it: a mark, its denominator.
    """

    value: object
    unit: str = ""
    decimals: int | None = None
    is_signed: bool = False
    suffix: str = ""

    @property
    def is_percent(self) -> bool:
        """Whether it is printed with a percent sign."""
        return self.unit == "percent"

    @property
    def places(self) -> int:
        """The decimals that are printed."""
        return int(self.is_percent) if self.decimals is None else self.decimals

    @property
    def order(self) -> float | None:
        """The number it is sorted by; None when blank."""
        return None if is_blank(self.value) else float(self.value)

    def text(self, t: Translator) -> str:
        """Return it as printed; the mark of no data when blank."""
        if is_blank(self.value):
            return t.missing
        if self.is_percent:
            return t.percent(self.value, self.places) + self.suffix
        return (t.signed if self.is_signed else t.number)(self.value, self.places) + self.suffix


@dataclass(frozen=True)
class Text:
    """A text that is sorted by a number: a quarter, bounds, a stage."""

    words: str
    order: float | None = None

    def text(self, t: Translator) -> str:
        """Return it as printed."""
        return self.words


@dataclass(frozen=True)
class TwoLines:
    """A cell of two lines: the figure, and what it is made of."""

    first: Number | Text | str
    second: str


@dataclass(frozen=True)
class Shade:
    """A cell tinted by the quartile band its value lies in, 0 (lowest) to 3: position at a glance, never a rank."""

    cell: Number | Text | str
    band: int


@dataclass(frozen=True)
class Picture:
    """A small drawing in a cell, with its alternative text; `width` in millimetres.

    `words` are a short form for where its row and column can be seen, as in a spreadsheet.
    """

    svg: str = field(repr=False)
    alt: str
    width: float = 22
    words: str = ""


Cell = Number | Text | TwoLines | Shade | Picture | Badge | str


def text_of(cell: Cell, t: Translator) -> str:
    """Return a cell as printed: a badge with its symbol, a picture in words, no second line where it is blank."""
    if isinstance(cell, Picture):
        return cell.words or cell.alt
    if isinstance(cell, TwoLines):
        return "\n".join(filter(None, (text_of(cell.first, t), cell.second)))
    if isinstance(cell, Shade):
        return text_of(cell.cell, t)
    return cell.text(t) if isinstance(cell, Number | Text) else str(cell)


def as_data(cell: Cell, t: Translator) -> object:
    """Return a cell as plain data for a document, formatted in its language; a picture's file is the document's."""
    if isinstance(cell, Badge):
        return vars(cell)
    if isinstance(cell, TwoLines):
        return {"strong": text_of(cell.first, t), "more": cell.second}
    if isinstance(cell, Shade):
        return {"text": text_of(cell.cell, t), "band": cell.band}
    return text_of(cell, t)


def _main_part(cell: Cell) -> Cell:
    """Return the first of two lines, or the cell that is shaded; any other cell as it is."""
    return cell.first if isinstance(cell, TwoLines) else cell.cell if isinstance(cell, Shade) else cell


def order_of(cell: Cell) -> float | None:
    """Return the number that a cell is sorted by; None for words, pictures and blanks."""
    if isinstance(cell, Badge):
        return float(tuple(terms.SYMBOLS).index(cell.status))
    part = _main_part(cell)
    return None if isinstance(part, str | Picture) else part.order


def number_of(cell: Cell) -> Number | None:
    """Return the number that a cell holds, for a workbook to hold too; None where there is none, or it is blank."""
    part = _main_part(cell)
    return part if isinstance(part, Number) and part.order is not None else None


def rate(part: object, whole: object, t: Translator, decimals: int = 1, suffix: str = "") -> Number | Text:
    """Return a share with its denominator, `86,7 % (39/45)`; of fewer than 5 only `3 sur 4`."""
    if is_blank(part) or is_blank(whole) or whole < t.fewest_for_percent:
        order = None if is_blank(part) or is_blank(whole) or not whole else 100 * part / whole
        return Text(t.rate(part, whole, decimals) + suffix, order)
    return Number(100 * part / whole, "percent", decimals, suffix=f" ({t.number(part)}/{t.number(whole)}){suffix}")


def interval(lower: object, upper: object, unit: str, t: Translator, suffix: str = "") -> Text:
    """Return bounds, sorted by the lower one."""
    return Text(t.interval(lower, upper, unit) + suffix, None if is_blank(lower) else float(lower))


def quarter(name: str, t: Translator, note: str = "") -> Text:
    """Return a quarter, with a note on a second line."""
    return Text("\n".join(filter(None, (t.quarter_in_cell(name), note))), float(quarters.index(name)))


def split_at_bracket(cell: Number | Text) -> Number | Text | TwoLines:
    """Return a figure over what is in brackets after it; as it is without any."""
    if isinstance(cell, Text) or " (" not in cell.suffix:
        return cell
    head, _, rest = cell.suffix.partition(" (")
    return TwoLines(replace(cell, suffix=head), f"({rest}")
