"""specs/EVOLUTION.md, run to the letter in a copy of the tree, while producers of the old version go on sending."""

from __future__ import annotations

import csv
import os
import shutil
import stat
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from frontrow._http.transport import Transport
from frontrow_ingest.druid import Supervisors
from frontrow_specs import rollup
from support.clients import a_client
from support.steady_producer import steady_producer
from support.supervised_topic import supervised_topic
from support.walkthrough import Edit, steps

pytestmark = [pytest.mark.stack, pytest.mark.timeout(500), pytest.mark.filterwarnings("ignore::DeprecationWarning")]
ROOT = Path(__file__).parents[2]
PAGE = ROOT / "specs" / "EVOLUTION.md"
SOURCES = ("client", "ingest", "specs")

# The page's commands, with this test's topic and datasource.
SHIM = """#!{python}
import sys
sys.path[:0] = {sources!r}
more = {{"plan": ["--topic", {topic!r}], "apply": ["--topic", {topic!r}]}}
said = sys.argv[1:]
if said[0] == "specs" and said[1] in ("plan", "apply", "rollback"):
    said += ["--prefix", {prefix!r}, *more.get(said[1], [])]
elif said[0] == "produce":
    said += ["--topic", {topic!r}]
elif said[0] == "query":
    said += ["--prefix", {prefix!r}]
from frontrow_ingest.cli import main
main(said)
"""


def test_the_walk_through(stack: Any, fresh_name: Callable[[str], str], tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    for source in SOURCES:
        shutil.copytree(ROOT / source, copy / source, ignore=shutil.ignore_patterns("__pycache__"))
    with (
        supervised_topic(stack.router_url, stack.bootstrap, fresh_name("evolution")) as topic,
        Transport(stack.router_url) as transport,
    ):
        prefix = topic.name + "_"
        name = prefix + "audience"
        shim = tmp_path / "bin" / "frontrow"
        shim.parent.mkdir()
        sources = [str(copy / source) for source in SOURCES]
        shim.write_text(SHIM.format(python=sys.executable, sources=sources, topic=topic.name, prefix=prefix))
        shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
        environment = {
            **os.environ,
            "PATH": f"{shim.parent}{os.pathsep}{os.environ['PATH']}",
            "FRONTROW_URL": stack.router_url,
            "FRONTROW_BOOTSTRAP": stack.bootstrap,
        }
        supervisors = Supervisors(transport)
        client = a_client(transport=transport, datasources={"audience": name}, freshness=False)

        def counted() -> int:
            (total,) = client.timeseries(
                "events", interval="2020-01-01/2100-01-01", granularity="all", allow_large=True
            )
            return int(total["events"])

        def await_counted(number: int) -> None:
            deadline = time.monotonic() + 60
            while (found := counted()) < number:
                assert time.monotonic() < deadline, f"waited 60 s for {number} events, where there are {found}"
                time.sleep(0.1)

        try:
            # As it was before: the old spec, and a producer of this tree, which never stops.
            supervisors.submit(
                rollup("audience").supervisor(bootstrap=stack.bootstrap, topic=topic.name, datasource=name)
            )
            supervisors.await_ingesting(name)
            with steady_producer(stack.bootstrap, topic.name) as producer:
                await_counted(100)
                outputs = {}
                for step in steps(PAGE):
                    if isinstance(step, Edit):
                        step.make(copy)
                        continue
                    if step.line.startswith("frontrow query"):
                        await_counted(producer.sent + new_events(copy))
                    done = subprocess.run(
                        ["sh", "-c", step.line], cwd=copy, env=environment, capture_output=True, text=True,
                        timeout=120, check=False,
                    )  # fmt: skip
                    assert done.returncode == step.status, f"{step.line}\n{done.stdout}{done.stderr}"
                    outputs[step.line] = done.stdout
                old = producer.stop()
            new = new_events(copy)
            await_counted(old + new)
            assert counted() == old + new, "no gap, nothing twice"

            assert "schema id 2 of events" in outputs["frontrow schema release"]
            plan = outputs["frontrow specs plan audience"]
            assert "reads differently: schema id 2: is read from now on" in plan
            assert "from now on: dimension hdr: added" in plan
            assert "Druid parses 200 of the last 200 records." in plan or "records." in plan
            asked = outputs["frontrow query top hdr events --last 2h --csv"]
            answer = {row["hdr"]: int(row["events"]) for row in csv.DictReader(asked.splitlines())}
            assert set(answer) == {"", "false", "true"}
            assert answer["true"] == new
            assert answer[""] >= 100, "rows from before the roll"
            assert "dimension hdr: removed" in outputs["frontrow specs rollback audience"]
        finally:
            topic.end(name)


def new_events(copy: Path) -> int:
    """How many lines the page's producer was given."""
    return len((copy / "new.jsonl").read_text().splitlines())
