"""How results show themselves in a notebook: the first rows of their cases, and how many there are."""

from __future__ import annotations

import html as entities
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from . import measurement, text
from .errors import OdebenchError

if TYPE_CHECKING:
    import pandas as pd

MOST = 20
_HEADINGS = ("problem", "solver", "max error", "time", "slowdown", "status", "marks")
_NUMBERS = ("max error", "time", "slowdown")


@dataclass(frozen=True)
class Shown:
    """A caption and rows of text."""

    caption: str
    rows: Sequence[Sequence[str]]


def shown(cases: pd.DataFrame, runs: Sequence[str], every: int, ranked: str, most: int = MOST) -> Shown:
    """The first `most` cases by problem, the most accurate first, selected from `every` one of the runs.

    `ranked` says among what they are: "all" or "themselves".
    """
    count = f"{text.count(len(cases), 'case')} of {', '.join(runs) or 'no runs'}"
    if cases.empty:
        return Shown(f"{count}: nothing was measured", [])
    bad = cases.loc[cases["status"] != measurement.OK, "status"].value_counts()
    caption = f"{count}: " + ", ".join(
        [f"{len(cases) - bad.sum()} ok", *(f"{n} {status}" for status, n in bad.items())]
    )
    caption += f"; selected from {every}, ranked among {ranked}" if len(cases) < every else ""
    caption += f"; the first {most}, .cases has all" if len(cases) > most else ""
    place = cases.groupby(["problem", "problem_params"], sort=False).ngroup()
    labelled = text.labelled(cases).assign(place=place)
    order = ["place", measurement.ERROR, measurement.TIME]
    first = labelled.sort_values(order, na_position="last", kind="stable").head(most)
    return Shown(
        caption,
        [
            [
                row["problem"],
                row["solver"],
                text.error(row[measurement.ERROR], at_floor=row["at_reference_floor"] is True),
                text.seconds(row[measurement.TIME]),
                text.ratio(row[measurement.SLOWDOWN]),
                row["status"],
                ", ".join(filter(None, ["front" if row["on_front"] is True else "", row["marks"]])),
            ]
            for row in first.to_dict("records")
        ],
    )


class Displayed:
    """Shows itself in a notebook, as HTML or Markdown; what cannot be read is a sentence that says so."""

    def _shown(self) -> Shown:
        raise NotImplementedError

    def _repr_html_(self) -> str:
        try:
            return html(self._shown())
        except OdebenchError as error:
            return f"<p>{entities.escape(str(error))}</p>"

    def _repr_markdown_(self) -> str:
        try:
            return markdown(self._shown())
        except OdebenchError as error:
            return text.markdown(str(error))


def html(found: Shown) -> str:
    """As HTML."""

    def cell(tag: str, heading: str, value: str) -> str:
        side = "right" if heading in _NUMBERS else "left"
        return f'<{tag} style="text-align: {side}">{entities.escape(text.plain(value))}</{tag}>'

    def row(tag: str, cells: Sequence[str]) -> str:
        return f"<tr>{''.join(cell(tag, h, c) for h, c in zip(_HEADINGS, cells, strict=True))}</tr>"

    body = "".join(row("td", cells) for cells in found.rows)
    caption = f'<caption style="text-align: left">{entities.escape(text.plain(found.caption))}</caption>'
    return f"<table>{caption}<thead>{row('th', _HEADINGS)}</thead><tbody>{body}</tbody></table>"


def markdown(found: Shown) -> str:
    """As Markdown."""
    if not found.rows:
        return text.markdown(found.caption)
    rule = ["---:" if heading in _NUMBERS else "---" for heading in _HEADINGS]
    lines = [_HEADINGS, rule, *([text.markdown(cell) for cell in row] for row in found.rows)]
    table = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{text.markdown(found.caption)}\n\n{table}"
