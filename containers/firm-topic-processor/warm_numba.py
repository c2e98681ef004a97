"""Fits the prototype's clusterer once, in the image's build, so that numba's cache holds what UMAP compiles.

numba compiles a function for each kind of argument it meets, so the parameters are the preset's; the data are
noise in the shape of a firm's.
"""

from pathlib import Path

import hdbscan
import numpy as np
import umap
import yaml

params = yaml.safe_load(Path("prototype.yaml").read_text(encoding="utf-8"))["topics"]["params"]
vectors = np.random.default_rng(0).normal(size=(400, 384)).astype(np.float32)
reduced = umap.UMAP(**params["umap"], random_state=42).fit_transform(vectors)
hdbscan.HDBSCAN(**params["clusterer_params"]).fit(reduced)
