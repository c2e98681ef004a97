"""The trial behind every default of the clustering: methods × data sets, and the page that shows it.

`python -m evaluation --data FOLDER --out docs/validation.md` runs all of it again, on the
production code for the defaults and beside it on what they were chosen over.
"""
