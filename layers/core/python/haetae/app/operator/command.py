"""The operator's milder words: stop (no new entries) and halt (exits only)."""

from haetae.app.modes import escalate_mode
from haetae.app.ports import Ports
from haetae.ledger.book import Mode, OperatorMode
from haetae.notify.build import mode_changed


def stop(ports: Ports, *, t: int, reason: str, by: str) -> OperatorMode:
    """Refuse new entries from now on; positions keep their stops and targets."""
    return change_mode(ports, Mode.STOP, t=t, reason=reason, by=by)


def halt(ports: Ports, *, t: int, reason: str, by: str) -> OperatorMode:
    """Do nothing but exits from now on."""
    return change_mode(ports, Mode.HALT, t=t, reason=reason, by=by)


def change_mode(ports: Ports, mode: Mode, *, t: int, reason: str, by: str) -> OperatorMode:
    """Move the halt epoch to `mode` and say so; only `start` goes back to a milder mode.

    A position that a kill is selling has no stop any more: the kill must go on until it is sold.
    """
    stands = escalate_mode(ports, mode, t=t, reason=reason, by=by)
    ports.messages.publish(mode_changed(stands))
    return stands
