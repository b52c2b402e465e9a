"""The API reference is what the code says now, whole, and readable; docstrings have what a reader needs."""

from __future__ import annotations

import inspect
import re
from collections.abc import Iterator

import pytest

import frontrow
from support.docstrings import Item, bullet, markdown, parsed
from support.reference import NOT_CALLED, Reference, doc_of, slug
from support.reference_page import PAGE, Writer

TEXT = PAGE.read_text()
WIDEST = 120


@pytest.fixture(scope="module")
def reference() -> Reference:
    return Reference()


def called(reference: Reference) -> Iterator[tuple[str, list[str]]]:
    """Everything public that is called, by its name, and its parameters."""
    for name in reference.names:
        value = getattr(frontrow, name)
        if not inspect.isclass(value):
            yield name, list(inspect.signature(value).parameters)
            continue
        for method in reference.methods(name):
            # A class method has no self.
            parameters = inspect.signature(getattr(value, method)).parameters
            yield f"{name}.{method}", [each for each in parameters if each != "self"]


def test_it_is_up_to_date() -> None:
    assert Writer().page() == TEXT, "the API reference is old: make reference"


def test_every_public_name_has_its_part(reference: Reference) -> None:
    headings = re.findall(r"^### (\w+)$", TEXT, re.MULTILINE)
    assert sorted(headings) == sorted(reference.names)


def test_every_link_leads_somewhere() -> None:
    outside = re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)
    headings = [slug(each) for each in re.findall(r"^#+ (.+)$", outside, re.MULTILINE)]
    assert len(headings) == len(set(headings)), "two headings of one address"
    links = re.findall(r"\]\(([^)]+)\)", outside)
    assert len(links) > 100
    assert {link[1:] for link in links if link.startswith("#")} - set(headings) == set()
    for link in (link for link in links if not link.startswith("#")):
        assert (PAGE.parent / link).exists(), link


def test_its_lines_can_be_read() -> None:
    assert [line for line in TEXT.splitlines() if len(line) > WIDEST and "](" not in line] == []
    signatures = [line for block in re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL) for line in block.splitlines()]
    assert max(map(len, signatures)) <= WIDEST
    # Nothing of reStructuredText is left.
    assert re.findall(r":\w+:`|``\w", re.sub(r"```.*?```", "", TEXT, flags=re.DOTALL)) == []


def test_every_method_of_the_client_is_linked(reference: Reference) -> None:
    for client in ("Client", "AsyncClient"):
        part = TEXT.partition(f"\n### {client}\n")[2].partition("\n### ")[0]
        for name, _ in inspect.getmembers(getattr(frontrow, client), callable):
            if not name.startswith("_") and name not in reference.methods(client):
                assert f"[`client.{name}(...)`](#{name})" in part


def test_everything_public_has_a_docstring(reference: Reference) -> None:
    names = [*reference.names, *(name for name, _ in called(reference))]
    assert [name for name in names if not doc_of(name).summary] == []


def test_every_parameter_is_explained(reference: Reference) -> None:
    """In Args, or by its name in the text; or the docstring sends the reader to another one, which does."""
    unexplained = []
    for name, parameters in called(reference):
        doc = doc_of(name)
        if "; see :" in doc.summary:
            continue
        known = doc.names("Args") | set(re.findall(r"\w+", doc.text))
        unexplained += [f"{name}({parameter})" for parameter in parameters if not _told(parameter, known)]
    assert unexplained == []


def _told(parameter: str, words: set[str]) -> bool:
    return parameter in words or parameter.removesuffix("s") in words or len(parameter) == 1


def test_no_docstring_explains_what_is_not_there(reference: Reference) -> None:
    for name, parameters in called(reference):
        assert doc_of(name).names("Args") <= {*parameters}, name


def test_every_attribute_is_explained(reference: Reference) -> None:
    unexplained = []
    for name in reference.names:
        if inspect.isclass(getattr(frontrow, name)):
            doc, _ = reference.with_attributes(name)
            # Where the text itself has the name, as that of Interval does.
            unexplained += [
                f"{name}.{each}"
                for item in doc.sections.get("Attributes", [])
                for each in item.names
                if not item.text and each not in re.findall(r"\w+", doc.text)
            ]
    assert unexplained == []


def test_what_is_asked_tells_what_it_raises(reference: Reference) -> None:
    kinds = [name for name in reference.names if reference.value_class(name) is not None]
    assert {"timeseries", "top_n", "retention"} <= set(kinds)
    own = [f"Client.{name}" for name in reference.methods("Client") if name != "close"]
    for name in [*kinds, *own]:
        doc = doc_of(name)
        assert {"AskError", "TransportError"} <= doc.names("Raises"), name
        named = doc.names("Raises") - {"OSError"}
        assert all(issubclass(getattr(frontrow, each), frontrow.FrontrowError) for each in named)


def test_what_is_left_out_exists() -> None:
    for name in NOT_CALLED:
        owner, _, method = name.partition(".")
        assert callable(getattr(getattr(frontrow, owner), method))


class TestDocstring:
    def test_parts(self) -> None:
        doc = parsed(
            """What it does.

            More, with :func:`frontrow.eq`.

            Args:
                first, second: two of them,
                    told in two lines
                third: has a list

                    - one: of two
                    - two

            Returns:
                Columns: ``time`` and more
            Raises:
                AskError, OSError
            After all.

            Example::

                with x:
                    y()
            """
        )
        assert doc.summary == "What it does."
        assert doc.text == "What it does.\n\nMore, with :func:`frontrow.eq`.\n\nAfter all."
        assert doc.sections["Args"] == [
            Item(("first", "second"), "two of them,\ntold in two lines"),
            Item(("third",), "has a list\n\n- one: of two\n- two"),
        ]
        assert doc.sections["Returns"] == [Item((), "Columns: ``time`` and more")]
        assert doc.names("Raises") == {"AskError", "OSError"}
        assert doc.example == "with x:\n    y()"

    def test_a_section_may_come_first_or_alone(self) -> None:
        assert parsed("\n    Raises:\n        AskError: no\n    ").sections == {"Raises": [Item(("AskError",), "no")]}
        assert parsed("X.\n\nArgs: those of Y").names("Args") == {"those of Y"}
        assert parsed(None) == parsed("")

    def test_what_belongs_to_nothing_is_an_error(self) -> None:
        with pytest.raises(ValueError, match="belongs to nothing"):
            parsed("X.\n\nArgs:\n            too deep")

    def test_as_markdown(self) -> None:
        where = {"eq": "#eq", "Client.ask": "#clientask"}.get
        told = markdown("By :func:`frontrow.eq`, :meth:`Client.ask`,\n:class:`Other` and ``a\nb``.", where)
        assert told == "By [`eq`](#eq), [`Client.ask`](#clientask), `Other` and `a b`."
        assert markdown("- one\n- two\n  more", where) == "- one\n- two more"
        assert bullet("`a`: b\n\n- c") == "- `a`: b\n\n  - c"
