"""One environment variable: its names, what it sets, or why it has no effect."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """A row of the table.

    `setting` is the key it is another name of, `parameter` what `make up` and `make deploy-local`
    set with it in the template. `not_on_stack` says why these two leave it alone, `no_effect` why
    everything does. A variable of the `machine` means something else in a process: only what `.env`
    says of it counts.
    """

    name: str
    meaning: str
    other: str = ""
    example: str = ""
    allowed: tuple[str, ...] = ()
    setting: str = ""
    parameter: str = ""
    not_on_stack: str = ""
    no_effect: str = ""
    secret: bool = False
    machine: bool = False

    @property
    def spellings(self) -> tuple[str, ...]:
        """Its names."""
        return (self.name, self.other) if self.other else (self.name,)
