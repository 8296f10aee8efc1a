"""What is to be measured: selections such as 'scipy-ivp[method=[RK45,DOP853]]' become cases with stable ids."""

from __future__ import annotations

import hashlib
import itertools
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .errors import BadSelection
from .parameters import NamedFunction


@dataclass(frozen=True)
class Variant:
    """A problem or solver with all its parameters, sorted by name."""

    name: str
    params: Mapping[str, Any]

    @cached_property
    def key(self) -> str:
        """The variant as text, the same for the same name and values."""
        return f"{self.name}{canonical_json(self.params)}"

    @property
    def digest(self) -> bytes:
        """A few bytes that stand for the key."""
        return hashlib.sha256(self.key.encode()).digest()[:12]


@dataclass(frozen=True)
class Case:
    """A problem with its parameters and a solver with its parameters."""

    problem: Variant
    solver: Variant

    @cached_property
    def id(self) -> str:
        """Made from names and parameters alone, so the same in every run, order and version."""
        digest = hashlib.sha256(f"{self.problem.key} {self.solver.key}".encode()).hexdigest()
        return f"{self.problem.name}/{self.solver.name}/{digest[:12]}"


_KEPT = 100  # variants of solvers, gone through anew for each problem, are seldom more


class Variants:
    """All variants of some selections; many are made anew each time they are gone through, to take no room.

    Raises `BadSelection`, `BadParameter`, or what `look_up` raises for an unknown name.
    """

    def __init__(
        self, selections: Iterable[str], look_up: Callable[[str], NamedFunction[Any]], *, ladder: bool = False
    ) -> None:
        self._sweeps = [_Sweep(look_up(name), sweeps, ladder) for name, sweeps in map(parse_selection, selections)]
        self._repeated: set[bytes] = set()  # asked for more than once: given the first time only
        self.names: dict[str, int] = {}
        """How many there are, by name."""
        self._first: list[Variant] = []  # all of them, where they are few
        seen: set[bytes] = set()
        for variant in itertools.chain(*self._sweeps):
            if variant.digest in seen:
                self._repeated.add(variant.digest)
            else:
                seen.add(variant.digest)
                self.names[variant.name] = self.names.get(variant.name, 0) + 1
                if len(self._first) < _KEPT:
                    self._first.append(variant)

    def __len__(self) -> int:
        return sum(self.names.values())

    def __iter__(self) -> Iterator[Variant]:
        return iter(self._first) if len(self) <= _KEPT else self._anew()

    def _anew(self) -> Iterator[Variant]:
        given: set[bytes] = set()
        for variant in itertools.chain(*self._sweeps):
            if self._repeated and variant.digest in self._repeated:
                if variant.digest in given:
                    continue
                given.add(variant.digest)
            yield variant


def one_variant(selection: str, look_up: Callable[[str], NamedFunction[Any]]) -> Variant:
    """The one variant selected, as 'pinn-autograd[epochs=5]' does.

    Raises `BadSelection` where it sweeps, and what `Variants` raises.
    """
    variants = Variants([selection], look_up)
    if len(variants) != 1:
        raise BadSelection(
            f"expected one value a parameter, received {selection!r}, which are {len(variants)} variants."
        )
    return next(iter(variants))


@dataclass(frozen=True)
class _Sweep:
    """A function and lists of values for some of its parameters: their product, and with `ladder` that of the rungs."""

    function: NamedFunction[Any]
    values: Mapping[str, Sequence[Any]]
    ladder: bool

    def __iter__(self) -> Iterator[Variant]:
        rungs: Sequence[Mapping[str, Any]] = self.function.ladder if self.ladder and self.function.ladder else ({},)
        for values in itertools.product(*self.values.values()):
            given = dict(zip(self.values, values, strict=True))
            for rung in rungs:
                yield Variant(self.function.name, self.function.resolve({**rung, **given}))


@dataclass(frozen=True)
class Task:
    """One sample to take."""

    case: Case
    repeat: int
    """Which sample of the case, from 0."""
    seed: int | None
    """For a solver that uses chance; None for the others."""
    describe: bool = False
    """Whether the row is to hold the problem's solution, for the figures."""


def seed_for(base: int, case_id: str, k: int) -> int:
    """The seed of the k-th sample of a case: its own, and the same whenever base and case are."""
    digest = hashlib.sha256(f"{base} {case_id} {k}".encode()).digest()
    return int.from_bytes(digest[:4]) >> 1  # 31 bits: every random generator takes them


def canonical_json(params: Mapping[str, Any]) -> str:
    """One text for one set of values."""
    return _encode(params)


_encode = json.JSONEncoder(sort_keys=True, separators=(",", ":"), allow_nan=False).encode


def selection_text(name: str, params: Mapping[str, Any]) -> str:
    """'euler[steps=10]', which reads back as the same selection."""
    return f"{name}[{','.join(f'{k}={value_text(v)}' for k, v in params.items())}]" if params else name


def label(name: str, params: Mapping[str, Any], defaults: Mapping[str, Any]) -> str:
    """A variant as it would be typed: by its name and the parameters that are not the defaults."""
    return selection_text(name, {k: v for k, v in params.items() if v != defaults.get(k)})


def value_text(value: Any) -> str:
    """A parameter's value as it would be typed."""
    if isinstance(value, (tuple, list)):
        return f"({','.join(map(value_text, value))}{',' if len(value) == 1 else ''})"
    if value is None or isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float):
        return f"{value:g}" if float(f"{value:g}") == value else repr(value)
    text = str(value)
    if isinstance(value, str) and (_literal(text) != text or not re.fullmatch(_WORD, text)):
        return f"'{text}'" if "'" not in text else f'"{text}"'
    return text


# -- the grammar: NAME or NAME[PARAMETER=VALUE,...]; a VALUE in [...] is swept, in (...) it is one tuple ----------

_WORD = r"[^\s\[\](),=\"']+"
_TOKEN = re.compile(rf"\s*(?:(?P<quoted>'[^']*'|\"[^\"]*\")|(?P<word>{_WORD})|(?P<mark>[\[\](),=]))")


def parse_selection(text: str) -> tuple[str, dict[str, list[Any]]]:
    """'name[a=1,b=[2,3]]' -> ('name', {'a': [1], 'b': [2, 3]})."""
    return _Parser(text).selection()


class _Parser:
    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens: list[tuple[str, str, int]] = []  # kind, text, position
        self.k = 0
        position, end = 0, len(text.rstrip())
        while position < end:
            match = _TOKEN.match(text, position)
            if match is None or match.lastgroup is None:
                raise self.error("a closing quote", position)
            self.tokens.append((match.lastgroup, match[match.lastgroup], match.start(match.lastgroup)))
            position = match.end()
        self.tokens.append(("end", "", end))

    def error(self, expected: str, position: int | None = None) -> BadSelection:
        position = self.tokens[self.k][2] if position is None else position
        return BadSelection(
            f"cannot read the selection; expected {expected}:\n  {self.text}\n  {' ' * position}^\n"
            "Write NAME or NAME[parameter=value,other=[swept,values]], in quotes for the shell."
        )

    def take(self, mark: str) -> bool:
        if self.tokens[self.k][:2] == ("mark", mark):
            self.k += 1
            return True
        return False

    def word(self, what: str) -> str:
        kind, text, _ = self.tokens[self.k]
        if kind != "word":
            raise self.error(what)
        self.k += 1
        return text

    def selection(self) -> tuple[str, dict[str, list[Any]]]:
        name, sweeps = self.word("a name"), {}
        if self.take("["):
            while not self.take("]"):
                parameter = self.word("a parameter's name or ']'").replace("-", "_")
                if parameter in sweeps:
                    self.k -= 1
                    raise self.error(f"{parameter!r} only once; for several values write {parameter}=[a,b]")
                if not self.take("="):
                    raise self.error("'='")
                sweeps[parameter] = self.sweep(parameter)
                if not self.take(",") and self.tokens[self.k][:2] != ("mark", "]"):
                    raise self.error("',' or ']'")
        if self.tokens[self.k][0] != "end":
            raise self.error("the end, or '[' and parameters")
        return name, sweeps

    def sweep(self, parameter: str) -> list[Any]:
        if not self.take("["):
            return [self.value()]
        if self.take("]"):
            self.k -= 1
            raise self.error(f"at least one value for {parameter!r}")
        return self.list_until("]")

    def list_until(self, closing: str) -> list[Any]:
        values = [self.value()]
        while not self.take(closing):
            if not self.take(","):
                raise self.error(f"',' or {closing!r}")
            if self.take(closing):
                break
            values.append(self.value())
        return values

    def value(self) -> Any:
        if self.take("("):
            return () if self.take(")") else tuple(self.list_until(")"))
        kind, text, _ = self.tokens[self.k]
        if kind not in ("word", "quoted"):
            raise self.error("a value")
        self.k += 1
        return text[1:-1] if kind == "quoted" else _literal(text)


def _literal(word: str) -> Any:
    """A number, true, false or none where the word is one; else the word."""
    named = {"true": True, "false": False, "none": None}
    if word.lower() in named:
        return named[word.lower()]
    for number in (int, float):
        try:
            return number(word)
        except ValueError:
            continue
    return word
