"""What a call that is ended leaves behind: told by its worker before, held by the supervisor."""

from __future__ import annotations

import pytest

from jupyter_faas.gateway.dispatch.outcome import interrupted
from jupyter_faas.model.errors import InvocationTimeout
from jupyter_faas.model.wire import Frame, Kind
from runtime.frames import FrameError
from runtime.outcomes import crashed, killed
from runtime.progress import Progress
from tests.unit.runtime.runtime_instance import MB, instance

STEPS = """
    import os, time

    class Steps:
        def prepare_worker(self, report):
            self.report = report

        def __call__(self, how):
            self.report({"type": "text/x-steps", "pieces": [1, 2, 1]}, b"<..>")
            self.report({"piece": 1}, b"one")
            self.report({"piece": 1}, b"x" * 20_000_000 if how == "much" else b"two")
            self.report({"step": {"cell": 2, "tags": ["a", 1], "source": "wait()", "more": 1}})
            if how == "end":
                return 1
            if how == "exit":
                os._exit(3)
            print("waits", flush=True)
            time.sleep(60)

    f = Steps()
"""


def test_a_call_that_is_ended_leaves_what_it_told() -> None:
    with instance(STEPS) as running:
        assert running.value(how="end") == 1
        running.call(how="wait")
        running.await_log("waits")
        running.send(Kind.KILL)
        frame = running.expect(Kind.RESULT)
        assert (frame.header["code"], frame.header["attached"]) == ("killed", "text/x-steps")
        assert frame.header["figures"] == {"cell": 2, "tags": ["a"], "source": "wait()"}
        assert frame.body == b"<two>"
        running.expect(Kind.READY)
        frame = running.result(how="exit")
        assert (frame.header["code"], frame.body) == ("crashed", b"<two>")
        assert frame.header["detail"].endswith("Cell 2 (tagged a) was running.")


def test_what_is_over_the_cap_is_left_out() -> None:
    progress = Progress(10)
    progress.take({"type": "a/b", "pieces": [1, 1]}, b"<>")
    progress.take({"piece": 0}, b"<123456789")
    outcome, body = progress.attach(killed())
    assert (outcome["attached"], body) == ("a/b", b"<>")
    progress.restart()
    assert progress.attach(crashed(256, "the call")) == (crashed(256, "the call"), b"")


@pytest.mark.parametrize(
    ("header", "body"),
    [
        ({"type": "a/b", "pieces": [1, 2]}, b"<>"),
        ({"type": "a/b", "pieces": [-1, 3]}, b"<>"),
        ({"type": "a/b", "pieces": "2"}, b"<>"),
        ({"type": 1, "pieces": [2]}, b"<>"),
        ({"type": "a/b", "pieces": [0] * 20_000}, b""),
        ({"piece": 0}, b""),
        ({"piece": "0"}, b""),
    ],
)
def test_what_makes_no_sense_is_refused(header: dict[str, object], body: bytes) -> None:
    with pytest.raises(FrameError):
        Progress(MB).take(header, body)


@pytest.mark.parametrize("figures", [{}, {"cell": "4"}, {"cell": True}, []])
def test_the_gateway_believes_no_step_that_is_none(figures: object) -> None:
    late = InvocationTimeout("Too long.", phase="run")
    header = {"ok": False, "code": "killed", "detail": "", "figures": figures}
    assert interrupted(Frame(Kind.RESULT, 0, header, b""), late).error is late


def test_the_gateway_tells_the_step_and_keeps_its_own_figures() -> None:
    figures = {"cell": 4, "tags": ["x", 5], "source": 7, "phase": "init", "cap_seconds": 9}
    header = {"ok": False, "code": "killed", "detail": "", "figures": figures, "attached": "a/b"}
    result = interrupted(Frame(Kind.RESULT, 0, header, b"left"), InvocationTimeout("Too long.", phase="run"))
    assert isinstance(result.error, InvocationTimeout)
    assert result.error.detail == "Too long. Cell 4 (tagged x) was running."
    assert result.error.figures == {"cell": 4, "tags": ["x"], "source": "", "phase": "run"}
    assert (result.attached, result.content_type) == (b"left", "a/b")
