#!/usr/bin/env python3
"""The firm-topic-processor container: one firm's calls become its topics. See --help.

    firm-topic-processor --firm-id 0047190 --data-source calls.csv --output-bucket BUCKET --output-prefix results/mine

The command is in earnings_themes.cli.jobs, the work in earnings_themes.cloud.firm_container, so that it is tested and type-checked with the library.
"""

import sys

from earnings_themes.cli import main

if __name__ == "__main__":
    main(sys.argv[1:], command="firm-topic-processor")
