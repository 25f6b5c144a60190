"""The law beside the form, before the manager, and for anyone: what is typed changes it, what it warns of is weighed."""

import re
from dataclasses import dataclass
from datetime import date, timedelta

import pytest
from playwright.sync_api import expect

from conventions.models import Convention, Status
from conventions.views.calculator import RULES
from organisations.models import Organisation
from tests.journeys.filling import START
from tests.journeys.person import KeyboardPerson
from tests.journeys.test_agreement import print_of, squeezed
from tests.journeys.test_lives import SUBMITTED, opens_the_agreement
from tests.journeys.test_mistakes import takes_up_the_draft

CALCULATOR = "Calculer la durée et la gratification d’un stage"
AGAIN = "Enregistrer et recalculer"
LONG = START + timedelta(weeks=12, days=-3)
WEEK = ("lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi", "dimanche")


def panel(person):
    return person.page.locator(".law").filter(
        has=person.page.get_by_role("heading", name="Ce que dit la loi")
    )


def figures(person):
    """Return the figures of the panel and its months: label or month, value."""
    lines = panel(person).locator(".figures > div").all()
    found = {
        line.locator("dt").text_content(): line.locator("dd").text_content().replace("\u202f", " ")
        for line in lines
    }
    months = panel(person).locator(".months tr").all()
    return found | {"months": [" ".join(month.text_content().split()) for month in months]}


def blocks(person):
    """Return what blocks, by rule."""
    found = {}
    for finding in panel(person).locator(".findings.stop .finding").all():
        rule = finding.locator(".source").text_content().split()[0]
        found.setdefault(rule, []).append(finding.locator("p").first.text_content().strip())
    return found


# Beside the form


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no scripts"])
def test_the_law_follows_what_a_student_types(people, scripts):
    student = people("ines.marchand", scripts=scripts)
    takes_up_the_draft(student, "Contenu du stage")
    law = panel(student)
    student.reads("Indiquez les dates, les heures par semaine et les jours de présence", within=law)

    def goes_on():
        if not scripts:
            student.presses(AGAIN)

    student.dates("Début du stage", START)
    student.dates("Fin du stage", LONG)
    student.writes("Heures par semaine", "35")
    goes_on()
    student.reads("due dès la 1re heure", within=law)
    expect(law.get_by_text("Présence", exact=True)).to_be_visible()
    hours = figures(student)["Présence"]
    student.reads(re.compile(rf"^{hours} de présence = .*gratification obligatoire, au moins"))

    student.ticks("Oui", within=student.page.get_by_role("group", name="Gratification au cours du stage"))
    student.writes("Montant de la gratification", "2,10")
    student.selects("Montant exprimé", "par heure")
    goes_on()
    student.reads("À corriger", within=law)
    student.reads(re.compile("2,10 € par heure : le minimum est de"), within=law)
    student.opens("Le calcul mois par mois", within=law)
    student.reads("Total", within=law.get_by_role("table"))
    student.checks("the law beside the form")

    student.follows(re.compile("2,10 € par heure : le minimum est de"), within=law)
    student.writes("Montant de la gratification", "20")
    goes_on()
    expect(law.get_by_text(re.compile("le minimum est de"))).to_have_count(0)
    if scripts:
        # What was opened stays open when the panel changes.
        expect(law.get_by_role("table")).to_be_visible()

    student.follows("Refaire ce calcul", within=law)
    student.sees(CALCULATOR)
    assert figures(student)["Présence"] == hours


# Before the manager


def test_a_manager_weighs_a_warning_and_writes_why(people, worker):
    manager = people("nathalie.rousseau")
    opens_the_agreement(manager, SUBMITTED, "Aubert")
    finding = panel(manager).get_by_text(re.compile("^39 h par semaine, plus que 35 h"))
    expect(finding).to_be_visible()
    first_section = manager.page.get_by_role("heading", name="Élève", exact=True)
    assert finding.bounding_box()["y"] < first_section.bounding_box()["y"]

    manager.follows("Valider")
    manager.sees("Valider")
    manager.reads("Une alerte à accepter")
    manager.presses("Valider")
    manager.sees("Valider")
    question = "Pourquoi validez-vous malgré les alertes ?"
    expect(manager.page.get_by_role("alert").first).to_be_visible()
    expect(manager.page.get_by_text("Convention validée.")).to_have_count(0)
    reason = "Le laboratoire entier travaille 39 heures, vu avec Mme Bossard."
    manager.writes(question, reason)
    manager.presses("Valider")
    manager.sees(SUBMITTED)
    manager.reads("Convention validée.")
    journal = manager.page.get_by_role("region", name="Journal")
    manager.reads(reason, within=journal)
    manager.reads(re.compile("^H-02.*39 h par semaine"), within=journal)

    printed = print_of(manager)
    assert squeezed("Mehdi Aubert") in printed
    for never in (reason, "H-02", "plus que 35 h"):
        assert squeezed(never) not in printed


# For anyone


@dataclass(frozen=True)
class Stage:
    """One stage, as it is typed on both pages."""

    start: date = date(2026, 9, 7)
    end: date = date(2026, 12, 18)
    hours: str = "35"
    days: tuple[str, ...] = WEEK[:5]
    place: str = "France métropolitaine"
    postal_code: str = "76000"
    country: str = "FR"
    leave: str = ""
    paid_leave: bool = False
    absence: tuple[date, date] | None = None
    holidays: bool = False
    amount: str = ""
    unit: str = "par heure"


STAGES = {
    "full time": Stage(),
    "part time": Stage(hours="17,5", days=("lundi", "mardi", "mercredi")),
    "saturdays": Stage(days=WEEK[1:6], amount="4,50"),
    "leave": Stage(leave="3", paid_leave=True, amount="4,50"),
    "interruption": Stage(absence=(date(2026, 10, 19), date(2026, 10, 30))),
    "across 1 January": Stage(date(2026, 12, 1), date(2027, 3, 26), hours="39", amount="4,35"),
    "Alsace": Stage(date(2026, 12, 1), date(2027, 4, 2), place="Alsace et Moselle", postal_code="67000"),
    "abroad": Stage(place="Étranger", postal_code="28199", country="DE", amount="2"),
    "holidays worked": Stage(holidays=True, amount="4,50"),
    "amount by month": Stage(amount="500", unit="par mois"),
    "too much": Stage(
        date(2026, 9, 1), date(2027, 3, 31), hours="46", amount="1000", unit="pour tout le stage"
    ),
}


def types(person, stage):
    """What both pages ask with the same words."""
    person.dates("Début du stage", stage.start)
    person.dates("Fin du stage", stage.end)
    person.writes("Heures par semaine", stage.hours)
    for day in WEEK:
        box = person.page.get_by_role("group", name="Jours de présence").get_by_label(day, exact=True)
        box.set_checked(day in stage.days)
    for label, is_true in (
        ("Congés gratifiés", stage.paid_leave),
        ("Présence les jours fériés", stage.holidays),
    ):
        person.page.get_by_label(label, exact=True).set_checked(is_true)
    person.writes("Jours de congé", stage.leave)
    person.writes("Montant de la gratification", stage.amount)
    person.selects("Montant exprimé", stage.unit)


def test_the_calculator_says_what_the_wizard_says(people):
    """Without scripts: each answer is one page."""
    student, anyone = people("ines.marchand", scripts=False), people(scripts=False)
    draft = Convention.objects.get(student__user__email__startswith="ines.marchand", status=Status.DRAFT)
    seen = set()
    for name, stage in STAGES.items():
        draft.interruptions.all().delete()
        Convention.objects.filter(pk=draft.pk).update(is_paid=None, amount=None)
        Organisation.objects.filter(pk=draft.organisation_id).update(
            postal_code=stage.postal_code, country=stage.country
        )
        student.goes_to(f"/conventions/{draft.pk}/etapes/contenu/")
        student.opens("Absences prévues")
        types(student, stage)
        if stage.amount:
            student.ticks(
                "Oui", within=student.page.get_by_role("group", name="Gratification au cours du stage")
            )
        if stage.absence:
            row = student.page.locator("#id_interruptions .formset-row:visible").first
            student.dates("Premier jour d’absence", stage.absence[0], within=row)
            student.dates("Dernier jour d’absence", stage.absence[1], within=row)
        student.presses(AGAIN)
        student.reads("Présence", within=panel(student))

        anyone.goes_to("/calculer/")
        anyone.opens("Interruptions et congés")
        types(anyone, stage)
        anyone.selects("Lieu du stage", stage.place)
        if stage.absence:
            anyone.dates("Du", stage.absence[0], within=anyone.page.locator(".cols:has([name=du_1])"))
            anyone.dates("Au", stage.absence[1], within=anyone.page.locator(".cols:has([name=au_1])"))
        anyone.presses("Calculer")
        anyone.reads("Présence", within=panel(anyone))

        assert figures(anyone) == figures(student), name
        known = {rule.id for rule in RULES}
        blocked = blocks(anyone)
        assert blocked == {rule: text for rule, text in blocks(student).items() if rule in known}, name
        seen |= blocked.keys()
    assert {"D-01", "G-02", "G-03"} & seen


def test_the_calculator_by_keyboard_and_its_address(people):
    anyone = people(who=KeyboardPerson)
    anyone.goes_to("/")
    anyone.sees("Se connecter")
    anyone.follows(CALCULATOR)
    anyone.sees(CALCULATOR)
    anyone.reads("Indiquez les dates et les heures", within=panel(anyone))
    anyone.dates("Début du stage", date(2026, 9, 7))
    anyone.dates("Fin du stage", date(2026, 12, 18))
    anyone.ticks("samedi")
    anyone.writes("Montant de la gratification", "4,10")
    anyone.presses("Calculer")
    anyone.reads(re.compile("h de présence = .*gratification obligatoire, au moins"), within=panel(anyone))
    anyone.reads(re.compile("4,10 € par heure : le minimum est de"), within=panel(anyone))
    anyone.sees(CALCULATOR)
    result = figures(anyone), blocks(anyone)
    expect(anyone.page).to_have_url(re.compile("debut=2026-09-07&fin=2026-12-18"))

    other = people(scripts=False)
    other.goes_to(anyone.page.url)
    other.sees(CALCULATOR)
    assert (figures(other), blocks(other)) == result
    expect(other.field("Début du stage")).to_have_value("2026-09-07")


def test_the_calculator_says_its_mistakes(people):
    anyone = people(scripts=False)
    anyone.goes_to("/calculer/")
    anyone.dates("Début du stage", date(2026, 12, 18))
    anyone.dates("Fin du stage", date(2026, 9, 7))
    anyone.presses("Calculer")
    anyone.sees(CALCULATOR)
    anyone.reads("précède son début", within=anyone.page.get_by_role("alert"))

    typing = people()
    typing.goes_to("/calculer/")
    typing.dates("Début du stage", date(2026, 12, 18))
    typing.reads("Indiquez les dates et les heures", within=panel(typing))
    typing.dates("Fin du stage", date(2026, 9, 7))
    typing.writes("Heures par semaine", "35")
    typing.presses("Calculer")
    typing.reads("précède son début", within=panel(typing))
