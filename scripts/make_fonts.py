"""Makes the fonts that are derived: the Arabic of the PDF, and those of the page. Needs fontTools and brotli.

    python scripts/make_fonts.py FOLDER

FOLDER has IBMPlexSansArabic-{Regular,SemiBold,Bold}.ttf, version 1.101. src/helpers/report/fonts/FONTLOG.txt says what
was changed, and why. The files are committed: this is run again only when a font changes.
"""

import sys
from pathlib import Path

from fontTools.otlLib import builder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.subset import Options, Subsetter
from fontTools.ttLib import TTFont
from fontTools.ttLib.tables import otTables

FONTS = Path(__file__).resolve().parents[1] / "src" / "helpers" / "report" / "fonts"
WEIGHTS = ("Regular", "SemiBold", "Bold")
DIRECTION_MARKS = (*range(0x200B, 0x2010), *range(0x2066, 0x206A))
ARABIC = (0x20, 0xA0, *range(0x600, 0x700))
LATIN = (*range(0x20, 0x180), *range(0x2000, 0x2070), 0x20AC, *range(0x2190, 0x2194), *range(0x2200, 0x2300))
LATIN += (*range(0x2460, 0x2474), *range(0x25A0, 0x2600), 0x2713, 0x2717)
LAM, ALEFS = 0x644, (0x622, 0x623, 0x625, 0x627, 0x671, 0x672, 0x673, 0x675)
FEATURES = ["ccmp", "locl", "init", "medi", "fina", "rlig", "calt", "kern", "mark", "mkmk", "tnum"]


def cut(font: TTFont, code_points: tuple[int, ...]) -> None:
    """Leave a font what shapes some code points, without hints."""
    options = Options(hinting=False, layout_features=FEATURES, name_IDs=["*"], name_languages=[0x409])
    options.drop_tables += ["DSIG", "meta", "gasp"]
    subsetter = Subsetter(options)
    subsetter.populate(unicodes=code_points)
    subsetter.subset(font)


def add_empty(font: TTFont, glyph: str) -> None:
    """Add a glyph that neither shows nor takes room."""
    font.setGlyphOrder([*font.getGlyphOrder(), glyph])
    font["glyf"][glyph] = TTGlyphPen(None).glyph()
    font["hmtx"][glyph] = (0, 0)
    font["GDEF"].table.GlyphClassDef.classDefs[glyph] = 1


def list_lookups(font: TTFont, *features: str) -> list[int]:
    """Return the numbers of the lookups of some features."""
    records = font["GSUB"].table.FeatureList.FeatureRecord
    return sorted({n for record in records if record.FeatureTag in features for n in record.Feature.LookupListIndex})


def find_letters(font: TTFont) -> dict[str, int]:
    """Return the letter of each glyph, its forms within words included."""
    letters = {glyph: code for code, glyph in font.getBestCmap().items()}
    for number in list_lookups(font, "init", "medi", "fina"):
        for table in font["GSUB"].table.LookupList.Lookup[number].SubTable:
            forms = getattr(table, "ExtSubTable", table).mapping
            letters |= {form: letters[glyph] for glyph, form in forms.items() if glyph in letters}
    return letters


def split_lam_alef(font: TTFont) -> None:
    """Put the picture of lam-alef on its lam, an empty glyph on its alef; make all other ligatures two letters again.

    A reader of PDF files takes the two letters of one glyph in the wrong order: words with them would not be found.
    """
    letters, substitutions = find_letters(font), font["GSUB"].table
    lookups, order = substitutions.LookupList.Lookup, font.getReverseGlyphMap()
    (number,) = list_lookups(font, "rlig")
    flag, pairs = lookups[number].LookupFlag, {}
    for table in lookups[number].SubTable:
        for lam, ligatures in getattr(table, "ExtSubTable", table).ligatures.items():
            for ligature in ligatures:
                if letters.get(lam) == LAM and letters.get(ligature.Component[0]) in ALEFS:
                    pairs.setdefault(ligature.Component[0], {})[lam] = ligature.LigGlyph
    add_empty(font, "alef.silent")
    order = font.getReverseGlyphMap(rebuild=True)
    lookups.append(builder.buildLookup([builder.buildSingleSubstSubtable(dict.fromkeys(pairs, "alef.silent"))], flag))
    silent, contexts = len(lookups) - 1, []
    for alef, lams in pairs.items():
        lookups.append(builder.buildLookup([builder.buildSingleSubstSubtable(lams)], flag))
        context = otTables.ChainContextSubst()
        context.Format, context.InputGlyphCount, context.SubstCount = 3, 2, 2
        context.BacktrackGlyphCount = context.LookAheadGlyphCount = 0
        context.BacktrackCoverage, context.LookAheadCoverage = [], []
        context.InputCoverage = [builder.buildCoverage(glyphs, order) for glyphs in (sorted(lams), [alef])]
        context.SubstLookupRecord = []
        for place, lookup in enumerate((len(lookups) - 1, silent)):
            record = otTables.SubstLookupRecord()
            record.SequenceIndex, record.LookupListIndex = place, lookup
            context.SubstLookupRecord.append(record)
        contexts.append(context)
    required = otTables.Lookup()
    required.LookupType, required.LookupFlag = 6, flag
    required.SubTable, required.SubTableCount = contexts, len(contexts)
    lookups[number] = required
    substitutions.LookupList.LookupCount = len(lookups)


def rename(font: TTFont, weight: str) -> None:
    """Give a font our name, as its licence asks of a changed one."""
    names, bold = font["name"], weight in ("Regular", "Bold")
    for number in (7, 16, 17, 18, 21, 22, 25):
        names.removeNames(nameID=number)
    family = "PAPU Sans Arabic"
    own = {1: family if bold else f"{family} {weight}", 2: weight if bold else "Regular"}
    own |= {
        3: f"PAPUSansArabic-{weight}",
        4: f"{family} {weight}",
        6: f"PAPUSansArabic-{weight}",
        16: family,
        17: weight,
    }
    for number, text in own.items():
        names.setName(text, number, 3, 1, 0x409)


def make_arabic(source: Path, weight: str) -> None:
    """Make the Arabic font of a weight."""
    font = TTFont(source / f"IBMPlexSansArabic-{weight}.ttf", recalcTimestamp=False)
    cut(font, ARABIC)
    split_lam_alef(font)
    add_empty(font, "direction")
    for table in font["cmap"].tables:
        table.cmap |= dict.fromkeys(DIRECTION_MARKS, "direction") if table.isUnicode() else {}
    rename(font, weight)
    font.save(FONTS / f"PAPUSansArabic-{weight}.ttf")


def make_web(name: str, code_points: tuple[int, ...]) -> None:
    """Make the font of the page from one of the PDF."""
    font = TTFont(FONTS / f"{name}.ttf", recalcTimestamp=False)
    cut(font, code_points)
    font.flavor = "woff2"
    font.save(FONTS / "web" / f"{name}.woff2")


if __name__ == "__main__":
    (FONTS / "web").mkdir(exist_ok=True)
    for each in WEIGHTS:
        make_arabic(Path(sys.argv[1]), each)
        make_web(f"PAPUSansArabic-{each}", (*ARABIC, *DIRECTION_MARKS))
        make_web(f"PAPUSans-{each}", LATIN)
