"""Errors of the specs.

::

    SpecsError
    ├── SpecNotFound        no spec, schema or metric of that name
    ├── SpecInvalid         a file breaks a rule; holds every finding, with file, field and fix
    └── SchemaIncompatible  old or new readers could not read the changed schema
"""

from __future__ import annotations


class SpecsError(Exception):
    """Root of the specs' errors."""

    retryable: bool = False


class SpecNotFound(SpecsError):
    """No spec, schema, metric or dimension of that name."""


class SpecInvalid(SpecsError):
    """A file breaks a rule."""


class SchemaIncompatible(SpecsError):
    """Old or new readers could not read the changed schema."""
