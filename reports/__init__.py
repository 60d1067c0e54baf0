"""Judgement in, report out: terminal, HTML, JUnit and JSON.

A report shows what was judged and never judges: it imports conformance and nothing else of ours.
"""
