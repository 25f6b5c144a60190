"""Tutor, referent teacher, and how many trainees each and the host may have at once."""

from collections.abc import Iterable, Iterator
from datetime import date, timedelta
from itertools import accumulate

from accounts.limits import REFERENT_LIMIT
from conventions.calendar import Period
from conventions.law.case import Case
from conventions.law.facts import Avenant, Change
from conventions.law.finding import BLOCK, WARN, Chapter, Finding, Line, Rule, number
from conventions.law.finding import gettext_noop as _

CHAPTER = Chapter("Encadrement et quotas")
TUTOR_LIMIT = 3
SMALL_HOST = 20
SMALL_QUOTA = 3
# The decree that limits trainees by tutor, by referent and by host.
QUOTAS = date(2015, 10, 28)


def quota(headcount: int) -> int:
    """Return how many trainees a host may have in one week (article R124-10): 15 % rounded up, 3 below twenty."""
    return SMALL_QUOTA if headcount < SMALL_HOST else (15 * headcount + 99) // 100


def at_once(periods: Iterable[Period], start: date, end: date) -> int:
    """Return the most periods that hold one same day between two days, both included."""
    changes = []
    for first, last in periods:
        if first <= end and last >= start:
            changes += [
                (first, 0, 1),
                (last, 1, -1),
            ]  # on one day, who leaves is still there when another comes
    together = accumulate(change for _day, _order, change in sorted(changes))
    return max(together, default=0)


def weeks(periods: Iterable[Period]) -> list[Period]:
    """Return periods widened to the calendar weeks they touch."""
    return [
        (
            first - timedelta(days=first.weekday()),
            last + min(timedelta(days=6 - last.weekday()), date.max - last),
        )
        for first, last in periods
    ]


def counted_until(avenant: Avenant | None, end: date) -> date:
    """Return the last day that counts in the quota: not the time a postponement adds (article L124-8, Q-04)."""
    if avenant and avenant.kind == Change.POSTPONEMENT and avenant.previous_end:
        return min(end, avenant.previous_end)
    return end


@CHAPTER.rule(
    "T-01",
    "L124-9",
    "L’organisme nomme un tuteur.",
    BLOCK,
    formula="tuteur nommé",
    example="Sans tuteur : non.",
)
def tutor_named(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.facts.people.tutor is None:
        yield rule.finds("tutor", _("Choisissez le tuteur professionnel."), is_missing=True)


@CHAPTER.rule(
    "T-02",
    "L124-10, R124-13",
    "Une personne n’est pas nommée tuteur si elle suit déjà trois stagiaires à la date de début.",
    BLOCK,
    formula="conventions en cours du tuteur au premier jour < 3",
    example="Trois en cours : non ; l’une finit la veille : oui.",
    since=QUOTAS,
)
def tutor_limit(case: Case, rule: Rule) -> Iterator[Finding]:
    avenant, people = case.facts.avenant, case.facts.people
    start = case.start
    if start is None:
        return
    if avenant:  # it names a tutor from its own day on
        start = max(start, avenant.effective_on)
    known = sum(first <= start <= last for first, last in people.tutor_elsewhere)
    if known >= TUTOR_LIMIT:
        yield rule.finds(
            "tutor",
            _("Cette personne suit déjà %(known)s stagiaires le %(start)s ; le maximum est de %(most)s."),
            known=number(known),
            start=start,
            most=number(TUTOR_LIMIT),
        )
    elif (people.tutor_declared or 0) >= TUTOR_LIMIT:
        yield rule.finds(
            "tutor_trainees",
            _(
                "L’organisme déclare que le tuteur suit déjà %(known)s stagiaires ; le maximum est de %(most)s."
            ),
            severity=WARN,
            known=number(people.tutor_declared or 0),
            most=number(TUTOR_LIMIT),
        )


@CHAPTER.rule(
    "E-01",
    "L124-2, 3°",
    "L’établissement nomme un enseignant référent.",
    BLOCK,
    formula="enseignant référent nommé",
    example="Sans enseignant référent : non.",
)
def referent_named(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.facts.people.referent is None:
        yield rule.finds("teacher", _("Choisissez l’enseignant référent."), is_missing=True)


@CHAPTER.rule(
    "E-02",
    "L124-2, 3° ; D124-3",
    "Un enseignant référent suit au plus 24 stagiaires à la fois, moins si l’établissement le décide.",
    BLOCK,
    formula="stagiaires suivis le même jour ≤ min(24, plafond de l’établissement ou du centre)",
    example="24 : oui ; 25 : non.",
    since=QUOTAS,
)
def referent_limit(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.start is None or case.end is None:
        return
    most = min(REFERENT_LIMIT, case.facts.stricter.referent_ceiling or REFERENT_LIMIT)
    together = at_once(case.facts.people.referent_elsewhere, case.start, case.end) + 1
    if together > most:
        yield rule.finds(
            "teacher",
            _("Cette personne suivrait %(together)s stagiaires à la fois ; le maximum est de %(most)s."),
            # The university may go beyond its own ceiling, never beyond the law's.
            can_be_lifted=together <= REFERENT_LIMIT,
            together=number(together),
            most=number(most),
            calculation=[
                Line(_("Stagiaires suivis en même temps, celui-ci compris"), number(together)),
                Line(_("Maximum"), number(most)),
            ],
        )


CHAPTER.note(
    "E-03",
    "L124-1",
    "L’enseignant référent s’assure plusieurs fois auprès du tuteur que le stage se déroule bien.",
)


@CHAPTER.rule(
    "Q-01",
    "L124-8, R124-10",
    (
        "Dans une même semaine, les stagiaires d’un organisme ne dépassent pas 15 % de son effectif, ou "
        "trois s’il compte moins de 20 personnes."
    ),
    WARN,
    formula="limite = 3 si effectif < 20, sinon 15 % de l’effectif arrondi au-dessus",
    example="19 et 20 personnes : 3 ; 21 : 4 ; 27 : 5 ; 45 : 7 ; 100 : 15 ; 101 : 16.",
    since=QUOTAS,
)
def host_quota(case: Case, rule: Rule) -> Iterator[Finding]:
    host = case.facts.host
    headcount = host.headcount if host.headcount is not None else host.band
    if headcount is None or host.is_abroad or case.start is None or case.end is None:
        return
    most = quota(headcount)
    [(first, last)] = weeks([(case.start, counted_until(case.facts.avenant, case.end))])
    known = at_once(weeks(case.facts.people.host_elsewhere), first, last) + 1
    together = max(known, (host.trainees or 0) + 1)
    if together > most:
        yield rule.finds(
            "organisation" if known == together else "host_trainees",
            _(
                "%(together)s stagiaires la même semaine dans cet organisme ; avec %(headcount)s "
                "personnes, le maximum est de %(most)s."
            ),
            severity=BLOCK if known > most and host.headcount is not None else WARN,
            together=number(together),
            headcount=number(headcount),
            most=number(most),
            calculation=[
                Line(_("Stagiaires la même semaine, celui-ci compris"), number(together)),
                Line(_("Effectif"), number(headcount)),
                Line(_("Maximum"), number(most)),
            ],
        )


CHAPTER.note(
    "Q-02",
    "R124-12",
    (
        "L’effectif est le plus élevé de deux nombres : les personnes employées le dernier jour du mois "
        "précédent, et la moyenne sur douze mois."
    ),
)
CHAPTER.note(
    "Q-03",
    "R124-11",
    (
        "Pour les périodes en milieu professionnel du second degré, l’académie peut porter la limite à 20 "
        "%, ou à cinq sous 30 personnes."
    ),
)
CHAPTER.note("Q-04", "L124-8", "Le temps ajouté par un report (article L124-15) ne compte pas dans le quota.")
CHAPTER.note(
    "Q-05",
    "L124-17",
    (
        "Dépasser le quota expose l’organisme à une amende : 2 000 € au plus par stagiaire, 4 000 € en "
        "cas de récidive dans l’année."
    ),
)
CHAPTER.note(
    "Q-06",
    "L1221-13, D1221-23-1 et R1221-26 du code du travail",
    "L’organisme inscrit ses stagiaires dans une partie à part du registre du personnel et les y garde cinq ans.",
)
CHAPTER.note(
    "Q-07", "décret n° 2015-1359", "L’inspection du travail peut demander une copie de la convention."
)
