"""How good a run is, in figures that a referee can recompute: one small function per figure."""
