"""Every file of a run: what it holds, how it is written, read and checked."""
