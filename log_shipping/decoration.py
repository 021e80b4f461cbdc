"""``@logged``: a record for each call of a function, whatever kind of function it is."""

from __future__ import annotations

import functools
import inspect
from collections.abc import AsyncGenerator, Callable, Generator
from typing import Any, TypeVar, cast

from log_shipping.ambient import AnyRecord, record
from log_shipping.names import check

AnyFunction = TypeVar("AnyFunction", bound=Callable[..., Any])  # it takes and gives what it likes


def logged(name: str) -> Callable[[AnyFunction], AnyFunction]:
    """Record each call of a function: ``@logged("resize")``.

    The record of a coroutine function, a generator or an asynchronous generator lasts from its
    first step to its last; it is the current one only while it runs, not while it waits for
    whoever iterates over it.

    Raises:
        ValueError: the name is none.
    """
    check(name)

    def decorate(function: AnyFunction) -> AnyFunction:
        kinds = (
            (inspect.iscoroutinefunction, _awaited),
            (inspect.isgeneratorfunction, _generating),
            (inspect.isasyncgenfunction, _generating_later),
        )
        make = next((make for is_kind, make in kinds if is_kind(function)), _called)
        return cast("AnyFunction", functools.wraps(function)(make(name, function)))

    return decorate


def _called(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Any:
        with record(name):
            return function(*args, **kwargs)

    return call


def _awaited(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> Any:
        with record(name):
            return await function(*args, **kwargs)

    return call


def _generating(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    def call(*args: Any, **kwargs: Any) -> Generator[Any, Any, Any]:
        made, steps = record(name), function(*args, **kwargs)
        step, given = steps.send, None
        while True:
            try:
                with _Step(made):
                    value = step(given)
            except StopIteration as last:
                made.done()
                return last.value
            try:
                step, given = steps.send, (yield value)
            except BaseException as error:  # GeneratorExit as well: its own ending is its affair
                step, given = _thrower(steps, error), None

    return call


def _generating_later(name: str, function: Callable[..., Any]) -> Callable[..., Any]:
    async def call(*args: Any, **kwargs: Any) -> AsyncGenerator[Any, Any]:
        made, steps = record(name), function(*args, **kwargs)
        step, given = steps.asend, None
        while True:
            try:
                with _Step(made):
                    value = await step(given)
            except StopAsyncIteration:
                made.done()
                return
            try:
                step, given = steps.asend, (yield value)
            except BaseException as error:
                step, given = steps.athrow, error

    return call


def _thrower(steps: Generator[Any, Any, Any], error: BaseException) -> Callable[[None], Any]:
    return lambda _: steps.throw(error)


class _Step:
    """One step of a generator: its record is the current one, and ended by what it raises."""

    def __init__(self, made: AnyRecord) -> None:
        self._made = made

    def __enter__(self) -> None:
        self._made.start()

    def __exit__(self, _: object, error: BaseException | None, __: object) -> None:
        self._made.stop()
        if error is not None and not isinstance(error, (StopIteration, StopAsyncIteration)):
            self._made.done(error)
