"""The hosts of stages: a legal establishment, its services and the people met there."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.db.models.functions import Left, Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from stdnum.exceptions import InvalidChecksum, InvalidLength
from stdnum.exceptions import ValidationError as InvalidNumber
from stdnum.fr import siret

from accounts.folding import fold
from accounts.models import PostalAddress
from organisations.models.nomenclature import HeadcountBand, LegalForm, NafCode

# Territories of the SIRENE register. New Caledonia and French Polynesia keep registers of their own.
SIRENE_COUNTRIES = frozenset({"FR", "GP", "GF", "MQ", "RE", "YT", "BL", "MF", "PM", "WF", "TF"})
FRENCH_COUNTRIES = SIRENE_COUNTRIES | {"NC", "PF"}


def validate_siret(value: str) -> None:
    """Raise ValidationError unless ``value`` is a SIRET: 14 digits, Luhn or La Poste's sum, not all zeros."""
    try:
        if set(siret.validate(value)) == {"0"}:
            raise InvalidChecksum
    except InvalidLength:
        raise ValidationError(
            _("Un numéro SIRET a 14 chiffres ; celui-ci en a %(count)s."),
            "siret",
            {"count": len(value)},
        ) from None
    except InvalidNumber:
        raise ValidationError(
            _(
                "Ce numéro SIRET n’existe pas : un de ses chiffres est faux. "
                "Recopiez-le depuis un document officiel de l’organisme."
            ),
            "siret",
        ) from None


def siret_text(value: str) -> str:
    """Return a SIRET as people read it, on one line: three groups of the company, one of the establishment."""
    return siret.format(value, "\N{NO-BREAK SPACE}") if value else ""


class Organisation(PostalAddress):
    """A host establishment (établissement d'accueil), shared by all agreements."""

    class SiretExemption(models.TextChoices):
        ABROAD = "abroad", _("Établi à l’étranger")
        OWN_REGISTER = (
            "own_register",
            _("Nouvelle-Calédonie ou Polynésie française (RIDET, TAHITI)"),
        )
        ASSOCIATION = "association", _("Association sans salarié (numéro RNA)")
        PENDING = "pending", _("Immatriculation en cours")

    name = models.CharField(_("Raison sociale"), max_length=200)
    search_key = models.CharField(max_length=420, editable=False, default="")
    siret = models.CharField(
        _("Numéro SIRET"),
        max_length=14,
        null=True,  # several hosts have none, and those that have one are unique
        blank=True,
        unique=True,
        validators=[validate_siret],
        error_messages={"unique": _("Un organisme qui a ce numéro SIRET est déjà dans l’annuaire.")},
        help_text=_(
            "14 chiffres. Demandez-le à l’organisme ou cherchez-le sur annuaire-entreprises.data.gouv.fr."
        ),
    )
    siret_exemption = models.CharField(
        _("Pourquoi n’y a-t-il pas de SIRET ?"),
        max_length=20,
        choices=SiretExemption,
        blank=True,
    )
    local_identifier = models.CharField(
        _("Autre identifiant"),
        max_length=40,
        blank=True,
        help_text=_("Numéro RNA, RIDET, TAHITI, de TVA ou LEI."),
    )
    legal_form = models.ForeignKey(LegalForm, on_delete=models.PROTECT, verbose_name=_("Forme juridique"))
    naf_code = models.ForeignKey(
        NafCode,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        verbose_name=_("Code NAF (APE)"),
    )
    activity = models.CharField(_("Activité principale"), max_length=200, blank=True)
    headcount_band = models.ForeignKey(
        HeadcountBand, on_delete=models.PROTECT, null=True, verbose_name=_("Effectif")
    )
    phone = models.CharField(_("Téléphone"), max_length=30)
    email = models.EmailField(_("Adresse électronique"), blank=True)
    website = models.URLField(_("Site web"), blank=True)
    is_verified = models.BooleanField(_("Vérifié"), default=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    created_at = models.DateTimeField(_("Créé le"), auto_now_add=True)
    updated_at = models.DateTimeField(_("Modifié le"), auto_now=True)

    class Meta:
        verbose_name = _("établissement d’accueil")
        verbose_name_plural = _("établissements d’accueil")
        constraints = [
            models.CheckConstraint(
                condition=Q(siret__isnull=True) | Q(siret__regex=r"^\d{14}$") & ~Q(siret="0" * 14),
                name="organisation_siret_format",
                violation_error_message=_("Un numéro SIRET a 14 chiffres."),
            ),
            models.CheckConstraint(
                condition=~Q(country__in=SIRENE_COUNTRIES) | Q(siret__isnull=False) | ~Q(siret_exemption=""),
                name="organisation_siret_or_reason",
                violation_error_message=_("Indiquez le numéro SIRET, ou dites pourquoi il n’y en a pas."),
            ),
        ]
        indexes = [
            GinIndex(fields=["search_key"], opclasses=["gin_trgm_ops"], name="organisation_search"),
            # The legal entity, by which the law counts trainees: conventions/legality.py.
            models.Index(Left("siret", 9), name="organisation_siren"),
        ]

    def save(self, *args: Any, **kwargs: Any) -> None:
        # Folding lengthens some letters (ﬃ becomes ffi): the key is cut, not the name.
        self.search_key = fold(f"{self.name} {self.city}")[:420]
        super().save(*args, **kwargs)

    def __str__(self) -> str:
        return self.name

    @property
    def is_abroad(self) -> bool:
        return self.country not in FRENCH_COUNTRIES

    @property
    def printed_siret(self) -> str:
        return siret_text(self.siret or "")


class Service(PostalAddress):
    """Where in the organisation the stage takes place (service d'accueil)."""

    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.CASCADE,
        related_name="services",
        verbose_name=_("établissement d’accueil"),
    )
    name = models.CharField(_("Nom du service"), max_length=150)
    phone = models.CharField(_("Téléphone"), max_length=30, blank=True)

    class Meta:
        verbose_name = _("service d’accueil")
        verbose_name_plural = _("services d’accueil")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    @property
    def is_abroad(self) -> bool:
        return self.country not in FRENCH_COUNTRIES


class Contact(models.Model):
    """A person at the host: professional tutor (tuteur professionnel) or signatory (signataire)."""

    class Civility(models.TextChoices):
        MADAM = "mme", _("Mme")
        SIR = "m", _("M.")

    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.CASCADE,
        related_name="contacts",
        verbose_name=_("établissement d’accueil"),
    )
    civility = models.CharField(_("Civilité"), max_length=3, choices=Civility, blank=True)
    first_name = models.CharField(_("Prénom"), max_length=100)
    last_name = models.CharField(pgettext_lazy("person", "Nom"), max_length=100)
    function = models.CharField(_("Fonction"), max_length=150)
    department = models.CharField(_("Service de rattachement"), max_length=150, blank=True)
    phone = models.CharField(_("Téléphone"), max_length=30)
    email = models.EmailField(_("Adresse électronique"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        verbose_name = _("contact chez un organisme")
        verbose_name_plural = _("contacts chez les organismes")
        ordering = ["last_name", "first_name"]
        # A tutor is one person, whatever the number of their contacts: conventions/legality.py.
        indexes = [models.Index(Lower("email"), name="contact_email")]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}"
