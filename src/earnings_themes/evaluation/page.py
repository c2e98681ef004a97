"""Writes docs/validation.md: the prose of this file around the tables of the trial.

Only what stands between the two marks is written; the rest of the page is kept, so that other measurements can
stand beside the trial.
"""

from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd

BEGIN = "<!-- The trial begins. Generated: change src/earnings_themes/evaluation, not this. -->"
END = "<!-- The trial ends. -->"

_PROSE: dict[str, str] = {
    "How to read the tables": """\
Every default of the clustering was chosen by this trial, and loses somewhere in it. Scores are adjusted for
chance: 1 is agreement, 0 is what random labels get. ARI and AMI take whatever is not assigned for a cluster, so
two numbers are given: *filled* (outliers go to the nearest cluster) / *alone* (each is a cluster of its own). A
method that leaves out half of the sentences looks good in neither. Differences of .03 are noise: other seeds
give other digits. The labelled sets are small, and one of them was written for this project.

*banking77*: customer questions with fine intents, dealt out as 400 sentences of 40, 20 or 10 intents (three
seeds each). *Sample*: the 24 invented calls of `data/`, of which subject matter is scored. *Real calls*: 12 and 56
earnings calls with verbatim speech; nobody knows their themes, so only stability, coverage and what the themes
read like can be judged.""",
    "Topics of one firm": """\
AMI with the planted topics, and in brackets topics found and planted (on the sample, results language and
filler are one planted class, so more topics than planted are expected). The first row is what production runs.

UMAP + HDBSCAN, the prototype's way, is level with the graph methods on clean intents, and leaves out
sentences by the dozen on speech. Ward needs no tuning on intents of equal size and is worst where sizes differ
and under a changed sample. One Leiden or Louvain run is as good as the default where its resolution happens to
suit the data; which one suits differs from set to set, and the default does not have to know. Subtracting the
mean changes little in either direction.""",
    "Stability": """\
Four real calls: mean ARI between topics of three row orders, and of three random nine tenths, on shared
sentences; *raw* takes the outliers for one class. The default and UMAP + HDBSCAN (as kept here) sort their rows
first, so row order says nothing about them; it does about the others. A drop also takes context away from the
sentences beside the dropped ones, which costs every method some stability. Each topic carries its own figure in
`topics/{firm}.json`.""",
    "Context": """\
A sentence is clustered with a share of the one before and the one after. On the sample this decides more than
the choice of the method: written sentences of one theme share few words, and lie next to each other. The sample's
blocks are tidier than speech, so the gain on real calls is smaller than here; there it costs stability, since a
sentence's place now depends on its neighbours. banking77 has no order, so it cannot say anything.""",
    "Neighbours": """\
Few neighbours favour many small topics, many neighbours few large ones; 15 is in the middle of a flat top. Below
60 sentences a quarter of them is used.""",
    "Agreement of runs": """\
One run is a draw; 40 that have to agree are steadier, and 80 are no better. Resolutions from 1 to 4 give the
topics that most of them agree on. Higher ones find fine intents better, and leave more sentences out.""",
    "Outliers": """\
Four sentences are the least that give a topic words of its own. Larger floors leave out more, and the same
sentences then decide less. Tukey's fence on the cosine to the centroid is in all rows.""",
    "Themes": """\
Planted firms speak of 12 of 40 intents each, with 8 % stray sentences and, as long as they last, an intent of
their own. Their topics come from the default of the map, so its errors count here too. The first number of a
pair is again *filled*, the second *alone*. All pairs of topics are needed by the Louvain rows and by average
linkage, which is why these end at 200 firms.

The prototype's theme sizes (20/6) are constants and fit no number of firms but one. kNN graphs without the
firms' help merge neighbouring intents, the more the fewer firms there are. Average linkage does well where its
cut happens to suit, and is all pairs. No method separates intents of banking77 that differ in a word.""",
    "Themes of real calls": """\
No labels: how many themes, and what reaches one. A method that leaves half of the topics without a theme, or
gives a theme all firms, is of no use here, whatever its score above.""",
    "Nearest firms": """\
Links to few firms keep themes apart, links to many merge them.""",
    "Granularity": """\
How broad a theme is has no right answer. Fixed resolutions are best somewhere and poor elsewhere: the best one
rises with the number of themes, which a user does not know. The share of topics that repeat a firm within their
theme follows the data. The sample would like .10, banking77 less, and real calls, whose firms return to a subject
in several topics, more; .15 is the compromise, and `themes.params.max_repeat` is the one knob to turn.""",
    "Size": """\
Real centroids of the 56 calls, dealt out to invented firms and blurred: time and memory of the reduce, one thread
for arithmetic. What the themes are does not matter here.""",
    "End to end": """\
Production from a CSV to themes, as a user's run, measured by its own `quality.json`. Unassigned sentences are
those in no theme for any reason, so agreement here is below the tables above, where stray sentences do not
count. Below each the ten themes with the most firms, of any kind.""",
}


def write(
    path: Path,
    tables: Mapping[str, Sequence[tuple[str, pd.DataFrame]]],
    about: Sequence[str],
    lists: Mapping[str, Sequence[str]],
) -> None:
    """Put the trial between the marks of the page, or make the page.

    tables: by heading, each with a caption ("" for none). about: lines on how the page was made. lists: by
    heading, lines that are shown as a numbered list below its tables.
    """
    parts = [BEGIN, "", "# Validation of the clustering", "", *about, ""]
    for heading, prose in _PROSE.items():
        if heading not in tables and heading != next(iter(_PROSE)):
            continue
        parts += [f"## {heading}", "", prose, ""]
        for caption, table in tables.get(heading, ()):
            parts += [*([f"**{caption}**", ""] if caption else []), *markdown(table), ""]
            parts += [f"{place}. {line}" for place, line in enumerate(lists.get(caption, ()), 1)]
            parts += [""] if lists.get(caption) else []
    parts.append(END)
    before, after = "", "\n"
    if path.exists():
        old = path.read_text(encoding="utf-8")
        if BEGIN in old and END in old:
            before, after = old[: old.index(BEGIN)], old[old.index(END) + len(END) :]
        else:
            before = old.rstrip("\n") + "\n\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(before + "\n".join(parts) + after, encoding="utf-8")


def markdown(table: pd.DataFrame) -> list[str]:
    """The lines of a Markdown table; an index with names becomes the first column."""
    frame = table if isinstance(table.index, pd.RangeIndex) else table.reset_index(names="")
    rows = [[str(name) for name in frame.columns], ["---"] * len(frame.columns)]
    rows += [[_cell(value) for value in row] for row in frame.itertuples(index=False)]
    return ["| " + " | ".join(row) + " |" for row in rows]


def _cell(value: object) -> str:
    return "" if value is None or value != value else str(value).replace("|", "\\|")
