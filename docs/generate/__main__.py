"""`python -m docs.generate` rewrites the parts that come from code; with `lines` it prints the lines a room."""

import sys

from docs.generate import house, pages

if __name__ == "__main__":
    if sys.argv[1:] == ["lines"]:
        print(house.lines())
    else:
        for path in pages.write():
            print(f"rewritten: {path}")
