"""What the law says of an agreement, in words and numbers for its reader."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from functools import partial
from itertools import groupby

from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conventions import calendar, law
from conventions.law.case import SIX_MONTHS
from conventions.law.facts import Stage, Zone
from conventions.law.finding import Quantity, Unit, Value

# Where the text that a rule cites can be read, by words of its citation: the first that matches.
SOURCES = (
    ("service-public", "https://www.service-public.fr/particuliers/vosdroits/F32131"),
    ("code du travail", "https://www.legifrance.gouv.fr/codes/texte_lc/LEGITEXT000006072050/"),
    ("code de la sécurité sociale", "https://www.legifrance.gouv.fr/codes/texte_lc/LEGITEXT000006073189/"),
    ("code de la santé publique", "https://www.legifrance.gouv.fr/codes/texte_lc/LEGITEXT000006072665/"),
    ("affaires étrangères", "https://www.diplomatie.gouv.fr/fr/conseils-aux-voyageurs/"),
    ("arrêté du 29 décembre 2014", "https://www.legifrance.gouv.fr/jorf/id/JORFTEXT000030212676"),
    ("D124", "https://www.legifrance.gouv.fr/codes/section_lc/LEGITEXT000006071191/LEGISCTA000029814073/"),
    ("L124-6", "https://www.service-public.fr/particuliers/vosdroits/F32131"),
    ("L124", "https://www.service-public.fr/professionnels-entreprises/vosdroits/F20559"),
    ("R124", "https://www.legifrance.gouv.fr/codes/section_lc/LEGITEXT000006071191/LEGISCTA000029814073/"),
    ("L121", "https://www.legifrance.gouv.fr/codes/texte_lc/LEGITEXT000006071191/"),
    ("D611", "https://www.legifrance.gouv.fr/codes/texte_lc/LEGITEXT000006071191/"),
    ("code civil", "https://www.legifrance.gouv.fr/codes/texte_lc/LEGITEXT000006070721/"),
    ("code général des impôts", "https://www.legifrance.gouv.fr/codes/texte_lc/LEGITEXT000006069577/"),
    ("code pénal", "https://www.legifrance.gouv.fr/codes/texte_lc/LEGITEXT000006070719/"),
)


# The colours of the map of the ministry of foreign affairs.
ZONES = {
    Zone.GREEN: gettext_lazy("verte"),
    Zone.YELLOW: gettext_lazy("jaune"),
    Zone.ORANGE: gettext_lazy("orange"),
    Zone.RED: gettext_lazy("rouge"),
}


ARTICLES = re.compile(r"\b[LDR]\d+(?:-\d+)*")

Link = Callable[[str], str]


def number(value: Decimal, decimals: int = 2) -> str:
    """Return a decimal as the reader writes it, without useless zeros: « 7,5 », « 1 390 »."""
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP).normalize()
    return str(number_format(f"{rounded:f}", force_grouping=True))


def money(value: Decimal, currency: str = "€") -> str:
    """Return an amount, in euros unless it is said: « 1 390,50 € »."""
    cents = value.quantize(Decimal("0.01"), ROUND_HALF_UP)
    return f"{number_format(cents, 2, force_grouping=True)}\N{NO-BREAK SPACE}{currency}"


def in_words(value: Value) -> str:
    """Return a value of a finding or a calculation as people read it."""
    if isinstance(value, Zone):
        return str(ZONES[value])
    if isinstance(value, str):
        return value
    if isinstance(value, date):
        return str(date_format(value, "SHORT_DATE_FORMAT"))
    match value.unit:
        case Unit.HOURS:
            return _("%(count)s h") % {"count": number(value.value)}
        case Unit.DAYS:
            count = number(value.value, 1)
            return ngettext("%(count)s jour", "%(count)s jours", plural(value)) % {"count": count}
        case Unit.MONTHS:
            return _("%(count)s mois") % {"count": number(value.value)}
        case Unit.EUROS:
            return money(value.value)
        case Unit.EUROS_AN_HOUR:
            return _("%(amount)s par heure") % {"amount": money(value.value)}
    return number(value.value)


def in_brief(value: Value) -> str:
    """Return the same for a narrow column of figures: « 4,50 €/h »."""
    if isinstance(value, Quantity) and value.unit == Unit.EUROS_AN_HOUR:
        return f"{money(value.value)}/h"
    return in_words(value)


def plural(quantity: Quantity) -> int:
    """Return a whole number in the same plural: French says « 1,5 jour »."""
    return int(quantity.value)


@dataclass(frozen=True)
class WordedLine:
    """One line of a calculation, in words; ``starts`` a group of lines."""

    label: str
    value: str
    starts: bool = False


@dataclass(frozen=True)
class Explained:
    """A finding in the reader's language, with its source and its calculation."""

    rule: str
    key: str
    url: str
    message: str
    article: str
    source: str
    calculation: list[WordedLine]
    can_be_lifted: bool


def message(finding: law.Finding) -> str:
    """Return what a finding says, in the active language."""
    return _(finding.text) % {name: in_words(value) for name, value in finding.values.items()}


def wrong_dates(start: date | None, end: date | None) -> dict[str, str]:
    """Return what the dates of a stage break by themselves, by field (rule D-07)."""
    typed = law.Facts(timezone.localdate(), stage=Stage(start, end))
    found = law.RULES["D-07"].findings(law.Case(typed, law.Amounts()))
    return {finding.field: message(finding) for finding in found}


def with_rules(findings: Iterable[law.Finding]) -> str:
    """Return findings one after the other, each with its rule."""
    return " ".join(f"{message(finding)} ({finding.rule.id})" for finding in findings)


def cited(rule: law.Rule) -> str:
    """Return the text that a rule cites, named as one does in a sentence."""
    article = rule.article
    if article[0] not in "LDR":
        return article
    count = len(ARTICLES.findall(article))
    return ngettext("article %(article)s", "articles %(article)s", count) % {"article": article}


def source(rule: law.Rule) -> str:
    """Return where the text that a rule cites can be read, or nothing."""
    return next((url for words, url in SOURCES if words in rule.article), "")


def explain(finding: law.Finding, link: Link) -> Explained:
    """Return a finding in words; ``link`` says where its field is, "" when the page does not show it."""
    return Explained(
        rule=finding.rule.id,
        key=finding.key,
        url=link(finding.field),
        message=message(finding),
        article=cited(finding.rule),
        source=source(finding.rule),
        calculation=[
            WordedLine(_(line.label) % line.values, in_brief(line.value)) for line in finding.calculation
        ],
        can_be_lifted=finding.can_be_lifted and finding.severity == law.Severity.BLOCK,
    )


@dataclass(frozen=True)
class Panel:
    """What a page shows of a case: a sentence, the figures, the months, what blocks, warns and informs."""

    sentence: str
    brief: str
    figures: list[WordedLine]
    months: list[Month]
    is_provisional: bool
    blocks: list[Explained]
    warnings: list[Explained]
    notes: list[Explained]
    total_hours: str = ""
    total: str = ""
    again: str = ""  # where the calculator shows the same stage

    @property
    def years(self) -> list[Year]:
        """The months of each year, which has one minimum of an hour."""
        return [
            Year(year, months[0].rate, months[0].is_provisional, months)
            for year, found in groupby(self.months, lambda month: month.year)
            if (months := list(found))
        ]

    @property
    def summary(self) -> str:
        """How much there is to look at: « 2 points à corriger, 1 point à vérifier »."""
        counts = []
        if self.blocks:
            counts.append(
                ngettext("%(count)s point à corriger", "%(count)s points à corriger", len(self.blocks))
                % {"count": len(self.blocks)}
            )
        if self.warnings:
            counts.append(
                ngettext("%(count)s point à vérifier", "%(count)s points à vérifier", len(self.warnings))
                % {"count": len(self.warnings)}
            )
        return ", ".join(counts)


@dataclass(frozen=True)
class Month:
    """One line of the table of gratification."""

    year: int
    name: str
    short_name: str
    hours: str
    rate: str
    real: str
    smoothed: str
    is_provisional: bool


@dataclass(frozen=True)
class Year:
    """The months of one year."""

    year: int
    rate: str
    is_provisional: bool
    months: list[Month]


def nowhere(field: str) -> str:
    return ""


def panel(case: law.Case, findings: Iterable[law.Finding], link: Link = nowhere) -> Panel:
    """Return what a page shows; what the wizard asks anyway is left out."""
    shown = [finding for finding in findings if not finding.is_missing]
    by_severity = {
        severity: [explain(finding, link) for finding in shown if finding.severity == severity]
        for severity in law.Severity
    }
    return Panel(
        sentence=sentence(case),
        brief=brief(case),
        figures=figures(case),
        months=[
            Month(
                month.first.year,
                str(date_format(month.first, "F Y")),
                str(date_format(month.first, "N")),
                in_words(Quantity(month.hours, Unit.HOURS)),
                money(month.rate),
                money(month.real),
                money(month.smoothed),
                month.is_provisional,
            )
            for month in case.paid_months
        ],
        is_provisional=any(month.is_provisional for month in case.paid_months),
        blocks=by_severity[law.Severity.BLOCK],
        warnings=by_severity[law.Severity.WARN],
        notes=by_severity[law.Severity.INFORM],
        total_hours=in_words(Quantity(case.paid_hours, Unit.HOURS)),
        total="" if case.minimum_total is None else money(case.minimum_total),
    )


WHAT_IS_NEEDED = gettext_lazy(
    "Indiquez les dates, les heures par semaine et les jours de présence : le calcul s’affichera ici."
)


def sentence(case: law.Case) -> str:
    """Return « 420 h de présence = 60 jours = 2,7 mois ; gratification due, au moins 1 890,00 € »."""
    if case.timesheet is None or case.duration is None:
        return str(WHAT_IS_NEEDED)
    in_days, in_months = calendar.equivalent(case.duration)
    text = (
        _("%(hours)s de présence, congés compris = %(days)s = %(months)s (7 h = 1 jour)")
        if case.timesheet.leave
        else _("%(hours)s de présence = %(days)s = %(months)s (7 h = 1 jour)")
    ) % {
        "hours": in_words(Quantity(case.duration, Unit.HOURS)),
        "days": in_words(Quantity(in_days, Unit.DAYS)),
        "months": in_words(Quantity(in_months, Unit.MONTHS)),
    }
    if not case.follows_french_pay:
        return text
    if not case.is_due:
        return _("%(text)s ; gratification facultative") % {"text": text}
    if case.minimum_total is None:
        return _("%(text)s ; gratification obligatoire") % {"text": text}
    return _("%(text)s ; gratification obligatoire, au moins %(total)s") % {
        "text": text,
        "total": money(case.minimum_total),
    }


def brief(case: law.Case) -> str:
    """Return the same for a narrow bar: « 826,8 h = 5,37 mois, gratification obligatoire »."""
    if case.duration is None:
        return ""
    _days, in_months = calendar.equivalent(case.duration)
    parts = [
        f"{in_words(Quantity(case.duration, Unit.HOURS))} = {in_words(Quantity(in_months, Unit.MONTHS))}",
    ]
    if case.follows_french_pay:
        parts.append(_("gratification obligatoire") if case.is_due else _("gratification facultative"))
    return ", ".join(parts)


def durations(case: law.Case, timesheet: calendar.Timesheet, duration: Decimal) -> list[tuple[str, Quantity]]:
    """Return the hours of presence and of leave of a stage, what they are in days and months, what they would be."""
    in_days, in_months = calendar.equivalent(duration)
    lines = [(_("Présence"), Quantity(timesheet.presence, Unit.HOURS))]
    schedule = case.facts.stage.schedule
    if schedule and case.facts.stage.corrected_hours is not None:
        lines.append((_("Calcul d’après les horaires"), Quantity(schedule.timesheet.presence, Unit.HOURS)))
    if timesheet.leave:
        lines += [
            (_("Congés, comptés dans la durée"), Quantity(timesheet.leave, Unit.HOURS)),
            (_("Durée"), Quantity(duration, Unit.HOURS)),
        ]
    lines += [
        (_("soit (÷ 7)"), Quantity(in_days, Unit.DAYS)),
        (_("soit (÷ 22)"), Quantity(in_months, Unit.MONTHS)),
    ]
    if case.duration_with_holidays is not None and case.duration_with_holidays != duration:
        lines.append((_("En comptant les jours fériés"), Quantity(case.duration_with_holidays, Unit.HOURS)))
    return lines


def figures(case: law.Case) -> list[WordedLine]:
    """Return the figures of a stage, the ones that follow from others after them."""
    if case.timesheet is None or case.duration is None or case.total is None or case.remaining is None:
        return []
    lines = durations(case, case.timesheet, case.duration)
    if case.total != case.duration:
        lines.append((_("Dans cet organisme cette année"), Quantity(case.total, Unit.HOURS)))
    found = [WordedLine(label, in_words(value)) for label, value in lines]
    if case.follows_french_pay:
        found += pay_figures(case)
    if case.payments and case.promised_total is not None:
        label = _("Prévue") if case.follows_french_pay else _("Gratification prévue")
        found.append(WordedLine(label, money(case.promised_total), starts=not case.follows_french_pay))
    if case.promised_total is not None and len(case.payments) > 1:
        least, most = money(min(case.payments)), money(max(case.payments))
        each = least if least == most else _("%(least)s à %(most)s") % {"least": least, "most": most}
        found.append(WordedLine(_("en %(count)s versements") % {"count": len(case.payments)}, each))
    left = max(case.remaining, Decimal(0))
    found.append(
        WordedLine(
            _("Reste avant %(most)s") % {"most": in_words(Quantity(SIX_MONTHS, Unit.HOURS))},
            in_words(Quantity(left, Unit.HOURS)),
            starts=True,
        )
    )
    return found


def pay_figures(case: law.Case) -> list[WordedLine]:
    """Return whether gratification is due, and its minimum."""
    found = [
        WordedLine(
            _("Gratification"), _("due dès la 1re heure") if case.is_due else _("facultative"), starts=True
        )
    ]
    if case.minimum_total is None:
        return found
    found.append(
        WordedLine(_("Minimum") if case.is_due else _("Si elle est versée"), money(case.minimum_total))
    )
    if len(case.paid_months) > 1:
        found.append(WordedLine(_("lissée, par mois"), money(case.paid_months[0].smoothed)))
    return found


def payments_in_words(payments: Sequence[Decimal], currency: str = "€") -> str:
    """Return what an amount promises, as « 5 versements de 390,60 €, soit 1 953,00 € en tout »; nothing of no payment."""
    if not payments:
        return ""
    *others, last = payments
    amount = partial(money, currency=currency)
    said = {
        "count": len(payments),
        "others": len(others),
        "least": amount(min(payments)),
        "most": amount(max(payments)),
        "each": amount(payments[0]),
        "last": amount(last),
        "total": amount(sum(payments, Decimal(0))),
    }
    if not others:
        return _("un versement de %(total)s") % said
    if set(others) == {last}:
        return _("%(count)s versements de %(each)s, soit %(total)s en tout") % said
    if len(others) > 1 and len(set(others)) == 1:
        return _("%(others)s versements de %(each)s et un de %(last)s, soit %(total)s en tout") % said
    return _("%(count)s versements, de %(least)s à %(most)s, soit %(total)s en tout") % said
