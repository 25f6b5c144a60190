"""Agreements whose files go with the test, an avenant, and the usual agreement as printed."""

import pytest
from django.utils import timezone

from conventions import documents
from conventions.models import Avenant, Status
from tests.conventions import specimen
from tests.worlds import World


@pytest.fixture
def world(db, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    return World()


@pytest.fixture
def validated(world):
    return world.convention_in(Status.VALIDATED)


@pytest.fixture
def avenant(world):
    """An avenant that its manager has just validated."""
    convention = world.convention_in(Status.SIGNED)
    draft = Avenant.objects.create(
        convention=convention, kinds=["termination", "extension"], reason="Fin\u202e du projet.", changes={}
    )
    draft.rank, draft.status = 2, "validated"
    draft.submitted_at = draft.validated_at = timezone.now()
    draft.save()
    return draft


@pytest.fixture(scope="package")
def usual():
    return documents.render_pdf(documents.printable(specimen.specimen()), draft=False)
