"""The law of stages as pure functions: facts in, findings out, articles cited.

Source: articles L124-1 to L124-20 and D124-1 to R124-13 of the Code de l'éducation, and the texts each rule names.
An engineering reading, not legal advice.
"""

from collections.abc import Iterable

from conventions.law import (
    abroad,
    avenants,
    duration,
    eligibility,
    gratification,
    minors,
    protection,
    signatures,
    supervision,
    working_time,
)
from conventions.law.case import Case
from conventions.law.facts import Amounts, Facts
from conventions.law.finding import Finding, Rule, Severity

__all__ = [
    "CHAPTERS",
    "RULES",
    "Amounts",
    "Case",
    "Facts",
    "Finding",
    "Rule",
    "Severity",
    "findings",
    "review",
]

CHAPTERS = (
    eligibility.CHAPTER,
    duration.CHAPTER,
    gratification.CHAPTER,
    supervision.CHAPTER,
    working_time.CHAPTER,
    minors.CHAPTER,
    protection.CHAPTER,
    signatures.CHAPTER,
    abroad.CHAPTER,
    avenants.CHAPTER,
)
RULES: dict[str, Rule] = {rule.id: rule for chapter in CHAPTERS for rule in chapter.rules}


def review(facts: Facts, amounts: Amounts) -> list[Finding]:
    """Return what the law says of an agreement: what blocks, then what warns, then what informs."""
    return findings(Case(facts, amounts))


def findings(case: Case, rules: Iterable[Rule] = RULES.values()) -> list[Finding]:
    """The same for a case whose calculations are also shown, and by some rules only."""
    found = [finding for rule in rules for finding in rule.findings(case)]
    return sorted(found, key=lambda finding: list(Severity).index(finding.severity))
