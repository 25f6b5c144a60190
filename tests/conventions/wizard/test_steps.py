"""Every step of the wizard is shown, to its student alone, and leads to the next."""

import pytest

from conventions.models import Convention
from conventions.writing import steps
from tests.conventions.wizard.posting import MAXIMUM_QUERIES, content_of, create_url, posted, step_url
from tests.factories import ConventionFactory, StudentFactory

pytestmark = pytest.mark.django_db

FORMS = [step.slug for step in steps.STEPS if step.form]
CHOICES = [step.slug for step in steps.STEPS if not step.form]
CREATIONS = ["etablissement", "service", "tuteur", "signataire"]


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


@pytest.mark.parametrize("slug", FORMS)
def test_saving_a_step_goes_on_to_the_next(client, draft, slug):
    form = steps.BY_SLUG[slug].form
    data = content_of(draft) if slug == "contenu" else posted(form(instance=draft))
    page = client.post(step_url(draft, slug), data)
    assert page.status_code == 302
    assert page.url == steps.next_url(draft, slug)


def test_resuming_leads_to_the_first_step_left(client, draft):
    assert client.get(step_url(draft, steps.RESUME)).url == step_url(draft, steps.RECAP)
    Convention.objects.filter(pk=draft.pk).update(tutor=None)
    assert client.get(step_url(draft, steps.RESUME)).url == step_url(draft, "tuteur")
