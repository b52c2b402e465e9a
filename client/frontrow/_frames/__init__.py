"""Rows as Druid writes them, and what becomes of them: columns, DataFrames, files."""
