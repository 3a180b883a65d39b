"""From a PORT on the command line to an object that steps: parsing, importing, and one adapter a framework.

An adapter turns a framework's optimizer into the two methods of ``protocol.py``.
Whatever knows a framework's names belongs here, and nothing here judges what a port returns.
"""
