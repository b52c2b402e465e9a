"""For all tests: assertions in shared helpers tell what they compared."""

from __future__ import annotations

import pytest

# Before anything imports them.
pytest.register_assert_rewrite("contract.druid", "contract.druid_world", "support.agreement")
