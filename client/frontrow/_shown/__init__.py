"""Answers as text, HTML and JSON, each with what must be known to read it."""
