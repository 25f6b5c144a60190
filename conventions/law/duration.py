"""How long a stage may last in one host, and how long to wait before the next."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from decimal import Decimal

from conventions.calendar import GOOD_FRIDAY, Schedule, Territory, add_months, covered, easter, equivalent
from conventions.law.case import LONGEST, SIX_MONTHS, Case
from conventions.law.facts import Other, Previous
from conventions.law.finding import BLOCK, INFORM, WARN, Chapter, Finding, Line, Rule, days, hours
from conventions.law.finding import gettext_noop as _

CHAPTER = Chapter("Durée")
HOURS_A_WEEK = Decimal(48)
# From 80 % of 35 hours a week, six calendar months are close to six months of presence.
NEARLY_FULL_TIME = Decimal(28)
A_YEAR = timedelta(days=365)
Lasting = tuple[date, date, Decimal]  # first day, last day, hours


def shown(case: Case) -> list[Line]:
    """Return how the hours of a trainee in one host add up."""
    assert case.duration is not None
    assert case.total is not None
    lines = [Line(_("Ce stage"), hours(case.duration))]
    if case.hours_in_same_host:
        lines.append(
            Line(_("Autres conventions dans cet organisme cette année"), hours(case.hours_in_same_host))
        )
    if declared := case.facts.history.declared_hours:
        lines.append(Line(_("Heures déclarées, dans un autre établissement d’enseignement"), hours(declared)))
    in_days, _months = equivalent(case.total)
    return [*lines, Line(_("Total"), hours(case.total)), Line(_("soit, à 7 h par jour"), days(in_days))]


@CHAPTER.rule(
    "D-01",
    "L124-5, D124-6, L124-18",
    "Un même stagiaire passe au plus six mois dans un même organisme par année d’enseignement.",
    BLOCK,
    formula="somme des heures de présence et de congé ≤ 924 (6 × 22 × 7)",
    example="924 h : oui ; 924,5 h : non.",
)
def six_months(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.duration is None or case.total is None:
        return
    known = case.duration + case.hours_in_same_host
    if known > SIX_MONTHS:
        yield rule.finds(
            "end",
            _("%(total)s dans le même organisme cette année : le maximum est de %(most)s, soit six mois."),
            total=hours(known),
            most=hours(SIX_MONTHS),
            calculation=shown(case),
        )
    elif case.total <= SIX_MONTHS < case.total + case.uncertain_hours:
        yield rule.finds(
            "end",
            _(
                "Avec un stage interrompu dans le même organisme (%(uncertain)s au plus), le total peut dépasser "
                "%(most)s : vérifiez les heures faites."
            ),
            severity=WARN,
            uncertain=hours(case.uncertain_hours),
            most=hours(SIX_MONTHS),
            calculation=shown(case),
        )


@CHAPTER.rule(
    "D-02",
    "L124-5 ; Cass. soc., 7 janvier 2026, n° 24-12.244",
    "Changer d’établissement d’enseignement en cours d’année ne remet pas le compteur à zéro.",
    BLOCK,
    formula="heures de D-01 + heures déclarées dans un autre établissement d’enseignement ≤ 924",
    example="602 h de septembre à décembre pour une école, 861 h de janvier à juin pour une autre : 1 463 h, non.",
)
def other_school(case: Case, rule: Rule) -> Iterator[Finding]:
    declared = case.facts.history.declared_hours
    if case.duration is None or case.total is None or not declared:
        return
    if case.duration + case.hours_in_same_host <= SIX_MONTHS < case.total:
        yield rule.finds(
            "earlier_hours",
            _(
                "Avec les heures faites pour un autre établissement, le total est de %(total)s ; le "
                "maximum est de %(most)s."
            ),
            total=hours(case.total),
            most=hours(SIX_MONTHS),
            calculation=shown(case),
        )


@CHAPTER.rule(
    "D-03",
    "D124-6, L124-18",
    "Les six mois se comptent en heures de présence ; un juge peut aussi regarder les dates.",
    WARN,
    formula="fin ≥ début + 6 mois, ou stages de l’année dans l’organisme de plus de six mois en tout ; 28 h par semaine ou plus",
    example="7,8 h par jour du 02/02 au 31/07/2026 : 967,2 h, non (D-01) ; 3,5 h par jour pendant un an : 882 h, oui.",
)
def calendar_span(case: Case, rule: Rule) -> Iterator[Finding]:
    schedule, start, end = case.schedule, case.start, case.end
    if schedule is None or start is None or end is None or schedule.mean_week < NEARLY_FULL_TIME:
        return
    if case.spans_six_months:
        yield rule.finds(
            "end",
            _(
                "Du %(start)s au %(end)s, presque à temps plein : plus de six mois de calendrier, même si les heures de "
                "présence restent sous le maximum."
            ),
            start=start,
            end=end,
            calculation=[
                Line(_("Jours de calendrier"), days((end - start).days + 1)),
                Line(_("Six mois après le début"), add_months(start, 6)),
            ],
        )
        return
    full_time = [other for other in case.same_host_and_year if other.weekly_hours >= NEARLY_FULL_TIME]
    first = min([start, *(other.start for other in full_time)])
    counted = [(start, end), *((other.start, other.end) for other in full_time)]
    in_all = sum((last - begins).days + 1 for begins, last in counted)
    most = (add_months(first, 6) - first).days
    if full_time and in_all > most:
        yield rule.finds(
            "end",
            _(
                "%(in_all)s de calendrier en tout dans cet organisme cette année, presque à temps plein : plus de six "
                "mois, même si les heures de présence restent sous le maximum."
            ),
            in_all=days(in_all),
            calculation=[
                Line(_("Jours de calendrier"), days(in_all)),
                Line(_("Six mois, à partir du premier stage"), days(most)),
            ],
        )


def most_together(others: Iterable[Other], schedule: Schedule) -> Decimal:
    """Return the most hours a week on one day of a schedule that others share; none when no other does."""
    most = Decimal(0)
    for day, _hours in schedule.planned():
        shared = [other.weekly_hours for other in others if other.start <= day <= other.end]
        if shared:
            most = max(most, schedule.week_of(day) + sum(shared, Decimal(0)))
    return most


CHAPTER.note(
    "D-04",
    "L124-13, L124-18",
    "Les congés écrits dans la convention comptent dans la durée ; les payer est facultatif.",
    formula="durée = présence + congés ; heures payées = présence, congés compris s’ils sont gratifiés",
    example="294 h de présence et 14 h de congé : durée de 308 h, pas plus de deux mois.",
)


@CHAPTER.rule(
    "D-05",
    "D124-6",
    "Les jours fériés chômés ne comptent pas ; une autre lecture les compte.",
    WARN,
    formula="D-01 et G-01 calculées deux fois ; avertissement si la réponse change ; Vendredi saint : rappel",
    example="Du 01/06 au 31/07/2026 : 308 h sans le 14 juillet, 315 h avec.",
)
def holidays_both_ways(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.duration is None or case.total is None or case.duration_with_holidays is None:
        return
    if case.facts.host.is_abroad:
        return
    for day in good_fridays(case):
        yield rule.finds(
            "end",
            _(
                "Le Vendredi saint (%(day)s) est compté comme férié : il ne l’est que dans les communes d’Alsace et de "
                "Moselle qui ont un temple protestant ou une église mixte. Ailleurs, corrigez les heures."
            ),
            severity=INFORM,
            day=day,
        )
    other_total = case.total - case.duration + case.duration_with_holidays
    changes = [case.total <= SIX_MONTHS < other_total]
    if case.follows_french_pay:
        changes.append(case.total <= case.threshold < other_total)
    if not any(changes):
        return
    text = (
        _(
            "Si les jours fériés chômés étaient comptés, le total serait de %(other)s, au-delà du maximum "
            "de %(limit)s."
        )
        if changes[0]
        else _(
            "Si les jours fériés chômés étaient comptés, le total serait de %(other)s, et la gratification serait "
            "due (au-delà de %(limit)s)."
        )
    )
    yield rule.finds(
        "end",
        text,
        other=hours(other_total),
        limit=hours(SIX_MONTHS if changes[0] else case.threshold),
        calculation=[
            Line(_("Sans les jours fériés chômés"), hours(case.total)),
            Line(_("En les comptant"), hours(other_total)),
        ],
    )


def good_fridays(case: Case) -> list[date]:
    """Return the Good Fridays of a stage in Alsace-Moselle that would be days of presence (article L3134-13)."""
    schedule = case.schedule
    if schedule is None or schedule.place != Territory.ALSACE_MOSELLE or schedule.works_on_holidays:
        return []
    if case.facts.stage.corrected_hours is not None:
        return []
    fridays = {
        easter(year) + timedelta(days=GOOD_FRIDAY)
        for year in range(schedule.start.year, schedule.end.year + 1)
    }
    return [
        day
        for day, planned in schedule.planned()
        if planned and day in fridays and not covered(day, schedule.absences)
    ]


def earliest_start(previous: Previous) -> date:
    """Return the first day on which a post may be given to a trainee again (article L124-11)."""
    lasted = (previous.end - previous.start).days + 1
    return previous.end + timedelta(days=-(-lasted // 3) + 1)


@CHAPTER.rule(
    "D-06",
    "L124-11 ; Cass. soc., 7 janvier 2026, n° 24-12.244",
    (
        "Entre deux stages sur un même poste, on attend le tiers de la durée du premier, sauf s’il a été "
        "interrompu par le stagiaire."
    ),
    WARN,
    formula=(
        "premier jour possible = fin du stage précédent, de ce stagiaire ou d’un autre du même tuteur, + tiers de ses jours, "
        "arrondi au-dessus, + 1 ; sinon, le stage peut être requalifié en contrat de travail"
    ),
    example="Stage du 02/01 au 30/06/2026 (180 jours, donc 60) : le 01/08, non ; le 30/08, oui.",
)
def waiting_period(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.start is None:
        return
    for previous in case.facts.history.previous:
        earliest = earliest_start(previous)
        if previous.left_early or not previous.end < case.start < earliest:
            continue
        lasted = (previous.end - previous.start).days + 1
        yield rule.finds(
            "start",
            waiting_text(previous),
            severity=BLOCK if previous.same_post else WARN,
            end=previous.end,
            earliest=earliest,
            calculation=[
                Line(_("Durée du stage précédent"), days(lasted)),
                Line(_("Le tiers, arrondi au-dessus"), days(-(-lasted // 3))),
                Line(_("Premier jour possible"), earliest),
            ],
        )


def waiting_text(previous: Previous) -> str:
    if previous.same_post:
        return _(
            "Un stage sur ce poste s’est terminé le %(end)s : le suivant commence au plus tôt le %(earliest)s."
        )
    if previous.of_another:
        return _(
            "Un autre stagiaire de ce tuteur a fini le %(end)s : sur le même poste, le suivant commence au plus tôt le "
            "%(earliest)s, sauf si c’est ce stagiaire qui avait interrompu son stage."
        )
    return _(
        "Le stagiaire a fini un stage dans cet organisme le %(end)s : sur le même poste, le suivant commence "
        "au plus tôt le %(earliest)s."
    )


@CHAPTER.rule(
    "D-07",
    "L124-14 ; L3121-20 du code du travail",
    (
        "Les dates se suivent, le stage dure au plus un an, et deux stages à la fois ne dépassent pas 48 "
        "heures par semaine."
    ),
    BLOCK,
    formula="début ≤ fin ≤ début + 1 an ; somme des heures par semaine des stages simultanés ≤ 48",
    example="35 h et 10 h : oui ; 35 h et 35 h : non.",
)
def dates_and_overlaps(case: Case, rule: Rule) -> Iterator[Finding]:
    start, end, schedule = case.start, case.end, case.schedule
    if start is None or end is None:
        return
    if end < start:
        yield rule.finds(
            "end",
            _("La fin du stage (%(end)s) précède son début (%(start)s) : corrigez l’une des deux dates."),
            start=start,
            end=end,
        )
        return
    if end - start > LONGEST or case.has_impossible_periods:
        yield rule.finds("end", _("Un stage dure au plus un an : vérifiez l’année de fin."))
        return
    if schedule is None:
        return
    if (
        case.timesheet is not None
        and not case.timesheet.presence
        and case.facts.stage.corrected_hours is None
    ):
        yield rule.finds(
            "end",
            _("Aucune heure de présence entre ces dates : vérifiez les dates, les jours et les absences."),
        )
    together = most_together(case.facts.history.others, schedule)
    if together > HOURS_A_WEEK:
        yield rule.finds(
            "start",
            _("Un autre stage a lieu en même temps : %(together)s par semaine en tout, plus que %(most)s."),
            together=hours(together),
            most=hours(HOURS_A_WEEK),
        )


@CHAPTER.rule(
    "D-08",
    "L124-5",
    "Sur douze mois glissants dans un même organisme, plus de 924 heures se justifient.",
    WARN,
    formula="heures du même organisme sur douze mois qui se suivent ≤ 924",
    example="500 h de mars à août et 500 h de septembre à janvier : à vérifier.",
)
def twelve_months(case: Case, rule: Rule) -> Iterator[Finding]:
    if not case.duration or case.total is None or case.total > SIX_MONTHS:
        return
    if case.start is None or case.end is None or case.end < case.start:
        return
    others = [
        (other.start, other.end, other.duration) for other in case.facts.history.others if other.same_host
    ]
    most = fullest_year((case.start, case.end, case.duration), others)
    if most > SIX_MONTHS:
        yield rule.finds(
            "end",
            _("%(most)s dans cet organisme sur douze mois, à cheval sur deux années : plus que %(limit)s."),
            most=hours(most),
            limit=hours(SIX_MONTHS),
        )


def fullest_year(stage: Lasting, others: list[Lasting]) -> Decimal:
    """Return the most hours that a stage and others come to in twelve months that hold some of its own."""
    stages = [stage, *others]
    # The fullest twelve months begin on the first day of a stage, or end on the last day of one.
    beginnings = [first for first, _end, _duration in stages]
    beginnings += [last + timedelta(days=1) - A_YEAR for _start, last, _duration in stages]
    windows = [(first, first + A_YEAR) for first in beginnings]
    return max(
        sum((within(one, window) for one in stages), Decimal(0))
        for window in windows
        if within(stage, window)
    )


def within(stage: Lasting, window: tuple[date, date]) -> Decimal:
    """Return the hours of a stage that fall in a window, its last day excluded, shared evenly between its days."""
    start, end, duration = stage
    common = (min(end + timedelta(days=1), window[1]) - max(start, window[0])).days
    return duration * max(common, 0) / ((end - start).days + 1)


@CHAPTER.rule(
    "D-09",
    "D124-4, 5°",
    "La durée se calcule d’après les dates et les horaires ; des heures corrigées à la main se justifient.",
    WARN,
    formula="heures corrigées = heures calculées, sinon à justifier",
    example="588 h calculées, 300 h écrites : à justifier.",
)
def corrected_by_hand(case: Case, rule: Rule) -> Iterator[Finding]:
    corrected = case.facts.stage.corrected_hours
    if corrected is None or case.schedule is None or corrected == case.schedule.timesheet.presence:
        return
    planned = case.schedule.timesheet.presence
    yield rule.finds(
        "hours_corrected",
        _(
            "%(corrected)s écrites à la main, au lieu de %(planned)s calculées d’après les dates et les horaires."
        ),
        corrected=hours(corrected),
        planned=hours(planned),
    )
