"""What changes when the trainee is under eighteen on a day of the stage."""

from collections.abc import Iterator
from datetime import time
from decimal import Decimal

from conventions.law.case import Case
from conventions.law.finding import BLOCK, WARN, Chapter, Finding, Rule, hours
from conventions.law.finding import gettext_noop as _
from conventions.law.working_time import span

CHAPTER = Chapter("Mineurs")
HOURS_A_DAY = Decimal(8)
HOURS_A_WEEK = Decimal(35)
DAILY_REST = {True: Decimal(14), False: Decimal(12)}  # under sixteen, or not
LATEST = {True: time(20), False: time(22)}
EARLIEST = time(6)
BREAK_AFTER = Decimal("4.5")
BREAK = Decimal("0.5")
SIXTEEN = 16


def is_young(case: Case) -> bool:
    return case.age_at_start is not None and case.age_at_start < SIXTEEN


@CHAPTER.rule(
    "H-05",
    "L3162-1 du code du travail",
    "Un mineur est présent au plus 8 heures par jour et 35 heures par semaine.",
    BLOCK,
    formula="moins de 18 ans : jour ≤ 8 h ; semaine ≤ 35 h",
    example="17 ans, 35 h : oui ; 36 h : non.",
)
def minor_hours(case: Case, rule: Rule) -> Iterator[Finding]:
    schedule = case.schedule
    if schedule is None or not case.is_minor or case.facts.host.is_abroad:
        return
    if schedule.longest_day > HOURS_A_DAY or schedule.fullest_week > HOURS_A_WEEK:
        yield rule.finds(
            "weekly_hours",
            _(
                "%(day)s par jour et %(week)s par semaine : pour un mineur, le maximum est de "
                "%(most_day)s et %(most_week)s."
            ),
            day=hours(schedule.longest_day),
            week=hours(schedule.fullest_week),
            most_day=hours(HOURS_A_DAY),
            most_week=hours(HOURS_A_WEEK),
        )


@CHAPTER.rule(
    "H-06",
    "L3162-3, L3164-1 et L3164-2 du code du travail",
    (
        "Un mineur a deux jours de repos qui se suivent, 12 heures entre deux journées (14 avant 16 ans) "
        "et une pause de 30 minutes."
    ),
    BLOCK,
    formula="deux jours sans présence à la suite ; repos ≥ 12 h ; pause ≥ 30 min au-delà de 4 h 30",
    example="Du lundi au vendredi : oui ; lundi, mercredi, vendredi, samedi, dimanche : non.",
)
def minor_rest(case: Case, rule: Rule) -> Iterator[Finding]:
    schedule, stage = case.schedule, case.facts.stage
    if schedule is None or not case.is_minor or case.facts.host.is_abroad:
        return
    if not all(has_two_days_off(period.hours) for period in schedule.periods):
        yield rule.finds("working_days", _("Un mineur a deux jours de repos de suite chaque semaine."))
    present = span(stage.day_starts_at, stage.day_ends_at)
    if present is None:
        return
    least = DAILY_REST[is_young(case)]
    if 24 - present < least:
        yield rule.finds(
            "day_ends_at",
            _("Il ne reste que %(rest)s de repos entre deux journées ; il en faut %(least)s."),
            rest=hours(24 - present),
            least=hours(least),
        )
    # The times of arrival and departure are those of the usual week.
    if schedule.usual_day > BREAK_AFTER and present - schedule.usual_day < BREAK:
        yield rule.finds(
            "day_ends_at",
            _("Entre l’arrivée et le départ, il manque la pause de 30 minutes due à un mineur."),
        )


def has_two_days_off(week: tuple[Decimal, ...]) -> bool:
    """Whether two days that follow one another, Sunday and Monday included, have no hours."""
    return any(not week[day] and not week[(day + 1) % 7] for day in range(7))


@CHAPTER.rule(
    "H-07",
    "L3163-1 et L3163-2 du code du travail",
    "Un mineur n’est pas présent la nuit : de 22 h à 6 h, de 20 h à 6 h avant 16 ans.",
    BLOCK,
    formula="départ ≤ 22 h (20 h avant 16 ans) ; arrivée ≥ 6 h",
    example="17 ans, départ à 22 h : oui ; à 22 h 30 : non.",
)
def minor_night(case: Case, rule: Rule) -> Iterator[Finding]:
    stage = case.facts.stage
    if not case.is_minor or case.facts.host.is_abroad:
        return
    latest = LATEST[is_young(case)]
    is_late = stage.day_ends_at and (
        not EARLIEST <= stage.day_ends_at <= latest
        # Over midnight: from 21 h to 7 h.
        or (stage.day_starts_at and stage.day_ends_at < stage.day_starts_at)
    )
    is_early = stage.day_starts_at and not EARLIEST <= stage.day_starts_at <= latest
    if is_late or is_early:
        yield rule.finds(
            "day_ends_at" if is_late else "day_starts_at",
            _("Un mineur n’est présent ni avant 6 h ni après %(latest)s h."),
            latest=str(latest.hour),
        )
    if stage.at_night:
        yield rule.finds("works_at_night", _("Un mineur n’est pas présent la nuit."))


@CHAPTER.rule(
    "H-08",
    "L3164-6 du code du travail",
    "Un mineur n’est pas présent les jours fériés, sauf exception.",
    WARN,
    formula="moins de 18 ans et jours fériés travaillés",
    example="17 ans, présence le 14 juillet : à vérifier.",
)
def minor_holidays(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.is_minor and case.facts.stage.on_holidays and not case.facts.host.is_abroad:
        yield rule.finds(
            "works_on_holidays",
            _("Un mineur n’est pas présent les jours fériés, sauf exception prévue par la loi."),
        )
