"""The ways to make themes: by name, on any number of topics, the prototype's among them."""

from pathlib import Path

import numpy as np
import pytest
import yaml

from earnings_themes.clustering.density import density_clusters
from earnings_themes.config import parse_config
from earnings_themes.errors import ConfigError
from earnings_themes.themes.methods import sets_procedure_aside, theme_clusterer
from earnings_themes.themes.prototype import label_clusterer
from tests.conftest import REPO, SUBJECTS, MadeEncoder, made_vector

PRESET = yaml.safe_load((REPO / "config/presets/prototype.yaml").read_text(encoding="utf-8"))
TEXTS = [text for said in SUBJECTS.values() for text in said]
VECTORS = np.stack([made_vector(text) for text in TEXTS])
SMALL = {"cluster_selection_method": "eom", "min_cluster_size": 5, "min_samples": 2}
UMAP = {"n_neighbors": 30, "n_components": 15, "min_dist": 0.025, "metric": "cosine"}


def test_the_preset_fits_on_top_of_the_defaults() -> None:
    config = yaml.safe_load(Path(REPO / "config/config.yaml").read_text(encoding="utf-8"))
    assert "run" not in PRESET
    for part, values in PRESET.items():
        config[part] = {**config[part], **values}
    themes = parse_config(config).themes
    assert (themes.min_firms, themes.max_firm_share) == (2, 0.4)
    assert not sets_procedure_aside(themes.params)


@pytest.mark.parametrize("params", [{}, {"method": "communities"}])
def test_centroids_are_clustered_unless_another_method_is_asked_for(params: dict[str, str]) -> None:
    firms = [str(place % 12) for place in range(len(TEXTS))]
    themes = theme_clusterer(params, firms, TEXTS, VECTORS, seed=1)(np.arange(len(TEXTS)))
    for theme in set(themes.tolist()) - {-1}:
        assert len(set((np.flatnonzero(themes == theme) // 12).tolist())) == 1
    assert sets_procedure_aside(params)


def test_a_method_that_is_not_known_is_named() -> None:
    with pytest.raises(ConfigError, match=r"themes\.params\.method: 'prototyp' .*Did you mean 'prototype'"):
        theme_clusterer({"method": "prototyp"}, [], [], VECTORS[:0], seed=1)


def test_labels_are_encoded_once_and_clustered() -> None:
    encoder = MadeEncoder()
    cluster = label_clusterer(TEXTS, umap=UMAP, hdbscan=SMALL, encoder=encoder)
    rows = np.arange(len(TEXTS))
    first = cluster(rows)
    np.testing.assert_array_equal(first, cluster(rows))
    assert encoder.asked == TEXTS
    assert len(set(first.tolist()) - {-1}) >= 2
    assert len(cluster(rows[:20])) == 20


def test_no_topics_are_no_themes() -> None:
    assert label_clusterer([], umap=UMAP, hdbscan=SMALL)(np.arange(0)).tolist() == []
    assert theme_clusterer({}, [], [], np.empty((0, 0), dtype=np.float32), 1)(np.arange(0)).tolist() == []


@pytest.mark.parametrize("n", [0, 1, 2, 3, 4, 9, 10, 11, 16, 17])
def test_any_number_of_rows_can_be_clustered(n: int) -> None:
    labels = density_clusters(VECTORS[:n], UMAP, SMALL, seed=1)
    assert labels.shape == (n,) and labels.dtype == np.int64
    assert n >= 10 or set(labels.tolist()) <= {-1}


def test_equal_rows_can_be_clustered() -> None:
    density_clusters(np.repeat(VECTORS[:1], 30, axis=0), UMAP, SMALL, seed=1)


def test_the_order_of_rows_changes_no_cluster() -> None:
    order = np.random.default_rng(0).permutation(len(VECTORS))
    one, other = density_clusters(VECTORS, UMAP, SMALL, 1), density_clusters(VECTORS[order], UMAP, SMALL, 1)
    np.testing.assert_array_equal(one[order], other)
