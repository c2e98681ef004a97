"""The three interfaces, and the records exchanged through them.

The rest of the package depends on these names only, so a model, source or store is replaced by one line of
config.yaml.
"""

from earnings_themes.abstractions.data_connector import DataConnector
from earnings_themes.abstractions.records import (
    SCHEMA_VERSION,
    Account,
    Call,
    FirmEntry,
    FirmThemeShare,
    FirmTopic,
    FirmTopics,
    FirmView,
    Receipt,
    RepresentativeSentence,
    RunInfo,
    SearchResult,
    SentenceHit,
    SkippedFirm,
    Theme,
    Themes,
    ThemeTopic,
    Topic,
    TopicModelResult,
    TopicSentence,
    TopicView,
    TranscriptData,
    Turn,
    UnassignedTopic,
)
from earnings_themes.abstractions.theme_store import ThemeStore
from earnings_themes.abstractions.topic_model import TopicModelInterface
