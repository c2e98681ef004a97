"""The ruler: themes of real calls, judged blind by raters, whatever clustering made them.

Nothing that a program computes of its own themes says whether they hold. Two sentences of one theme from two
firms, shown to somebody who does not know which system put them together, do. `inputs` reads clusterings and
cuts them to equal coverage, `pairs`, `elsewhere` and `groups` draw what is to be judged, `sheets` hides it,
`ratings` reads what came back, `figures` makes figures with intervals of it, `refusals` says when not to
believe them, and `power` how many ratings tell two systems apart. docs/rating.md is the guide for people.
"""
