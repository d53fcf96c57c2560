"""schemathesis asks what the document allows, and what it does not; nothing may come of it."""

from __future__ import annotations

import hypothesis
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase
from schemathesis.checks import CHECKS, load_all_checks

from server.harness import Server

load_all_checks()
LEFT_OUT = {  # what the words of a schema can't say
    "positive_data_acceptance",  # a text may be nothing but punctuation, a voice unknown
}


def checks() -> list[object]:
    return [check for check in CHECKS.get_all() if check.__name__ not in LEFT_OUT]


def probe(server: Server, n_examples: int) -> None:
    schema = schemathesis.openapi.from_url(f"{server.url}/openapi.json")
    wrong: list[str] = []
    for operation in schema.get_all_operations():
        case_of = operation.ok()

        @hypothesis.settings(
            max_examples=n_examples,
            deadline=None,
            database=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],
        )
        @hypothesis.given(case=case_of.as_strategy())
        def run(case: schemathesis.Case) -> None:
            case.call_and_validate(checks=checks(), timeout=30)

        try:
            run()
        except Exception as error:  # all of them are to be seen at once
            wrong.append(f"{case_of.label}: {error}"[:1500])
    assert not wrong, "\n\n".join(wrong)


def test_nothing_is_found(server: Server) -> None:
    probe(server, 3)


@pytest.mark.slow
def test_nothing_is_found_for_long(server: Server) -> None:
    probe(server, 60)
