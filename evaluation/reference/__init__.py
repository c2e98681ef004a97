"""The registry that ships with the package: how it is founded, and what people decided about its themes; `make reference`."""
