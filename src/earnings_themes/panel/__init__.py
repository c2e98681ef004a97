"""The research panel: how much of each call is about each theme, with what a regression needs beside it."""
