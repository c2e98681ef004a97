"""A replication package of a run, without the licensed text it was made from: the panel, and all that makes it again."""

from earnings_themes.replication.package import Packed, package

__all__ = ["Packed", "package"]
