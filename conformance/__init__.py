"""The spec as code, pure: no sockets, no files, no clock, no asyncio.

Here live the types that all rooms share (scenario, history, judgement), the failure state
machine, the wire facts, the clause catalogue, recordings, policy, and the checkers: pure functions
from a scenario and a history to findings. What talks to the outside world does not belong here,
and nothing here imports another room of the house.
"""
