"""A function that ends its process: 502 with exit status or signal, and the next call is fine."""

from tests.support.gateway import Gateway


def verify(gateway: Gateway) -> None:
    for how, figure, value in (
        ("status 3", "exit_status", 3),
        ("segmentation fault", "signal", "SIGSEGV"),
        ("kill", "signal", "SIGKILL"),
    ):
        answer = gateway.call("leave", {"how": how})
        assert (answer.status, answer.code) == (502, "crashed"), answer.body
        assert answer.json[figure] == value, answer.body
        assert str(value) in answer.json["detail"]
        assert gateway.call("leave", {"how": "not"}).json == "fine"
    # sys.exit is an exception like any other: it does not cost the process.
    answer = gateway.call("leave", {"how": "sys.exit"})
    assert (answer.status, answer.json["exception"]) == (500, "SystemExit"), answer.body
