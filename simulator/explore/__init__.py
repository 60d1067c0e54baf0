"""Exploration: every order of events and every placement of faults within stated bounds.

`search` walks any transition system breadth first; `model` makes one of the recorder client and
the world around it (`world`: the facts, `moves`: what may happen); `properties` says what must
hold; `bounds` what is covered; `schedule` and `as_scenario` show what was found. Virtual time with
networks and bytes does not belong here, nor does the command line.
"""
