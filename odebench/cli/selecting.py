"""How a selection that is being typed, such as 'scipy-ivp[method=', can go on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..cases import parse_selection, value_text
from ..errors import BadSelection
from ..parameters import NamedFunction, Parameter


@dataclass(frozen=True)
class Offer:
    """A text to type instead of what has been typed."""

    text: str
    about: str = ""
    goes_on: bool = False
    """Whether it is no whole selection yet."""


def continuations(begun: str, known: Mapping[str, NamedFunction[Any]], *, quoted: bool = False) -> list[Offer]:
    """What a selection that has been begun may become.

    A shell closes the quote and puts a space behind an only offer. One that goes on is therefore never alone: what may
    follow is offered in its place. Within quotes so is a name, since brackets are what the quotes are for.
    """
    offers, last = list(_continuations(begun, known)), begun
    while len(offers) == 1 and offers[0].text != last and (offers[0].goes_on or quoted):
        only, last = offers[0], offers[0].text
        offers = list(_continuations(last, known)) or offers
        if last.endswith("=") and len({offer.text[len(last) :][:1] for offer in offers}) == 1:
            offers.insert(0, only)  # so that the shell types no value, or the letters that all have in common
    return offers


def _continuations(begun: str, known: Mapping[str, NamedFunction[Any]]) -> Iterator[Offer]:
    name, bracket, body = begun.partition("[")
    if not bracket:
        yield from (Offer(n, thing.description) for n, thing in known.items() if n.startswith(begun))
        if name in known and known[name].parameters:
            yield Offer(f"{begun}[", "its parameters", goes_on=True)
    elif name in known:
        with suppress(BadSelection):
            parse_selection(begun)
            yield Offer(begun)
            return
        given, now = _pieces(body)
        left = {k: p for k, p in known[name].parameters.items() if k not in given}
        parameter, equals, value = now.partition("=")
        parameter = parameter.replace("-", "_")
        if not equals:
            start = begun.removesuffix(now)
            for p in left.values():
                if p.name.startswith(parameter):
                    about = f"{p.expected}; {value_text(p.default)} by default"
                    yield Offer(f"{start}{p.name}=", about, goes_on=True)
        elif parameter in left:
            likely = _likely(left[parameter], [rung[parameter] for rung in known[name].ladder])
            yield from _values(begun, value, left[parameter], likely, more=len(left) > 1)


def _pieces(body: str) -> tuple[set[str], str]:
    """The parameters that have their values, and what is typed of the next."""
    pieces, depth, quote = [""], 0, ""
    for letter in body:
        if quote or letter in "'\"":
            quote = ("" if letter == quote else quote) if quote else letter
        depth += (letter in "[(") - (letter in "])") if not quote else 0
        if letter == "," and depth == 0 and not quote:
            pieces.append("")
        else:
            pieces[-1] += letter
    return {piece.partition("=")[0].strip().replace("-", "_") for piece in pieces[:-1]}, pieces[-1].lstrip()


def _values(begun: str, value: str, parameter: Parameter, likely: list[str], *, more: bool) -> Iterator[Offer]:
    """Values of a parameter, or, behind a whole one, what may follow."""
    swept = value.startswith("[")
    listed, closed, _ = value.removeprefix("[").partition("]") if swept else (value, "", "")
    *taken, now = listed.split(",") if swept else [value]
    if not closed:
        start = begun.removesuffix(now)
        fitting = [v for v in likely if v.startswith(now) and v not in taken]
        for text in fitting:
            if text != now:
                yield Offer(start + text, "the default" if text == value_text(parameter.default) else "", goes_on=True)
        if now not in likely and (fitting or not now or not _is_value(begun, parameter, swept=swept)):
            return
    if swept and not closed:
        yield Offer(f"{begun}]", goes_on=True)
        yield Offer(f"{begun},", "and another value", goes_on=True)
    else:
        yield Offer(f"{begun}]")
        if more:
            yield Offer(f"{begun},", "and another parameter", goes_on=True)


def _likely(parameter: Parameter, ladder: list[Any]) -> list[str]:
    """The values that a parameter is usually given: all of them, where they can be counted."""
    values: list[Any] = list(parameter.choices)
    values += [True, False] if bool in parameter.types else []
    values += [None] if type(None) in parameter.types else []
    return list(dict.fromkeys(map(value_text, [*values, parameter.default, *ladder])))


def _is_value(begun: str, parameter: Parameter, *, swept: bool) -> bool:
    """Whether what stands there already is a value that the parameter takes."""
    try:
        *_, values = parse_selection(begun + "]" * (1 + swept))[1].values()
        parameter.accept(values[-1])
    except (BadSelection, ValueError, TypeError):
        return False
    return True
