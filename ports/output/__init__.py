"""A report in other forms: the table on a terminal, the page, plots, JUnit, the badge.

Each file is one form. All of them print the verdict of the report, and none computes its own.
"""
