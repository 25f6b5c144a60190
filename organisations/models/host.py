"""The hosts of stages: a legal establishment, its services and the people met there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import pgtrigger
from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Func, Q, Value
from django.db.models.functions import Left, Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from stdnum.exceptions import InvalidChecksum, InvalidLength
from stdnum.exceptions import ValidationError as InvalidNumber
from stdnum.fr import siret

from accounts.folding import fold
from accounts.models import PostalAddress
from organisations import words
from organisations.models.nomenclature import HeadcountBand, LegalForm, NafCode

if TYPE_CHECKING:
    from accounts.models import User
    from organisations.models.university import Centre

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


def lexemes() -> Func:
    """Return a host's words as what a text search reads, one lexeme each: no parser cuts them otherwise."""
    return Func(Func(F("search_words"), Value(" "), function="string_to_array"), function="array_to_tsvector")


def follow_merge() -> pgtrigger.Trigger:
    """Return the trigger that puts on the host kept what arrives on one merged into it, however late.

    Its lock waits for a merge under way on another connection.
    """
    return pgtrigger.Trigger(
        name="follow_merge",
        operation=pgtrigger.Insert | pgtrigger.UpdateOf("organisation_id"),
        when=pgtrigger.Before,
        declare=[("kept", "BIGINT")],
        func="""
            SELECT merged_into_id INTO kept FROM organisations_organisation
                WHERE id = NEW.organisation_id FOR KEY SHARE;
            IF kept IS NOT NULL THEN NEW.organisation_id := kept; END IF;
            RETURN NEW;
        """,
    )


def keep_merged() -> pgtrigger.Trigger:
    """Return the trigger that leaves to merges, and to their undoing, which host was merged into which.

    A record read before a merge and saved after it would separate the two, without what moved.
    """
    return pgtrigger.Trigger(
        name="keep_merged",
        operation=pgtrigger.Update,
        when=pgtrigger.Before,
        condition=pgtrigger.Q(old__merged_into__df=pgtrigger.F("new__merged_into")),
        func="""
            IF (NEW.merged_into_id IS NULL) = EXISTS (
                SELECT FROM organisations_merge WHERE dropped_id = NEW.id AND undone_at IS NULL
            ) THEN
                RAISE EXCEPTION 'pstage: only a merge, or its undoing, changes what host % is merged into', NEW.id
                    USING ERRCODE = 'integrity_constraint_violation';
            END IF;
            RETURN NEW;
        """,
    )


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def visible_to(self, user: User | AnonymousUser) -> OrganisationQuerySet:
        """Return the hosts ``user`` may find: those that hide from the register only for staff and their author."""
        from organisations.roles import roles_of

        listed = self.filter(merged_into=None)
        if roles_of(user).keeps_directory:
            return listed
        # Nobody's key is None, as is the author of what was imported.
        return listed.filter(Q(is_private=False) | Q(created_by=user.pk, created_by__isnull=False))


class Organisation(PostalAddress):
    """A host establishment (établissement d'accueil), shared by all agreements.

    One merged into another stays, so that the merge can be undone; nothing points at it any more.
    """

    class SiretExemption(models.TextChoices):
        ABROAD = "abroad", _("Établi à l’étranger")
        OWN_REGISTER = (
            "own_register",
            _("Nouvelle-Calédonie ou Polynésie française (RIDET, TAHITI)"),
        )
        ASSOCIATION = "association", _("Association sans salarié (numéro RNA)")
        PENDING = "pending", _("Immatriculation en cours")

    class Register(models.TextChoices):
        """The public service that a record was read from."""

        ENTREPRISES = "entreprises", _("Recherche d’entreprises")
        INSEE = "insee", _("Sirene (INSEE)")

    name = models.CharField(_("Raison sociale"), max_length=200)
    trade_name = models.CharField(_("Enseigne ou nom commercial"), max_length=200, blank=True)
    acronym = models.CharField(_("Sigle"), max_length=40, blank=True)
    former_names = ArrayField(
        models.CharField(max_length=200), verbose_name=_("Anciens noms"), default=list, blank=True
    )
    search_key = models.TextField(editable=False, default="")
    search_words = models.TextField(editable=False, default="")
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
    # What the public register says, and since when we know it
    register = models.CharField(
        _("Registre public"), max_length=12, choices=Register, blank=True, editable=False
    )
    refreshed_at = models.DateTimeField(_("Relu au registre le"), null=True, blank=True, editable=False)
    is_locked = models.BooleanField(
        _("Garder nos valeurs"),
        default=False,
        help_text=_("Le registre public ne change alors plus que l’ouverture et la fermeture."),
    )
    is_open = models.BooleanField(_("En activité"), default=True)
    closed_on = models.DateField(_("Fermé le"), null=True, blank=True)
    is_private = models.BooleanField(
        _("Diffusion partielle"),
        default=False,
        help_text=_("Le registre public cache son nom ou son adresse : seul le personnel le trouve ici."),
    )
    is_verified = models.BooleanField(_("Vérifié"), default=False)
    verified_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("Vérifié par"),
    )
    verified_at = models.DateTimeField(_("Vérifié le"), null=True, editable=False)
    merged_into = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="absorbed",
        verbose_name=_("Fusionné dans"),
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    created_at = models.DateTimeField(_("Créé le"), auto_now_add=True)
    updated_at = models.DateTimeField(_("Modifié le"), auto_now=True)

    objects = OrganisationQuerySet.as_manager()

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
            models.CheckConstraint(
                condition=~Q(merged_into=F("pk")),
                name="organisation_not_merged_into_itself",
                violation_error_message=_("Un établissement ne se fusionne pas avec lui-même."),
            ),
        ]
        indexes = [
            GinIndex(fields=["search_key"], opclasses=["gin_trgm_ops"], name="organisation_search"),
            GinIndex(lexemes(), name="organisation_words"),
            models.Index(
                fields=["-created_at"],
                name="organisation_to_verify",
                condition=Q(is_verified=False, merged_into__isnull=True),
            ),
            models.Index(
                fields=["refreshed_at"],
                name="organisation_refresh",
                condition=Q(siret__isnull=False, merged_into__isnull=True),
            ),
            # The legal entity, by which the law counts trainees: conventions/legality/neighbours.py.
            models.Index(Left("siret", 9), name="organisation_siren"),
        ]
        triggers = [keep_merged()]

    def save(self, *args: Any, **kwargs: Any) -> None:
        self.refresh_search()
        if (named := kwargs.get("update_fields")) is not None:
            kwargs["update_fields"] = {*named, "search_key", "search_words", "updated_at"}
        super().save(*args, **kwargs)
        Word.learn([self.search_words])

    def refresh_search(self) -> None:
        """Recompute what finds this host: all its names, its town, its numbers."""
        self.search_key = fold(f"{self.name} {self.city} {' '.join(self.other_names())}")
        self.search_words = words.indexed(
            [self.name, *self.other_names()], self.city, self.postal_code, self.local_identifier
        )

    def other_names(self) -> Iterator[str]:
        """Yield its trade name, its acronym and what it was called before."""
        yield from filter(None, [self.trade_name, self.acronym, *self.former_names])

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("host", args=[self.pk])

    @property
    def is_abroad(self) -> bool:
        return self.country not in FRENCH_COUNTRIES

    @property
    def printed_siret(self) -> str:
        return siret_text(self.siret or "")

    @property
    def is_complete(self) -> bool:
        """Nothing is missing that an agreement prints or that the law reads."""
        return not self.missing

    @property
    def missing(self) -> list[str]:
        """What an agreement prints or the law reads and that is not known, in words."""
        known = {
            _("SIRET"): self.siret or self.siret_exemption,
            _("activité"): self.naf_code_id or self.activity,
            _("effectif"): self.headcount_band_id,
            _("adresse"): self.street and self.city,
            _("téléphone"): self.phone,
        }
        return [str(label) for label, value in known.items() if not value]


class Word(models.Model):
    """A word that finds hosts, and what is left of it without one letter: how typing mistakes are corrected."""

    word = models.CharField(max_length=words.LONGEST_CORRECTED, primary_key=True)
    shortened = ArrayField(models.CharField(max_length=words.LONGEST_CORRECTED))

    class Meta:
        verbose_name = _("mot de l’annuaire")
        verbose_name_plural = _("mots de l’annuaire")
        indexes = [
            GinIndex(fields=["shortened"], name="word_shortened"),
            GinIndex(fields=["word"], opclasses=["gin_trgm_ops"], name="word_trigrams"),
        ]

    def __str__(self) -> str:
        return self.word

    @staticmethod
    def learn(keys: Iterable[str]) -> None:
        """Add the words of some hosts. In order: two at the same time must not wait for one another."""
        known = sorted(words.corrected(keys))
        Word.objects.bulk_create(
            [Word(word=word, shortened=words.shortened(word)) for word in known], ignore_conflicts=True
        )


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
        triggers = [follow_merge()]

    def __str__(self) -> str:
        return self.name

    @property
    def is_abroad(self) -> bool:
        return self.country not in FRENCH_COUNTRIES


class ContactQuerySet(models.QuerySet["Contact"]):
    def known_to(self, centre: Centre | None, user: User) -> ContactQuerySet:
        """Return whom an agreement of ``centre`` may name: its own contacts, those other centres of the
        institution share, those ``user`` typed, and those no centre made known."""
        return self._known(
            {centre.pk} if centre else set(), {centre.institution_id} if centre else set(), user
        )

    def known_in(self, centres: models.QuerySet[Centre], user: User) -> ContactQuerySet:
        """Return whom the agreements of at least one of these centres may name."""
        return self._known(centres.values("pk"), centres.values("institution"), user)

    def _known(self, centres: Any, institutions: Any, user: User) -> ContactQuerySet:
        return self.filter(
            Q(centre=None, created_by=None)
            | Q(created_by=user)
            | Q(centre__in=centres)
            | Q(centre__institution__in=institutions, centre__keeps_contacts=False),
            anonymised_at=None,
        )


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

    created_at = models.DateTimeField(_("Créé le"), default=timezone.now, editable=False)
    centre = models.ForeignKey(
        "organisations.Centre",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Centre de gestion"),
        help_text=_("Celui dont une convention l’a fait connaître."),
    )
    to_anonymise_since = models.DateField(_("À anonymiser depuis le"), null=True, blank=True, editable=False)
    anonymised_at = models.DateTimeField(_("Anonymisé le"), null=True, blank=True, editable=False)

    objects = ContactQuerySet.as_manager()

    class Meta:
        verbose_name = _("contact chez un organisme")
        verbose_name_plural = _("contacts chez les organismes")
        ordering = ["last_name", "first_name"]
        # A tutor is one person, whatever the number of their contacts: conventions/legality/neighbours.py.
        indexes = [models.Index(Lower("email"), name="contact_email")]
        triggers = [follow_merge()]

    def __str__(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()
