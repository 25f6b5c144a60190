"""Each kind of avenant, from its first page to what the agreement, the list and the home pages say afterwards."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.utils import timezone
from django.utils.formats import date_format, number_format
from playwright.sync_api import expect

from accounts.models import User
from conventions import demo
from conventions.documents.reading import long_date
from conventions.models import Avenant, Convention
from conventions.workflow import avenants
from organisations.models import Service
from tests.journeys import filling
from tests.journeys.conftest import PHONE
from tests.journeys.person import KeyboardPerson
from tests.journeys.test_keyboard import DONE

TITLE = "Thomas Ferrand chez Laboratoires Vauquelin"
STUDENT, TEACHER, MANAGER = "thomas.ferrand", "paul.lemoine", "nathalie.rousseau"
REASON = "Convenu avec l’organisme et le tuteur."
# The demo gives this agreement an avenant in effect: what follows is its second.
SECOND = re.compile(r"^Avenant \d{4}-\d{6}/A2$")
BADGE = re.compile("Avenant A2\u00a0: en vigueur")


def short(day):
    return date_format(day, "SHORT_DATE_FORMAT")


def long(day):
    return long_date(day.isoformat())


# What is typed in the wizard's own steps; each returns what is read before and after, as the pages write it.


def typed(person, before, after):
    """Read the difference beside the form while it is typed, and go on."""
    beside = person.page.get_by_role("complementary", name="Avant et après")
    if person.twin:
        person.presses("Enregistrer et recalculer")
    person.reads(before, within=beside)
    person.reads(after, within=beside)
    person.presses("Enregistrer et continuer")
    return before, after


def prolongs(person, agreement):
    later = agreement.end + timedelta(weeks=1)
    person.sees("Contenu du stage")
    expect(person.field("Début du stage")).to_have_count(0)
    person.dates("Fin du stage", later)
    return typed(person, long(agreement.end), long(later))


def postpones(person, agreement):
    start, end = agreement.start + timedelta(weeks=2), agreement.end + timedelta(weeks=1)
    person.sees("Contenu du stage")
    person.dates("Début du stage", start)
    person.dates("Fin du stage", end)
    return typed(person, long(agreement.start), long(start))


def is_absent(person, agreement):
    first = agreement.start + timedelta(weeks=3)
    person.sees("Contenu du stage")
    person.opens("Absences prévues")
    row = person.page.locator("#id_interruptions .formset-row:visible").first
    person.dates("Premier jour d’absence", first, within=row)
    person.dates("Dernier jour d’absence", first + timedelta(days=4), within=row)
    return typed(person, "(vide)", f"Du {short(first)} au {short(first + timedelta(days=4))}")


def works_less(person, agreement):
    person.sees("Contenu du stage")
    person.writes("Heures par semaine", "28")
    person.writes("Jours de congé", "2")
    return typed(person, "35 h par semaine", "28 h par semaine")


def is_paid_more(person, agreement):
    person.sees("Contenu du stage")
    person.writes("Montant de la gratification", "7,25")
    before = number_format(agreement.amount, 2)
    return typed(person, f"{before} € par heure", "7,25 € par heure")


def changes_subject(person, agreement):
    person.sees("Contenu du stage")
    person.writes("Sujet", "Suivi en ligne de la chromatographie préparative")
    return typed(person, agreement.subject, "Suivi en ligne de la chromatographie préparative")


def goes_to_another_service(person, agreement):
    person.sees("Service d’accueil")
    person.ticks(re.compile("Laboratoire central"))
    person.presses("Choisir et continuer")
    return agreement.service.name, "Laboratoire central"


def goes_to_a_new_service(person, agreement):
    person.sees("Service d’accueil")
    person.follows("Créer un autre service d’accueil")
    person.sees("Créer le service d’accueil")
    person.writes("Nom du service", "Atelier de Dieppe")
    person.writes("Code postal", "76200")
    person.writes("Commune", "Dieppe")
    person.presses("Créer et continuer")
    return agreement.service.name, "Atelier de Dieppe"


def follows_nobody_else(person):
    person.sees("Contenu du stage")
    person.writes("Stagiaires déjà suivis par votre tuteur à la date de début", "0")
    person.presses("Enregistrer et continuer")


def has_another_tutor(person, agreement):
    person.sees("Tuteur professionnel")
    person.ticks(re.compile("Hélène Bossard"))
    person.presses("Choisir et continuer")
    follows_nobody_else(person)
    return "Paul Grandin", "Hélène Bossard"


def has_a_new_tutor(person, agreement):
    person.sees("Tuteur professionnel")
    person.follows("Saisir un autre tuteur")
    filling.new_tutor(person)
    follows_nobody_else(person)
    return "Paul Grandin", "Édith Fontaine-Lacombe"


def has_another_signatory(person, agreement):
    person.sees("Signataire")
    person.presses("Même personne que le tuteur professionnel")
    return "Hélène Bossard", "Paul Grandin"


def has_another_teacher(person, agreement):
    person.sees("Responsable pédagogique")
    person.follows("Choisir une autre personne")
    filling.look_for(person, "kervella", "Nom de l’enseignant")
    person.ticks(re.compile("Anne Kervella"))
    person.presses("Choisir et continuer")
    return "Paul Lemoine", "Anne Kervella"


def ends_early(person, agreement):
    last = agreement.start + timedelta(weeks=4, days=4)
    person.sees("Contenu du stage")
    person.dates("Fin du stage", last)
    return typed(person, long(agreement.end), long(last))


@dataclass(frozen=True)
class Case:
    """One kind: who proposes it and how, and which row of the agreement says it."""

    kind: str
    by: str
    fills: Callable | None
    row: str = ""
    listed: str = ""  # what the list is searched with, when it is found by what changed
    home: Callable | None = None  # what the student's home page says, of the agreement as it was
    seat: dict = field(default_factory=dict)


def ends_a_week_later(agreement):
    return short(agreement.end + timedelta(weeks=1))


ON_A_PHONE = {"device": PHONE}
CASES = {
    "extension": Case("Prolongation du stage", STUDENT, prolongs, "end", home=ends_a_week_later),
    "postponement": Case("Report du stage", TEACHER, postpones, "start", home=ends_a_week_later),
    "absence": Case("Interruption ou absences", STUDENT, is_absent, "interruptions", seat=ON_A_PHONE),
    "hours": Case("Temps de présence et congés", TEACHER, works_less, "weekly_hours"),
    "gratification": Case(
        "Gratification et avantages", MANAGER, is_paid_more, "is_paid", seat={"scripts": False}
    ),
    "service": Case(
        "Lieu ou service d’accueil",
        MANAGER,
        goes_to_another_service,
        "service",
        listed="ferrand elbeuf",
        home=lambda _: "Elbeuf",
    ),
    "new service": Case(
        "Lieu ou service d’accueil",
        STUDENT,
        goes_to_a_new_service,
        "service",
        listed="ferrand dieppe",
        home=lambda _: "Dieppe",
        seat=ON_A_PHONE,
    ),
    "tutor": Case("Tuteur professionnel", TEACHER, has_another_tutor, "tutor"),
    "new tutor": Case("Tuteur professionnel", STUDENT, has_a_new_tutor, "tutor", seat=ON_A_PHONE),
    "signatory": Case("Signataire de l’organisme", MANAGER, has_another_signatory, "signatory"),
    "teacher": Case("Enseignant référent", STUDENT, has_another_teacher, "teacher"),
    "early end": Case("Fin du stage avant son terme", TEACHER, ends_early, "end", seat=ON_A_PHONE),
    "other": Case("Autre changement", MANAGER, None),
}


@pytest.fixture
def agreement(demo_world):
    """An agreement that is signed, its stage not begun."""
    agreement = Convention.objects.for_detail().get(subject="Automatisation de la chromatographie")
    Service.objects.create(
        organisation=agreement.organisation,
        name="Laboratoire central",
        street="4 quai des Usines",
        postal_code="76500",
        city="Elbeuf",
    )
    return agreement


def proposes(person, agreement, kind, clause=""):
    person.goes_to(agreement.get_absolute_url())
    person.follows("Proposer un avenant")
    person.sees("Proposer un avenant")
    person.ticks(re.compile(rf"^\s*{kind}"), within=person.page.get_by_role("group", name="Ce qui change"))
    if clause:
        person.writes("Autre changement", clause)
    person.writes("Raison du changement", REASON)
    person.presses("Continuer")


def validates(person, avenant):
    """Validate with a reason when there is something to weigh: a journey may run at the end of a year."""
    person.goes_to(avenant.get_absolute_url())
    person.follows("Valider")
    person.sees("Valider")
    why = person.field("Pourquoi validez-vous malgré les alertes ?")
    if why.count():
        why.fill("Vu avec l’organisme.")
    person.presses("Valider")
    person.sees(SECOND)
    person.reads("Avenant validé.")


def is_signed(avenant):
    """Every party signs, on paper and today."""
    manager = User.objects.get(email=f"{MANAGER}@{demo.DOMAIN}")
    order = Convention.objects.get(pk=avenant.convention_id).signature_order
    avenants.act(avenant.pk, "sign", by=manager, dates=dict.fromkeys(order, timezone.localdate()))


@pytest.mark.parametrize("case", [pytest.param(case, id=name) for name, case in CASES.items()])
def test_each_kind_takes_effect_everywhere(people, agreement, case):
    clause = "" if case.fills else "L’étudiant rendra son badge le dernier jour."
    person = people(case.by, **case.seat)
    proposes(person, agreement, case.kind, clause)
    before, after = case.fills(person, agreement) if case.fills else ("", clause)
    person.sees("Brouillon d’avenant")
    changed = person.page.get_by_role("region", name="Ce qui change")
    person.reads(before or after, within=changed)
    person.reads(after, within=changed)
    person.presses("Soumettre l’avenant")
    person.sees(SECOND)
    person.reads("Avenant soumis.")

    manager = person if case.by == MANAGER else people(MANAGER)
    avenant = Avenant.objects.get(convention=agreement, rank=2)
    validates(manager, avenant)
    is_signed(avenant)

    manager.goes_to(avenant.get_absolute_url())
    manager.sees(SECOND)
    manager.reads("La convention a ces valeurs depuis")
    manager.follows(re.compile(r"^Convention \d"))
    manager.sees(TITLE)
    if case.row:
        expect(manager.page.locator(f"#champ-{case.row}")).to_contain_text(after)
        expect(manager.page.locator(f"#champ-{case.row}")).not_to_contain_text(before)
    manager.goes_to(f"/conventions/?q={case.listed or 'ferrand automatisation'}")
    manager.sees("Conventions")
    manager.reads("1 convention")
    listed = manager.find("table", re.compile("Conventions trouvées"))
    manager.reads(BADGE, within=listed)

    student = person if case.by == STUDENT else people(STUDENT)
    student.goes_to("/")
    student.sees("Gestion des conventions de stage")
    card = student.page.get_by_role("article").filter(has_text=agreement.number)
    student.reads(BADGE, within=card)
    if case.home:
        student.reads(case.home(agreement), within=card)


def test_a_manager_finds_what_to_validate(people):
    manager = people(MANAGER)
    manager.follows(re.compile("avenant à valider"))
    manager.sees("Conventions")
    manager.reads("1 convention")
    manager.reads(re.compile("Avenant A1\u00a0: soumis"))
    manager.follows(filling.NUMBER, within=manager.page.get_by_role("table"))
    manager.sees("Yanis Lefèvre chez Ville de Pont-l’Abbaye")
    manager.follows(re.compile(r"^Avenant \d.*A1$"))
    manager.sees(re.compile(r"^Avenant \d{4}-\d{6}/A1$"))
    manager.reads("Soumis il y a moins d’une heure")
    expect(manager.find("link", "Demander une correction")).to_be_visible()


def test_returned_answered_and_signed_on_paper(people, worker, agreement):
    """By a student without a mouse; the manager records the five signatures on their page."""
    student, manager = people(STUDENT, who=KeyboardPerson), people(MANAGER)
    proposes(student, agreement, "Sujet et missions")
    changes_subject(student, agreement)
    student.sees("Brouillon d’avenant")
    student.presses("Soumettre l’avenant")
    student.sees(SECOND)
    avenant = Avenant.objects.get(convention=agreement, rank=2)

    manager.reads_mail("nathalie.rousseau", f"{avenant}")
    manager.sees(SECOND)
    manager.opens(re.compile(r"^\s*Remarque\s*: Sujet$"))
    manager.writes("Votre remarque sur «\u00a0Sujet\u00a0»", "Préparative ou analytique ? Dites-le.")
    manager.page.get_by_role("button", name="Épingler").locator("visible=true").click()
    manager.sees(SECOND)
    manager.opens(re.compile(r"^\s*Remarque\s*: Objet de l’avenant$"))
    manager.writes("Votre remarque sur «\u00a0Objet de l’avenant\u00a0»", "Qui l’a convenu, et quand ?")
    manager.page.get_by_role("button", name="Épingler").locator("visible=true").click()
    manager.sees(SECOND)
    expect(manager.find("link", "Valider")).to_have_count(0)
    manager.follows("Demander une correction")
    manager.sees("Demander une correction")
    manager.reads("Préparative ou analytique ? Dites-le.")
    manager.reads("Qui l’a convenu, et quand ?")
    manager.presses("Demander une correction")
    manager.sees(SECOND)
    manager.reads("Chez Thomas Ferrand depuis moins d’une heure")

    student.reads_mail(STUDENT, "est à corriger")
    student.sees(SECOND)
    student.reads("C’est à vous")
    expect(student.find("button", "Soumettre l’avenant")).to_have_count(0)
    student.follows("Corriger")
    student.sees("Contenu du stage")
    student.writes("Sujet", "Suivi en ligne de la chromatographie analytique")
    student.writes("Votre réponse", "Analytique, c’est écrit.")
    student.ticks(DONE)
    student.presses("Enregistrer et continuer")
    student.sees(SECOND)
    student.follows("Corriger")
    student.sees("Objet de l’avenant")
    student.writes("Votre réponse", "Le 2, avec le tuteur.")
    student.ticks(DONE)
    student.presses("Enregistrer et continuer")
    student.sees(SECOND)
    student.presses("Soumettre l’avenant")
    student.sees(SECOND)
    student.reads("Analytique, c’est écrit.")

    validates(manager, avenant)
    manager.follows("Enregistrer des signatures")
    manager.sees("Enregistrer des signatures")
    for box in manager.page.locator("input[type=date]").all():
        box.fill(timezone.localdate().isoformat())
    manager.presses("Enregistrer")
    manager.sees("Joindre la copie signée")
    manager.follows("Plus tard")
    manager.sees(SECOND)
    manager.reads("La convention a ces valeurs depuis")

    student.reads_mail(STUDENT, "est en vigueur")
    student.sees(SECOND)
    student.follows(re.compile(r"^Convention \d"))
    student.sees(TITLE)
    expect(student.page.locator("#champ-subject")).to_contain_text("chromatographie analytique")
    student.dates("Voir la convention à la date du", timezone.localdate())
    student.presses("Afficher")
    student.sees(TITLE)
    student.reads("Voici la convention telle qu’elle était le")
    expect(student.page.locator("#champ-subject")).to_contain_text("chromatographie analytique")
