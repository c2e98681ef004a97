"""The reduce: sentences of all firms become themes, every sentence settles, and the tree is written.

Vectors decide; words only describe what came out. A firm whose topics are missing or damaged is skipped by name and
reason. No themes is a valid result. With a registry the themes that are there come first (registered.py).
"""

import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from earnings_themes.abstractions import FirmTopics, SkippedFirm, Themes
from earnings_themes.abstractions.records import Kind
from earnings_themes.config import Config
from earnings_themes.embedding.space import load_space
from earnings_themes.errors import ResultError
from earnings_themes.registry.past import encode_past, said
from earnings_themes.registry.reference import open_registry
from earnings_themes.results.artifacts import write_themes
from earnings_themes.results.provenance import peak_memory_mb
from earnings_themes.results.topics_reader import TopicsReader
from earnings_themes.speech import CONTENT, KINDS, commonest
from earnings_themes.system.folders import Folder
from earnings_themes.system.processes import one_thread
from earnings_themes.themes.additions import about_run, next_version
from earnings_themes.themes.corpus import Corpus, members, read_corpus
from earnings_themes.themes.describe import describe
from earnings_themes.themes.hierarchy import make_tree, sentence_kinds, write_sentences
from earnings_themes.themes.listing import Reduced, list_themes
from earnings_themes.themes.llm_names import name_themes
from earnings_themes.themes.registered import Placed, ground_of, names_of, place
from earnings_themes.themes.settle import without_subject
from earnings_themes.themes.stability import repeats

# Exemplars that are compared with each other, at most: 40,000 take two cores a minute.
_MOST_EXEMPLARS: Final = 40_000
# Exemplars of a topic.
_EACH: Final = 4


@one_thread
def aggregate_files(
    config: Config, folder: Folder, reader: TopicsReader, output: Path, workers: int = 1
) -> Themes:
    """Read a run's topics, sentences and vectors, find the themes, write themes.json and sentences.parquet; return the themes.

    folder: where the run's files lie. output: themes.json; sentences.parquet is written beside it. workers: processes that read
    and measure; the result does not depend on it. What the run adds to its registry counts before the run's own files are
    written, so that these name no theme that the registry has not.

    Raises CoverageError when fewer than `reduce.min_firm_coverage` of the firms have a readable file, ResultError when the files
    do not belong together or are of another subject space, CloudError when AWS refuses to give them, RegistryError when the
    registry is not for this run, and BusyError when another run extended it meanwhile.
    """
    run, settings, registry, seed = config.run, config.themes, config.registry, config.seed
    # When each step ended.
    done = {"": time.perf_counter()}
    read = list(reader.map(_sentences_of, workers))
    reader.check_coverage(config.reduce.min_firm_coverage)
    corpus = read_corpus(folder, [firm for firm, _, _ in read])
    quiet = [
        SkippedFirm(firm, status, reader.names.get(firm, "")) for firm, _, status in read if status != "ok"
    ]
    skipped = sorted([*quiet, *reader.unreadable], key=lambda firm: firm.firm_id)
    kept = open_registry(registry, corpus.about.get("embedding_model", "")) if registry else None
    ground = ground_of(kept, registry, run, corpus, str(folder)) if kept and registry else None
    wanted = load_space(config.embedding.space).digest
    if len(corpus.rows) and corpus.about.get("space") != wanted:
        raise ResultError(
            f"{folder}: its vectors are of the subject space {corpus.about.get('space', '')[:12]}, the settings name "
            f"{wanted[:12]}. Delete embeddings/ and topics/ and run again, or set embedding.space back."
        )
    # By id, so that the order in which a run lists its firms changes nothing.
    topics = sorted((firm, sentences) for firm, sentences, _ in read)
    firm_ids = [firm for firm, _ in topics]
    firms = corpus.firms(firm_ids)
    done["read"] = time.perf_counter()

    exemplars, model_topic = make_pool(corpus, topics)
    with repeats(corpus.rows[exemplars], firms[exemplars], settings, seed, workers) as again:
        placed = place(corpus, firms, exemplars, settings, seed, ground, again.near)
        done["find"] = time.perf_counter()
        stability = again.stability(placed.settled.labels[exemplars], placed.broad)
    done["stability"] = time.perf_counter()

    of_sentences = sentence_kinds(corpus)
    order, kinds = _ranked(firms, placed, of_sentences, corpus.content)
    placed = placed.in_order(order)
    tree = make_tree(firms, placed.settled, corpus.content, model_topic)
    words = describe(corpus, firms, folder, firm_ids, placed, kinds, settings, config.embedding.space)
    names = names_of(run, corpus.rows, placed, ground)
    found = Reduced(corpus, firm_ids, firms, placed, tree, words, kinds, stability.in_order(order), names)
    themes = list_themes(run, found, settings, skipped, seed)
    done["describe"] = time.perf_counter()
    if settings.labels.llm:
        old = {theme.theme_id for theme in placed.known if theme is not None}
        named, plain = name_themes(themes.themes, settings.labels.llm, settings.labels.max_words, old)
        themes = replace(themes, themes=named, metadata={**themes.metadata, "plain_labels": plain})
        done["name"] = time.perf_counter()
    seconds = {step: end - start for (_, start), (step, end) in pairwise(done.items())}
    timing = {"seconds": seconds, "peak_memory_mb": peak_memory_mb()}
    themes = replace(themes, metadata={**themes.metadata, "timing": timing})

    if kept and registry and ground:
        base = ground.base
        if ground.births:
            past = encode_past(said(corpus.rows, corpus.content, firms, seed))
            if version := next_version(ground, found, themes, settings, past):
                base = kept.commit(version, ground, past)
        themes = about_run(base, registry, themes)
    write_sentences(
        output.with_name("sentences.parquet"), corpus, of_sentences, placed.settled, tree, themes.themes
    )
    write_themes(output, themes)
    return themes


def _sentences_of(firm: FirmTopics) -> tuple[str, list[list[str]], str]:
    topics = [[sentence.sentence_id for sentence in topic.sentences] for topic in firm.topics]
    return firm.firm_id, topics, firm.status


def make_pool(
    corpus: Corpus, topics: Sequence[tuple[str, list[list[str]]]]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Choose the exemplars: of each topic the surest sentences with content, as many as fit into the limit.

    Every topic gives the same number, so that a talkative firm makes no themes of its own, and as many in a small run as in a
    large one, because surer exemplars cohere more and would make fewer themes. Of more than _MOST_EXEMPLARS only every second,
    third or further one stays. They
    stand in the order of their ids, because the clustering that follows depends on their order.

    topics: each firm's topics as sentence ids, the surest first. Returns the rows (e,) of the exemplars among the modelled
    sentences, and the model's topic (m,) of each of these, -1 for its outliers.
    """
    firms = corpus.firms([firm for firm, _ in topics])
    model_topic = np.full(len(corpus.modelled), -1, dtype=np.int64)
    groups: list[NDArray[np.int64]] = []
    for of_firm, (_, named) in zip(members(firms, len(topics)), topics, strict=True):
        place = dict(zip(corpus.ids(of_firm), of_firm.tolist(), strict=True))
        for topic, sentences in enumerate(named):
            rows = np.array([place[sentence] for sentence in sentences if sentence in place], dtype=np.int64)
            model_topic[rows] = topic
            groups.append(rows[corpus.content[rows] >= CONTENT][:_EACH])
    surest = np.concatenate(groups or [np.empty(0, dtype=np.int64)])
    chosen = surest[:: -(-len(surest) // _MOST_EXEMPLARS) or 1]
    order = sorted(zip(corpus.ids(chosen), chosen.tolist(), strict=True))
    return np.array([row for _, row in order], dtype=np.int64), model_topic


def _ranked(
    firms: NDArray[np.int64], placed: Placed, of_sentences: NDArray[np.object_], content: NDArray[np.float32]
) -> tuple[list[int], list[Kind]]:
    """Return the order of the themes that hold a sentence (subject first, then firms, then sentences), and their kinds.

    A theme is of the kind that most of its settled sentences are, but filler where what lies around it is; one that was
    there keeps its kind, and a hidden one has no place.
    """
    kinds: list[Kind] = []
    sizes = []
    empty = without_subject(content, placed.settled, len(placed.known)).tolist()
    of_themes = members(placed.settled.labels, len(placed.known))
    for known, rows, is_empty in zip(placed.known, of_themes, empty, strict=True):
        kind: Kind = "filler" if is_empty else commonest(of_sentences[rows].tolist())
        kinds.append(known.kind if known else kind)
        sizes.append((len(np.unique(firms[rows])), 0 if known and known.hidden else len(rows)))
    order = sorted(
        (theme for theme in range(len(kinds)) if sizes[theme][1]),
        key=lambda theme: (KINDS.index(kinds[theme]), *(-n for n in sizes[theme]), theme),
    )
    return order, [kinds[theme] for theme in order]
