"""A replication package: the panel and everything that reproduces it, without licensed text."""

from earnings_themes.replication.package import Packed, write_package
