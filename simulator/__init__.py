"""The reference system and the virtual world.

Here live the recorder client (sans-IO), the SSH server, the recorder, the control plane, the
storage backends, and the mutants that break one of them on purpose. Starting processes, injecting
faults and judging do not belong here.
"""
