"""``frontrow query reach``: how many different viewers came by now."""

from __future__ import annotations

import frontrow
from frontrow import Query
from frontrow_ingest.cli.query.asking import question
from frontrow_ingest.cli.query.options import Asked, bucket_option, narrowed, time_zone_option


@question("reach")
@bucket_option("1m")
@time_zone_option
@narrowed
def command(granularity: str, time_zone: str, asked: Asked) -> Query:
    """How many different viewers came from the start to each bucket, and how many of them are new.

    Example: frontrow query reach --event cup-final --where event_id=cup-final
    """
    return frontrow.reach(
        granularity=granularity,
        interval=asked.when,
        where=asked.where,
        time_zone=time_zone,
        allow_large=asked.allow_large,
    )
