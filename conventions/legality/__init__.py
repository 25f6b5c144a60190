"""What the law says of agreements: from rows to facts, from facts to findings, from findings to words."""

from conventions.legality.facts import amounts, case_of, cases_of, judged, late, review, schedule_of

__all__ = ["amounts", "case_of", "cases_of", "judged", "late", "review", "schedule_of"]
