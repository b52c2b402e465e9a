"""The public names of frontrow as the API reference shows them: their sections, members, signatures and addresses."""

from __future__ import annotations

import inspect
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import griffe

import frontrow
from support.docstrings import Doc, Item, parsed

ROOT = Path(__file__).parents[2]
WIDEST = 100
# What a reader looks for, in this order. Questions, filters and errors are found by what they are.
SECTIONS = {
    "Clients": ("Ask Druid, at once or awaited.", ["Client", "AsyncClient"]),
    "Questions": (
        "Each function makes a question, an immutable value: `client.ask(question)` asks it, and the client's method "
        "of the same name makes and asks it at once. Each method of a question gives another one, changed in one "
        "thing.",
        [],
    ),
    "Filters": ("For `where`; joined by `&`, `|` and `~`.", []),
    "Times": ("For `interval`.", ["now", "last", "since", "event", "Interval"]),
    "Answers": ("", ["Result", "Freshness", "Completeness", "Suppression", "LedgerReport", "Exported"]),
    "Kinds of sketches": (
        "What [`sketches`](#sketches) answers with.",
        ["Sketch", "HllSketch", "ThetaSketch", "QuantilesSketch"],
    ),
    "Options": ("For the client's arguments of the same names.", ["Timeouts", "Retries", "Limits", "Tls"]),
    "Transports": ("", ["DruidTransport"]),
    "Errors": ("", []),
    "More": ("", []),
}
# Made by the client, so how they are constructed is of no use; and what only the client calls.
NOT_MADE = {
    "Result", "Freshness", "Completeness", "Suppression", "LedgerReport", "Exported", "Query", "Condition",
    "DruidTransport", "Sketch", "HllSketch", "ThetaSketch", "QuantilesSketch",
}  # fmt: skip
NOT_CALLED = {"Interval.widened", "Limits.check", "Limits.check_native", "Retries.pause"}


@dataclass
class Reference:
    """Everything public, as griffe reads the source.

    Attributes:
        aliases: names of types that signatures use and nobody else explains, filled while the page is written
    """

    package: griffe.Module = field(
        default_factory=lambda: griffe.load("frontrow", search_paths=[ROOT / "client", ROOT / "specs"])  # type: ignore
    )
    aliases: dict[str, str] = field(default_factory=dict)

    @property
    def names(self) -> list[str]:
        return [name for name in frontrow.__all__ if not name.startswith("_")]

    def source(self, name: str) -> Any:
        """The class or function of a public name."""
        found = self.package[name]
        return found.final_target if found.is_alias else found

    def where(self, name: str) -> str | None:
        """The address of a name that has a heading."""
        if name in self.names:
            return f"#{slug(name)}"
        owner, _, member = name.partition(".")
        if owner in self.names and inspect.isclass(getattr(frontrow, owner)):
            if is_asked(self, owner, member):
                return f"#{slug(member)}"
            return f"#{slug(name)}" if member in self.methods(owner) else f"#{slug(owner)}"
        return None

    def methods(self, owner: str) -> dict[str, griffe.Function]:
        """Public functions of a class, also inherited ones that no other public class has."""
        return {
            name: member
            for name, member in members(self.source(owner)).items()
            if member.is_function and f"{owner}.{name}" not in NOT_CALLED
        }

    def in_sections(self) -> dict[str, list[str]]:
        """Each public name in its section."""
        found = {title: list(names) for title, (_, names) in SECTIONS.items()}
        claimed = {name for names in found.values() for name in names}
        for name in self.names:
            if name not in claimed:
                found[self._section(name)].append(name)
        # As the client has them; what is common to all goes first, and what no client asks, last.
        order = ["Query", *self.source("Client").members]
        found["Questions"].sort(key=lambda name: order.index(name) if name in order else len(order))
        found["Filters"].sort(key=lambda name: name == "Condition")
        found["Errors"] = [cls.__name__ for cls in tree(frontrow.FrontrowError)]
        return found

    def _section(self, name: str) -> str:
        value = getattr(frontrow, name)
        if inspect.isclass(value):
            if issubclass(value, frontrow.FrontrowError):
                return "Errors"
            return "Questions" if issubclass(value, frontrow.Query) else "Filters" if name == "Condition" else "More"
        if self.value_class(name) is not None:
            return "Questions"
        return "Filters" if str(self.source(name).returns) == "Condition" else "More"

    def value_class(self, name: str) -> griffe.Class | None:
        """The class of the question that a function makes."""
        made = self.source(name)
        if not made.is_function:
            return None
        path = getattr(made.returns, "canonical_path", "")
        if not path.startswith("frontrow."):
            return None
        cls = self.package.modules_collection[path]
        return cls if cls.is_class and issubclass(runtime(cls), frontrow.Query) else None

    def with_attributes(self, name: str) -> tuple[Doc, dict[str, Any]]:
        """The docstring of a class, with each attribute that its own docstring or only the source tells of."""
        doc = doc_of(name)
        told = doc.names("Attributes")
        for base in getattr(frontrow, name).__mro__[1:]:
            if base.__name__ in self.names:
                told |= doc_of(base.__name__).names("Attributes")
        found = {
            each.name: each
            for each in members(self.source(name)).values()
            if each.is_attribute and not is_asked(self, name, each.name)
        }
        more = []
        for each in found:
            value = inspect.getattr_static(getattr(frontrow, name), each, None)
            if each not in told and (isinstance(value, property) or found[each].annotation is not None):
                more.append(Item((each,), doc_of(f"{name}.{each}").text if isinstance(value, property) else ""))
        attributes = [*doc.sections.get("Attributes", []), *more]
        sections = {**doc.sections, "Attributes": attributes} if attributes else doc.sections
        return replace(doc, sections=sections), found

    def note(self, expression: Any) -> None:
        """Remember the aliases of types in an annotation."""
        if not isinstance(expression, griffe.Expr):
            return
        for part in expression.iterate(flat=True):
            if isinstance(part, griffe.ExprName) and part.name not in self.names:
                self._note(part.canonical_path)

    def _note(self, path: str) -> None:
        module, _, name = path.rpartition(".")
        if module.startswith("frontrow._") and name not in self.aliases:
            value = vars(sys.modules.get(module) or __import__(module, fromlist=[name])).get(name)
            found = self.package.modules_collection[module].members.get(name)
            if found is not None and found.is_attribute and value is not None:
                self.aliases[name] = str(found.value).strip("'\"")
                self.note(found.value)


def members(cls: Any) -> dict[str, Any]:
    """What a class has in the order of its source, then what it inherits and no public class tells of."""
    own = {name: member for name, member in cls.members.items() if not name.startswith("_")}
    public = {getattr(frontrow, name) for name in frontrow.__all__ if inspect.isclass(getattr(frontrow, name))}
    for base in runtime(cls).__mro__[1:]:
        if base.__module__.startswith("frontrow.") and base not in public:
            inherited = defining(cls, base)
            own |= {name: each for name, each in inherited.members.items() if name not in own and name[0] != "_"}
    return own


def defining(near: Any, cls: type) -> Any:
    return near.modules_collection[cls.__module__].members[cls.__name__]


def runtime(cls: Any) -> type:
    module = __import__(cls.module.path, fromlist=[cls.name])
    found: type = getattr(module, cls.name)
    return found


def tree(root: type) -> Iterator[type]:
    """A class and those below it, each under its first base."""
    yield root
    for cls in root.__subclasses__():
        if getattr(frontrow, cls.__name__, None) is cls and cls.__bases__[0] is root:
            yield from tree(cls)


def is_asked(reference: Reference, owner: str, member: str) -> bool:
    """A client's method that asks the question of the function of the same name."""
    found = reference.source(owner).members.get(member)
    return found is not None and found.is_attribute and str(found.value).endswith(f"Asked({member})")


def slug(heading: str) -> str:
    """The address that Markdown gives a heading."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


def doc_of(name: str) -> Doc:
    """The docstring of a public name, or of a member of one: ``Client.export``."""
    value: Any = frontrow
    for part in name.split("."):
        value = inspect.getattr_static(value, part) if inspect.isclass(value) else getattr(value, part)
    return parsed(value.fget.__doc__ if isinstance(value, property) else value.__doc__)


def signature(reference: Reference, shown: str, function: Any, *, bound: bool = False, returns: bool = True) -> str:
    """On one line if that is short, else a line for each parameter."""
    parts: list[str] = []
    star = False
    for parameter in list(function.parameters)[bound:]:
        reference.note(parameter.annotation)
        kind = str(parameter.kind.value) if parameter.kind else ""
        if kind == "keyword-only" and not star:
            parts.append("*")
        star = star or kind in ("keyword-only", "variadic positional")
        prefix = {"variadic positional": "*", "variadic keyword": "**"}.get(kind, "")
        annotation = f": {parameter.annotation}" if parameter.annotation else ""
        variadic = prefix or parameter.default is None
        value = _constant(function, parameter.default)
        default = "" if variadic else f" = {value}" if annotation else f"={value}"
        parts.append(f"{prefix}{parameter.name}{annotation}{default}")
        if kind == "positional-only" and not _more_positional(function, parameter):
            parts.append("/")
    reference.note(function.returns)
    end = f") -> {function.returns}" if returns and function.returns else ")"
    line = f"{shown}({', '.join(parts)}{end}"
    if len(line) > WIDEST:
        line = "\n".join([f"{shown}(", *(f"    {part}," for part in parts), end])
    return f"```python\n{double_quoted(line)}\n```"


def _constant(function: Any, default: Any) -> Any:
    """A default; what a constant of the module stands for."""
    if isinstance(default, griffe.ExprName) and isinstance(function, griffe.Function):
        module, _, name = default.canonical_path.rpartition(".")
        found = function.modules_collection[module].members.get(name) if module.startswith("frontrow.") else None
        return found.value if found is not None else default
    return default


def _more_positional(function: Any, after: Any) -> bool:
    rest = list(function.parameters)[list(function.parameters).index(after) + 1 :]
    return any(each.kind and each.kind.value == "positional-only" for each in rest)


def double_quoted(code: str) -> str:
    return re.sub(r"'([^'\"]*)'", r'"\1"', code)


class Made:
    """A dataclass as the function that makes one."""

    returns = None

    def __init__(self, source: Any) -> None:
        self.parameters = [
            griffe.Parameter(
                each.name,
                annotation=each.annotation,
                kind=griffe.ParameterKind.positional_or_keyword,
                default=_default(each.value),
            )
            for each in source.members.values()
            if each.is_attribute and each.annotation is not None and "property" not in each.labels
        ]


def _default(value: Any) -> Any:
    found = re.match(r"field\(default=(\w+)", str(value))
    return found[1] if found else value


def ours(cls: type) -> list[type]:
    return [base for base in cls.__mro__[1:] if base.__module__.startswith("frontrow.")]


def one_line(fenced: str) -> str:
    code = " ".join(fenced.removeprefix("```python\n").removesuffix("\n```").split())
    return code.replace("( ", "(").replace(",)", ")")
