"""Coverage-guided fuzzing of what strangers send as CMCD: ``make fuzz``, or ``python tests/fuzz/fuzz_cmcd.py``.

A line is read, or refused with reasons; an event of it keeps the contract, or is refused with reasons. Anything else
is a finding: the fuzzer stops and keeps the input. It needs ``atheris``, which is no dependency: it has wheels for
Linux on x86-64 only. Arguments are libFuzzer's; without any it runs for 30 seconds.
"""

from __future__ import annotations

import contextlib
import sys

try:
    import atheris
except ModuleNotFoundError:
    sys.exit("atheris is not installed: .venv/bin/python -m pip install atheris (Linux on x86-64)")

with atheris.instrument_imports(include=["frontrow_ingest.collector"]):
    from frontrow_ingest.collector.cmcd import Playbacks, read_report
from frontrow_ingest.contract import EventRefusedError, Validator

CONTEXT = {
    "viewer_id": "AAECAwQFBgcICQoLDA0ODw",
    "country": "DE",
    "device_type": "tv",
    "network": "wifi",
    "stream_type": "vod",
}
SECONDS = 30
MAX_BYTES = 400
SEEDS = (
    b'e=ps,sta=s,sid="a",sn=0,ts=1790000000000,cid="t",st=l,v=2\n'
    b'e=t,sta=p,sid="a",sn=1,ts=1790000009000,bsd=(10;v 5;a)',
    b'br=(3200;v 128;a),bs,com.x-y=?0,dfa=4,e=e,ec=("E1" "E2"),ltc=900,'
    b'msd=1,pr=1.5,pt=4,sid="b",sn=9,sta=f,ts=1790000000000',
)


def one_input(data: bytes) -> None:
    """Lines of one body, followed as a playback."""
    playbacks = Playbacks(limit=4)
    for line in data.split(b"\n"):
        with contextlib.suppress(EventRefusedError):
            report = read_report(line.decode("ascii", "replace"))
            Validator().event(playbacks.event(report, CONTEXT))


def main() -> None:
    """Try the seeds, then fuzz."""
    for seed in SEEDS:
        one_input(seed)
    arguments = sys.argv[1:] or [f"-max_total_time={SECONDS}", f"-max_len={MAX_BYTES}"]
    atheris.Setup([sys.argv[0], *arguments], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
