"""Spreading a campaign's seeds over processes, here or on a cluster, and keeping what came back.

`spreading` is the one loop, over any `concurrent.futures.Executor`; `crews` says where the
executors come from; `journal` keeps each seed's result on disk, so that a campaign can be resumed.
What a seed is played with, and what its result means, does not belong here.
"""
