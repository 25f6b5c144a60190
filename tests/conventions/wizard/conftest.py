"""Drafts whose student is signed in, and what they type of a new host."""

import pytest

from conventions import workflow
from tests.factories import ConventionFactory, HeadcountBandFactory, LegalFormFactory, NafCodeFactory, siret


@pytest.fixture
def draft(client):
    """A complete draft, and its student signed in."""
    convention = ConventionFactory(complete=True)
    client.force_login(convention.student.user)
    return convention


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
