"""Write the API reference, client/docs/API.md, anew from signatures and docstrings: ``make reference``.

A name that is new in ``frontrow.__all__`` appears by itself: a function that makes a question under Questions, an error
under Errors, and what no section claims at the end.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.reference import ROOT
from support.reference_page import PAGE, Writer

if __name__ == "__main__":
    PAGE.write_text(Writer().page())
    print(PAGE.relative_to(ROOT))
