"""What a run adds to its registry: the themes that it found, as they will last, and how much it said of each."""

from dataclasses import replace
from typing import Any

import numpy as np

from earnings_themes.abstractions import Theme, Themes
from earnings_themes.config import RegistrySettings, ThemeSettings
from earnings_themes.registry import Ground, Ran, RegistryTheme, Version
from earnings_themes.registry.grow import grown
from earnings_themes.registry.records import Seen, digest_of
from earnings_themes.registry.versions import Named
from earnings_themes.speech import CONTENT
from earnings_themes.themes.listing import Reduced
from earnings_themes.themes.registered import span
from earnings_themes.themes.settle import Centres


def next_version(
    ground: Ground, found: Reduced, themes: Themes, settings: ThemeSettings, past: bytes
) -> Version | None:
    """Return the version that a run adds, without its number; None where a registry would be founded without a theme.

    themes: as readers see them, with the labels that last. past: the file that the run leaves of what it said.
    """
    if ground.base is None and not themes.themes:
        return None
    placed, names = found.placed, found.names
    numbers = {theme_id: number for number, theme_id in names.broad_ids.items()}
    fine = [
        (theme, placed.places, place)
        for place, theme in enumerate(themes.themes)
        if placed.known[place] is None
    ]
    wide = [
        (theme, names.broad_centres, numbers[theme.theme_id])
        for theme in themes.broad
        if placed.known_broad[numbers[theme.theme_id]] is None
    ]
    first_date, last_date, quarter = span(found.corpus, themes.run)
    ran = Ran(
        run=themes.run,
        quarter=quarter,
        first_date=first_date,
        last_date=last_date,
        n_firms=len(np.unique(found.firms)),
        n_content=int((found.corpus.content >= CONTENT).sum()),
        n_settled=int((placed.settled.labels >= 0).sum()),
        n_born=len(fine),
        past=digest_of(past),
    )
    seen = {theme.theme_id: Seen(themes.run, theme.n_firms, theme.n_sentences) for theme in themes.themes}
    born = [_lasting(*of) for of in (*fine, *wide)]
    return grown(ground, found.corpus.about, settings.min_firms, ran, seen, born)


def _lasting(theme: Theme, places: Centres, place: int) -> RegistryTheme:
    return RegistryTheme(
        theme_id=theme.theme_id,
        level=theme.level,
        kind=theme.kind,
        label=theme.label,
        keywords=tuple((word, round(weight, 6)) for word, weight in theme.keywords),
        parent=theme.parent,
        centroid=tuple(int(number) for number in places.whole[place].tolist()),
        tightness=round(float(places.tightness[place]), 6),
        threshold=theme.threshold,
        born=theme.born or "",
        state="transient",
        exemplars=tuple(sentence.sentence_id for sentence in theme.representative_sentences),
    )


def about_run(named: Named | None, registry: RegistrySettings, themes: Themes) -> Themes:
    """Return the themes with what they say of their registry: the version that their ids are of, None for none."""
    about: dict[str, Any] = {
        "path": registry.path,
        "mode": registry.mode,
        "version": named.version.number if named else None,
        "sha256": named.sha256 if named else None,
        "n_born": sum(theme.born == themes.run for theme in themes.themes),
    }
    return replace(themes, metadata={**themes.metadata, "registry": about})
