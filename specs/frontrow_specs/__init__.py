"""frontrow's specs: the event contract, the rollup specs and the metric catalogue, as data with a small loader.

>>> import frontrow_specs
>>> frontrow_specs.catalogue().metric("rebuffer_ratio").unit
'share'
"""

from __future__ import annotations

from frontrow_specs.avro_schemas import (
    PRIVACY_CLASSES,
    Field,
    current_schema_id,
    event_fields,
    event_schema,
    released_schemas,
    topic_fields,
    topic_names,
    topic_schema,
)
from frontrow_specs.errors import SchemaIncompatible, SpecInvalid, SpecNotFound, SpecsError
from frontrow_specs.lookup_tables import (
    Labelled,
    LookupAttribute,
    LookupTable,
    labelled,
    lookup_table,
    lookup_table_names,
)
from frontrow_specs.metrics import Catalogue, Dimension, Metric, catalogue
from frontrow_specs.rollups import RollupDimension, RollupMetric, RollupSpec, rollup, rollup_names

__all__ = [
    "PRIVACY_CLASSES",
    "Catalogue",
    "Dimension",
    "Field",
    "Labelled",
    "LookupAttribute",
    "LookupTable",
    "Metric",
    "RollupDimension",
    "RollupMetric",
    "RollupSpec",
    "SchemaIncompatible",
    "SpecInvalid",
    "SpecNotFound",
    "SpecsError",
    "catalogue",
    "current_schema_id",
    "event_fields",
    "event_schema",
    "labelled",
    "lookup_table",
    "lookup_table_names",
    "released_schemas",
    "rollup",
    "rollup_names",
    "topic_fields",
    "topic_names",
    "topic_schema",
]
