"""``python -m jupyter_faas.cli``."""

import sys

from jupyter_faas.cli import main

sys.exit(main())
