"""Who is let in, and who runs next: pure policy, no arrays, and the time is told from outside.

Fair means: whoever asks (an owner) gets as much predicted work done as any other who is waiting,
and so does each request of one owner. It is start-time fair queueing (Goyal, Vin, Cheng, 1996) on
two floors: a request's tag grows with what was begun for it, and the smallest tag is next.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from cosyvoice_lite.errors import OverloadError

INTERACTIVE, BATCH = "interactive", "batch"
PRIORITIES = (INTERACTIVE, BATCH)
LONGEST_RETRY_S = 60.0


@dataclass(frozen=True)
class Limits:
    """What the engine takes on at once; the defaults of the service's settings are these."""

    n_requests: int = 256
    """Requests waiting or running."""
    work_s: float = 300.0
    """Predicted seconds of computing for all of them."""
    memory: int = 0
    """Bytes that the process may come to hold; 0 is no limit."""
    patience_s: float = 30.0
    """A batch request that has waited so long is served like an interactive one."""


@dataclass(frozen=True)
class Demand:
    """What a request is expected to take."""

    work_s: float
    """Seconds of computing."""
    n_bytes: int = 0
    """Memory until it is answered."""


@dataclass(eq=False)
class Ticket:
    """A request's place in the queue."""

    owner: str
    priority: str
    demand: Demand
    arrived: float
    tag: float
    """Work begun for it, counted from where the others stood when it came."""
    remaining_s: float
    """Of its predicted work, what has not been done."""


@dataclass
class Share:
    """What an owner was served."""

    tag: float
    level: float = 0.0
    """The tag of the request served last: where a new one begins."""


@dataclass
class Scheduler:
    """The queue. `resident` tells the bytes that the process holds now."""

    limits: Limits
    resident: Callable[[], int] = lambda: 0
    tickets: list[Ticket] = field(default_factory=list)
    owners: dict[str, Share] = field(default_factory=dict)
    level: float = 0.0
    """The tag of the owner served last: where a new one begins."""

    @property
    def work_s(self) -> float:
        """Predicted seconds until everything here is done."""
        return sum(ticket.remaining_s for ticket in self.tickets)

    @property
    def n_bytes(self) -> int:
        """Memory promised to those here."""
        return sum(ticket.demand.n_bytes for ticket in self.tickets)

    def enter(
        self, owner: str, priority: str, demand: Demand, now: float, deadline: float | None = None
    ) -> Ticket:
        """Let a request in.

        Raises:
            OverloadError: there is no room, or it could only be answered too late.
        """
        self._check(demand, now, deadline)
        if not self.tickets:
            self.level = 0.0
        share = self.owners.setdefault(owner, Share(self.level))
        ticket = Ticket(owner, priority, demand, now, share.level, demand.work_s)
        self.tickets.append(ticket)
        return ticket

    def leave(self, ticket: Ticket) -> None:
        """It is done, or gave up."""
        self.tickets.remove(ticket)
        if all(t.owner != ticket.owner for t in self.tickets):
            del self.owners[ticket.owner]

    def next(self, able: Iterable[Ticket], now: float) -> Ticket | None:
        """Whose turn it is among those that have something to begin."""
        return min(able, key=lambda ticket: self._order(ticket, now), default=None)

    def begun(self, ticket: Ticket, work_s: float) -> None:
        """A part of a request, predicted to take `work_s`, was begun."""
        share = self.owners[ticket.owner]
        self.level, share.level = share.tag, ticket.tag
        share.tag += work_s
        ticket.tag += work_s

    def done(self, ticket: Ticket, work_s: float) -> None:
        """A part of a request, predicted to take `work_s`, is done."""
        ticket.remaining_s = max(0.0, ticket.remaining_s - work_s)

    def _order(self, ticket: Ticket, now: float) -> tuple[bool, float, float, float]:
        patient = ticket.priority == BATCH and now - ticket.arrived < self.limits.patience_s
        return patient, self.owners[ticket.owner].tag, ticket.tag, ticket.arrived

    def _check(self, demand: Demand, now: float, deadline: float | None) -> None:
        limits, waiting_s = self.limits, self.work_s
        retry_s = min(LONGEST_RETRY_S, max(1.0, waiting_s / 2))
        if len(self.tickets) >= limits.n_requests:
            raise OverloadError(
                f"the queue is full: {len(self.tickets)} requests", "queue_full", retry_s
            )
        if self.tickets and waiting_s + demand.work_s > limits.work_s:
            raise OverloadError(
                f"the queue is full: {waiting_s:.0f} s of work are waiting, this request would "
                f"add {demand.work_s:.0f} s to at most {limits.work_s:.0f} s",
                "queue_full",
                retry_s,
            )
        if deadline is not None and now + waiting_s + demand.work_s > deadline:
            raise OverloadError(
                f"it could not be answered within {max(0.0, deadline - now):.1f} s: "
                f"{waiting_s:.1f} s of work are waiting",
                "deadline",
                retry_s,
            )
        if limits.memory and self.resident() + self.n_bytes + demand.n_bytes > limits.memory:
            raise OverloadError(
                f"the memory budget of {limits.memory >> 20} MiB has no room for this request",
                "memory",
                retry_s,
            )
