"""``python -m recspec`` is ``recspec``."""

from recspec.cli import main

main()
