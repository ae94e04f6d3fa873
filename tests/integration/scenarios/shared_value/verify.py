"""Four workers and a frozen array of 100 MB within a memory cap of 256 MB: they share it."""

from concurrent.futures import ThreadPoolExecutor

from tests.support.gateway import Answer, Gateway

SUM = float(12_500_000 * 12_499_999 // 2)


def verify(gateway: Gateway) -> None:
    with ThreadPoolExecutor(4) as threads:
        answers = list(threads.map(lambda _: call(gateway, seconds=0.5), range(4)))
        assert all(answer.status == 200 for answer in answers), [answer.body for answer in answers]
        assert len({answer.json[0] for answer in answers}) == 4
        assert {answer.json[1] for answer in answers} == {SUM}
        crashes = list(threads.map(lambda _: call(gateway, crash=True), range(4)))
        assert {answer.code for answer in crashes} == {"crashed"}
    assert call(gateway).json[1] == SUM


def call(gateway: Gateway, **arguments: object) -> Answer:
    return gateway.call("shared", arguments)
