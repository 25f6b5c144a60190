"""What changes when the trainee is under eighteen on a day of the stage."""

from collections.abc import Iterator
from datetime import date, time
from decimal import Decimal

from conventions.calendar import CENT, covered, public_holidays
from conventions.law.case import Case
from conventions.law.finding import BLOCK, WARN, Chapter, Finding, Rule, hours
from conventions.law.finding import gettext_noop as _
from conventions.law.working_time import span

CHAPTER = Chapter("Mineurs")
HOURS_A_DAY = Decimal(8)
HOURS_A_WEEK = Decimal(35)
# Beyond, and as far as this, somebody may have allowed it: the labour inspection, a collective agreement.
MOST_HOURS_A_DAY = Decimal(10)
MOST_HOURS_A_WEEK = Decimal(40)
DAILY_REST = {True: Decimal(14), False: Decimal(12)}  # under sixteen, or not
LATEST = {True: time(20), False: time(22)}
EARLIEST = time(6)
MIDNIGHT = time(0)
# Nobody under eighteen works from midnight to 4 h (article L3163-1).
EARLIEST_ALLOWED = time(4)
SATURDAY, SUNDAY, MONDAY = 5, 6, 0
BREAK_AFTER = Decimal("4.5")
BREAK = Decimal("0.5")
SIXTEEN = 16


def is_young(case: Case) -> bool:
    return case.age_at_start is not None and case.age_at_start < SIXTEEN


@CHAPTER.rule(
    "H-05",
    "L3162-1 et R3162-1 du code du travail",
    "Un mineur est présent au plus 8 heures par jour et 35 heures par semaine, sauf dérogation.",
    BLOCK,
    formula=(
        "jours d’avant 18 ans : jour ≤ 8 h ; semaine ≤ 35 h ; jusqu’à 10 h et 40 h, une dérogation (chantiers, inspection "
        "du travail) se justifie"
    ),
    example="17 ans, 35 h : oui ; 36 h : non, sauf dérogation ; 36 h à partir du jour des 18 ans : oui.",
)
def minor_hours(case: Case, rule: Rule) -> Iterator[Finding]:
    periods = case.periods_of_minor
    if not periods or case.facts.host.is_abroad:
        return
    longest = max(hours for period in periods for hours in period.hours).quantize(CENT)
    fullest = max(period.weekly_hours for period in periods)
    if longest > HOURS_A_DAY or fullest > HOURS_A_WEEK:
        yield rule.finds(
            "weekly_hours",
            _(
                "%(day)s par jour et %(week)s par semaine : pour un mineur, le maximum est de "
                "%(most_day)s et %(most_week)s."
            ),
            can_be_lifted=longest <= MOST_HOURS_A_DAY and fullest <= MOST_HOURS_A_WEEK,
            day=hours(longest),
            week=hours(fullest),
            most_day=hours(HOURS_A_DAY),
            most_week=hours(HOURS_A_WEEK),
        )


@CHAPTER.rule(
    "H-06",
    "L3162-3, L3164-1, L3164-2, L3164-5 et R3164-1 du code du travail",
    (
        "Un mineur a deux jours de repos qui se suivent, dont le dimanche, 12 heures entre deux journées (14 avant "
        "16 ans) et une pause de 30 minutes."
    ),
    BLOCK,
    formula=(
        "jours d’avant 18 ans : dimanche et un jour voisin sans présence ; un autre jour que le dimanche, selon le secteur "
        "(hôtels, restaurants, boulangeries, spectacles…), se vérifie ; repos ≥ 12 h ; pause ≥ 30 min au-delà de 4 h 30"
    ),
    example="Du lundi au vendredi, ou du mardi au samedi : oui ; lundi, mercredi, vendredi, samedi, dimanche : non.",
)
def minor_rest(case: Case, rule: Rule) -> Iterator[Finding]:
    schedule, stage, periods = case.schedule, case.facts.stage, case.periods_of_minor
    if schedule is None or not periods or case.facts.host.is_abroad:
        return
    if not all(has_two_days_off(period.hours) for period in periods):
        yield rule.finds(
            "working_days",
            _("Un mineur a deux jours de repos de suite chaque semaine, sauf accord collectif."),
            can_be_lifted=all(not all(period.hours) for period in periods),
        )
    elif not all(rests_on_sunday(period.hours) for period in periods):
        yield rule.finds(
            "working_days",
            _(
                "Le repos d’un mineur comprend le dimanche et un jour voisin, sauf dans certains secteurs (hôtels, restaurants, "
                "boulangeries, spectacles…) : vérifiez que l’organisme en est."
            ),
            severity=WARN,
        )
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


def rests_on_sunday(week: tuple[Decimal, ...]) -> bool:
    """Whether Sunday and a day beside it have no hours."""
    return not week[SUNDAY] and not (week[SATURDAY] and week[MONDAY])


@CHAPTER.rule(
    "H-07",
    "L3163-1, L3163-2 et R3163-1 à R3163-6 du code du travail",
    "Un mineur n’est pas présent la nuit : de 22 h à 6 h, de 20 h à 6 h avant 16 ans, sauf dérogation.",
    BLOCK,
    formula=(
        "départ ≤ 22 h (20 h avant 16 ans) ; arrivée ≥ 6 h ; de 4 h à minuit, une dérogation (hôtels, restaurants, "
        "boulangeries, spectacles, courses hippiques) se justifie ; entre minuit et 4 h, aucune"
    ),
    example="17 ans, départ à 22 h : oui ; à 22 h 30 : non, sauf dérogation ; à 1 h : non.",
)
def minor_night(case: Case, rule: Rule) -> Iterator[Finding]:
    stage = case.facts.stage
    if not case.is_minor or case.facts.host.is_abroad:
        return
    starts, ends, latest = stage.day_starts_at, stage.day_ends_at, LATEST[is_young(case)]
    # Over midnight: from 21 h to 7 h; until midnight is not.
    is_over_midnight = bool(starts and ends and MIDNIGHT < ends < starts)
    is_late = ends and (is_over_midnight or not EARLIEST <= ends <= latest)
    is_early = starts and not EARLIEST <= starts <= latest
    if is_late or is_early:
        is_within_reach = (starts is None or starts >= EARLIEST_ALLOWED) and (
            ends is None or ends == MIDNIGHT or ends >= EARLIEST_ALLOWED
        )
        yield rule.finds(
            "day_ends_at" if is_late else "day_starts_at",
            _("Un mineur n’est présent ni avant 6 h ni après %(latest)s h."),
            can_be_lifted=is_within_reach and not is_over_midnight and not is_young(case),
            latest=str(latest.hour),
        )
    if stage.at_night:
        yield rule.finds(
            "works_at_night",
            _("Un mineur n’est pas présent la nuit, sauf dérogation."),
            can_be_lifted=not is_young(case),
        )


@CHAPTER.rule(
    "H-08",
    "L3164-6 du code du travail",
    "Un mineur n’est pas présent les jours fériés, sauf exception.",
    WARN,
    formula="jours fériés travaillés avant le jour des 18 ans",
    example="17 ans, présence le 14 juillet : à vérifier.",
)
def minor_holidays(case: Case, rule: Rule) -> Iterator[Finding]:
    if not case.is_minor or not case.facts.stage.on_holidays or case.facts.host.is_abroad:
        return
    if case.schedule is None or any(holidays_of_minor(case)):
        yield rule.finds(
            "works_on_holidays",
            _("Un mineur n’est pas présent les jours fériés, sauf exception prévue par la loi."),
        )


def holidays_of_minor(case: Case) -> Iterator[date]:
    """Yield the public holidays with hours before the trainee is eighteen."""
    assert case.schedule is not None
    assert case.majority is not None
    for day, planned in case.schedule.planned():
        is_there = planned and not covered(day, case.schedule.absences)
        if is_there and day < case.majority and day in public_holidays(day.year, case.schedule.place):
            yield day
