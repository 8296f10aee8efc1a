"""A table as LaTeX, with the rules of the package booktabs."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from ..text import plain

if TYPE_CHECKING:
    from .tables import Table

_WRAPPED = 40  # letters, from which on a column of text is a paragraph
_SPECIAL = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': r"\symbol{34}",  # the letter itself is a command in some languages
    "'": "{'}",  # two would be a quotation mark
    "`": r"\textasciigrave{}",
}
_UNICODE = {
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "∞": r"$\infty$",
    "×": r"$\times$",
    "±": r"$\pm$",
    "µ": r"$\mu$",
    "†": r"$\dagger$",
    "‡": r"$\ddagger$",
    "§": r"\S{}",
    "¶": r"\P{}",
    "‖": r"$\Vert$",
    "–": r"\textendash{}",
    "—": r"\textemdash{}",
    "…": r"\dots{}",
    "→": r"$\to$",
    "‘": r"\textquoteleft{}",
    "’": r"\textquoteright{}",
    "“": r"\textquotedblleft{}",
    "”": r"\textquotedblright{}",
    "°": r"$^\circ$",
    "·": r"$\cdot$",
    "²": r"$^2$",
    "³": r"$^3$",
}
_LETTERS = {"OMICRON": "o", "FINAL SIGMA": r"\varsigma"}
_CAPITALS = ("GAMMA", "DELTA", "THETA", "LAMDA", "LAMBDA", "XI", "PI", "SIGMA", "UPSILON", "PHI", "PSI", "OMEGA")
_ACCENTS = {"\u0300": "`", "\u0301": "'", "\u0302": "^", "\u0303": "~", "\u0304": "=", "\u0308": '"', "\u030a": "r"}
_ACCENTS |= {"\u030c": "v", "\u0327": "c", "\u0328": "k", "\u030b": "H", "\u0306": "u", "\u0307": "."}


def escaped(text: str) -> str:
    """Text that reads as itself, on one line. What plain LaTeX has no letter for stands by its number: [U+4E2D]."""
    return "".join(map(_sign, plain(text))).replace("--", "-{}-").replace("--", "-{}-")


def _sign(sign: str) -> str:
    if sign in _SPECIAL or sign in _UNICODE:
        return _SPECIAL.get(sign) or _UNICODE[sign]
    return sign if sign.isascii() else _letter(sign)


def _letter(sign: str) -> str:
    base, *accents = list(unicodedata.normalize("NFD", sign))
    if accents and base.isascii() and base.isalpha() and len(accents) == 1 and accents[0] in _ACCENTS:
        stem = {"i": r"\i", "j": r"\j"}.get(base, base)
        return f"\\{_ACCENTS[accents[0]]}{{{stem}}}"
    greek = re.fullmatch(r"GREEK (SMALL|CAPITAL) LETTER ([A-Z ]+)", unicodedata.name(sign, ""))
    if greek and greek[1] == "SMALL" and (" " not in greek[2] or greek[2] in _LETTERS):
        command = _LETTERS.get(greek[2]) or rf"\{greek[2].replace('LAMDA', 'LAMBDA').lower()}"
        return f"${command}$"
    if greek and greek[2] in _CAPITALS:
        return rf"$\{greek[2].replace('LAMDA', 'LAMBDA').capitalize()}$"
    plain = {"ß": r"\ss{}", "æ": r"\ae{}", "Æ": r"\AE{}", "ø": r"\o{}", "Ø": r"\O{}", "ł": r"\l{}", "Ł": r"\L{}"}
    return plain.get(sign, f"[U+{ord(sign):04X}]")


def number(text: str) -> str:
    """A number as mathematics: 2.83 times a power of ten, a thin space before its unit."""
    found = re.fullmatch(r"(≤ )?(-?(?:[\d.]+|∞))(?:e([+-]\d+))?(x| (?:s|ms|µs|ns))?", text)
    if not found:
        return escaped(text)
    least, digits, power, unit = found.groups()
    mathematics = f"{chr(92) + 'leq ' if least else ''}{digits.replace('∞', chr(92) + 'infty')}"
    mathematics += rf" \times 10^{{{int(power)}}}" if power else ""
    if unit == "x":
        return rf"${mathematics}\times$"
    return f"${mathematics}$" + (rf"\,{escaped(unit.strip())}" if unit else "")


def lines(table: Table, signs: Mapping[str, str]) -> Iterator[str]:
    """A table environment, its title the caption."""
    yield from ("% needs \\usepackage{booktabs}", r"\begin{table}[htbp]", r"  \centering")
    if table.title:
        yield rf"  \caption{{{escaped(table.title)}}}"
    yield rf"  \begin{{tabular}}{{{' '.join(_alignment(table))}}}"
    yield r"    \toprule"
    yield _row([escaped(column.heading) for column in table.columns])
    yield r"    \midrule"
    for row in table.cells:
        cells = []
        for column, (text, marks) in zip(table.columns, row, strict=True):
            shown = number(text) if column.numeric else escaped(text)
            cells.append(shown + "".join(rf"\textsuperscript{{{escaped(signs[mark])}}}" for mark in marks))
        yield _row(cells)
    yield from (r"    \bottomrule", r"  \end{tabular}", r"\end{table}")


def _alignment(table: Table) -> Iterator[str]:
    for k, column in enumerate(table.columns):
        longest = max((len(row[k][0]) for row in table.cells), default=0)
        yield "r" if column.numeric else "l" if longest <= _WRAPPED else r"p{0.35\linewidth}"


def _row(cells: Sequence[str]) -> str:
    guard = "{}" if cells and cells[0].startswith(("[", "*")) else ""  # after \\\\ or a rule it would be an argument
    return rf"    {guard}{' & '.join(cells)} \\"


def notes(sentences: Sequence[str]) -> str:
    """Small, in one paragraph."""
    return rf"{{\footnotesize {' '.join(map(escaped, sentences))}\par}}" if sentences else ""
