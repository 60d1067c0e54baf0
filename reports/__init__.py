"""Judgement in, report out: terminal, HTML, JUnit and JSON.

A report shows what was judged: it imports conformance and nothing else of ours. Judging
(conformance) and playing (scenarios) do not belong here.
"""
