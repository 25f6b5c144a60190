"""Who signs, and in which quality."""

from collections.abc import Iterator

from conventions.law.case import Case
from conventions.law.facts import Person
from conventions.law.finding import BLOCK, INFORM, WARN, Chapter, Finding, Rule
from conventions.law.finding import gettext_noop as _

CHAPTER = Chapter("Signatures")


def same(one: Person | None, other: Person | None) -> bool:
    """Whether two people named have one address."""
    return bool(one and other and one.email and one.email.lower() == other.email.lower())


@CHAPTER.rule(
    "S-01",
    "D124-4",
    (
        "Cinq signataires : étudiant, ou son représentant légal s’il est mineur, tuteur, organisme, "
        "enseignant référent, établissement."
    ),
    BLOCK,
    formula="moins de 18 ans le jour de la signature : représentant légal nommé ; signataire de l’organisme nommé",
    example="17 ans à la signature, 18 au premier jour, sans représentant légal : non.",
)
def signers(case: Case, rule: Rule) -> Iterator[Finding]:
    if case.facts.people.signatory is None:
        yield rule.finds(
            "signatory", _("Choisissez la personne qui signe pour l’organisme."), is_missing=True
        )
    if case.signs_as_minor and not case.facts.trainee.has_guardian:
        yield rule.finds(
            "guardian_name",
            _("Vous avez moins de 18 ans : indiquez le représentant légal qui signera avec vous."),
        )


CHAPTER.note("S-02", "—", "Aucun texte ne fixe l’ordre des signatures : chaque centre choisit le sien.")


@CHAPTER.rule(
    "S-03",
    "usage",
    "La même personne peut être tuteur et signataire : elle signe deux fois.",
    INFORM,
    formula="même adresse électronique",
    example="Un artisan, seul dans son entreprise : deux signatures.",
)
def signs_twice(case: Case, rule: Rule) -> Iterator[Finding]:
    if same(case.facts.people.tutor, case.facts.people.signatory):
        yield rule.finds(
            "signatory",
            _("Le tuteur signe aussi pour l’organisme : il signe deux fois, dans chaque qualité."),
        )


@CHAPTER.rule(
    "S-04",
    "L124-2, L124-9",
    "Le tuteur n’est ni l’enseignant référent ni le stagiaire ; un proche se signale.",
    BLOCK,
    formula="adresses électroniques différentes ; noms de famille différents, sinon avertissement",
    example="Étudiant qui dirige l’organisme et se nomme tuteur : non.",
)
def independent_tutor(case: Case, rule: Rule) -> Iterator[Finding]:
    people, trainee = case.facts.people, case.facts.trainee.person
    if same(people.tutor, people.referent):
        yield rule.finds(
            "tutor", _("Le tuteur et l’enseignant référent sont la même personne : choisissez-en deux.")
        )
    for name, person in (("tutor", people.tutor), ("signatory", people.signatory)):
        if same(person, trainee):
            yield rule.finds(
                name, _("Le stagiaire ne peut pas être son propre tuteur ni signer pour l’organisme.")
            )
        elif person and trainee.last_name and person.last_name.casefold() == trainee.last_name.casefold():
            yield rule.finds(
                name,
                _(
                    "%(name)s porte le nom du stagiaire : un proche ne devrait pas l’encadrer ni signer "
                    "pour l’organisme."
                ),
                severity=WARN,
                name=person.last_name,
            )


CHAPTER.note(
    "S-05",
    "ministère de l’enseignement supérieur, 2016",
    "Une délégation de signature est possible dans l’établissement et dans l’organisme.",
)
CHAPTER.note(
    "S-06",
    "1366 et 1367 du code civil ; règlement eIDAS, article 25",
    "La signature électronique vaut la signature sur papier si l’auteur est identifié et le texte intact.",
)
CHAPTER.note(
    "S-07",
    "1367 du code civil ; Cass. com., 13 mars 2024, n° 22-16.487",
    "L’image d’une signature collée dans un document n’est pas une signature électronique : elle se vérifie.",
    severity=WARN,
)
CHAPTER.note(
    "S-08",
    "loi n° 94-665 du 4 août 1994, article 5",
    "La convention est en français, qui fait foi ; une traduction peut être jointe.",
)
CHAPTER.note(
    "S-09",
    "1366 du code civil",
    "La convention validée ne change plus : toute modification passe par un avenant.",
)
