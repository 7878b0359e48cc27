"""`python -m bot.knowledge`: the editors' tools. See docs/knowledge.md."""

from __future__ import annotations

import sys

from bot.editors.program import main

if __name__ == "__main__":
    sys.exit(main())
