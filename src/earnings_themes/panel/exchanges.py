"""Exchanges: in questions and answers, one analyst's questions with the answers to them."""

import numpy as np

from earnings_themes.panel.roles import ANALYSTS, MANAGEMENT, QA, UNKNOWN, Codes, Places


def exchanges(call: Places, section: Codes, role: Codes, name: Places, no_name: int) -> Places:
    """Return each sentence's exchange, numbered from 1 in each call; 0 where it is in none.

    An exchange begins where an analyst speaks who is not the one of the exchange before; without names, where an
    analyst speaks after anybody else. It goes on through the firm's answers and the same analyst's next questions.
    The operator is in none.

    call, section, role, name: one number per sentence, in the order they were said, call after call. no_name: the number in
    `name` of a speaker without one; -1 where all have one.
    """
    found = np.zeros(len(call), dtype=np.int64)
    if not len(call):
        return found
    changed = np.ones(len(call), dtype=bool)
    changed[1:] = np.any([each[1:] != each[:-1] for each in (call, section, role, name)], axis=0)
    starts = np.flatnonzero(changed)
    ends = np.append(starts[1:], len(call))
    current, asker, last_call, others_spoke, n_found = 0, -1, -1, True, 0
    for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
        if call[start] != last_call:
            last_call, current, n_found = int(call[start]), 0, 0
        if section[start] != QA:
            current = 0
            continue
        if role[start] == ANALYSTS:
            who = int(name[start])
            if not current or who != asker or (who == no_name and others_spoke):
                current = n_found = n_found + 1
            asker, others_spoke = who, False
            found[start:end] = current
        elif role[start] == MANAGEMENT:
            found[start:end] = current
            others_spoke = True
        elif role[start] != UNKNOWN:
            others_spoke = True
    return found
