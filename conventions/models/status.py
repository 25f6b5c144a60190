"""The states of an agreement, and those that are told together."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Status(models.TextChoices):
    """Where an agreement stands; written only by ``workflow.move``. "Under way" or "ended" come from its dates."""

    DRAFT = "draft", _("Brouillon")
    RETURNED = "returned", _("À corriger")
    SUBMITTED = "submitted", _("Soumise")
    VALIDATED = "validated", _("Validée")
    SIGNING = "signing", _("En signature")
    SIGNED = "signed", _("Signée")
    REFUSED = "refused", _("Refusée")
    TERMINATED = "terminated", _("Rompue")
    CANCELLED = "cancelled", _("Annulée")


EDITABLE = (Status.DRAFT, Status.RETURNED)
# The content may still change, of an agreement as of an avenant, whose states have the same names.
UNDECIDED = (*EDITABLE, Status.SUBMITTED)
IN_FORCE = (Status.VALIDATED, Status.SIGNING, Status.SIGNED, Status.TERMINATED)
FROZEN = (*IN_FORCE, Status.REFUSED, Status.CANCELLED)
# An avenant waits for its signatures in the states of the same names.
AWAITS_SIGNATURES = (Status.VALIDATED, Status.SIGNING)
AGREED = (*AWAITS_SIGNATURES, Status.SIGNED)
STOPPED = (Status.REFUSED, Status.TERMINATED, Status.CANCELLED)
