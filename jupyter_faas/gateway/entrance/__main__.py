"""``python -m jupyter_faas.gateway.entrance``, which the gateway starts with ``--processes``."""

import sys

from jupyter_faas.gateway.entrance.process import main

if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
