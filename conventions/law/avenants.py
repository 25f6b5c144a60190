"""What an avenant may change: the other rules review the agreement as it becomes."""

from collections.abc import Iterator

from conventions.law.case import SIX_MONTHS, Case
from conventions.law.facts import Change
from conventions.law.finding import BLOCK, Chapter, Finding, Rule, hours
from conventions.law.finding import gettext_noop as _

CHAPTER = Chapter("Avenants")


@CHAPTER.rule(
    "A-01",
    "arrêté du 29 décembre 2014, article 9",
    "Un avenant est signé par les mêmes parties avant de prendre effet.",
    BLOCK,
    formula="dernière signature ≤ date d’effet",
    example="Effet le 01/06, signé le 02/06 : non.",
)
def signed_before_effect(case: Case, rule: Rule) -> Iterator[Finding]:
    avenant = case.facts.avenant
    signed_on = avenant and (avenant.signed_on or case.facts.today)
    if avenant and signed_on and signed_on > avenant.effective_on:
        yield rule.finds(
            "effective_on",
            _("Cet avenant prendrait effet le %(effective_on)s, avant sa signature (%(signed_on)s)."),
            effective_on=avenant.effective_on,
            signed_on=signed_on,
        )


@CHAPTER.rule(
    "A-02",
    "arrêté du 29 décembre 2014, article 9 ; L124-5",
    "Une prolongation reste dans les six mois par organisme et par année.",
    BLOCK,
    formula="somme des heures après prolongation ≤ 924",
    example="900 h prolongées à 930 h : non.",
)
def extension_within_six_months(case: Case, rule: Rule) -> Iterator[Finding]:
    avenant = case.facts.avenant
    if avenant and avenant.kind == Change.EXTENSION and case.total is not None and case.total > SIX_MONTHS:
        yield rule.finds(
            "end",
            _("Prolongé, le stage atteindrait %(total)s dans cet organisme ; le maximum est de %(most)s."),
            total=hours(case.total),
            most=hours(SIX_MONTHS),
        )


@CHAPTER.rule(
    "A-03",
    "L124-15, L124-8",
    "Un report déplace la fin du stage pour faire les heures prévues, sans en ajouter.",
    BLOCK,
    formula="heures après report ≤ heures avant",
    example="400 h reportées à 400 h : oui ; à 407 h : c’est une prolongation.",
)
def postponement_adds_nothing(case: Case, rule: Rule) -> Iterator[Finding]:
    avenant = case.facts.avenant
    if avenant is None or avenant.kind != Change.POSTPONEMENT or case.duration is None:
        return
    if avenant.previous_duration is not None and case.duration > avenant.previous_duration:
        yield rule.finds(
            "end",
            _(
                "Un report n’ajoute pas d’heures : %(after)s au lieu de %(before)s. Choisissez une prolongation."
            ),
            after=hours(case.duration),
            before=hours(avenant.previous_duration),
        )


CHAPTER.note(
    "A-04",
    "D124-4, 11°",
    "Une suspension retire ses heures ; la gratification suit les heures faites.",
    formula="calcul refait avec les nouvelles absences",
)


@CHAPTER.rule(
    "A-05",
    "arrêté du 29 décembre 2014, article 9",
    "Une rupture porte sa date et sa raison ; les autres parties ont été consultées.",
    BLOCK,
    formula="raison écrite",
    example="Rupture sans raison : non.",
)
def termination_explained(case: Case, rule: Rule) -> Iterator[Finding]:
    avenant = case.facts.avenant
    if avenant and avenant.kind == Change.TERMINATION and not avenant.reason.strip():
        yield rule.finds("reason", _("Écrivez la raison de la rupture."))


CHAPTER.note(
    "A-06",
    "—",
    (
        "Une nouvelle date de fin fait revérifier l’année, les six mois, le délai entre deux stages, la "
        "gratification, les quotas et l’assurance."
    ),
    formula="toutes les règles, sur la convention telle qu’elle devient",
)


@CHAPTER.rule(
    "A-07",
    "—",
    "Aucun avenant après la fin du stage.",
    BLOCK,
    formula="dernière signature ≤ fin du stage avant l’avenant",
    example="Stage fini le 30/06, avenant signé le 01/07 : non.",
)
def not_after_the_end(case: Case, rule: Rule) -> Iterator[Finding]:
    avenant = case.facts.avenant
    if avenant is None or avenant.previous_end is None:
        return
    signed_on = avenant.signed_on or case.facts.today
    if signed_on > avenant.previous_end:
        yield rule.finds(
            "effective_on",
            _("Le stage est terminé depuis le %(end)s : il ne peut plus être modifié."),
            end=avenant.previous_end,
        )


CHAPTER.note(
    "A-08",
    "usage",
    (
        "Un avenant peut changer les dates, le temps de présence, la gratification, le sujet, le lieu, le "
        "tuteur, le signataire ou l’enseignant référent, ou mettre fin au stage."
    ),
)
