"""The operator's mode as the bot itself moves it: always to a stricter one."""

from haetae.app.ports import DeskPorts
from haetae.ledger.book import Mode, OperatorMode
from haetae.notify.build import mode_changed

ATTEMPTS = 3  # against other commands


def halt_on_fault(ports: DeskPorts, t: int, reason: str) -> None:
    """Go to HALT without being told; where the operator has said as much or more, that stands."""
    if ports.books.halt().mode < Mode.HALT:
        moved = escalate_mode(ports, Mode.HALT, t=t, reason=reason, by="haetae")
        ports.messages.publish(mode_changed(moved))


def escalate_mode(ports: DeskPorts, mode: Mode, *, t: int, reason: str, by: str) -> OperatorMode:
    """Move the halt to `mode`, unless a stricter one stands; return the halt as it then stands."""
    stands = ports.books.halt()
    for _attempt in range(ATTEMPTS):
        if stands.mode > mode:
            break
        stands = ports.books.move_halt(mode=mode, t=t, reason=reason, by=by, expected=stands.epoch)
        if stands.mode >= mode:
            break
    return stands
