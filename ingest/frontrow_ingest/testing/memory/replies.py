"""Refusals in the form in which Druid sends them."""

from __future__ import annotations

from typing import Any

from frontrow import DruidError
from frontrow._errors import druid_error


def bad_request(url: str, message: str) -> DruidError:
    """400: the query or spec is not accepted."""
    return _refusal(400, url, "invalidInput", "INVALID_INPUT", message)


def not_found(url: str, message: str) -> DruidError:
    """404: no such path or thing."""
    return _refusal(404, url, "notFound", "NOT_FOUND", message)


def failed(url: str, message: str) -> DruidError:
    """500: it broke while it was answered."""
    return _refusal(500, url, "internalServerError", "UNCATEGORIZED", message)


def _refusal(status: int, url: str, code: str, category: str, message: str) -> DruidError:
    body: dict[str, Any] = {
        "error": "druidException",
        "errorCode": code,
        "persona": "USER",
        "category": category,
        "errorMessage": message,
    }
    return druid_error(status, body, message, url=url)
