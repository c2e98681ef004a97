#!/usr/bin/env python3
"""The theme-aggregator container: all firms' topics of a run become its themes. See --help.

    theme-aggregator --input-bucket BUCKET --input-prefix results/sample --dynamodb-table themes

The command is in earnings_themes.cli.jobs, the work in earnings_themes.cloud.theme_container, so that it is tested and type-checked with the library.
"""

import sys

from earnings_themes.cli import main

if __name__ == "__main__":
    main(sys.argv[1:], command="theme-aggregator")
