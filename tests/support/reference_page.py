"""The API reference as a page of Markdown."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator
from typing import Any

import frontrow
from support.docstrings import Doc, Item, bullet, linked, markdown, parsed
from support.reference import (
    NOT_MADE,
    ROOT,
    SECTIONS,
    Made,
    Reference,
    defining,
    doc_of,
    double_quoted,
    is_asked,
    members,
    one_line,
    ours,
    runtime,
    signature,
    slug,
)

PAGE = ROOT / "client" / "docs" / "API.md"
INTRODUCTION = """
What `import frontrow` has, written by `make reference` from signatures and docstrings. What can be asked for is in
[METRICS.md](../../specs/frontrow_specs/catalogue/METRICS.md), how answers are drawn in [CHARTS.md](CHARTS.md).
"""


class Writer:
    """The page, part by part."""

    def __init__(self) -> None:
        self.reference = Reference()
        # By what makes it, the first class that tells how.
        self._made: dict[Any, str] = {}

    def page(self) -> str:
        """All of it."""
        sections = self.reference.in_sections()
        parts = ["# API reference", self.text(INTRODUCTION)]
        body = [part for title, names in sections.items() if names for part in self.section(title, names)]
        contents = [
            f"- [{title}](#{slug(title)}): {', '.join(self.link(name) for name in names)}"
            for title, names in sections.items()
            if names
        ]
        parts.append("\n".join(bullet(line.removeprefix("- ")) for line in contents))
        return "\n\n".join([*parts, *body, *self.types()]) + "\n"

    def section(self, title: str, names: list[str]) -> Iterator[str]:
        yield f"## {title}"
        if SECTIONS[title][0]:
            yield markdown(SECTIONS[title][0], self.reference.where)
        if title == "Errors":
            told = inspect.getdoc(sys.modules["frontrow._errors"]) or ""
            drawn = told.partition("::\n")[2].partition("\n\n``")[0].strip("\n")
            yield f"```\n{inspect.cleandoc(drawn)}\n```"
        for name in names:
            yield f"### {name}"
            yield from self.cls(name) if self.reference.source(name).is_class else self.function(name)

    def function(self, name: str) -> Iterator[str]:
        yield signature(self.reference, name, self.reference.source(name))
        yield from self.doc(doc_of(name))
        made = self.reference.value_class(name)
        if made is not None:
            shared = self.reference.methods("Query")
            own = [each for each in members(made).values() if each.is_function and each.name not in shared]
            if own:
                article = "an" if made.name[0] in "AEIOU" else "a"
                yield f"It gives {article} `{made.name}`: a {self.link('Query')} that can also be changed by:"
                yield "\n".join(self.change(made, each) for each in own)

    def change(self, made: Any, method: Any) -> str:
        """A method of a question, in a line or two."""
        shown = one_line(signature(self.reference, method.name, method, bound=True, returns=False))
        return bullet(f"`{shown}`: {self.text(parsed(getattr(runtime(made), method.name).__doc__).text)}")

    def cls(self, name: str) -> Iterator[str]:
        source = self.reference.source(name)
        value = getattr(frontrow, name)
        is_error = issubclass(value, frontrow.FrontrowError)
        bases = " and ".join(self.link(each.__name__) for each in value.__bases__ if each.__name__ in frontrow.__all__)
        if bases:
            yield f"A kind of {bases}." + (" Retryable." if is_error and value.retryable else "")
        if not is_error and name not in NOT_MADE:
            yield self.made(name, source)
        yield from self.doc(*self.reference.with_attributes(name))
        if inspect.isfunction(value.__init__) and not is_error and (made := doc_of(f"{name}.__init__")) != Doc():
            first = self._made.setdefault(value.__init__, name)
            yield from self.doc(made) if first == name else [f"Options are those of {self.link(first)}."]
        asked = [each for each in source.members if is_asked(self.reference, name, each)]
        if asked:
            methods = ", ".join(f"[`client.{each}(...)`](#{slug(each)})" for each in asked)
            awaited = ", to be awaited" if name.startswith("Async") else ""
            yield self.text(f"Its methods for [questions](#questions){awaited}: {methods}.")
        for method, function in self.reference.methods(name).items():
            prefix = "async " if "async" in function.labels else ""
            yield f"#### {name}.{method}"
            shown = signature(self.reference, method, function, bound="staticmethod" not in function.labels)
            yield shown.replace("```python\n", f"```python\n{prefix}", 1) if prefix else shown
            yield from self.doc(doc_of(f"{name}.{method}"))

    def made(self, name: str, source: Any) -> str:
        """How one is constructed."""
        for base in (source, *(defining(source, each) for each in ours(runtime(source)))):
            if "__init__" in base.members:
                return signature(self.reference, name, base.members["__init__"], bound=True, returns=False)
        return signature(self.reference, name, Made(source), returns=False)

    def doc(self, doc: Doc, attributes: dict[str, Any] | None = None) -> Iterator[str]:
        """A docstring as Markdown."""
        if doc.text:
            yield self.text(doc.text)
        for section in ("Args", "Attributes", "Returns", "Raises"):
            items = doc.sections.get(section)
            if not items:
                continue
            if section == "Returns":
                yield self.text(f"**Returns** {items[0].text[0].lower()}{items[0].text[1:]}")
            elif len(items) == 1 and not items[0].text and section == "Args":
                yield f"**Args** {self.text(items[0].names[0])}."
            else:
                if section != "Attributes":
                    yield f"**{section}**"
                yield self.items(items, attributes or {}, as_links=section == "Raises")
        if doc.example:
            yield f"```python\n{doc.example}\n```"

    def items(self, items: list[Item], attributes: dict[str, Any], *, as_links: bool = False) -> str:
        lines = []
        for item in items:
            names = ", ".join(self.link(name) if as_links else f"`{name}`" for name in item.names)
            types = dict.fromkeys(
                double_quoted(str(attributes[name].annotation))
                for name in item.names
                if name in attributes and attributes[name].annotation is not None
            )
            for name in item.names:
                if name in attributes:
                    self.reference.note(attributes[name].annotation)
            typed = f" ({', '.join(f'`{each}`' for each in types)})" if types else ""
            lines.append(bullet(f"{names}{typed}: {self.text(item.text)}" if item.text else f"{names}{typed}"))
        return "\n".join(lines)

    def types(self) -> Iterator[str]:
        """The aliases that signatures used."""
        if self.reference.aliases:
            yield "## Types"
            yield "Names in signatures that stand for others."
            yield "\n".join(
                bullet(f"`{name}`: `{double_quoted(value)}`") for name, value in sorted(self.reference.aliases.items())
            )

    def text(self, text: str) -> str:
        return markdown(text, self.reference.where)

    def link(self, name: str) -> str:
        return linked(name, self.reference.where)
