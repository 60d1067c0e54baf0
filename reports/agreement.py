"""The table of differences between the live world and the simulated one."""

from __future__ import annotations

import msgspec
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.agreement import Agreement
from reports.visible import one_line

AGREEMENT = "agreement.json"
"""The file of a run's folder that holds it."""


def agreement_json(agreement: Agreement) -> bytes:
    """Encode it: which scenarios were compared, and every difference."""
    return msgspec.json.format(msgspec.json.encode(agreement), indent=2) + b"\n"


def print_agreement(agreement: Agreement, console: Console) -> None:
    """Print the differences as a table on a terminal, as plain lines elsewhere."""
    found = agreement.differences
    if found and console.is_terminal:
        table = Table(show_lines=True, expand=True, highlight=False)
        for name in ("scenario", "what", "live", "simulated"):
            table.add_column(name, overflow="fold", ratio=2 if name in ("live", "simulated") else 1)
        for one in found:
            where = f"{one.aspect} of {one.session}" if one.session else one.aspect
            cells = (one.scenario, where, one.live or "nothing", one.simulated or "nothing")
            table.add_row(*(Text(one_line(cell)) for cell in cells))
        console.print(table)
    for one in found if not console.is_terminal else ():
        where = f"{one.scenario} {one.session}".rstrip()
        live, simulated = one.live or "nothing", one.simulated or "nothing"
        told = f"differs {where}: {one.aspect}: live: {live}; simulated: {simulated}"
        console.print(one_line(told), markup=False, highlight=False, soft_wrap=True)
    both = f"both worlds: {len(agreement.compared)} scenarios compared"
    differ = len({one.scenario for one in found})
    console.print(f"{both}, {differ} differ", markup=False, highlight=False, soft_wrap=True)
