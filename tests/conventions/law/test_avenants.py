"""What an avenant may change: A-01 to A-08."""

from decimal import Decimal

import pytest

from conventions.law import review
from conventions.law.facts import Change
from tests.conventions.law.cases import (
    AMOUNTS,
    BLOCK,
    LAWFUL,
    agreement,
    avenant,
    case,
    check,
    finds,
    lasting,
    paid,
    silent,
    told,
)


def changed(kind, effective_on="01/06/2026", hours=None, today="15/05/2026", **more):
    pay = more.pop("pay", {})
    facts = {"stage": lasting(hours)} if hours else {}
    return agreement(today, avenant=avenant(kind, effective_on, **more), pay=pay, **facts)


EXAMPLES = [
    silent("A-01", "no avenant", LAWFUL),
    silent("A-01", "signed on the day", changed(Change.OTHER, signed_on="01/06/2026")),
    finds(
        "A-01",
        "signed the day after",
        changed(Change.OTHER, signed_on="02/06/2026"),
        told(BLOCK, "effective_on", effective_on="01/06/2026", signed_on="02/06/2026"),
    ),
    silent("A-01", "not signed, still time", changed(Change.OTHER, today="01/06/2026")),
    finds(
        "A-01",
        "not signed, too late",
        changed(Change.OTHER, today="02/06/2026"),
        told(BLOCK, "effective_on", effective_on="01/06/2026", signed_on="02/06/2026"),
    ),
    silent(
        "A-01",
        "signed in time, read later",
        changed(Change.OTHER, today="02/07/2026", signed_on="01/06/2026"),
    ),
    silent("A-02", "no avenant", agreement(stage=lasting(930))),
    silent("A-02", "900 → 924 h", changed(Change.EXTENSION, hours=924, previous_duration=Decimal(900))),
    finds(
        "A-02",
        "case 29: 900 → 930 h",
        changed(Change.EXTENSION, hours=930, previous_duration=Decimal(900)),
        told(BLOCK, "end", total="930", most="924"),
    ),
    silent("A-02", "another change", changed(Change.OTHER, hours=930)),
    silent(
        "A-02",
        "hours unknown",
        agreement(stage={"schedule": None}, avenant=avenant(Change.EXTENSION, "01/06/2026")),
    ),
    silent("A-03", "no avenant", LAWFUL),
    silent("A-03", "400 → 400 h", changed(Change.POSTPONEMENT, hours=400, previous_duration=Decimal(400))),
    finds(
        "A-03",
        "400 → 407 h",
        changed(Change.POSTPONEMENT, hours=407, previous_duration=Decimal(400)),
        told(BLOCK, "end", after="407", before="400"),
    ),
    silent("A-03", "fewer hours", changed(Change.POSTPONEMENT, hours=393, previous_duration=Decimal(400))),
    silent(
        "A-03",
        "an extension adds hours",
        changed(Change.EXTENSION, hours=407, previous_duration=Decimal(400)),
    ),
    silent("A-03", "earlier hours unknown", changed(Change.POSTPONEMENT, hours=407)),
    silent(
        "A-03",
        "hours unknown",
        agreement(
            stage={"schedule": None},
            avenant=avenant(Change.POSTPONEMENT, "01/06/2026", previous_duration=Decimal(400)),
        ),
    ),
    silent("A-05", "no avenant", LAWFUL),
    silent("A-05", "a reason", changed(Change.TERMINATION, reason="Fermeture du service.")),
    finds("A-05", "no reason", changed(Change.TERMINATION, reason=" "), told(BLOCK, "reason")),
    silent("A-05", "another change", changed(Change.OTHER)),
    silent("A-07", "no avenant", LAWFUL),
    silent(
        "A-07",
        "signed on the last day",
        changed(Change.EXTENSION, previous_end="30/06/2026", signed_on="30/06/2026"),
    ),
    finds(
        "A-07",
        "signed the day after",
        changed(Change.EXTENSION, previous_end="30/06/2026", signed_on="01/07/2026"),
        told(BLOCK, "effective_on", end="30/06/2026"),
    ),
    finds(
        "A-07",
        "not signed, too late",
        changed(Change.EXTENSION, previous_end="30/06/2026", today="01/07/2026"),
        told(BLOCK, "effective_on", end="30/06/2026"),
    ),
    silent(
        "A-07",
        "signed in time, read later",
        changed(Change.EXTENSION, previous_end="30/06/2026", signed_on="01/06/2026", today="01/07/2026"),
    ),
    silent("A-07", "earlier end unknown", changed(Change.EXTENSION, signed_on="01/07/2026")),
]


@pytest.mark.parametrize("example", [example.param for example in EXAMPLES])
def test_avenants(example):
    check(example)


def test_an_extension_over_two_months_is_paid_from_the_first_hour():
    """Case 28: 301 h become 322 h."""
    extended = {
        "stage": lasting(322),
        "avenant": avenant(Change.EXTENSION, "01/06/2026", previous_duration=Decimal(301)),
    }
    assert case(**extended).minimum_total == Decimal("1449.00")
    stopped = {finding.rule.id for finding in review(agreement(**extended), AMOUNTS) if finding.stops}
    assert stopped == {"G-01", "C-02"}
    mended = agreement(**extended | {"stage": lasting(322, leave_terms="À la demande."), "pay": paid("4.50")})
    assert not [finding for finding in review(mended, AMOUNTS) if finding.stops]
