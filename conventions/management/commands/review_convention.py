"""``manage.py review_convention 2026-000123``: the facts of an agreement and what the law says of it, for support."""

from __future__ import annotations

from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from itertools import islice
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone, translation

from conventions import law, legality
from conventions.legality import words
from conventions.models import Convention

CHUNK = 500


class Command(BaseCommand):
    help = "Print the facts and findings of one agreement, or how many agreements each rule concerns."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("number", nargs="*", help="number of an agreement, as 2026-000123")
        parser.add_argument(
            "--all", action="store_true", help="count the findings of every numbered agreement"
        )

    def handle(self, *args: Any, number: list[str], **options: Any) -> None:
        if bool(number) == options["all"]:
            raise CommandError("Give the number of an agreement, or --all.")
        agreements = (
            Convention.objects.for_detail()
            .prefetch_related("interruptions", "work_periods", "turns", "attachments")
            .order_by("pk")
        )
        with translation.override("fr"):
            if options["all"]:
                self.count(agreements.filter(number__isnull=False).iterator(CHUNK))
                return
            for one in number:
                convention = agreements.filter(number=one).first()
                if convention is None:
                    raise CommandError(f"No agreement has the number {one}.")
                self.show(one, legality.case_of(convention))

    def show(self, number: str, case: law.Case) -> None:
        """Print one agreement: the facts that are known, the figures, the findings."""
        self.stdout.write(f"Convention {number}\n\nFaits")
        for name, value in known(case.facts):
            self.stdout.write(f"  {name} = {value}")
        panel = words.panel(case, findings := law.findings(case))
        self.stdout.write(f"\n{panel.sentence}")
        for line in panel.figures:
            self.stdout.write(f"  {line.label} : {line.value}")
        for month in panel.months:
            self.stdout.write(f"  {month.name} : {month.hours}, {month.real}, lissé {month.smoothed}")
        self.stdout.write("\nRègles")
        for finding in findings:
            self.stdout.write(
                f"  {finding.severity:6} {finding.rule.id} [{finding.field}] {words.message(finding)}"
                f" ({finding.rule.article})"
            )
            for line in words.explain(finding, words.nowhere).calculation:
                self.stdout.write(f"           {line.label} : {line.value}")

    def count(self, agreements: Iterator[Convention]) -> None:
        """Print, for each rule, how many agreements it blocks, warns or informs of."""
        found: Counter[tuple[str, str]] = Counter()
        reviewed = 0
        amounts, today = legality.amounts(), timezone.localdate()
        while chunk := list(islice(agreements, CHUNK)):
            for case in legality.cases_of(chunk, amounts, today):
                reviewed += 1
                found.update({(finding.rule.id, str(finding.severity)) for finding in law.findings(case)})
        for (rule, severity), total in sorted(found.items()):
            self.stdout.write(f"{rule:5} {severity:6} {total}")
        self.stdout.write(f"{reviewed} conventions")


def known(facts: Any, prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Yield the facts that differ from what is supposed of an agreement one knows nothing of."""
    for field in fields(facts):
        value = getattr(facts, field.name)
        if is_dataclass(value) and field.name not in {"schedule"}:
            yield from known(value, f"{prefix}{field.name}.")
        elif value != field.default:
            yield f"{prefix}{field.name}", value
