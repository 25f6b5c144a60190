"""The student's pages: every step shows, saves and refuses with words; nothing typed is lost."""

import re
from datetime import date, timedelta
from decimal import Decimal

import pytest
import time_machine
from django.core.files.base import ContentFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from accounts.sign_in.typed_text import WRITER_FIELD
from conventions import workflow
from conventions.law import finding
from conventions.legality.words import in_words
from conventions.models import Convention, HealthInsuranceFund, Interruption, Status
from conventions.standing import cards
from conventions.standing.words import track as track_of
from conventions.writing import forms, steps
from organisations import retention
from organisations.models import Contact, Organisation, Service
from tests.factories import (
    CentreFactory,
    ContactFactory,
    ConventionFactory,
    EnrolmentFactory,
    HeadcountBandFactory,
    InstitutionFactory,
    LegalFormFactory,
    ManagerFactory,
    NafCodeFactory,
    OrganisationFactory,
    ProgrammeFactory,
    ServiceFactory,
    StudentFactory,
    TeacherFactory,
    TermFactory,
    siret,
)
from tests.worlds import World

pytestmark = pytest.mark.django_db

FORMS = [step.slug for step in steps.STEPS if step.form]
CHOICES = [step.slug for step in steps.STEPS if not step.form]
CREATIONS = ["etablissement", "service", "tuteur", "signataire"]
MAXIMUM_QUERIES = 12


def step_url(convention, slug):
    return reverse("conventions:step", args=[convention.pk, slug])


def create_url(convention, slug):
    return reverse("conventions:create", args=[convention.pk, slug])


def posted(form):
    """Return what a browser would post of a form left as it is."""
    found = {}
    for field in form:
        value = field.value()
        if value is True:
            found[field.html_name] = str(value) if field.field.widget.input_type == "radio" else "on"
        elif value not in (None, False, ""):
            found[field.html_name] = value if isinstance(value, list) else str(value)
    return found


def content_of(convention, *periods, **changes):
    """Return what the content step posts: the agreement's own content, its interruptions, then the changes."""
    data = posted(forms.ContentForm(instance=convention))
    data |= {"interruptions-TOTAL_FORMS": len(periods), "interruptions-INITIAL_FORMS": 0}
    for rank, (start, end) in enumerate(periods):
        data |= {f"interruptions-{rank}-start": start, f"interruptions-{rank}-end": end}
    return data | changes


@pytest.fixture
def draft(client):
    """A complete draft, and its student signed in."""
    convention = ConventionFactory(complete=True)
    client.force_login(convention.student.user)
    return convention


@pytest.fixture
def world():
    return World()


@pytest.fixture
def returned(world, client):
    """An agreement sent back with one remark on its subject and one on its tutor, and its student signed in."""
    convention = world.draft()
    workflow.act(convention.pk, "submit", by=world.people["student"])
    for field, text in [("subject", "Le sujet est trop vague."), ("tutor", "Est-ce bien votre tuteur ?")]:
        convention.remarks.create(field=field, text=text, author=world.people["manager"])
    workflow.act(convention.pk, "return", by=world.people["manager"])
    client.force_login(world.people["student"])
    convention.refresh_from_db()
    return convention


# Every page


@pytest.mark.parametrize("slug", [*FORMS, *CHOICES, steps.RECAP])
def test_each_step_is_shown(client, draft, slug, django_assert_max_num_queries):
    with django_assert_max_num_queries(MAXIMUM_QUERIES):
        page = client.get(step_url(draft, slug))
    assert page.status_code == 200
    assert page.text.count("<h1") == 1
    title = steps.RECAP_TITLE if slug == steps.RECAP else steps.BY_SLUG[slug].title
    assert f"<h1>{title}</h1>" in page.text


@pytest.mark.parametrize("slug", CREATIONS)
def test_each_creation_form_is_shown(client, draft, slug, django_assert_max_num_queries):
    with django_assert_max_num_queries(MAXIMUM_QUERIES):
        page = client.get(create_url(draft, slug))
    assert page.status_code == 200
    assert page.text.count("<h1") == 1


@pytest.mark.parametrize("slug", [*FORMS, *CHOICES, steps.RECAP])
def test_each_step_of_a_draft_just_begun_is_shown(client, slug):
    convention = ConventionFactory()
    client.force_login(convention.student.user)
    page = client.get(step_url(convention, slug), follow=True)
    assert page.status_code == 200


@pytest.mark.parametrize("slug", [*FORMS, *CHOICES, steps.RECAP, steps.RESUME])
@pytest.mark.parametrize("method", ["get", "post"])
def test_the_draft_of_someone_else_does_not_exist(client, draft, slug, method):
    client.force_login(StudentFactory().user)
    assert getattr(client, method)(step_url(draft, slug)).status_code == 404
    if slug in CREATIONS:
        assert getattr(client, method)(create_url(draft, slug)).status_code == 404


def test_an_unknown_step_does_not_exist(client, draft):
    assert client.get(step_url(draft, "paiement")).status_code == 404
    assert client.get(create_url(draft, "responsable")).status_code == 404


# Steps made of fields


@pytest.mark.parametrize("slug", FORMS)
def test_saving_a_step_goes_on_to_the_next(client, draft, slug):
    form = steps.BY_SLUG[slug].form
    data = content_of(draft) if slug == "contenu" else posted(form(instance=draft))
    page = client.post(step_url(draft, slug), data)
    assert page.status_code == 302
    assert page.url == steps.next_url(draft, slug)


def test_what_the_student_corrects_is_kept_and_shown_to_them(client, draft):
    data = posted(forms.StudentForm(instance=draft)) | {
        "student_street": "7 rue du Port",
        "student_phone": "02 61 91 00 77",
    }
    client.post(step_url(draft, "eleve"), data)
    draft.refresh_from_db()
    assert draft.student_street == "7 rue du Port"
    assert draft.student_phone == "+33 2 61 91 00 77"
    draft.record = {"student_street": "12 rue des Lilas", "student_country": "SE"}
    draft.save()
    page = client.get(step_url(draft, "eleve")).text
    assert "2 informations diffèrent de votre dossier" in page
    assert "Suède</del>" in page


def test_a_health_fund_that_is_no_longer_offered_cannot_be_chosen(client, draft):
    closed = HealthInsuranceFund.objects.create(region="Nord", name="Caisse fermée", is_active=False)
    assert closed.name not in client.get(step_url(draft, "eleve")).text
    data = posted(forms.StudentForm(instance=draft)) | {"health_fund": closed.pk}
    assert client.post(step_url(draft, "eleve"), data).status_code == 422


def test_a_health_fund_is_chosen_or_written(client, draft):
    data = posted(forms.StudentForm(instance=draft)) | {"health_fund": ""}
    page = client.post(step_url(draft, "eleve"), data)
    assert page.status_code == 422
    assert "Choisissez votre caisse dans la liste" in page.text
    assert client.post(step_url(draft, "eleve"), data | {"health_fund_other": "MSA"}).status_code == 302


def test_the_enrolment_brings_its_centre(client, draft):
    other = EnrolmentFactory(student=draft.student)
    data = posted(forms.ProgrammeForm(instance=draft)) | {"enrolment": other.pk}
    assert client.post(step_url(draft, "formation"), data).status_code == 302
    draft.refresh_from_db()
    assert draft.centre == other.programme.managing_centre


def test_the_enrolment_of_someone_else_is_refused(client, draft):
    data = posted(forms.ProgrammeForm(instance=draft)) | {"enrolment": EnrolmentFactory().pk}
    assert client.post(step_url(draft, "formation"), data).status_code == 422


def test_a_programme_without_a_centre_does_not_hide_the_agreement_from_its_managers(client, returned):
    orphan = EnrolmentFactory(
        student=returned.student,
        programme=ProgrammeFactory(
            ufr__centre=None, ufr__institution=returned.institution, institution=returned.institution
        ),
    )
    data = posted(forms.ProgrammeForm(instance=returned)) | {"enrolment": orphan.pk}
    page = client.post(step_url(returned, "formation"), data)
    assert page.status_code == 422
    assert "Aucun centre de gestion ne s’occupe de cette étape" in page.text
    centre = returned.centre
    returned.refresh_from_db()
    assert returned.centre == centre


def test_a_centre_of_another_institution_never_comes_with_an_enrolment(client, returned):
    elsewhere = CentreFactory(institution=InstitutionFactory(name="Autre université"))
    mixed = EnrolmentFactory(student=returned.student, programme=ProgrammeFactory(centre=elsewhere))
    data = posted(forms.ProgrammeForm(instance=returned)) | {"enrolment": mixed.pk}
    message = "Aucun centre de gestion ne s’occupe de cette étape"
    assert message in client.post(step_url(returned, "formation"), data).text
    saved = client.post(step_url(returned, "formation"), data, headers={"X-Autosave": "1"})
    assert message in saved.json()["errors"]["enrolment"][0]
    stored = Convention.objects.get(pk=returned.pk)
    assert (stored.centre, stored.enrolment) == (returned.centre, returned.enrolment)


def test_without_enrolment_the_page_says_whom_to_write_to(client):
    convention = ConventionFactory()
    client.force_login(convention.student.user)
    page = client.get(step_url(convention, "formation")).text
    assert "L’université ne connaît aucune inscription à votre nom" in page
    assert convention.institution.support_email in page


@pytest.mark.parametrize("typed", ["99.99", "99,99", " 99,99 "])
def test_decimals_take_a_point_or_a_comma(client, draft, typed):
    assert client.post(step_url(draft, "contenu"), content_of(draft, amount=typed)).status_code == 302
    draft.refresh_from_db()
    assert draft.amount == Decimal("99.99")
    assert 'value="99,99"' in client.get(step_url(draft, "contenu")).text


@pytest.mark.parametrize(
    ("changes", "message", "kept"),
    [
        ({"weekly_hours": "125"}, "25 h en un seul jour", 'value="125"'),
        ({"weekly_hours": "trente"}, "Saisissez un nombre", 'value="trente"'),
        ({"end": "2020-01-01"}, "corrigez l’une des deux dates", 'value="2020-01-01"'),
        ({"end": ""}, "Remplissez ce champ.", ""),
        ({"working_days": []}, "Cochez au moins un jour", ""),
        ({"missions": "Divers."}, "Dites-en un peu plus", "Divers."),
        ({"amount": ""}, "Indiquez le montant", ""),
        ({"amount": "1.234,5"}, "Saisissez un nombre", 'value="1.234,5"'),
        ({"hours_corrected": "200"}, "Dites pourquoi le nombre d’heures", 'value="200"'),
        ({"works_at_night": "on"}, "Précisez quand et comment", ""),
    ],
)
def test_bad_content_is_explained_and_loses_nothing(client, draft, changes, message, kept):
    data = content_of(draft, subject="Un autre sujet", **changes)
    page = client.post(step_url(draft, "contenu"), data)
    assert page.status_code == 422
    assert message in page.text
    assert kept in page.text
    assert 'class="error-summary"' in page.text
    draft.refresh_from_db()
    assert draft.subject == "Un autre sujet", "what holds is saved beside what does not"


def test_a_long_stage_provides_for_leave(client, draft):
    data = content_of(draft, end=draft.start + timedelta(weeks=12), leave_terms="")
    assert "doit prévoir des congés" in client.post(step_url(draft, "contenu"), data).text


def test_a_correction_of_the_hours_needs_its_reason(client, draft):
    data = content_of(draft, hours_corrected="200", hours_reason="Une semaine à mi-temps")
    assert client.post(step_url(draft, "contenu"), data).status_code == 302
    draft.refresh_from_db()
    assert draft.hours == 200
    page = client.get(step_url(draft, "contenu")).text
    assert "200 h de présence" in page
    assert "Calcul d’après les horaires" in page
    assert in_words(finding.hours(draft.hours_computed)) in page


def folded(page):
    """Return which sections of the content step are folded."""
    sections = page.split('class="disclosure section"')[1:]
    return [section.partition(">")[0].strip() != "open" for section in sections]


def test_what_most_need_not_fill_is_folded_until_it_matters(client, draft):
    address = step_url(draft, "contenu")
    assert folded(client.get(address).text) == [True, True]
    client.post(address, content_of(draft, insurer="Mutuelle du Bocage", insurance_policy="RC-42"))
    assert folded(client.get(address).text) == [True, False]
    client.post(address, content_of(draft, weekly_hours="39"))
    page = client.get(address).text
    assert "plus que 35" in page
    assert folded(page) == [False, True], "the law asks for the collective hours"
    wrong = client.post(address, content_of(draft, insurance_start="demain"))
    assert folded(wrong.text)[1] is False


def test_the_panel_leads_to_the_calculator_when_it_can_ask_the_same(client, draft):
    address = step_url(draft, "contenu")
    client.post(address, content_of(draft, week(draft, 2), leave_days="1"))
    page = client.get(address).text
    assert f"{reverse('calculator')}?debut={draft.start}&amp;fin={draft.end}" in page
    assert f"du_1={week(draft, 2)[0]}&amp;au_1={week(draft, 2)[1]}" in page
    assert "Refaire ce calcul" in page
    client.post(address, content_of(draft, hours_corrected="200", hours_reason="Une semaine à mi-temps"))
    page = client.get(address).text
    assert "Calculer un autre stage" in page
    assert f'href="{reverse("calculator")}"' in page


def test_dates_are_typed_as_people_write_them(client, draft):
    data = content_of(draft, start=f"{draft.start:%d/%m/%Y}", end=f"{draft.end:%d/%m/%Y}")
    assert client.post(step_url(draft, "contenu"), data).status_code == 302


# Interruptions


def week(draft, rank):
    monday = draft.start + timedelta(weeks=rank)
    return monday, monday + timedelta(days=4)


def stored_periods(draft):
    return list(draft.interruptions.values_list("start", "end"))


def test_interruptions_are_taken_out_of_the_hours(client, draft):
    client.post(step_url(draft, "contenu"), content_of(draft))
    draft.refresh_from_db()
    before = draft.hours_computed
    client.post(step_url(draft, "contenu"), content_of(draft, week(draft, 2), week(draft, 4)))
    draft.refresh_from_db()
    assert stored_periods(draft) == [week(draft, 2), week(draft, 4)]
    assert draft.hours_computed < before
    page = client.get(step_url(draft, "contenu")).text
    assert f'value="{week(draft, 2)[0]}"' in page


def test_saving_twice_does_not_repeat_an_interruption(client, draft):
    for _ in range(2):
        client.post(
            step_url(draft, "contenu"), content_of(draft, week(draft, 2)), headers={"X-Autosave": "1"}
        )
    assert stored_periods(draft) == [week(draft, 2)]


def test_an_interruption_goes_when_ticked_or_emptied(client, draft):
    Interruption.objects.create(convention=draft, start=week(draft, 1)[0], end=week(draft, 1)[1])
    data = content_of(draft, week(draft, 1), ("", ""), week(draft, 3))
    client.post(step_url(draft, "contenu"), data | {"interruptions-0-DELETE": "on"})
    assert stored_periods(draft) == [week(draft, 3)]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ((0, 4), (3, 8), "Cette absence en chevauche une autre"),
        ((4, 0), None, "La fin de l’absence précède son début"),
        ((-9, 3), None, "L’absence doit rester entre le début et la fin du stage"),
    ],
)
def test_impossible_interruptions_are_explained(client, draft, first, second, message):
    periods = [
        tuple(draft.start + timedelta(days=7 + days) for days in period)
        for period in (first, second)
        if period
    ]
    page = client.post(step_url(draft, "contenu"), content_of(draft, *periods))
    assert page.status_code == 422
    assert message in page.text
    assert "Des périodes sont à corriger" in page.text
    assert stored_periods(draft) == (periods[:1] if second else []), "the one that holds is kept"


def test_an_absence_says_what_it_is(client, draft):
    data = content_of(draft, week(draft, 1), week(draft, 2)) | {"interruptions-1-kind": "leave"}
    assert client.post(step_url(draft, "contenu"), data).status_code == 302
    assert list(draft.interruptions.values_list("kind", flat=True)) == ["interruption", "leave"]
    assert "congé" in client.get(step_url(draft, steps.RECAP)).text
    data |= {"interruptions-0-kind": "university"}
    client.post(step_url(draft, "contenu"), data)
    assert draft.interruptions.first().kind == Interruption.Kind.UNIVERSITY
    page = client.post(step_url(draft, "contenu"), data | {"interruptions-0-kind": "sieste"})
    assert page.status_code == 422
    assert stored_periods(draft) == [week(draft, 2)]


def test_a_kind_without_dates_is_no_absence(client, draft):
    data = content_of(draft, ("", "")) | {"interruptions-0-kind": "leave"}
    assert client.post(step_url(draft, "contenu"), data).status_code == 302
    assert stored_periods(draft) == []


# Hours that are not those of the usual week


def with_hours(draft, *periods, **changes):
    """Return what the content step posts with periods of other hours: dates, then hours by day."""
    data = content_of(draft, **changes)
    data |= {"work_periods-TOTAL_FORMS": len(periods), "work_periods-INITIAL_FORMS": 0}
    for rank, (start, end, hours) in enumerate(periods):
        values = {"start": start, "end": end, **hours}
        data |= {f"work_periods-{rank}-{name}": value for name, value in values.items()}
    return data


def stored_hours(draft):
    return [(period.start, period.end, *period.hours) for period in draft.work_periods.all()]


def test_hours_by_period_are_stored_shown_and_stored_once(client, draft):
    """As a browser without JavaScript posts them: one row at a time, an empty one after."""
    first, second = week(draft, 1), week(draft, 2)
    data = with_hours(draft, (*first, {"thursday": "7", "friday": " 3,5"}), ("", "", {}))
    for _ in range(2):
        assert client.post(step_url(draft, "contenu"), data).status_code == 302
    assert stored_hours(draft) == [(*first, 0, 0, 0, 7, Decimal("3.5"), 0, 0)]
    page = client.get(step_url(draft, "contenu")).text
    assert re.search(r'<details class="disclosure" id="id_work_periods"\s+open>', page)
    assert 'name="work_periods-0-friday" value="3,5"' in page
    assert 'name="work_periods-0-monday" value' not in page, "a day without presence is empty"
    assert 'name="work_periods-1-start"' in page
    assert f"{first[1]:%d/%m/%Y} : jeu. 7 h, ven. 3,5 h" in words(client, draft)
    data = with_hours(
        draft, (*first, {"monday": "24"}), (*second, {"sunday": "0.25"}), **{"work_periods-0-DELETE": "on"}
    )
    client.post(step_url(draft, "contenu"), data)
    assert stored_hours(draft) == [(*second, 0, 0, 0, 0, 0, 0, Decimal("0.25"))]


def words(client, draft):
    return client.get(step_url(draft, steps.RECAP)).text


def test_hours_by_period_are_saved_as_they_are_filled(client, draft):
    one, two = week(draft, 1), week(draft, 2)
    data = with_hours(draft, (*one, {"monday": "7"}), (*two, {"monday": "25"}), (*week(draft, 3), {}))
    told = autosave(client, step_url(draft, "contenu"), data).json()
    assert list(told["errors"]) == ["work_periods-1-monday"], "what is not typed yet is no mistake"
    assert stored_hours(draft) == [(*one, 7, 0, 0, 0, 0, 0, 0)]


@pytest.mark.parametrize(
    ("first", "second", "message"),
    [
        ((0, 4, {"monday": "7"}), (3, 8, {"monday": "7"}), "Cette période en chevauche une autre"),
        ((4, 0, {"monday": "7"}), None, "La fin de la période précède son début"),
        ((-9, 3, {"monday": "7"}), None, "La période doit rester entre le début et la fin du stage"),
        ((0, 4, {"monday": "0"}), None, "Indiquez les heures d’au moins un jour"),
        ((0, 4, {"monday": "-1"}), None, "supérieure ou égale à 0"),
        ((0, 4, {"monday": "24,5"}), None, "inférieure ou égale à 24"),
        ((0, 4, {"monday": "sept"}), None, "Saisissez un nombre"),
    ],
)
def test_impossible_hours_are_explained(client, draft, first, second, message):
    periods = [
        (draft.start + timedelta(days=7 + start), draft.start + timedelta(days=7 + end), hours)
        for start, end, hours in filter(None, (first, second))
    ]
    page = client.post(step_url(draft, "contenu"), with_hours(draft, *periods))
    assert page.status_code == 422
    assert message in page.text
    assert "Des périodes sont à corriger" in page.text
    assert len(stored_hours(draft)) == (1 if second else 0), "the one that holds is kept"


def test_hours_without_dates_ask_for_them(client, draft):
    page = client.post(step_url(draft, "contenu"), with_hours(draft, ("", "", {"monday": "7"})))
    assert page.status_code == 422
    assert "Premier jour de la période" in page.text
    assert 'value="7"' in page.text


def test_a_page_of_before_the_periods_were_asked_leaves_them_alone(client, draft):
    one = week(draft, 1)
    client.post(step_url(draft, "contenu"), with_hours(draft, (*one, {"monday": "7"})))
    assert client.post(step_url(draft, "contenu"), content_of(draft)).status_code == 302
    assert len(stored_hours(draft)) == 1


# What the host declares, the insurance, a minor, a stage abroad


def test_what_the_host_declares_is_stored(client, draft):
    typed = {
        "headcount": "1 200",
        "host_trainees": "0",
        "collective_hours": "37,5",
        "earlier_hours": "120",
        "previous_start": "2026-01-05",
        "previous_end": "2026-03-31",
        "day_starts_at": "9h",
        "day_ends_at": "17:30",
        "insurance_end": "31/08/2027",
        "branch_minimum": "5,20",
    }
    assert client.post(step_url(draft, "contenu"), content_of(draft, **typed)).status_code == 302
    draft.refresh_from_db()
    assert (draft.headcount, draft.host_trainees, draft.tutor_trainees) == (1200, 0, None)
    assert (draft.collective_hours, draft.branch_minimum) == (Decimal("37.5"), Decimal("5.2"))
    assert (f"{draft.day_starts_at:%H:%M}", f"{draft.day_ends_at:%H:%M}") == ("09:00", "17:30")
    assert draft.insurance_end == date(2027, 8, 31)


@pytest.mark.parametrize("name", ["previous", "insurance"])
def test_dates_declared_in_the_wrong_order_lose_nothing_else(client, draft, name):
    typed = {f"{name}_start": "2026-03-02", f"{name}_end": "2026-03-01", "headcount": "7"}
    page = client.post(step_url(draft, "contenu"), content_of(draft, **typed))
    assert page.status_code == 422
    assert "Cette date précède la première" in page.text
    draft.refresh_from_db()
    assert (draft.headcount, getattr(draft, f"{name}_end")) == (7, None)


def test_a_gratification_says_how_often_it_is_paid(client, draft):
    page = client.post(step_url(draft, "contenu"), content_of(draft, payment_frequency=""))
    assert page.status_code == 422
    assert "Dites si la gratification est versée chaque mois" in page.text


@pytest.mark.parametrize(
    ("born", "asked"), [(date(2010, 5, 1), True), (date(2000, 5, 1), False), (None, False)]
)
def test_only_a_minor_names_a_legal_representative(client, draft, born, asked):
    draft.student.birth_date = born
    draft.student.save()
    assert ("Représentant légal" in client.get(step_url(draft, "eleve")).text) is asked
    assert ("dérogation pour un mineur" in client.get(step_url(draft, "contenu")).text) is asked
    data = posted(forms.StudentForm(instance=draft)) | {"guardian_name": "Jeanne Kerbrat"}
    assert client.post(step_url(draft, "eleve"), data).status_code == 302
    draft.refresh_from_db()
    assert bool(draft.guardian_name) is asked


def test_only_a_stage_abroad_asks_about_the_country(client, draft):
    assert 'name="travel_zone"' not in client.get(step_url(draft, "contenu")).text
    host = OrganisationFactory(abroad=True)
    draft.organisation, draft.service = host, ServiceFactory(organisation=host)
    draft.save()
    assert 'name="travel_zone"' in client.get(step_url(draft, "contenu")).text
    data = content_of(draft, travel_zone="orange", travel_decision="FSD, 3 mars", has_information_sheet="on")
    client.post(step_url(draft, "contenu"), data)
    draft.refresh_from_db()
    assert (draft.travel_zone, draft.travel_decision, draft.has_information_sheet) == (
        "orange",
        "FSD, 3 mars",
        True,
    )


# Autosave


def autosave(client, url, data):
    return client.post(url, data, headers={"X-Autosave": "1"})


def test_autosave_saves_what_holds_and_says_what_does_not(client, draft):
    data = content_of(draft, subject="Un sujet tapé à l’instant", weekly_hours="abc")
    answer = autosave(client, step_url(draft, "contenu"), data)
    assert answer.status_code == 200
    told = answer.json()
    assert re.fullmatch(r"\d\d:\d\d", told["saved_at"])
    assert told["errors"] == {"weekly_hours": ["Saisissez un nombre."]}
    assert told["steps"]["eleve"] == "done"
    assert set(told["steps"]) == {*steps.BY_SLUG, steps.RECAP}
    draft.refresh_from_db()
    assert draft.subject == "Un sujet tapé à l’instant"
    assert draft.weekly_hours == 35


def test_autosave_computes_the_hours(client, draft):
    data = content_of(draft, end=draft.start + timedelta(days=4))
    told = autosave(client, step_url(draft, "contenu"), data).json()
    assert told["live"]["hours"] == (
        "35 h de présence = 5 jours = 0,23 mois (7 h = 1 jour) ; gratification facultative"
    )
    assert re.search(r"<dt>Présence</dt>\s*<dd>35 h</dd>", told["html"]["law"])


def test_a_field_emptied_is_saved_empty_without_a_complaint_yet(client, draft):
    told = autosave(client, step_url(draft, "contenu"), content_of(draft, subject="", start="")).json()
    assert told["errors"] == {}
    assert told["steps"]["contenu"] == "todo"
    draft.refresh_from_db()
    assert (draft.subject, draft.start) == ("", None)


def test_a_rule_not_met_yet_does_not_lose_the_text(client, draft):
    told = autosave(client, step_url(draft, "contenu"), content_of(draft, missions="Court.")).json()
    assert "missions" in told["errors"]
    assert told["steps"]["contenu"] == "error"
    draft.refresh_from_db()
    assert draft.missions == "Court."


def test_dates_in_the_wrong_order_do_not_erase_the_right_ones(client, draft):
    told = autosave(client, step_url(draft, "contenu"), content_of(draft, end="2020-01-01")).json()
    assert list(told["errors"]) == ["end"]
    end = draft.end
    draft.refresh_from_db()
    assert draft.end == end


def test_mistakes_of_an_interruption_are_told_by_row(client, draft):
    period = (draft.end + timedelta(days=1), draft.end + timedelta(days=2))
    told = autosave(client, step_url(draft, "contenu"), content_of(draft, week(draft, 1), period)).json()
    assert list(told["errors"]) == ["interruptions-1-start"]


# Steps that choose


def test_a_host_is_found_chosen_shown_then_left(client, draft):
    host = OrganisationFactory(name="Café Éole", city="Évreux", is_verified=True)
    found = client.get(step_url(draft, "etablissement"), {"q": "CAFE e%le"}).text
    assert "Café Éole" in found
    assert "Vérifié" in found
    assert "Évreux" in found
    answer = client.post(step_url(draft, "etablissement"), {"choice": host.pk})
    assert answer.url == step_url(draft, "etablissement")
    summary = client.get(answer.url).text
    assert "Café Éole" in summary
    assert f'href="{step_url(draft, "service")}"' in summary
    draft.refresh_from_db()
    assert (draft.organisation, draft.service, draft.tutor, draft.signatory) == (host, None, None, None)


def test_choosing_the_same_host_again_keeps_its_people(client, draft):
    client.post(step_url(draft, "etablissement"), {"choice": draft.organisation_id})
    tutor = draft.tutor
    draft.refresh_from_db()
    assert draft.tutor == tutor


@pytest.mark.parametrize(("slug", "query"), [("etablissement", "eole"), ("responsable", "lemoine")])
def test_search_as_you_type_answers_a_fragment(client, draft, slug, query):
    OrganisationFactory(name="Éole")
    TeacherFactory(user__last_name="Lemoine", ufr=draft.teacher.ufr)
    answer = client.get(step_url(draft, slug), {"q": query}, headers={"HX-Request": "true"}).text
    assert "<html" not in answer
    assert 'name="choice"' in answer
    assert 'hx-swap-oob="innerHTML:#count">1 résultat<' in answer


def test_a_host_not_found_leads_to_its_creation(client, draft):
    page = client.get(step_url(draft, "etablissement"), {"q": "Zzyzx & Cie"}).text
    assert "Aucun établissement trouvé" in page
    link = re.search(r'href="([^"]+)">\s*Créer l’établissement d’accueil', page)[1].replace("&amp;", "&")
    assert 'value="Zzyzx &amp; Cie"' in client.get(link).text


@pytest.mark.parametrize(
    ("slug", "column", "factory"),
    [
        ("service", "service", ServiceFactory),
        ("tuteur", "tutor", ContactFactory),
        ("signataire", "signatory", ContactFactory),
    ],
)
def test_a_row_of_the_host_is_chosen(client, draft, slug, column, factory):
    row = factory(organisation=draft.organisation)
    assert str(row) in client.get(step_url(draft, slug)).text
    answer = client.post(step_url(draft, slug), {"choice": row.pk})
    assert answer.url == steps.next_url(draft, slug)
    draft.refresh_from_db()
    assert getattr(draft, column) == row


@pytest.mark.parametrize(("slug", "factory"), [("service", ServiceFactory), ("tuteur", ContactFactory)])
def test_a_row_of_another_host_cannot_be_chosen(client, draft, slug, factory):
    assert client.post(step_url(draft, slug), {"choice": factory().pk}).status_code == 404
    assert client.post(step_url(draft, slug), {"choice": "1 OR 1"}).status_code == 404


def test_nothing_ticked_is_told(client, draft):
    page = client.post(step_url(draft, "tuteur"), {})
    assert page.status_code == 422
    assert "<title>Erreur – " in page.text
    assert 'href="#choices">Cochez une ligne de la liste' in page.text


@pytest.mark.parametrize("slug", ["etablissement", "responsable"])
def test_one_letter_is_not_a_search(client, draft, slug):
    page = client.get(step_url(draft, slug), {"q": "e", "changer": ""}).text
    assert "Personne ne porte" not in page
    assert "Aucun établissement trouvé" not in page


def test_a_person_anonymised_since_is_replaced(client, draft):
    retention.anonymise(draft.tutor)
    recap = client.get(step_url(draft, steps.RECAP)).text
    assert "choisissez ou saisissez une personne" in recap


def test_a_teacher_who_has_left_is_replaced(client, draft):
    User.objects.filter(pk=draft.teacher.user_id).update(is_active=False)
    assert "n’enseigne plus ici" in client.get(step_url(draft, steps.RECAP)).text


@pytest.mark.parametrize("slug", ["service", "tuteur", "signataire"])
def test_a_host_that_has_none_goes_straight_to_the_form(client, draft, slug):
    client.post(step_url(draft, "etablissement"), {"choice": OrganisationFactory().pk})
    answer = client.get(step_url(draft, slug))
    assert answer.url == create_url(draft, slug)
    page = client.get(answer.url).text
    assert f'href="{steps.previous_url(draft, slug)}"' in page, "the way back is not the page that sends here"


@pytest.mark.parametrize("slug", ["service", "tuteur", "signataire"])
def test_the_host_comes_first(client, slug):
    convention = ConventionFactory()
    client.force_login(convention.student.user)
    page = client.get(step_url(convention, slug), follow=True)
    assert page.redirect_chain[-1][0] == step_url(convention, "etablissement")
    assert "Choisissez d’abord l’établissement d’accueil" in page.text


def test_many_people_at_one_host_can_be_searched(client, draft):
    ContactFactory.create_batch(15, organisation=draft.organisation, last_name="Martin")
    wanted = ContactFactory(organisation=draft.organisation, last_name="Éthévenin")
    page = client.get(step_url(draft, "tuteur"))
    assert "Chercher dans la liste" in page.text
    assert f'value="{draft.tutor_id}" checked' in page.text
    assert "Éthévenin" not in page.text
    assert f'value="{wanted.pk}"' in client.get(step_url(draft, "tuteur"), {"q": "ethevenin"}).text
    assert "Personne ne correspond" in client.get(step_url(draft, "tuteur"), {"q": "personne"}).text


def test_the_tutor_signs_too_in_one_click(client, draft):
    page = client.get(step_url(draft, "signataire")).text
    assert "Même personne que le tuteur professionnel" in page
    client.post(step_url(draft, "signataire"), {"choice": draft.tutor_id})
    draft.refresh_from_db()
    assert draft.signatory == draft.tutor
    assert "Même personne que le tuteur professionnel" not in client.get(step_url(draft, "signataire")).text


def test_homonyms_are_told_apart(client, draft):
    for office in ("A 101", "C 303"):
        TeacherFactory(user__first_name="Anne", user__last_name="Kerjean", office=office)
    elsewhere = TeacherFactory(
        user__last_name="Kerjean",
        user__institution__name="Ailleurs",
        ufr__centre__institution__name="Ailleurs",
    )
    page = client.get(step_url(draft, "responsable"), {"q": "kerjean"}).text
    assert "A 101" in page
    assert "C 303" in page
    assert elsewhere.user.email not in page
    assert client.post(step_url(draft, "responsable"), {"choice": elsewhere.pk}).status_code == 404


# Creation forms


def correct_url(draft, slug):
    return reverse("conventions:correct", args=[draft.pk, slug])


@pytest.mark.parametrize("slug", ["etablissement", "tuteur"])
def test_one_corrects_what_one_added_oneself(client, draft, slug):
    column = {"etablissement": "organisation", "tuteur": "tutor"}[slug]
    row = getattr(draft, column)
    assert client.get(correct_url(draft, slug)).status_code == 404, "somebody else added it"
    type(row).objects.filter(pk=row.pk).update(created_by=draft.student.user)
    assert correct_url(draft, slug) in client.get(step_url(draft, slug)).text
    form = client.get(correct_url(draft, slug)).context["form"]
    assert form["phone"].value() == row.phone
    typed = {name: form[name].value() or "" for name in form.fields}
    done = client.post(correct_url(draft, slug), typed | {"phone": "02 61 91 00 88"})
    assert done.status_code == 302, form.errors
    draft.refresh_from_db()
    assert getattr(draft, column) == row
    assert getattr(draft, column).phone == "+33 2 61 91 00 88"
    ConventionFactory(complete=True, **{column: row})
    assert client.post(correct_url(draft, slug), typed).status_code == 404, "another student relies on it"


def test_a_correction_that_comes_too_late_loses_nothing_typed(client, draft):
    Contact.objects.filter(pk=draft.tutor_id).update(created_by=draft.student.user)
    workflow.act(draft.pk, "submit", by=draft.student.user)
    answer = client.post(correct_url(draft, "tuteur"), {"first_name": "Bérengère"})
    assert answer.status_code == 409
    assert "Bérengère" in answer.text
    assert client.get(correct_url(draft, "tuteur")).url == draft.get_absolute_url()


def test_a_verified_host_is_not_corrected_here(client, draft):
    Organisation.objects.filter(pk=draft.organisation_id).update(
        created_by=draft.student.user, is_verified=True
    )
    assert client.get(correct_url(draft, "etablissement")).status_code == 404


@pytest.fixture
def host_data():
    NafCodeFactory()
    return {
        "name": "Ateliers Morvan",
        "country": "FR",
        "siret": siret(4242),
        "legal_form": LegalFormFactory().pk,
        "naf": "72.19Z",
        "headcount_band": HeadcountBandFactory().pk,
        "street": "3 rue des Forges",
        "postal_code": "58000",
        "city": "Nevers",
        "phone": "02 61 91 00 44",
    }


def test_a_new_host_is_created_chosen_and_shown(client, draft, host_data):
    answer = client.post(create_url(draft, "etablissement"), host_data)
    assert answer.url == step_url(draft, "etablissement")
    draft.refresh_from_db()
    assert draft.organisation.name == "Ateliers Morvan"
    assert draft.organisation.created_by == draft.student.user
    assert "Ateliers Morvan" in client.get(answer.url).text


def test_a_wrong_siret_is_explained_and_loses_nothing(client, draft, host_data):
    wrong = host_data["siret"][:-1] + str((int(host_data["siret"][-1]) + 1) % 10)
    page = client.post(create_url(draft, "etablissement"), host_data | {"siret": wrong})
    assert page.status_code == 422
    assert "Ce numéro SIRET n’existe pas" in page.text
    assert wrong in page.text
    assert 'value="3 rue des Forges"' in page.text
    assert not Organisation.objects.filter(name="Ateliers Morvan").exists()


def test_a_siret_already_there_proposes_its_host(client, draft, host_data):
    known = OrganisationFactory(siret=host_data["siret"], name="Forges du Nivernais")
    page = client.post(create_url(draft, "etablissement"), host_data)
    assert page.status_code == 422
    assert "Choisir cet établissement" in page.text
    assert f'name="choice" value="{known.pk}"' in page.text
    client.post(step_url(draft, "etablissement"), {"choice": known.pk})
    draft.refresh_from_db()
    assert draft.organisation == known


def test_a_search_by_siret_fills_the_siret(client, draft):
    page = client.get(create_url(draft, "etablissement"), {"q": "732 829 320 00074"}).text
    assert re.search(r'name="siret" value="732 829 320 00074"', page)


def test_a_stage_abroad_asks_which_country(client, draft):
    page = client.get(create_url(draft, "etablissement") + "?etranger").text
    assert '<option value="" selected>Choisissez le pays</option>' in page


def test_a_new_service_starts_at_the_address_of_its_host(client, draft):
    page = client.get(create_url(draft, "service")).text
    assert 'value="4 quai des Abeilles"' in page
    data = {
        "name": "Atelier",
        "street": "1 quai",
        "postal_code": "76600",
        "city": "Le Havre",
        "country": "FR",
    }
    assert client.post(create_url(draft, "service"), data).url == steps.next_url(draft, "service")
    draft.refresh_from_db()
    assert draft.service == Service.objects.get(name="Atelier", organisation=draft.organisation)


def test_a_new_tutor_is_created_at_the_host(client, draft):
    data = {
        "first_name": "Odile",
        "last_name": "Garnier",
        "function": "Cheffe d’atelier",
        "phone": "02 61 91 00 45",
        "email": "odile@ateliers.example",
    }
    assert client.post(create_url(draft, "tuteur"), data).url == steps.next_url(draft, "tuteur")
    draft.refresh_from_db()
    assert draft.tutor == Contact.objects.get(last_name="Garnier", organisation=draft.organisation)
    again = client.post(create_url(draft, "signataire"), data)
    assert again.status_code == 422
    assert "Choisir cette personne" in again.text


def test_what_was_typed_before_the_session_ended_is_shown_after_it(client, draft, host_data):
    client.logout()
    client.post(create_url(draft, "etablissement"), host_data | {WRITER_FIELD: draft.student.user.pk})
    client.force_login(draft.student.user)
    page = client.get(create_url(draft, "etablissement")).text
    assert 'value="3 rue des Forges"' in page
    assert "Votre session avait expiré" in page


def test_interruptions_typed_before_the_session_ended_are_shown_after_it(client, draft):
    client.logout()
    typed = content_of(draft, week(draft, 2), subject="Écrit trop tard")
    client.post(step_url(draft, "contenu"), typed | {WRITER_FIELD: draft.student.user.pk})
    client.force_login(draft.student.user)
    page = client.get(step_url(draft, "contenu")).text
    assert "Écrit trop tard" in page
    assert f'value="{week(draft, 2)[0]}"' in page
    draft.refresh_from_db()
    assert draft.subject != "Écrit trop tard"


# Too late


def test_a_step_posted_after_validation_shows_what_was_typed(client, world):
    convention = world.convention_in(Status.VALIDATED)
    client.force_login(world.people["student"])
    data = content_of(convention, week(convention, 1), subject="Un sujet écrit trop tard")
    page = client.post(step_url(convention, "contenu"), data)
    assert page.status_code == 409
    assert "Cette convention ne se modifie plus" in page.text
    assert "Un sujet écrit trop tard" in page.text
    assert f"{week(convention, 1)[0]:%d/%m/%Y}" in page.text
    assert "lundi, mardi" in page.text, "choices are shown in words"
    told = autosave(client, step_url(convention, "contenu"), data)
    assert told.status_code == 409
    assert "Validée" in told.json()["message"]
    assert client.get(step_url(convention, "contenu")).url == convention.get_absolute_url()


def test_a_new_host_posted_after_validation_is_not_created(client, world, host_data):
    convention = world.convention_in(Status.VALIDATED)
    client.force_login(world.people["student"])
    page = client.post(create_url(convention, "etablissement"), host_data)
    assert page.status_code == 409
    assert "Ateliers Morvan" in page.text
    assert not Organisation.objects.filter(name="Ateliers Morvan").exists()


# Remarks


def test_a_remark_is_beside_its_field_and_answered_there(client, returned):
    page = client.get(step_url(returned, "contenu")).text
    assert "Le sujet est trop vague." in page
    remark = returned.remarks.get(field="subject")
    data = content_of(returned, subject="Mesurer la résistance des souches")
    data |= {f"answer-{remark.pk}": "C’est précisé.", f"resolved-{remark.pk}": "on"}
    client.post(step_url(returned, "contenu"), data)
    remark.refresh_from_db()
    assert remark.answer == "C’est précisé."
    assert remark.resolved_by == returned.student.user
    client.post(step_url(returned, "contenu"), content_of(returned) | {f"answer-{remark.pk}": "Non."})
    remark.refresh_from_db()
    assert remark.resolved_at is None, "a box ticked by mistake can be unticked"


def test_a_remark_on_a_choice_is_answered_on_its_step(client, returned):
    remark = returned.remarks.get(field="tutor")
    page = client.get(step_url(returned, "tuteur")).text
    assert "Est-ce bien votre tuteur ?" in page
    data = {f"answer-{remark.pk}": "Oui.", f"resolved-{remark.pk}": "on"}
    assert (
        "Votre réponse est enregistrée" in client.post(step_url(returned, "tuteur"), data, follow=True).text
    )
    remark.refresh_from_db()
    assert remark.resolved_at
    assert remark.answer == "Oui."


def test_the_summary_lists_the_remarks_left_and_submits_without(client, returned):
    page = client.get(step_url(returned, steps.RECAP)).text
    assert f'href="{steps.field_url(returned, "subject")}"' in page
    assert "Soumettre la convention" not in page
    returned.remarks.update(resolved_at=timezone.now(), resolved_by=returned.student.user)
    assert "Soumettre la convention" in client.get(step_url(returned, steps.RECAP)).text


def test_the_stepper_shows_where_remarks_are(client, returned):
    stepper = client.get(step_url(returned, "eleve")).context["steps"]
    assert {place.slug for place in stepper if place.state == "remark"} == {"contenu", "tuteur"}


# Summary and what follows


def test_everything_missing_leads_to_its_field(client):
    convention = ConventionFactory()
    EnrolmentFactory(student=convention.student)
    TermFactory(kind="stage_type")
    client.force_login(convention.student.user)
    page = client.get(step_url(convention, steps.RECAP))
    assert "Soumettre la convention" not in page.text
    for place in page.context["incomplete"]:
        for item in place.missing:
            assert (place.url if place.is_choice else item.url) in page.text
            if not place.is_choice:
                address, anchor = item.url.split("#")
                assert f'id="{anchor}"' in client.get(address).text, item


def test_the_summary_submits_and_the_next_page_gives_the_number(client, draft, django_assert_max_num_queries):
    manager = ManagerFactory(centre=draft.centre)
    page = client.get(step_url(draft, steps.RECAP)).text
    assert str(manager.user) in page
    answer = client.post(reverse("conventions:act", args=[draft.pk, "submit"]))
    with django_assert_max_num_queries(MAXIMUM_QUERIES):
        following = client.get(answer.url).text
    draft.refresh_from_db()
    assert re.search(rf'<p class="big-number">\s*{draft.number}\s*</p>', following)
    assert "Vous ne pouvez pas encore l’imprimer." in following
    assert "Vous imprimez 3 exemplaires" in following
    assert str(manager.user) in following
    assert "Responsabilité civile" in following
    names = [str(draft.student.user), str(draft.tutor), str(draft.signatory), str(draft.teacher)]
    places = [following.index(name, following.index("Circuit des signatures")) for name in names]
    assert places == sorted(places), "in the order of the centre"


def test_a_stage_abroad_is_warned_and_printed_four_times(client):
    convention = ConventionFactory(complete=True, organisation=OrganisationFactory(abroad=True))
    client.force_login(convention.student.user)
    for slug in ("etablissement", steps.RECAP):
        assert (
            "https://www.diplomatie.gouv.fr/fr/conseils-aux-voyageurs/"
            in client.get(step_url(convention, slug)).text
        )
    workflow.act(convention.pk, "submit", by=convention.student.user)
    page = client.get(reverse("conventions:next", args=[convention.pk])).text
    assert "Vous imprimez 4 exemplaires" in page
    assert "parce que le stage est à l’étranger" in page
    assert "conseils-aux-voyageurs" in page


@pytest.mark.parametrize("state", [state for state in Status if state != Status.DRAFT])
def test_what_follows_is_said_in_every_state(client, world, state):
    convention = world.convention_in(state)
    client.force_login(world.people["student"])
    page = client.get(reverse("conventions:next", args=[convention.pk]))
    assert page.status_code == 200
    assert convention.number in page.text
    assert ("Retirer la soumission" in page.text) == (state == Status.SUBMITTED)
    assert ("en préparation" in page.text) == convention.is_in_force
    if state == Status.REFUSED:
        assert "Ce sont les tâches d’un poste permanent." in page.text


def test_the_pdf_is_offered_as_soon_as_it_is_ready(client, world, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    convention = world.convention_in(Status.VALIDATED)
    client.force_login(world.people["student"])
    url = reverse("conventions:next", args=[convention.pk])
    waiting = client.get(url, headers={"HX-Request": "true"}).text
    assert "<html" not in waiting
    assert 'hx-trigger="every 2s"' in waiting
    with time_machine.travel(timezone.now() + timedelta(minutes=5)):
        client.force_login(world.people["student"])
        given_up = client.get(url).text
    assert "every 2s" not in given_up
    assert "Actualiser la page" in given_up
    client.force_login(world.people["student"])
    document = convention.documents.get()
    document.sha256, document.rendered_at = "0" * 64, timezone.now()
    document.file.save("convention.pdf", ContentFile(b"%PDF-1.7"))
    ready = client.get(url).text
    assert f'href="{reverse("conventions:pdf", args=[convention.pk])}"' in ready
    assert "every 2s" not in ready


def test_a_draft_has_no_next_page_yet(client, draft):
    url = reverse("conventions:next", args=[draft.pk])
    assert client.get(url).url == step_url(draft, steps.RECAP)
    workflow.act(draft.pk, "cancel", by=draft.student.user)
    assert client.get(url).url == draft.get_absolute_url()


def test_an_agreement_ended_before_its_signatures_does_not_show_them_as_done(world):
    track = track_of(world.convention_in(Status.TERMINATED))
    assert [phase.state for phase in track] == ["done", "done", "done", "stop", ""]


def test_an_agreement_cancelled_once_submitted_shows_that_it_was(world):
    convention = world.convention_in(Status.RETURNED)
    convention = workflow.act(
        convention.pk, "cancel", by=convention.student.user, comment="Projet abandonné."
    )
    assert [phase.state for phase in track_of(convention)] == ["done", "stop", "", "", ""]


def test_resuming_leads_to_the_first_step_left(client, draft):
    assert client.get(step_url(draft, steps.RESUME)).url == step_url(draft, steps.RECAP)
    Convention.objects.filter(pk=draft.pk).update(tutor=None)
    assert client.get(step_url(draft, steps.RESUME)).url == step_url(draft, "tuteur")


# Home, advice, copies


def test_home_says_what_to_do_now(client, returned):
    page = client.get(reverse("home")).text
    assert "Gestion des conventions de stage</h1>" in page
    assert "Créer une nouvelle convention" in page
    assert page.count("<article") == 1, "what is to do is not listed a second time"
    assert "À faire maintenant" in page
    assert "Votre gestionnaire demande 2 corrections." in page
    assert f'href="{steps.field_url(returned, "subject")}"' in page


@pytest.mark.parametrize("state", Status)
def test_home_shows_an_agreement_in_every_state(client, world, state):
    convention = world.convention_in(state)
    client.force_login(world.people["student"])
    page = client.get(reverse("home"))
    card = page.context["cards"][0]
    assert card.convention == convention
    assert card.title in page.text
    assert card.todo == (state in {Status.DRAFT, Status.RETURNED, Status.VALIDATED})
    assert ("Supprimer ce brouillon" in page.text) == (state == Status.DRAFT)


def test_home_says_who_holds_the_agreement(client):
    world = World(teacher_approves=True)
    convention = world.convention_in(Status.SUBMITTED)
    client.force_login(world.people["student"])
    assert client.get(reverse("home")).context["cards"][0].holder == "Chez votre enseignant référent"
    workflow.act(convention.pk, "approve", by=world.people["teacher"])
    card = client.get(reverse("home")).context["cards"][0]
    assert card.holder == f"Au centre de gestion ({world.centre})"
    assert card.elapsed == "moins d’une heure"


def test_home_costs_the_same_for_one_agreement_and_for_thirty(client, draft, django_assert_num_queries):
    with CaptureQueriesContext(connection) as one:
        client.get(reverse("home"))
    assert len(one) <= MAXIMUM_QUERIES
    ConventionFactory.create_batch(29, student=draft.student)
    with django_assert_num_queries(len(one)):
        assert len(client.get(reverse("home")).context["cards"]) == 30


def test_a_student_without_agreement_is_invited_to_begin(client):
    client.force_login(StudentFactory().user)
    assert "Aucune convention pour l’instant" in client.get(reverse("home")).text


def test_advice_then_a_draft_filled_from_the_records(client):
    student = EnrolmentFactory().student
    client.force_login(student.user)
    page = client.get(reverse("conventions:advice")).text
    assert "annuaire-entreprises.data.gouv.fr" in page
    assert "conseils-aux-voyageurs" in page
    assert "Joignez votre attestation de responsabilité civile." in page, "the centre's instructions"
    assert not student.conventions.exists(), "reading creates nothing"
    answer = client.post(reverse("conventions:advice"))
    convention = student.conventions.get()
    assert answer.url == step_url(convention, "eleve")
    assert convention.student_street == student.street


def test_only_a_student_starts_their_own_agreement(client):
    client.force_login(ManagerFactory().user)
    assert client.get(reverse("conventions:advice")).status_code == 404


def test_a_manager_fills_an_agreement_for_a_student(client):
    enrolment = EnrolmentFactory()
    manager = ManagerFactory(centre=enrolment.programme.managing_centre).user
    client.force_login(manager)
    answer = client.post(reverse("conventions:enter"), {"student": enrolment.student_id}, follow=True)
    assert answer.status_code == 200
    assert f"pour <strong>{enrolment.student.user}</strong>" in answer.text


def test_a_copy_asks_for_dates_and_programme_again(client, world):
    original = world.convention_in(Status.SIGNED)
    client.force_login(world.people["student"])
    answer = client.post(reverse("conventions:duplicate", args=[original.pk]))
    copy = Convention.objects.exclude(pk=original.pk).get()
    assert (copy.status, copy.number, copy.start, copy.enrolment) == (Status.DRAFT, None, None, None)
    assert (copy.organisation, copy.tutor, copy.missions) == (
        original.organisation,
        original.tutor,
        original.missions,
    )
    assert answer.url == step_url(copy, "formation")
    client.force_login(StudentFactory().user)
    assert client.post(reverse("conventions:duplicate", args=[original.pk])).status_code == 404


def test_a_manager_sees_the_copy_they_make(client, world):
    original = world.convention_in(Status.SIGNED)
    client.force_login(world.people["manager"])
    answer = client.post(reverse("conventions:duplicate", args=[original.pk]), follow=True)
    assert answer.status_code == 200


def test_a_draft_is_deleted_with_what_hangs_on_it(client, draft):
    Interruption.objects.create(convention=draft, start=date(2026, 1, 5), end=date(2026, 1, 9))
    assert client.get(reverse("conventions:delete", args=[draft.pk])).status_code == 405
    client.post(reverse("conventions:delete", args=[draft.pk]))
    assert not Convention.objects.exists()


def test_a_submitted_agreement_is_not_deleted(client, world):
    convention = world.convention_in(Status.SUBMITTED)
    client.force_login(world.people["student"])
    client.post(reverse("conventions:delete", args=[convention.pk]))
    assert Convention.objects.filter(pk=convention.pk).exists()


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (0, "Votre stage commence aujourd’hui."),
        (1, "Votre stage commence demain."),
        (12, "dans 12 jours."),
        (31, ""),
        (-1, ""),
    ],
)
def test_the_countdown_before_the_stage(days, words):
    said = cards.countdown(days)
    assert said.endswith(words)
    assert bool(said) == bool(words)


def test_a_manager_deletes_only_a_draft_they_began(client):
    world = World()
    convention = world.draft()
    client.force_login(world.people["manager"])
    client.post(reverse("conventions:delete", args=[convention.pk]))
    assert Convention.objects.filter(pk=convention.pk).exists()
    begun = world.draft(created_by=world.people["manager"])
    client.post(reverse("conventions:delete", args=[begun.pk]))
    assert not Convention.objects.filter(pk=begun.pk).exists()
