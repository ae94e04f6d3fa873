"""The command line, ``jupyter faas …``."""

from __future__ import annotations

import argparse
import os
import sys
from typing import Final

from jupyter_faas.cli import backup, caps, completion, functions, history, invoke, publish, service, versions
from jupyter_faas.cli.arguments import UsageError, add_command, gateway_argument
from jupyter_faas.cli.output import note, print_error, print_json
from jupyter_faas.model.errors import FaasError, GatewayUnavailable
from jupyter_faas.version import VERSION

__all__ = ["command_parsers", "main"]

OK: Final = 0
FAILED: Final = 1
USAGE: Final = 2
NO_GATEWAY: Final = 3
INTERRUPTED: Final = 130  # 128 + SIGINT, as shells have it

EXAMPLES: Final = """\
examples:
  jupyter faas doctor                          what works here, and how to mend what doesn't
  jupyter faas serve --background              start a gateway (%%publish does so by itself)
  jupyter faas publish analysis.ipynb          run a notebook and publish its functions
  jupyter faas list
  jupyter faas invoke summarize --values '[1, 2, 3]' --q 0.9
  jupyter faas history summarize --status 5xx  its last calls; errors groups what went wrong
  jupyter faas logs summarize -f
  jupyter faas alias summarize prod 7          summarize@prod means version 7
  jupyter faas rollback summarize
  curl -H "Authorization: Bearer $(jupyter faas token)" …
  eval "$(jupyter faas env)"                   FAAS_GATEWAY and FAAS_TOKEN for this shell
  jupyter faas stop

exit status: 0 done, 1 the function or the publication failed, 2 wrong usage, 3 no gateway.
`jupyter faas COMMAND --help` explains a command.
"""


def main(argv: list[str] | None = None) -> int:
    """Carry out the command in ``argv`` (by default the process's own) and return its exit status."""
    parser = _parser()
    if completion.is_asked_for():
        completion.answer(parser)
    arguments, rest = parser.parse_known_args(argv)
    if rest and not arguments.takes_rest:
        parser.error(f"unrecognized arguments: {' '.join(rest)}")
    arguments.rest = rest
    try:
        status: int = arguments.run(arguments)
        sys.stdout.flush()
    except UsageError as error:
        parser.error(str(error))
    except FaasError as error:
        print_error(error, as_json=getattr(arguments, "json", False))
        return NO_GATEWAY if isinstance(error, GatewayUnavailable) else FAILED
    except KeyboardInterrupt:
        note("Interrupted.")
        return INTERRUPTED
    except BrokenPipeError:  # the reader, say `head`, has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    return status


def command_parsers() -> dict[str, argparse.ArgumentParser]:
    """The parser of each command, by its name."""
    (commands,) = (one for one in _parser()._actions if isinstance(one, argparse._SubParsersAction))
    return dict(commands.choices)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="jupyter faas",
        description="Functions from notebook cells, as HTTP endpoints.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"jupyter-faas {VERSION}")
    gateway_argument(parser, None)
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in (service, functions, invoke, caps, history, versions, publish, backup, completion):
        module.add_commands(commands)
    add_command(commands, "version", _version, "print the version")
    return parser


def _version(arguments: argparse.Namespace) -> int:
    if arguments.json:
        print_json({"version": VERSION})
    else:
        print(f"jupyter-faas {VERSION}")
    return OK
