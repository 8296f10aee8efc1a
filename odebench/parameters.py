"""A named function whose keyword-only arguments are its parameters: the signature is the schema."""

from __future__ import annotations

import inspect
import json
import math
import types
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import update_wrapper
from typing import Any, Generic, TypeVar

from .errors import BadParameter, PluginError, did_you_mean, in_a_newer_one


@dataclass(frozen=True)
class Parameter:
    """One keyword-only argument of a problem or solver, as its signature declares it."""

    name: str
    default: Any
    types: tuple[type, ...]
    """The types a value may have; an int is taken where a float is asked for, and made one."""
    choices: tuple[Any, ...] = ()
    """Values allowed beside those of the types, from `Literal[...]`. Neither types nor choices: anything is."""

    @classmethod
    def of(cls, name: str, default: Any, annotation: Any) -> Parameter:
        """From a signature; `ValueError` where the default contradicts the annotation."""
        if annotation is inspect.Parameter.empty:
            types_: tuple[type, ...] = () if default is None else (type(_plain(default)),)
            parameter = cls(name, default, types_)
        else:
            alternatives = typing.get_args(annotation) if _is_union(annotation) else (annotation,)
            literals = [a for a in alternatives if typing.get_origin(a) is typing.Literal]
            choices = tuple(choice for literal in literals for choice in typing.get_args(literal))
            plain = tuple(typing.get_origin(a) or a for a in alternatives if a not in literals)
            parameter = cls(name, default, plain, choices)
        return replace(parameter, default=parameter.accept(default))

    @property
    def expected(self) -> str:
        """What it takes, in words."""
        names = {
            type(None): "none",
            float: "a finite number",
            int: "a whole number",
            bool: "true or false",
            str: "a word",
        }
        words = [names.get(t, t.__name__) for t in self.types]
        if self.choices:
            words.insert(0, "one of " + ", ".join(repr(c) for c in self.choices))
        return " or ".join(words) or "anything"

    def accept(self, value: Any) -> Any:
        """The value in its declared type; `ValueError` where it has another."""
        value = _plain(value)
        if self.choices and value in self.choices:
            return value
        if float in self.types and type(value) is int:
            value = float(value)
        if isinstance(value, (list, tuple)):
            value = tuple(map(_plain, value)) if tuple in self.types else list(map(_plain, value))
            if self.default and isinstance(self.default, tuple) and all(type(v) is float for v in self.default):
                value = tuple(float(v) if type(v) is int else v for v in value)
        if (self.types or self.choices) and type(value) not in self.types:
            raise ValueError
        # a case's id and its row are JSON, which holds no NaN, no infinity and no objects
        if type(value) is float:
            if not math.isfinite(value):
                raise ValueError
        elif type(value) not in (int, str, bool, type(None)):
            json.dumps(value, allow_nan=False)
        return value


def _plain(value: Any) -> Any:
    """A numpy number as Python's own."""
    return value.item() if type(value).__module__ == "numpy" and getattr(value, "ndim", None) == 0 else value


def _is_union(annotation: Any) -> bool:
    return typing.get_origin(annotation) in (typing.Union, types.UnionType)


Result = TypeVar("Result")


class NamedFunction(Generic[Result]):
    """A function whose keyword-only arguments are its parameters: what a problem and a solver have in common."""

    kind: str
    reserved: frozenset[str] = frozenset()
    """Keyword-only arguments that the host supplies, and that are no parameters."""

    def __init__(
        self, function: Callable[..., Result], *, tags: Sequence[str], source: str, ladder: Sequence[Mapping[str, Any]]
    ) -> None:
        self.function = function
        self.name = function.__name__.replace("_", "-")
        self.tags = self.words("tags", tags)
        self.source = source
        self.parameters = self._schema()
        self.ladder = tuple(self.resolve(rung) for rung in ladder)
        update_wrapper(self, function)

    def __call__(self, *args: Any, **kwargs: Any) -> Result:
        return self.function(*args, **kwargs)

    def __repr__(self) -> str:
        return f"<{self.kind} {self.name}>"

    @property
    def ladder_parameters(self) -> tuple[str, ...]:
        """The parameters in which the rungs of its ladder differ."""
        return tuple(name for name in self.parameters if any(r[name] != self.ladder[0][name] for r in self.ladder))

    @property
    def description(self) -> str:
        """The first line of the docstring."""
        return (inspect.getdoc(self.function) or "").partition("\n")[0]

    def _schema(self) -> dict[str, Parameter]:
        parameters = {}
        for p in inspect.signature(self.function).parameters.values():
            if p.kind is not inspect.Parameter.KEYWORD_ONLY or p.name in self.reserved:
                continue
            if p.default is inspect.Parameter.empty:
                raise PluginError(
                    f"{self.kind} {self.name!r}: expected a default for parameter {p.name!r}, so that it runs unasked."
                )
            annotation = p.annotation
            if isinstance(annotation, str):  # from __future__ import annotations
                try:
                    annotation = eval(annotation, self.function.__globals__)
                except NameError as error:
                    raise PluginError(
                        f"{self.kind} {self.name!r}: the annotation of {p.name!r} cannot be read: {error}."
                    ) from None
            try:
                parameters[p.name] = Parameter.of(p.name, p.default, annotation)
            except (ValueError, TypeError):
                raise PluginError(
                    f"{self.kind} {self.name!r}: the default of {p.name!r}, {p.default!r}, is not what its annotation "
                    "says, or no finite number, word, truth value, none or tuple of them."
                ) from None
        return parameters

    def words(self, name: str, values: Sequence[str]) -> tuple[str, ...]:
        """A list of words; a single word in place of a list is refused, as it would be taken letter by letter."""
        if isinstance(values, str):
            raise PluginError(
                f"{self.kind} {self.name!r}: expected {name} as a list, [{values!r}], received {values!r}."
            )
        return tuple(values)

    def expect_positional(self, count: int, expected: str) -> None:
        """Refuse a function whose positional arguments are not those the host will pass."""
        parameters = inspect.signature(self.function).parameters.values()
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        variadic = [p for p in parameters if p.kind in (p.VAR_POSITIONAL, p.VAR_KEYWORD)]
        if len(positional) != count or variadic:
            raise PluginError(
                f"{self.kind} {self.name!r}: expected {expected}, received {inspect.signature(self.function)}."
            )

    def resolve(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters, sorted by name: those given, checked, and the defaults of the others.

        Raises `BadParameter` for an unknown name or a value of the wrong type.
        """
        values = {name: self.parameters[name].default for name in sorted(self.parameters)}
        for name, value in given.items():
            if name not in values:
                parameters = ", ".join(self.parameters) or "none"
                known = f"{did_you_mean(name, self.parameters)} Parameters of {self.name}: {parameters}."
                if name in self.reserved:
                    known = "The host supplies it" + (": see the option --seed." if name == "seed" else ".")
                raise BadParameter(f"{self.kind} {self.name!r} has no parameter {name!r}. {known}")
            try:
                values[name] = self.parameters[name].accept(value)
            except (ValueError, TypeError):
                raise BadParameter(
                    f"{self.kind} {self.name!r}: expected {self.parameters[name].expected} for {name!r}, "
                    f"received {value!r} ({type(value).__name__})."
                ) from None
        return values


def check_options(kind: type[NamedFunction[Any]], options: Mapping[str, Any]) -> None:
    """Refuse options that the decorator of this kind does not have."""
    known = [name for name, p in inspect.signature(kind).parameters.items() if p.kind is p.KEYWORD_ONLY]
    for name in options.keys() - known:
        raise PluginError(f"@{kind.kind} has no option {name!r}. {did_you_mean(name, known)} {in_a_newer_one()}")
