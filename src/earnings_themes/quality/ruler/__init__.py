"""Blind judgement of themes by raters, for any clustering; docs/rating.md is the guide for people.

`inputs` reads clusterings and cuts them to equal coverage; `pairs`, `elsewhere`, `groups` and `members` draw
items; `sheets` hides their origin; `ratings` reads what raters wrote; `figures` computes intervals;
`refusals` rejects untrustworthy ratings; `correct` corrects a run's counts by them.
"""
