"""Who is let in and who is next, with a clock that the test winds."""

import pytest

from cosyvoice_lite.engine.scheduler import BATCH, INTERACTIVE, Demand, Limits, Scheduler, Ticket
from cosyvoice_lite.errors import OverloadError


def enter(
    s: Scheduler, owner: str, work_s: float = 1.0, now: float = 0.0, **more: object
) -> Ticket:
    priority = str(more.get("priority", INTERACTIVE))
    return s.enter(owner, priority, Demand(work_s), now)


def served(s: Scheduler, able: list[Ticket], n: int, now: float = 0.0) -> list[Ticket]:
    """The next n that begin a part of one second; all have as many parts as needed."""
    order = []
    for _ in range(n):
        ticket = s.next(able, now)
        assert ticket is not None
        s.begun(ticket, 1.0)
        order.append(ticket)
    return order


def test_equals_are_served_in_the_order_they_came() -> None:
    s = Scheduler(Limits())
    tickets = [enter(s, "a", now=float(i)) for i in range(5)]
    assert served(s, tickets, 5) == tickets
    assert s.next([], 0.0) is None


def test_a_long_text_and_a_short_one_take_turns() -> None:
    s = Scheduler(Limits())
    long = enter(s, "a", 50.0)
    assert served(s, [long], 10) == [long] * 10
    short = enter(s, "a", 2.0, now=1.0)
    assert sorted(served(s, [long, short], 4).count(t) for t in (long, short)) == [2, 2]


def test_many_requests_of_one_do_not_hold_up_another() -> None:
    s = Scheduler(Limits())
    crowd = [enter(s, "greedy", now=float(i)) for i in range(20)]
    served(s, crowd, 6)
    modest = enter(s, "modest", now=30.0)
    assert modest in served(s, [*crowd[6:], modest], 2, now=30.0)


def test_newcomers_never_starve_who_was_served_long() -> None:
    """A stream of short requests, two at a time, beside a long one that was alone before."""
    s = Scheduler(Limits(work_s=1e9))
    long = enter(s, "a", 1000.0)
    served(s, [long], 50)
    of_long = 0
    for i in range(40):
        newcomer = enter(s, "a", 1.0, now=float(i))
        first, second = served(s, [long, newcomer], 2, now=float(i))
        of_long += [first, second].count(long)
        s.leave(newcomer)
    assert 30 <= of_long <= 50


def test_batch_work_waits_for_interactive_work_but_not_for_ever() -> None:
    s = Scheduler(Limits(patience_s=30.0))
    batch = enter(s, "a", priority=BATCH)
    talk = enter(s, "b", now=1.0)
    assert s.next([batch, talk], 29.0) is talk
    served(s, [talk], 1)
    assert s.next([batch, talk], 31.0) is batch


@pytest.mark.parametrize(
    ("limits", "demand", "reason"),
    [
        (Limits(n_requests=1), Demand(1.0), "queue_full"),
        (Limits(work_s=5.0), Demand(5.0), "queue_full"),
        (Limits(memory=1000), Demand(1.0, 500), "memory"),
    ],
)
def test_what_has_no_room_is_refused_politely(limits: Limits, demand: Demand, reason: str) -> None:
    s = Scheduler(limits, resident=lambda: 600)
    s.enter("a", INTERACTIVE, Demand(1.0), 0.0)
    with pytest.raises(OverloadError) as caught:
        s.enter("a", INTERACTIVE, demand, 0.0)
    assert caught.value.reason == reason
    assert 1 <= caught.value.retry_after_s <= 60
    assert len(s.tickets) == 1


def test_room_comes_back() -> None:
    s = Scheduler(Limits(n_requests=1, work_s=10.0))
    first = enter(s, "a", 10.0)
    s.done(first, 4.0)
    assert s.work_s == 6.0
    s.leave(first)
    assert (s.work_s, s.n_bytes, s.owners) == (0.0, 0, {})
    enter(s, "a", 1000.0)  # larger than the limit: spoken all the same when nobody else is here


def test_what_would_come_too_late_is_refused_at_once() -> None:
    s = Scheduler(Limits())
    enter(s, "a", 8.0)
    with pytest.raises(OverloadError, match=r"within 9\.0 s: 8\.0 s of work") as caught:
        s.enter("b", INTERACTIVE, Demand(2.0), 100.0, deadline=109.0)
    assert caught.value.reason == "deadline"
    s.enter("b", INTERACTIVE, Demand(2.0), 100.0, deadline=111.0)
