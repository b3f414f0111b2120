"""Compares, cleans and masks texts."""

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

LANGUAGES = ("fr", "en", "pt", "ar")
# Control characters, terminal escapes, and characters that change the direction of a line.
_CONTROLS = re.compile(
    "\x1b\\[[0-9;]*[A-Za-z]|[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|[\ud800-\udfff]"
)
# What a terminal, or a reader of lines, acts on.
_ACTED_ON = re.compile("[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff\ufffe\uffff\ud800-\udfff]")
IN_LINES = "\t\n\u2066\u2067\u2068\u2069"  # what printed lines may hold: the isolates are our own
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")
# Matched only from the start of a word, so that a long text without an address takes linear time. The sign may be full
# width, or in brackets as in `a [at] b`.
_AT = r"(?:@|\s?[＠﹫]\s?|\s?[\[({<]\s?(?:at|arobase|arroba|@)\s?[\])}>]\s?)"
_EMAIL = re.compile(
    rf"(?i)(?<![^\s@＠﹫<>;,:\"'\[(])[^\s@＠﹫<>;,:\"'\[(]++{_AT}[^\s@＠﹫<>;,:\"']+(?:\.|\s?[\[(](?:dot|point|ponto)[\])]\s?)[^\s@＠﹫<>;,:\"']+"
)
# What looks like a telephone number and is none: a date, with its time of day, or a span of years.
_DATE = (
    r"(?<!\d)(?:(?:19|20)\d\d ?[-–/] ?(?:19|20)\d\d|\d{4}-\d{2}-\d{2}|(?:19|20)\d\d[-/.]\d{1,2}[-/.]\d{1,2}"
    r"|\d{1,2}[/.]\d{1,2}[/.]\d{4}|\d{1,2}-\d{1,2}-(?:19|20)\d\d)(?!\d)"
    r"(?:[ T,_-]{1,2}\d{1,2}[:h.-]?\d{2}(?:[:.-]?\d{2}(?:\.\d+)?)?(?![\d.]))?"
)
_PHONE = re.compile(rf"(?P<date>{_DATE})|(?<![\w.,])(?:\+|00)?\(?\d(?:[\s().\u00a0\u202f/-]{{0,2}}\d){{7,40}}(?!\w)")
# A number after a word for telephone, of any length and format.
_CALLED = re.compile(
    r"(?i)\b(t[ée]l|phone|portable|mobile|whatsapp|gsm|fax|هاتف)([a-zé]{0,8}[\s.:°n]{0,4})\+?\d(?:[\s().\u00a0\u2010-\u2015/-]{0,3}\d){5,40}"
)
# A form of address, and the person's name that follows it.
_PARTICLE = r"(?:d['’]|d[aeou]s? |[Ee]l[ -]|[Aa]l-|ould |ben |van )?"
_ADDRESSED = re.compile(
    r"(?<!\w)((?:(?i:mme|mlle|mrs|srta|sra|madame|monsieur|senhora?)|السيدة?|الدكتورة?)\.?[ -]+"
    r"|(?:M|MR|Mr|Ms|Dra?|Pr|Prof|Sr)(?:\.?[ -]+|\.)(?=(?:d['’])?[^\W\d_a-zß-ÿ](?:\.|[^\W\d_])))"
    rf"(?:[^\W\d_]\.[ -]?)*{_PARTICLE}[^\W\d_]{{2,}}(?!\w)(?:[ -]{_PARTICLE}[^\W\d_a-zß-ÿ][^\W\d_]+(?!\w)){{0,2}}"
)
# 20241014, in the name of an export.
_COMPACT_DATE = re.compile(r"(?<!\d)((?:19|20)\d\d)(0[1-9]|1[0-2])(0[1-9]|[12]\d|3[01])(?!\d)")
_SUFFIX = re.compile(r"(?i)\.(?:xls[xmb]?|csv|parquet|tsv|txt|zip|json|ods|html?|pdf|docx?)$")
# A text that a spreadsheet would take for a formula; numbers stay numbers.
_FORMULA, _NUMBER = re.compile(r"'*[=+\-@\t\r]"), re.compile(r"[+-]?\d+(\.\d+)?")
# A number, or a range whose ends are too close for a telephone number.
_FIGURE = re.compile(r"\d{1,12}(?:[.,]\d+)?|(?P<low>\d{1,7}) ?[-–] ?(?P<high>\d{1,7})")


@lru_cache(maxsize=16_384)
def fold(text: str) -> str:
    """Fold a name for comparison: no accents, case, punctuation, format characters, spare blanks or Arabic tatweel."""
    characters = [c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) not in ("Mn", "Cf", "Me")]
    plain = "".join(characters).replace("\u0640", "").casefold()
    return " ".join("".join(c if c.isalnum() else " " for c in plain).split())


def clean(text: str) -> str:
    """Remove invisible characters that could disturb a terminal or a page."""
    return _CONTROLS.sub("", text)


def escape(text: str, keep: str = "") -> str:
    """Write control characters as JSON does, such as `\\u001b`: they show, and do nothing. `keep` are left alone."""
    return _ACTED_ON.sub(lambda found: found[0] if found[0] in keep else f"\\u{ord(found[0]):04x}", text)


def without_invisible(text: str) -> str:
    """Remove zero-width characters and direction marks from a code, so that codes can be compared."""
    return _INVISIBLE.sub("", text)


def guard_formula(text: str) -> str:
    """Return a text as a CSV file holds it, so that a spreadsheet does not take it for a formula."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unguard_formula(text: str) -> str:
    """Return the text that was guarded."""
    return text[1:] if text.startswith("'") and _FORMULA.match(text[1:]) else text


def mask_addresses(text: str) -> str:
    """Hide e-mail addresses only; for references, whose digits distinguish items."""
    return _EMAIL.sub("[…@…]", text)


@lru_cache(maxsize=16_384)
def mask_text(text: str) -> str:
    """Hide e-mail addresses and telephone numbers of a free text (methodology, section 6)."""
    return _CALLED.sub(r"\1\2[…]", _PHONE.sub(lambda found: found["date"] or "[…]", mask_addresses(text)))


def mask(text: str) -> str:
    """Hide addresses and telephone numbers in a text that may be an answer; a lone number or range is kept."""
    found = _FIGURE.fullmatch(text.strip())
    is_figure = found and (not found["low"] or int(found["low"]) <= int(found["high"]) <= 2 * int(found["low"]))
    return text if is_figure or text.isdigit() else mask_text(text)


def mask_name(name: str) -> str:
    """Hide the addresses, telephone numbers and, after a form of address, the person in the name of a file or sheet."""
    suffix = _SUFFIX.search(name)
    stem, end = (name[: suffix.start()], suffix[0]) if suffix else (name, "")
    spaced = re.sub(r"_+", " ", stem)
    dated = _COMPACT_DATE.sub(lambda found: f"{found[1]}-{found[2]}-{found[3]}", spaced)
    masked = _ADDRESSED.sub(r"\1[…]", mask_text(dated))
    return name if masked == dated else masked + end


def mask_names(names: Iterable[str]) -> dict[str, str]:
    """Return each name of a folder or workbook as it is published: masked, and still distinct from the others."""
    shown: dict[str, str] = {}
    for name in dict.fromkeys(names):
        masked, number = mask_name(name), 1
        while masked in shown.values():
            number += 1
            masked = f"[{number}] {mask_name(name)}"
        shown[name] = masked
    return shown
