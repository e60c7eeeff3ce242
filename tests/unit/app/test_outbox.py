"""What is held is said in order, once, when it is flushed or the block ends."""

import pytest

from haetae.adapters.memory.messages import MemoryMessages
from haetae.app.outbox import Outbox, messages_last
from haetae.app.ports import Ports
from haetae.notify.messages import ExchangeTrouble


def trouble(market: str) -> ExchangeTrouble:
    return ExchangeTrouble(t=0, market=market, error="no answer")


A, B = trouble("KRW-A"), trouble("KRW-B")


class Telling:
    """Ports that tell, and nothing else."""

    def __init__(self) -> None:
        self.messages = MemoryMessages()

    def __getattr__(self, name: str) -> object:
        raise AssertionError(f"{name} was asked for")


def test_nothing_is_said_before_it_is_flushed_and_nothing_twice() -> None:
    out = MemoryMessages()
    box = Outbox(out)
    box.publish(A)
    box.publish(B)
    box.publish(A)
    assert out.sent == []
    box.flush()
    assert out.sent == [A, B]
    box.publish(B)
    box.flush()
    assert out.sent == [A, B]


def test_block_that_fails_has_said_what_it_had_to_say_and_asked_for_no_other_port() -> None:
    ports = Telling()

    def fail() -> None:
        with messages_last(ports) as held:  # type: ignore[arg-type]
            held.messages.publish(A)
            raise LookupError

    with pytest.raises(LookupError):
        fail()
    assert ports.messages.sent == [A]


def test_other_ports_are_those_that_were_given() -> None:
    class Named(Telling):
        exchange, books, clock = "exchange", "books", "clock"

    ports: Ports = Named()  # type: ignore[assignment]
    with messages_last(ports) as held:
        assert (held.exchange, held.books, held.clock) == ("exchange", "books", "clock")  # type: ignore[comparison-overlap]
