"""The settings: what config.yaml may hold, its defaults, and errors that say what to write instead.

settings.py and parameters.py say each setting once; config/config.yaml, config/schemas/config.schema.yaml and
docs/settings.md are written from them by `make docs`.
"""

from earnings_themes.config.named_files import check_files, find_shipped_files
from earnings_themes.config.reading import keep_config, parse_config, read_config
from earnings_themes.config.settings import (
    SEED_THRESHOLD,
    Config,
    Embedding,
    LabelSettings,
    Limits,
    NamingSettings,
    Panel,
    Publish,
    Reduce,
    RegistrySettings,
    Report,
    SageMaker,
    Seed,
    Source,
    ThemeSettings,
    TopicSettings,
)
