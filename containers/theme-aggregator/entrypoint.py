#!/usr/bin/env python3
"""The theme-aggregator container: all firms' topics of a run become its themes. See --help.

    theme-aggregator --input-bucket BUCKET --input-prefix results/sample --dynamodb-table themes

The work is in earnings_themes.cloud.theme_container, so that it is tested and type-checked with the library.
"""

import sys

from earnings_themes.cloud.theme_container import main

if __name__ == "__main__":
    sys.exit(main())
