"""CPU seconds of reading the topics of 10,000 firms, which is most of what the themes' job does before it clusters.

    python -m benchmarks.read_records            # 300 made-up files, each of its own text, scaled to 10,000

A made-up firm is a usual one: 28 topics with vectors of 384 numbers, 320 sentences. The files are in memory, so no
disk is measured.
"""

import argparse
import json
import random
import time
from typing import Any

from earnings_themes.results.artifacts import parse_firm_topics

FIRMS = 10_000


def made(number: int) -> bytes:
    """Return the bytes of one made-up topics/{firm}.json."""
    draw = random.Random(number)
    words = "revenue margin growth demand pricing supply inventory wage energy store cloud rate".split()

    def sentence(place: int, probability: float | None) -> dict[str, Any]:
        text = " ".join(draw.choice(words) for _ in range(18)) + "."
        of = {"sentence_id": f"{number}_7_{place:04d}", "text": text, "speaker_type": "Executives"}
        return of | {"probability": probability}

    topics = [
        {
            "topic_id": topic, "label": "supply chain", "size": 10, "kind": "subject", "stability": 0.75,
            "keywords": [[f"{word} {topic}", round(draw.random(), 6)] for word in words[:10]],
            "sentences": [sentence(10 * topic + place, round(draw.random(), 6)) for place in range(10)],
        }
        for topic in range(28)
    ]  # fmt: skip
    centroids = [[float(f"{draw.gauss(0, 0.05):.6g}") for _ in range(384)] for _ in topics]
    metadata = {
        "model": "bertopic", "params": {}, "embedding_model": "m", "embedding_sha256": "0", "versions": {},
        "seed": 1, "n_sentences": 320, "n_procedural": 0, "timing": {},
    }  # fmt: skip
    return json.dumps(
        {
            "schema_version": 1, "run": "r", "firm_id": str(number), "firm_name": "Firm", "status": "ok",
            "n_topics": 28, "topics": topics, "centroids": centroids,
            "outliers": [sentence(280 + place, None) for place in range(40)], "metadata": metadata,
        },
        separators=(",", ":"),
    ).encode()  # fmt: skip


def main() -> None:
    """Read the files and print the CPU seconds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--files", type=int, default=300)
    n = parser.parse_args().files
    files = [made(number) for number in range(n)]
    parse_firm_topics(files[0], "first")
    started = time.process_time()
    for number, data in enumerate(files):
        parse_firm_topics(data, f"topics/{number}.json")
    seconds = time.process_time() - started
    size = sum(map(len, files)) / n / 1000
    print(
        f"{n} files of {size:.0f} KB: {1000 * seconds / n:.2f} ms each, {seconds / n * FIRMS:.0f} s for {FIRMS}"
    )


if __name__ == "__main__":
    main()
