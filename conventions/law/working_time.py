"""Hours of presence, rest, night and Sunday: the rules of the host's own employees."""

from collections.abc import Iterator
from datetime import time
from decimal import Decimal

from conventions.law.case import Case
from conventions.law.finding import BLOCK, WARN, Chapter, Finding, Rule, hours
from conventions.law.finding import gettext_noop as _

CHAPTER = Chapter("Temps de présence")
HOURS_A_DAY = Decimal(10)
HOURS_A_WEEK = Decimal(48)
MEAN_HOURS_A_WEEK = Decimal(44)
LEGAL_WEEK = Decimal(35)
WEEKS = 12
DAILY_REST = Decimal(11)
BREAK_FROM = Decimal(6)
BREAK_MINUTES = 20
# Where no agreement of the branch says otherwise (article L3122-20).
NIGHT = time(21), time(6)


def span(starts_at: time | None, ends_at: time | None) -> Decimal | None:
    """Return the hours between arrival and departure, over midnight when departure comes first."""
    if starts_at is None or ends_at is None:
        return None
    minutes = (ends_at.hour - starts_at.hour) * 60 + ends_at.minute - starts_at.minute
    return Decimal(minutes % (24 * 60)) / 60


@CHAPTER.rule(
    "H-01",
    "L124-14 ; L3121-16, L3121-18, L3121-20, L3121-22, L3131-1 et L3132-2 du code du travail",
    "Le stagiaire suit les durées de présence et les repos des salariés.",
    BLOCK,
    formula="jour ≤ 10 h ; semaine ≤ 48 h ; moyenne ≤ 44 h sur 12 semaines ; repos ≥ 11 h ; un jour de repos par semaine",
    example="48 h une semaine : oui ; 49 h : non.",
)
def hard_limits(case: Case, rule: Rule) -> Iterator[Finding]:
    schedule, stage = case.schedule, case.facts.stage
    if schedule is None or case.facts.host.is_abroad:
        return
    if schedule.longest_day > HOURS_A_DAY:
        yield rule.finds(
            "weekly_hours",
            _(
                "%(longest)s en un seul jour : le maximum est de %(most)s par jour. Corrigez les heures "
                "ou cochez tous les jours de présence."
            ),
            longest=hours(schedule.longest_day),
            most=hours(HOURS_A_DAY),
        )
    elif schedule.fullest_week > HOURS_A_WEEK:
        yield rule.finds(
            "weekly_hours",
            _("%(fullest)s par semaine : le maximum est de %(most)s."),
            fullest=hours(schedule.fullest_week),
            most=hours(HOURS_A_WEEK),
        )
    elif (mean := schedule.most_hours(7 * WEEKS) / WEEKS) > MEAN_HOURS_A_WEEK:
        yield rule.finds(
            "weekly_hours",
            _("%(mean)s par semaine en moyenne : sur douze semaines, le maximum est de %(most)s."),
            mean=hours(mean),
            most=hours(MEAN_HOURS_A_WEEK),
        )
    if any(all(period.hours) for period in schedule.followed()):
        yield rule.finds(
            "working_days",
            _("Sept jours de présence par semaine : au moins un jour de repos est obligatoire."),
        )
    present = span(stage.day_starts_at, stage.day_ends_at)
    if present is not None and 24 - present < DAILY_REST:
        yield rule.finds(
            "day_ends_at",
            _("Il ne reste que %(rest)s de repos entre deux journées ; il en faut %(least)s."),
            rest=hours(24 - present),
            least=hours(DAILY_REST),
        )
    if (
        present is not None
        and schedule.usual_day >= BREAK_FROM
        and round((present - schedule.usual_day) * 60) < BREAK_MINUTES
    ):
        yield rule.finds(
            "day_ends_at",
            _(
                "Entre l’arrivée et le départ, il manque la pause de 20 minutes due dès six heures de présence."
            ),
        )


@CHAPTER.rule(
    "H-02",
    "L124-14",
    (
        "Plus de 35 heures par semaine seulement si c’est la durée collective de l’organisme ; pas "
        "d’heures supplémentaires."
    ),
    WARN,
    formula="heures par semaine ≤ max(35, durée collective déclarée)",
    example="39 h, durée collective de 39 h : oui ; 39 h sans déclaration : à vérifier.",
)
def collective_hours(case: Case, rule: Rule) -> Iterator[Finding]:
    schedule, collective = case.schedule, case.facts.host.collective_hours
    if schedule is None or case.facts.host.is_abroad:
        return
    if schedule.fullest_week > max(LEGAL_WEEK, collective or LEGAL_WEEK):
        yield rule.finds(
            "collective_hours" if collective is None else "weekly_hours",
            _(
                "%(fullest)s par semaine, plus que %(usual)s : ce n’est possible que si c’est la durée "
                "collective de l’organisme."
            ),
            fullest=hours(schedule.fullest_week),
            usual=hours(collective or LEGAL_WEEK),
        )


@CHAPTER.rule(
    "H-03",
    "D124-4, 6° ; L3122-20 du code du travail",
    "La présence la nuit, le dimanche, un jour férié ou en télétravail est écrite dans la convention.",
    BLOCK,
    formula="case cochée, ou horaires entre 21 h et 6 h, ou heures le dimanche : précisions écrites",
    example="Dimanche coché, sans précision : non ; départ à 21 h : oui ; à 21 h 30 : la nuit se coche et se précise.",
)
def exceptional_written(case: Case, rule: Rule) -> Iterator[Finding]:
    stage = case.facts.stage
    is_exceptional = stage.at_night or stage.on_sunday or stage.on_holidays or stage.remotely
    if is_exceptional and not stage.exceptional_work.strip():
        yield rule.finds("exceptional_work", _("Précisez quand et comment : la convention doit le dire."))
    if case.schedule and not stage.on_sunday and any(period.hours[6] for period in case.schedule.followed()):
        yield rule.finds(
            "works_on_sunday", _("Des heures sont prévues le dimanche : cochez la présence le dimanche.")
        )
    if not stage.at_night and is_at_night(stage.day_starts_at, stage.day_ends_at):
        yield rule.finds(
            "works_at_night", _("Des heures sont prévues entre 21 h et 6 h : cochez la présence la nuit.")
        )


def is_at_night(starts_at: time | None, ends_at: time | None) -> bool:
    """Whether a day of presence has hours between 21 h and 6 h."""
    evening, morning = NIGHT
    if starts_at and ends_at and ends_at < starts_at:
        return True
    return bool(
        (starts_at and (starts_at < morning or starts_at >= evening)) or (ends_at and ends_at > evening)
    )


CHAPTER.note("H-04", "L124-14", "L’organisme tient le décompte des durées de présence.")
CHAPTER.note(
    "H-09",
    "L124-12",
    "Le stagiaire est protégé dans ses droits et libertés et contre le harcèlement, comme un salarié.",
)
