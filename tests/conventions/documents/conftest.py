"""Agreements whose files go with the test, an avenant, and the usual agreement as printed."""

import pytest
from django.utils import timezone

from conventions import documents
from conventions.models import Avenant, AvenantStatus, Status
from tests.conventions import specimen
from tests.worlds import World, stand


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
    now = timezone.now()
    stand(draft, AvenantStatus.VALIDATED, rank=2, submitted_at=now, validated_at=now)
    draft.refresh_from_db()
    return draft


@pytest.fixture(scope="package")
def usual():
    return documents.render_pdf(documents.printable(specimen.specimen()), draft=False)
