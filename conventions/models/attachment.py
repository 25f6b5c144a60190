"""The attachments that people join to an agreement: what a manager accepts or refuses, one by one."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import PurePath

import pgtrigger
from django.conf import settings
from django.db import models
from django.db.models import F, Prefetch, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from conventions.models.avenant import of_avenant, same_agreement
from conventions.models.convention import Convention
from conventions.models.freezing import unless_purged
from organisations.models import Party

DECISION = ("decision", "decided_by_id", "decided_at", "reason")


def attachment_path(attachment: "Attachment", filename: str) -> str:
    """Return where a file goes: nothing of what its sender called it, save the extension that we gave."""
    return f"attachments/{timezone.now():%Y/%m}/{uuid.uuid4().hex}{PurePath(filename).suffix}"


@dataclass(frozen=True)
class Seal:
    """One electronic signature of a file: by whom and when, as it declares, and the state of what was signed.

    ``state``: whole, of the whole file, unchanged; earlier, of an unchanged first part, to which others were added;
    altered; unread.
    """

    kind: str
    signer: str
    organisation: str
    issuer: str
    at: datetime | None
    state: str


# The scans of what was signed that nobody has looked at yet; those of a replaced version were refused with it.
COPIES_TO_CHECK = Q(kind="signed", decision="waiting")


class Attachment(models.Model):
    """One file, as ``uploads.clean`` returned it; once a manager has decided, the database refuses any change."""

    class Kind(models.TextChoices):
        CIVIL_LIABILITY = "liability", _("Attestation de responsabilité civile")
        SOCIAL_RIGHTS = "social", _("Attestation de droits à l’assurance maladie")
        VISA = "visa", _("Visa ou titre de séjour")
        ASSISTANCE = "assistance", _("Assurance rapatriement et assistance à l’étranger")
        OTHER = "other", _("Autre pièce")
        SIGNED_AGREEMENT = "signed", _("Convention signée")

    class Decision(models.TextChoices):
        WAITING = "waiting", _("À vérifier")
        ACCEPTED = "accepted", _("Acceptée")
        REFUSED = "refused", _("Refusée")

    convention = models.ForeignKey(
        Convention,
        on_delete=models.CASCADE,
        related_name="attachments",
        verbose_name=_("convention de stage"),
    )
    avenant = of_avenant("attachments")
    kind = models.CharField(_("Nature de la pièce"), max_length=10, choices=Kind)
    title = models.CharField(
        _("Intitulé"), max_length=80, blank=True, help_text=_("Ce que la pièce prouve, en quelques mots.")
    )
    file = models.FileField(_("Fichier"), upload_to=attachment_path)
    name = models.CharField(_("Nom d’origine"), max_length=100)
    content_type = models.CharField(_("Type"), max_length=20)
    size = models.PositiveIntegerField(_("Taille"))
    sha256 = models.CharField("SHA-256", max_length=64)
    signatures = models.JSONField(
        _("Signatures électroniques"),
        default=list,
        blank=True,
        help_text=_("Ce qui a été lu à l’envoi d’un PDF signé, gardé tel quel."),
    )
    dates = models.JSONField(
        _("Signatures déclarées"),
        default=dict,
        blank=True,
        help_text=_("Sur une copie signée : le jour que l’expéditeur lit à côté de chaque signature."),
    )
    valid_from = models.DateField(_("Valable du"), null=True, blank=True)
    valid_until = models.DateField(_("Valable jusqu’au"), null=True, blank=True)
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("Envoyée par")
    )
    uploaded_at = models.DateTimeField(_("Envoyée le"), auto_now_add=True)
    decision = models.CharField(_("Décision"), max_length=8, choices=Decision, default=Decision.WAITING)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("Décidé par"),
    )
    decided_at = models.DateTimeField(_("Décidé le"), null=True)
    reason = models.TextField(_("Raison du refus"), max_length=2_000, blank=True)

    class Meta:
        verbose_name = _("pièce jointe")
        verbose_name_plural = _("pièces jointes")
        ordering = ["uploaded_at", "pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(kind="other") & ~Q(title="")
                | Q(kind__in=["liability", "social", "visa", "assistance", "signed"], title=""),
                name="attachment_named",
                violation_error_message=_("Dites ce qu’est cette pièce."),
            ),
            models.CheckConstraint(
                condition=Q(avenant__isnull=True) | Q(kind="signed"), name="attachment_of_signed_avenant"
            ),
            models.CheckConstraint(
                condition=Q(dates={}) | Q(kind="signed"), name="attachment_dates_of_a_signed_copy"
            ),
            models.CheckConstraint(
                condition=~Q(kind="liability") | Q(valid_from__isnull=False, valid_until__isnull=False),
                name="attachment_liability_dated",
                violation_error_message=_("Indiquez la période que couvre l’attestation."),
            ),
            models.CheckConstraint(
                condition=Q(valid_until__gte=F("valid_from")),
                name="attachment_dates_ordered",
                violation_error_message=_("La fin de validité doit suivre son début."),
            ),
            models.CheckConstraint(
                condition=Q(decision="waiting", decided_by__isnull=True, decided_at__isnull=True, reason="")
                | Q(decision="accepted", decided_by__isnull=False, decided_at__isnull=False, reason="")
                | Q(decision="refused", decided_by__isnull=False, decided_at__isnull=False) & ~Q(reason=""),
                name="attachment_decided_by_someone",
                violation_error_message=_("Dites pourquoi la pièce est refusée."),
            ),
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$") & ~Q(file=""), name="attachment_file_with_digest"
            ),
        ]
        triggers = [
            same_agreement(),
            pgtrigger.Trigger(
                name="decided_once",
                operation=pgtrigger.Update | pgtrigger.Delete,
                when=pgtrigger.Before,
                declare=[("decided", "TEXT[]")],
                func=f"""
                    {unless_purged()}
                    decided := ARRAY[{", ".join(f"'{column}'" for column in DECISION)}];
                    IF TG_OP = 'DELETE' AND (OLD.decision = 'waiting' OR EXISTS (
                        SELECT 1 FROM conventions_convention
                        WHERE id = OLD.convention_id AND status = 'draft' AND number IS NULL
                    )) THEN
                        RETURN OLD;
                    END IF;
                    IF TG_OP = 'UPDATE' AND OLD.decision = 'waiting'
                        AND to_jsonb(NEW) - decided = to_jsonb(OLD) - decided THEN
                        RETURN NEW;
                    END IF;
                    RAISE EXCEPTION 'pstage: an attachment is decided on once, and its file never changes'
                        USING ERRCODE = 'integrity_constraint_violation';
                """,
            ),
        ]

    def __str__(self) -> str:
        if self.avenant:
            return str(_("Avenant %(number)s signé") % {"number": self.avenant})
        return self.title or str(self.get_kind_display())

    @property
    def is_signed_copy(self) -> bool:
        """The scan of what was signed, the agreement or one of its avenants, unless it was refused or shows a replaced one."""
        return (
            self.kind == self.Kind.SIGNED_AGREEMENT
            and self.decision != self.Decision.REFUSED
            and not self.is_replaced
        )

    @property
    def is_replaced(self) -> bool:
        """It was sent before what it shows was taken back to be corrected: it says nothing of the version that stands."""
        reopened_at = (self.avenant or self.convention).reopened_at
        return reopened_at is not None and self.uploaded_at < reopened_at

    @property
    def looked_at(self) -> datetime:
        """When it was last what somebody vouched for: decided on, or else sent."""
        return self.decided_at or self.uploaded_at

    @property
    def signatures_declared(self) -> list[tuple[str, date]]:
        """Who signed what it shows, and when, as its sender reads it; in the order of the circuit."""
        return [
            (str(Party(party).label), date.fromisoformat(self.dates[party]))
            for party in self.convention.signature_order
            if party in self.dates
        ]

    @property
    def is_waiting(self) -> bool:
        return self.decision == self.Decision.WAITING

    @property
    def download_name(self) -> str:
        """The name it was sent under, with the extension of what it has become."""
        return f"{PurePath(self.name).stem or 'piece'}{PurePath(self.file.name or '').suffix}"

    @property
    def seals(self) -> list["Seal"]:
        """What the electronic signatures of its file said when it was sent."""
        return [
            Seal(**{**read, "at": datetime.fromisoformat(read["at"]) if read["at"] else None})
            for read in self.signatures
        ]

    def content(self) -> bytes:
        """Return the file; raise ValueError when it is not what was stored."""
        with self.file.open() as file:
            content: bytes = file.read()
        if hashlib.sha256(content).hexdigest() != self.sha256:
            raise ValueError(f"{self.file.name} is not the file that was stored.")
        return content


# The attachments of an agreement with who sent and decided, read once for all that a page says of them.
WITH_PEOPLE = Prefetch(
    "attachments", Attachment.objects.select_related("uploaded_by", "decided_by", "avenant__convention")
)
