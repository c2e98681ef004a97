"""Fits the prototype's clusterer once, in the image's build, so that numba's cache holds what UMAP compiles.

numba compiles a function for each kind of argument it meets, so the parameters are the preset's; the data are
noise in the shape of a firm's.
"""

import importlib.util
import os
from pathlib import Path

import numpy as np
import yaml

# numba takes what it compiled for stale when a source file's time has changed, and a layer keeps no fractions of a
# second. The whole second stays: Python's own compiled files go by that.
for name in ("pynndescent", "umap"):
    spec = importlib.util.find_spec(name)
    assert spec is not None and spec.origin is not None
    for path in Path(spec.origin).parent.rglob("*.py"):
        second = int(path.stat().st_mtime)
        os.utime(path, (second, second))

import hdbscan  # noqa: E402
import umap  # noqa: E402

params = yaml.safe_load(Path("prototype.yaml").read_text(encoding="utf-8"))["topics"]["params"]
vectors = np.random.default_rng(0).normal(size=(400, 384)).astype(np.float32)
reduced = umap.UMAP(**params["umap"], random_state=42).fit_transform(vectors)
hdbscan.HDBSCAN(**params["clusterer_params"]).fit(reduced)
