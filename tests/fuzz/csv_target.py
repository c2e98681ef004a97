"""Coverage-guided fuzzing of the CSV's path from bytes to sentences: `make fuzz SECONDS=60`.

Whatever the bytes, they are read, every row accounted for, or refused with an InputError that begins with
the file's name and is one line. Anything else is a crash, which the fuzzer writes to tests/fuzz/found/.
The kept corpus has one small file a kind of trouble; the tests run it whole, and the fuzzer starts from it.
"""

import contextlib
import sys
import tempfile
from pathlib import Path

CORPUS = Path(__file__).with_name("corpus")
FOUND = Path(__file__).with_name("found")

# The fuzzer learns which inputs reach new code from these modules alone.
if __name__ == "__main__":
    import atheris

    watching = atheris.instrument_imports(include=["earnings_themes.ingest", "earnings_themes.text", "csv"])
else:
    watching = contextlib.nullcontext()

with watching:
    from earnings_themes.config import Limits
    from earnings_themes.errors import InputError
    from earnings_themes.ingest.local_csv import LocalCSVConnector
    from earnings_themes.ingest.transcripts import _split_firm

LIMITS = Limits(file_mb=1, cell_characters=10_000)


def try_csv(data: bytes) -> str:
    """Return "read" or "refused"; raise where the bytes are neither read whole nor refused with a message."""
    with tempfile.NamedTemporaryFile(suffix=".csv") as file:
        file.write(data)
        file.flush()
        connector = LocalCSVConnector(file.name)
        connector.limits = LIMITS
        try:
            firms = connector.get_firms()
            for firm in firms:
                found = connector.get_transcripts(firm)
                assert found.firm_id == firm
                table = _split_firm(found, connector.source).table
                assert set(table["firm_id"].to_pylist()) <= {firm}
                ids = table["sentence_id"].to_pylist()
                assert len(set(ids)) == len(ids)
        except InputError as error:
            message = str(error)
            assert message.startswith(file.name), message
            assert "\n" not in message and len(message) < 2000, message
            return "refused"
    return "read"


if __name__ == "__main__":
    FOUND.mkdir(exist_ok=True)
    atheris.Setup([sys.argv[0], f"-artifact_prefix={FOUND}/", *sys.argv[1:]], try_csv)
    atheris.Fuzz()
