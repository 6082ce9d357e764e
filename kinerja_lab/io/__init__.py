"""Layer 4, text and tables to core values: studies, rulesets, indicator files, sources, and nothing statistical.

A study is a folder with ``study.yml``. Everything that is wrong in it is found at once and named with file, line,
value and cure (``InputFaults``); only a study without faults becomes a ``Study``. Tables stay where they are:
``sources`` asks the database (DuckDB over Parquet or CSV, or PostgreSQL) for the rows of one region, or only for its
counted answer sheets.
"""
