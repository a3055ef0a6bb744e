"""A command whose options are taken as they stand where they need no conversion: Typer converts by pydantic.

To load pydantic takes 50 ms, and a check of a file not much more; of the arguments of most calls there is nothing to
convert: names are text, and what was not given stands as its default.
"""

from __future__ import annotations

from enum import Enum
from functools import partial
from typing import Any, Literal, Protocol, get_args, get_origin

from typer.core import TyperCommand, TyperGroup


class _Conversion(Protocol):
    def coerce(self, value: Any, param: Any, ctx: Any) -> Any: ...  # noqa: ANN401 (Typer's own interface)


class Command(TyperCommand):
    """One of preflight's commands."""

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 (a type that Typer keeps to itself)
        return _unconverted(super().get_params(ctx))


class Commands(TyperGroup):
    """All of them, with the options of the program itself."""

    def get_params(self, ctx: Any) -> list[Any]:  # noqa: ANN401 (a type that Typer keeps to itself)
        return _unconverted(super().get_params(ctx))


def _unconverted(params: list[Any]) -> list[Any]:
    for param in params:
        # Where a Typer to come converts in another way, nothing asks for this, and its own way is taken.
        typers = getattr(param, "get_runtime_param", None)
        if typers is not None and not isinstance(typers, partial):
            param.get_runtime_param = partial(_OnlyWhereDue, typers)
    return params


class _OnlyWhereDue:
    """Asks Typer's conversion, which is made only then, about values that are not of their type yet."""

    def __init__(self, typers: Any) -> None:  # noqa: ANN401 (a method that gives a _Conversion)
        self._typers = typers

    def coerce(self, value: Any, param: Any, ctx: Any) -> Any:  # noqa: ANN401 (Typer's own interface)
        if is_of(value, param.type_descriptor.annotation):
            return list(value) if isinstance(value, tuple) else value
        if value is None and param.nargs == 1 and not param.multiple:
            return None
        typers: _Conversion = self._typers()
        return typers.coerce(value, param=param, ctx=ctx)


def is_of(value: object, annotation: object) -> bool:
    """Whether a value needs no conversion, a tuple for a list aside. What is not known here does need one."""
    if get_origin(annotation) is Literal:
        return isinstance(value, str) and value in get_args(annotation)
    if get_origin(annotation) is list:
        (each,) = get_args(annotation)
        return isinstance(value, tuple) and bool(value) and all(is_of(item, each) for item in value)
    if annotation in (str, int, float):
        return type(value) is annotation
    return isinstance(annotation, type) and issubclass(annotation, Enum) and isinstance(value, annotation)
