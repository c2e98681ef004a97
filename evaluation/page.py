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

No method wins everywhere. HDBSCAN on UMAP finds fine intents with small clusters, splits the broad ones into three, and
with larger clusters loses most of the sample; on a spectral embedding it leaves more out. Ward and average linkage
split. Louvain and a single Leiden run are best where their resolution happens to suit the data, and worse elsewhere:
resolution 1 is best for 10 intents and worst for 40. The default is finer than most on purpose: it has the finest
intents, as good as any, and cuts 10 broad ones into 27. Topics that are too fine meet again in a theme, and topics that
hold two subjects never come apart ("Finer topics"). What its 40 runs buy over a single one is sentences that are left
out because they fit nowhere, and a figure for each topic that says how far it can be relied on. Subtracting the mean
of a firm's sentences changes nothing beyond noise.""",
    "Stability": """\
Four real calls: mean ARI between topics of three row orders, and of three random nine tenths, on shared
sentences; *raw* takes the outliers for one class. The default and UMAP + HDBSCAN (as kept here) sort their rows
first, so row order cannot change them; it does change the others that depend on it. A drop also takes context away
from the sentences beside the dropped ones, which costs every method some stability ("Context"). Each topic carries
its own figure in `topics/{firm}.json`.""",
    "Models": """\
The models that `topics.model` names, each with its own defaults, on what the clusterers above were given; BERTopic
here is the whole of production's model, words included. LDA sees words only, and a sentence has few: it is the
floor that embeddings have to beat. The neural model shares its topics among sentences as LDA does, and starts
from the embeddings.""",
    "Context": """\
A sentence is clustered with a share of the one before and the one after. On the sample this decides more than
the choice of the method: sentences on one theme share few words there, and lie next to each other. The sample's
blocks are tidier than speech, so do not expect as much of real calls; there it costs stability, since a sentence's
place now depends on its neighbours. In the calls that were read side by side, answers stay with their questions
and short sentences with their subject; there are no labels that would put a number to it.
banking77 has no order, so it cannot say anything. `topics.context: false` turns it off.""",
    "Neighbours": """\
Few neighbours favour many small topics, many neighbours few large ones. How well topics survive a drop does not depend
on it. 10 leaves out fewer sentences than 15 and is as good on the sample as any. Below 40 sentences a quarter of them
is used.""",
    "Agreement of runs": """\
More runs agree on steadier topics; 80 gain nothing over 40 and take twice as long. Low resolutions (1 to 1, 1 to 2)
are best for broad intents, 1 to 4 for the topics of the sample, higher ones for fine intents; from 4 to 16 topics
fall apart. The default is 2 to 8 for the sake of the themes ("Finer topics").""",
    "Outliers": """\
Four sentences are the least that give a topic words of its own. Larger floors leave out more, and the same
sentences then decide less. Tukey's fence on the cosine to the centroid is in all rows.""",
    "Themes": """\
Planted firms speak of 12 of 40 intents each, with 8 % stray sentences and, as long as they last, an intent of
their own. Their topics come from the default of the map, so its errors count here too, and sentences agree less
than topics do. The first number of a pair is again *filled*, the second *alone*. Linkage and Louvain are given all
pairs of topics, which ends at some thousands of them.

The default is best or level on every set. Neighbours without the firms' help merge intents, the more the fewer firms
there are. The prototype's smallest theme of 20 topics is a constant: useless for 24 firms, and level with the default
from 200 firms on, at 20 times the time. With a smallest theme that follows the firms, UMAP + HDBSCAN comes near it on
planted themes, and leaves half of the topics of real calls without a theme (the next table), as does HDBSCAN on a
spectral embedding, which falls apart from 200 firms on. Average linkage depends on its cut. Every method merges intents
of banking77 that differ in a word or two.""",
    "Themes of real calls": """\
No labels: how many themes, and what reaches one. A method that leaves half of the topics without a theme, or
gives a theme all firms, is of no use here, whatever its score above.""",
    "Nearest firms": """\
Little depends on it: links to few firms suit few firms, links to many suit 200.""",
    "Granularity": """\
How broad a theme is has no right answer. A fixed resolution is best somewhere and poor elsewhere, and the best one
moves with the number of firms: 8 for 12 and 24 firms, 2 for 200. The share of topics that repeat a firm within their
theme, and the number of topics a firm has, follow the data. From .15 on little
changes any more; .05 makes 200 firms' themes too fine. `themes.params.max_repeat` is the knob to
turn for finer themes.""",
    "Likeness": """\
What has no place in any theme ends up together, and the larger the file, the larger that theme: on the sample it was
the third, said by 15 firms, of mills, federal grants and pumps. A theme whose topics are less alike than this, two
by two and without what all topics have in common, is divided. The planted themes of banking77 are never that loose, so
nothing changes there; the sample's begin to be cut at .18. On real calls, themes that had a word but no subject
("approval", of 23 firms; "income") go.""",
    "Left out": """\
The topics that fit their theme worst, left out: they are what makes mixtures. More than 6 % changes no score of
planted topics; the sample's sentences agree with their themes by ARI .896 at 6 and 8 %, .905 at 9 % and .910 at 10 %
(unassigned left out), and real calls lose coverage. 10 % is a compromise, .78 of the topics of 12 calls included.""",
    "Size": """\
Real centroids of the 56 calls, dealt out to invented firms and blurred: time and memory of the reduce, one thread
for arithmetic. What the themes are does not matter here.""",
    "Kinds against labels given by hand": """\
Topics and themes of real calls, read and labelled before a method existed; docs/labels/README.md says by whom and
how. `dev` was fitted on, `held-out` was not.""",
    "Procedure against labels given by hand": """\
Sentences of real calls. `dev` and `dev-2` were tuned on, `held-out` was not; other kinds than procedure decide
nothing by themselves.""",
    "End to end": """\
Production from a CSV to themes, as a user's run, measured by its own `quality.json`. Unassigned sentences are those
in no theme for any reason. Below it the ten themes of each that are listed first, which is what a researcher reads
first: subject matter, by firms. Those of the sample were planted. Those of 56 calls are subjects beside mixtures of
two or three; 12 calls of twelve industries have little in common, and their themes are small. Themes of firms of all
industries with one call each do not come back well when topics are taken away, and vectors that differ in the seventh
digit already give another ten: with the reduce's products on two threads, the 56 calls had 232 themes, and committee,
innovation and ip among the first; so it takes one thread, whatever the machine has. Read `stability` before a theme is
believed. More calls of firms that have something in common should do better, which is not measured.""",
    "Aims": """\
What the project set out to reach, beside what the default reaches on each file. Stability is of four firms of each.""",
}


def write(
    path: Path,
    tables: Mapping[str, Sequence[tuple[str, pd.DataFrame]]],
    about: Sequence[str],
    lists: Mapping[str, Sequence[str]],
    reports: Mapping[str, str] | None = None,
) -> None:
    """Put the trial between the marks of the page, or make the page.

    tables: by heading, each with a caption ("" for none). about: lines on how the page was made. lists: by
    heading, lines that are shown as a numbered list below its tables. reports: by heading, a text that is shown
    as it is.
    """
    unknown = set(tables) - set(_PROSE)
    if unknown:
        raise ValueError(
            f"no text for {sorted(unknown)}: each table needs a word on how to read it, in page.py"
        )
    parts = [BEGIN, "", "# Validation of the clustering", "", *about, ""]
    for heading, prose in _PROSE.items():
        report = (reports or {}).get(heading)
        if heading not in tables and report is None and heading != next(iter(_PROSE)):
            continue
        parts += [f"## {heading}", "", prose, ""]
        parts += ["```text", report, "```", ""] if report is not None else []
        for caption, table in tables.get(heading, ()):
            parts += [f"**{caption}**", ""] if caption else []
            parts += [*markdown(table), ""] if len(table) else []
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
