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

No method wins everywhere. HDBSCAN on UMAP has the finest intents with small clusters, splits the broad ones into
three, and with larger clusters loses most of the sample. Ward and average linkage split. Louvain and a single Leiden
run are best where their resolution happens to suit the data, and worse elsewhere: resolution 1 is best for 10
intents and worst for 40. A single Leiden run at resolution 2, on the default's graph, agrees as well as the default
at a twentieth of the time. What the 40 runs buy is that nobody has to know that it is 2, sentences that are left
out because they fit nowhere, and a figure for each topic that says how far it can be relied on. Subtracting the
mean of a firm's sentences changes nothing beyond noise.""",
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
Few neighbours favour many small topics, many neighbours few large ones. 15 is as steady as any when sentences are
dropped. Below 60 sentences a quarter of them is used.""",
    "Agreement of runs": """\
More runs agree on steadier topics; 80 gain little over 40 and take twice as long. Resolutions from 1 to 4 give
what most of them agree on. Higher ones find fine intents better and broad ones worse, and leave more out.""",
    "Outliers": """\
Four sentences are the least that give a topic words of its own. Larger floors leave out more, and the same
sentences then decide less. Tukey's fence on the cosine to the centroid is in all rows.""",
    "Themes": """\
Planted firms speak of 12 of 40 intents each, with 8 % stray sentences and, as long as they last, an intent of
their own. Their topics come from the default of the map, so its errors count here too, and sentences agree less
than topics do. The first number of a pair is again *filled*, the second *alone*. Linkage and Louvain are given all
pairs of topics, which ends at some thousands of them.

Neighbours without the firms' help merge intents, the more the fewer firms there are. The prototype's smallest
theme of 20 topics is a constant: useless for 24 firms, good for 200. With a smallest theme that follows the
firms, UMAP + HDBSCAN is level with the default on planted themes, and better for 12 and 24 firms; it is not the
default because of the next table: it leaves 40 % of the topics of real calls without a theme. Average
linkage depends on its cut. Every method merges intents of banking77 that differ in a word or two.""",
    "Themes of real calls": """\
No labels: how many themes, and what reaches one. A method that leaves half of the topics without a theme, or
gives a theme all firms, is of no use here, whatever its score above.""",
    "Nearest firms": """\
Links to few firms keep themes apart, links to many merge them.""",
    "Granularity": """\
How broad a theme is has no right answer. A fixed resolution is best somewhere and poor elsewhere, and the best one
moves with the number of firms and themes: 16 for 12 firms, 4 for 200. The share of topics that repeat a firm
within their theme, and the number of topics a firm has, follow the data, though not all the way: 12 firms with 40
themes would do better with finer ones. `themes.params.max_repeat` is the knob to turn: .05 for finer themes, .20
for broader ones.""",
    "Likeness": """\
What has no place in any theme ends up together, and the larger the file, the larger that theme: on the sample it was
the third, said by 15 firms, of mills, federal grants and pumps. A theme whose topics are less alike than this, two
by two and without what all topics have in common, is divided. Planted themes are never that loose, so nothing
changes there; on real calls, themes of 12 to 23 firms that had a word but no subject ("approval", "income") go.""",
    "Left out": """\
The topics that fit worst, left out: fewer mixtures, fewer topics in a theme.""",
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
Production from a CSV to themes, as a user's run, measured by its own `quality.json`. Unassigned sentences are
those in no theme for any reason. Below it the ten themes with the most firms of each, of any kind: what a researcher
would read first. Most of those of the sample were planted, with neighbours merged; others gather filler, or what
single firms have to themselves. Those of real calls are mixed: subjects beside the accounts' language
that all firms share, and topics that have in common how something is
said rather than what. Themes of 56 firms of all industries and one call each do not come back well when
topics are taken away; more calls of firms that have something in common should do better, which is not measured.""",
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
