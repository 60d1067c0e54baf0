"""Campaigns: days of virtual time, many sessions, recorders that fail and come back.

Here belong the plan of a campaign, the lean world that plays it with the recorder client's own core
(`simulator.client`), the tally of what happened, and the figures reckoned from tallies. Single
scenarios with a history, which checkers judge, belong in `simulator.virtual`. How seeds are spread
over processes, files and plots do not belong here: this is pure, and the same plan and seed give
the same tally on every machine and every supported version of Python.

What it plays, and what it cannot show, is said in docs/campaigns.md.
"""
