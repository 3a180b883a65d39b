"""Feedback for students: which equation of their own optimizer fails first, and a hint that leads to the mistake.

``lesson.py`` is the whole way from a class to its feedback, and ``hints.toml`` holds the sentences.
A hint leads to the mistake and does not give the answer away.
"""
