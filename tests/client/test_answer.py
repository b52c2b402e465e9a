"""Whether an answer is whole, and how much of it is unpacked, without any connection."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from frontrow._http.answer import Ending, NotWholeError, OverLimitError, Unpacker
from frontrow._http.call import Form, call_of
from support.recorded import NOTHING, SQL, TIMESERIES

FORMS: dict[str, Form] = {
    "object": "json",
    "array": "json",
    "objectLines": "lines",
    "arrayLines": "lines",
    "csv": "csv",
}

values = st.recursive(
    st.none() | st.integers() | st.text(alphabet='ab\\"[]{}\n', max_size=6),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(alphabet='a"\\[', max_size=3), inner, max_size=3)
    ),
    max_leaves=12,
)


def is_whole(form: Form, *pieces: bytes) -> bool:
    ending = Ending(form)
    for piece in pieces:
        ending.feed(piece)
    try:
        ending.finish()
    except NotWholeError:
        return False
    return True


@given(st.lists(values, max_size=4), st.data())
def test_json_is_whole_when_all_of_it_is_there(document: list[Any], data: st.DataObject) -> None:
    written = json.dumps(document).encode()
    first, second = sorted(data.draw(st.integers(0, len(written))) for _ in range(2))
    assert is_whole("json", written[:first], written[first:second], written[second:])
    if first < len(written):
        assert not is_whole("json", written[:first])
        assert not is_whole("json", *(written[at : at + 1] for at in range(first)))


@pytest.mark.parametrize("form", list(SQL))
def test_druids_answers_are_whole_and_no_part_of_one_is(form: str) -> None:
    for body in (SQL[form], NOTHING[form]):
        assert is_whole(FORMS[form], body)
        assert is_whole(FORMS[form], *(body[at : at + 1] for at in range(len(body))))
    shorter = range(len(SQL[form].rstrip() if FORMS[form] == "json" else SQL[form]))
    assert not [cut for cut in shorter if is_whole(FORMS[form], SQL[form][:cut])]


@pytest.mark.parametrize("body", [b"", b" \n", b"<html>[]</html>", b'"text"', b"]["])
def test_what_is_no_json_of_druids(body: bytes) -> None:
    assert not is_whole("json", body)


def test_anything_may_be_the_answer_to_anything_else() -> None:
    assert is_whole("any", b"")
    assert is_whole("any", b"half")


class TestUnpacker:
    @given(st.binary(max_size=300), st.integers(1, 50))
    def test_gives_what_was_packed(self, data: bytes, size: int) -> None:
        packed = gzip.compress(data)
        unpacker = Unpacker("gzip", len(data))
        assert b"".join(unpacker.feed(packed[at : at + size]) for at in range(0, len(packed), size)) == data
        unpacker.finish()

    def test_a_part_is_not_whole(self) -> None:
        packed = gzip.compress(TIMESERIES)
        for cut in range(1, len(packed)):
            unpacker = Unpacker("gzip", 10_000)
            unpacker.feed(packed[:cut])
            with pytest.raises(NotWholeError, match="cut off"):
                unpacker.finish()

    def test_no_answer_is_packed_as_nothing(self) -> None:
        Unpacker("gzip", 10).finish()

    @pytest.mark.parametrize("encoding", ["gzip", None, "identity"])
    def test_just_so_many_bytes_and_no_more(self, encoding: str | None) -> None:
        body = gzip.compress(bytes(1000)) if encoding == "gzip" else bytes(1000)
        assert len(Unpacker(encoding, 1000).feed(body)) == 1000
        with pytest.raises(OverLimitError):
            Unpacker(encoding, 999).feed(body)

    @pytest.mark.parametrize("encoding", ["br", "deflate", "gzip, gzip", "zstd"])
    def test_what_nobody_asked_for(self, encoding: str) -> None:
        with pytest.raises(NotWholeError, match="not asked for"):
            Unpacker(encoding, 10)


class TestCall:
    def test_a_native_query(self) -> None:
        call = call_of("POST", "/druid/v2/", {"queryType": "scan", "context": {"queryId": "a/b"}})
        assert (call.form, call.repeatable, call.query_id) == ("json", True, "a/b")
        assert (call.cancel, call.id_header) == ("/druid/v2/a%2Fb", "X-Druid-Query-Id")

    def test_sql(self) -> None:
        call = call_of(
            "POST", "/druid/v2/sql", {"query": "SELECT 1", "resultFormat": "csv", "context": {"sqlQueryId": "s"}}
        )
        assert (call.form, call.cancel, call.id_header) == ("csv", "/druid/v2/sql/s", "X-Druid-SQL-Query-Id")

    def test_a_query_without_an_id_cannot_be_ended(self) -> None:
        assert call_of("POST", "/druid/v2", {"queryType": "scan"}).cancel is None
        assert call_of("POST", "/druid/v2", {"queryType": "scan", "context": {"queryId": 5}}).cancel is None

    def test_what_is_no_query(self) -> None:
        for path, body in (("/druid/indexer/v1/supervisor", {"queryType": "x"}), ("/druid/v2", [1]), ("/druid/v2", {})):
            call = call_of("POST", path, body)
            assert (call.form, call.cancel) == ("any", None)
        assert not call_of("POST", "/druid/indexer/v1/supervisor", {}).repeatable
        assert not call_of("DELETE", "/druid/v2/x", None).repeatable

    @pytest.mark.parametrize(("given_ms", "left", "sent"), [(60_000, 2.5, 2500), (1000, 2.5, 1000), (0, 2.5, 2500)])
    def test_druid_gets_no_more_time_than_is_left(self, given_ms: int, left: float, sent: int) -> None:
        query = {"queryType": "scan", "context": {"timeout": given_ms, "priority": 1}}
        payload = json.loads(call_of("POST", "/druid/v2", query).payload(left) or b"")
        assert payload == {"queryType": "scan", "context": {"timeout": sent, "priority": 1}}
        assert query["context"] == {"timeout": given_ms, "priority": 1}
