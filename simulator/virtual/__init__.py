"""The virtual world: a scenario played in virtual time, by SimPy.

Here belong the models of what surrounds the recorder client: network, recorders, storage, users,
commands, control plane and faults, and the driver that runs the client's core (`simulator.client`)
among them. What a scenario leaves is the same kind of history as the live world's, with the same
observers, so that the same checkers judge it. Real parts, sockets, threads and wall clocks do not
belong here, nor does anything that differs between two runs: time is whole nanoseconds, and all
chance is drawn from one seed.

What this cannot show is said in docs/simulation.md: it stands above HTTP.
"""
