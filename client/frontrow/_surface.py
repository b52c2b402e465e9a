"""How a client gets a method for each kind of question: one signature and one docstring for all clients."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Coroutine
from types import MethodType
from typing import Any, Concatenate, Generic, ParamSpec, Protocol, cast, overload

from frontrow._query.base import Query
from frontrow._result import Result

P = ParamSpec("P")


class Asker(Protocol):
    def ask(self, query: Query) -> Result:
        """The answer of a question."""
        ...


class AsyncAsker(Protocol):
    def ask(self, query: Query) -> Coroutine[Any, Any, Result]:
        """The answer of a question."""
        ...


class Asked(Generic[P]):
    """``client.x(...)`` is ``client.ask(x(...))``."""

    def __init__(self, make: Callable[P, Query]) -> None:
        self._method = method_of(make)
        self.__doc__ = make.__doc__

    @overload
    def __get__(self, client: None, owner: type) -> Callable[Concatenate[Asker, P], Result]: ...
    @overload
    def __get__(self, client: Asker, owner: type) -> Callable[P, Result]: ...
    def __get__(self, client: Asker | None, owner: type) -> Callable[..., Result]:
        return self._method if client is None else MethodType(self._method, client)


class AsyncAsked(Generic[P]):
    """``await client.x(...)`` is ``await client.ask(x(...))``."""

    def __init__(self, make: Callable[P, Query]) -> None:
        self._method = method_of(make)
        self.__doc__ = make.__doc__

    @overload
    def __get__(
        self, client: None, owner: type
    ) -> Callable[Concatenate[AsyncAsker, P], Coroutine[Any, Any, Result]]: ...
    @overload
    def __get__(self, client: AsyncAsker, owner: type) -> Callable[P, Coroutine[Any, Any, Result]]: ...
    def __get__(self, client: AsyncAsker | None, owner: type) -> Callable[..., Coroutine[Any, Any, Result]]:
        return self._method if client is None else MethodType(self._method, client)


def method_of(make: Callable[..., Query]) -> Callable[..., Any]:
    """A method that asks what a function makes; it has the function's name, signature and docstring."""

    def asked(self: Any, /, *args: Any, **kwargs: Any) -> Any:
        return self.ask(make(*args, **kwargs))

    of_make = inspect.signature(make)
    own = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    asked.__name__ = make.__name__
    asked.__qualname__ = f"Client.{make.__name__}"
    asked.__doc__ = make.__doc__
    asked.__module__ = make.__module__
    cast(Any, asked).__signature__ = of_make.replace(
        parameters=[own, *of_make.parameters.values()], return_annotation="Result"
    )
    return asked
