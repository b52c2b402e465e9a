"""Changing a rollup spec that runs: planned in words, applied with a seat belt, rolled back.

::

    plan = make_plan(transport, rollup("audience"), rollup("audience").supervisor(bootstrap="kafka:9092"))
    refuse([plan])
    rollout = Rollout(Supervisors(transport), plan, ends=..., deadline_s=90)
    rollout.submit()
    rollout.watch()

What ran before is kept by Druid itself, which remembers every version of a supervisor's spec: a rollout that was killed
leaves nothing to tidy up, and the next plan says where it stands.
"""

from __future__ import annotations

from frontrow_ingest.rollout.changes import Change, Effect, compare
from frontrow_ingest.rollout.planning import Plan, Verdict, make_plan, refuse
from frontrow_ingest.rollout.rolling import Did, Outcome, RolledBackError, Rollout
from frontrow_ingest.rollout.sampling import Sample
from frontrow_ingest.rollout.standing import Standing, look

__all__ = [
    "Change",
    "Did",
    "Effect",
    "Outcome",
    "Plan",
    "RolledBackError",
    "Rollout",
    "Sample",
    "Standing",
    "Verdict",
    "compare",
    "look",
    "make_plan",
    "refuse",
]
