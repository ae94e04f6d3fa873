"""The proof of a version: its examples, run in the image before it goes live."""

from __future__ import annotations

import sys

from .calls import Meter, flush_output
from .loading import MODULE
from .outcomes import CallFailed, failure

TYPE_CHECKING = False
if TYPE_CHECKING:
    import doctest
    from collections.abc import Callable
    from typing import Any

    from .failures import Failures

    Failed = tuple[doctest.Example, str]

MAX_TEXT = 2000
MAX_SHOWN = 5


def prove(text: str, failures: Failures, check_owner: Callable[[], None]) -> dict[str, Any]:
    """Header of the ``RESULT`` of running the examples in ``text`` (a docstring, see ``doctest``).

    The worker has served its purpose then: examples may have changed whatever the module holds, so that it
    asks to be replaced.
    """
    meter = Meter()
    meter.start()
    try:
        outcome = _outcome(_failed(text))
    except CallFailed as error:
        outcome = failure(error.code, str(error), **error.figures)
    except BaseException as error:
        check_owner()
        outcome = failures.outcome("handler-error", error, 0)
    check_owner()
    flush_output()
    usage, cpu_total = meter.usage()
    return {**outcome, "usage": usage, "cpu_total": cpu_total, "leftovers": True}


def _failed(text: str) -> list[Failed]:
    """The examples that don't give what they say, each with what it gave."""
    import doctest
    from traceback import format_exception_only

    failed: list[Failed] = []

    class Runner(doctest.DocTestRunner):
        def report_failure(self, out: Any, test: Any, example: doctest.Example, got: str) -> None:  # noqa: ARG002
            failed.append((example, got))

        def report_unexpected_exception(
            self,
            out: Any,  # noqa: ARG002
            test: Any,  # noqa: ARG002
            example: doctest.Example,
            exc_info: Any,
        ) -> None:
            if isinstance(exc_info[1], CallFailed):  # it says by itself what is wrong, and where
                raise exc_info[1]
            failed.append((example, "".join(format_exception_only(*exc_info[:2]))))

    examples = doctest.DocTestParser().get_doctest(text, dict(vars(sys.modules[MODULE])), MODULE, None, 0)
    Runner(verbose=False).run(examples, out=lambda _: None)
    return failed


def _outcome(failed: list[Failed]) -> dict[str, Any]:
    if not failed:
        return {"ok": True, "type": "application/json"}
    shown = [
        {
            "source": example.source.strip()[:MAX_TEXT],
            "expected": (example.exc_msg or example.want).strip()[:MAX_TEXT],
            "got": got.strip()[:MAX_TEXT],
        }
        for example, got in failed[:MAX_SHOWN]
    ]
    first = shown[0]
    detail = (
        f"the example {first['source']!r} was expected to give {first['expected'] or 'nothing'!r} and gave "
        f"{first['got'] or 'nothing'!r}"
    )
    return failure("handler-error", detail, examples=shown)
