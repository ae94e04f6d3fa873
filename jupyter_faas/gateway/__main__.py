"""``python -m jupyter_faas.gateway`` runs the gateway."""

from jupyter_faas.gateway.app import main

if __name__ == "__main__":
    main()
