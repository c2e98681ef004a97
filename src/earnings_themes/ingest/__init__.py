"""From the files that a user has to one table of sentences."""
