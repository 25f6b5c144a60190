"""The first steps: what the student says of themselves, and their enrolment."""

from datetime import date

import pytest

from conventions.models import Convention, HealthInsuranceFund
from conventions.writing import forms
from tests.conventions.wizard.posting import posted, step_url
from tests.factories import (
    CentreFactory,
    ConventionFactory,
    EnrolmentFactory,
    InstitutionFactory,
    ProgrammeFactory,
)

pytestmark = pytest.mark.django_db


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
