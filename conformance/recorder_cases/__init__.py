"""The cases that recorders are put through, and what each shows that no other does.

One module a subject, named like the module of `scenarios.recorder` that plays it.
"""
