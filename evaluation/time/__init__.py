"""Registries over time, on quarters whose truth is known and on real ones; `make evaluate-time`."""
