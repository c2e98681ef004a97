"""WRDS as a PostgreSQL server on loopback: its tables, its doubles for ids, its refusals."""
