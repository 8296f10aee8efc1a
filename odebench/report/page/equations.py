"""The equations of the problems as MathML, which browsers draw by themselves."""

from __future__ import annotations

import json
import xml.etree.ElementTree as ET
from collections.abc import Mapping

MOST_PROBLEMS = 150
_NAMESPACE = "{http://www.w3.org/1998/Math/MathML}"
_TAGS = frozenset(
    {
        "math",
        "mrow",
        "mi",
        "mn",
        "mo",
        "ms",
        "mtext",
        "mspace",
        "msup",
        "msub",
        "msubsup",
        "mfrac",
        "msqrt",
        "mroot",
        "mtable",
        "mtr",
        "mtd",
        "mover",
        "munder",
        "munderover",
        "mstyle",
        "mpadded",
        "mphantom",
    }
)
_ATTRIBUTES = frozenset(
    {
        "display",
        "mathvariant",
        "stretchy",
        "fence",
        "form",
        "columnalign",
        "columnspacing",
        "rowspacing",
        "displaystyle",
        "scriptlevel",
        "width",
        "separator",
        "lspace",
        "rspace",
        "minsize",
        "maxsize",
    }
)


def mathml(latex: str) -> str | None:
    """A formula as MathML of harmless elements alone; None where it cannot be read.

    Raises `ImportError` where latex2mathml is missing.
    """
    from latex2mathml.converter import convert

    try:
        # latex2mathml knows `aligned` by its other name alone
        tree = ET.fromstring(convert(latex.replace("{aligned}", "{align*}"), display="block"))
    except Exception:  # whatever a run's file may hold
        return None
    for element in tree.iter():
        element.tag = element.tag.removeprefix(_NAMESPACE)
        if element.tag not in _TAGS:
            return None
        element.attrib = {k: v for k, v in element.attrib.items() if k in _ATTRIBUTES}
    return ET.tostring(tree, encoding="unicode")


def installed(names: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    """The LaTeX of problems that come with odebench, as it is installed here; `names` are name and params by label."""
    from ... import over_time
    from ...host import Host

    host = Host((), from_environment=False, remember=False)
    found = {}
    for label, (name, params) in list(names.items())[:MOST_PROBLEMS]:
        try:
            ivp = host.problem(name)(**json.loads(params))
            latex = over_time.latex(ivp)
        except Exception:  # unknown here, or another by now: a problem's function may raise anything
            continue
        if latex is not None:
            found[label] = latex
    return found
