"""What of the events that producers told of is accounted for, computed from the records themselves in plain Python.

As in ``metrics.py``, no code is shared with frontrow.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any

Records = Iterable[Mapping[str, Any]]


def completeness(
    events: Records, ledger: Records, quarantine: Records, *, start: int, end: int, step: int, settled: int
) -> dict[str, Any]:
    """The account of an interval, all times in ms.

    Args:
        step: of how long a time the events are compared, all of it together
        settled: what was told of before is no longer on its way
    """
    sent: dict[int, int] = defaultdict(int)
    counted: dict[int, int] = defaultdict(int)
    told: dict[int, int] = defaultdict(int)
    for record in ledger:
        if start <= record["ts"] < end:
            sent[record["ts"] // step] += record["sent"]
            told[record["ts"] // step] = max(told[record["ts"] // step], record["emitted_ts"])
    for event in events:
        if start <= event["ts"] < end:
            counted[event["ts"] // step] += 1
    unreadable = sum(
        start <= record["ts"] < end and (record["stage"], record["action"]) == ("topic", "refused")
        for record in quarantine
    )
    lost = moving = beyond = 0
    for place in sent.keys() | counted.keys():
        lack = sent[place] - counted[place]
        if told[place] >= settled:
            moving += max(lack, 0)
        else:
            lost += max(lack, 0)
            beyond += max(-lack, 0)
    total = sum(sent.values())
    explained = min(lost, unreadable)
    return {
        "sent": total,
        "missing": lost - explained,
        "quarantined": explained,
        "in_flight": moving,
        "beyond_ledger": beyond,
        "share": (total - moving - lost + explained) / (total - moving) if total > moving else None,
    }
