"""What `snakemake -n` waits for: a list of 1,000 firms must not cost the libraries that only the jobs use."""

import subprocess
import sys
from pathlib import Path

PROGRAM = """
import sys
from pathlib import Path
from earnings_themes.config import Source, check_files, parse_config
from earnings_themes.implementations import check_classes
from earnings_themes.ingest.firm_list import known_firms
from earnings_themes.system.folders import LocalFolder

print(known_firms(Source("local_csv", sys.argv[1]), LocalFolder(Path(sys.argv[1]).parent)))
config = parse_config({"topics": {"model": "lda", "params": {"alpha": 0.1}}, "report": {"labels": None}})
check_classes(config)
check_files(config)
print(sorted({"numpy", "pandas", "pyarrow", "torch", "bertopic", "sklearn"} & sys.modules.keys()))
"""


def test_the_firms_of_a_csv_are_listed_without_the_libraries_that_only_jobs_use(quarter: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(quarter)], capture_output=True, text=True, check=True
    )
    firms, loaded = done.stdout.splitlines()
    assert firms != "[]"
    assert loaded == "[]"
