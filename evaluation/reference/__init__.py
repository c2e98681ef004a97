"""The registry that ships with the package: how it is founded, and what was decided about its themes; `make reference`."""
