"""Makes the generated parts of the pages in docs/, so that no table or figure there is typed by hand.

`make docs` writes them. A part stands between `<!-- begin: NAME -->` and `<!-- end: NAME -->`; the text around it
is written by people. tests/docs fails when a part differs from what its function returns.
"""
