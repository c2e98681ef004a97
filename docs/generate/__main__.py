"""`python -m docs.generate` rewrites the parts; with `measure RUN_DIR` it first measures a finished run anew."""

import sys
from pathlib import Path

from docs.generate import measure, pages

if __name__ == "__main__":
    if sys.argv[1:2] == ["measure"]:
        measure.write(Path(sys.argv[2]))
    for path in pages.write():
        print(f"rewritten: {path}")
