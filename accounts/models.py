"""Who signs in, for which institution, and the mails that wait to leave."""

from __future__ import annotations

import hashlib
from calendar import monthrange
from datetime import date
from typing import Any, ClassVar

from django.contrib.auth.base_user import BaseUserManager
from django.contrib.auth.models import AbstractBaseUser, PermissionsMixin
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_countries.fields import CountryField

from accounts.folding import fold
from accounts.limits import REFERENT_LIMIT, TWO_MONTHS, YEARS_OF_PENSION_CLAIMS
from accounts.logos import LogoField


class PostalAddress(models.Model):
    """A postal address, French or foreign; shared by everything that has one."""

    street = models.CharField(_("Adresse (numéro et voie)"), max_length=200)
    address_extra = models.CharField(_("Bâtiment, résidence"), max_length=200, blank=True)
    postal_code = models.CharField(_("Code postal"), max_length=12, blank=True)
    city = models.CharField(_("Commune"), max_length=120)
    country = CountryField(_("Pays"), default="FR")

    class Meta:
        abstract = True


MONTHS_OF_31_DAYS = (1, 3, 5, 7, 8, 10, 12)
MONTHS_OF_30_DAYS = (4, 6, 9, 11)


class LastEnd(models.Model):
    """The day of each year on which the stages of an institution, a centre or a programme end at the latest."""

    last_end_day = models.PositiveSmallIntegerField(
        _("Dernier jour de fin de stage"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
        help_text=_("Un stage se termine au plus tard ce jour-là, avec le mois ci-dessous."),
    )
    last_end_month = models.PositiveSmallIntegerField(
        _("Dernier mois de fin de stage"),
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
    )

    class Meta:
        abstract = True
        constraints = [
            models.CheckConstraint(
                condition=Q(last_end_month__isnull=True, last_end_day__isnull=True)
                | Q(last_end_month__isnull=False, last_end_day__isnull=False, last_end_day__gte=1)
                & (
                    Q(last_end_month__in=MONTHS_OF_31_DAYS, last_end_day__lte=31)
                    | Q(last_end_month__in=MONTHS_OF_30_DAYS, last_end_day__lte=30)
                    | Q(last_end_month=2, last_end_day__lte=28)
                ),
                name="%(class)s_last_end_is_a_date",
                violation_error_message=_(
                    "Le dernier jour de fin de stage est une date de tous les ans : indiquez le jour et le mois."
                ),
            ),
        ]


class StricterRules(LastEnd):
    """What an institution or a centre asks beyond the law, which it can tighten and never loosen."""

    referent_ceiling = models.PositiveSmallIntegerField(
        _("Stagiaires suivis à la fois par un enseignant référent"),
        null=True,
        blank=True,
        help_text=_("Le maximum légal est de 24 (article D124-3)."),
    )
    gratification_threshold = models.PositiveSmallIntegerField(
        _("Gratification exigée au-delà de (heures)"),
        null=True,
        blank=True,
        help_text=_("La loi l’exige au-delà de 308 heures ; 0 l’exige pour tout stage."),
    )
    requires_insurance = models.BooleanField(_("Attestation de responsabilité civile exigée"), default=False)

    class Meta(LastEnd.Meta):
        abstract = True
        constraints = [
            *LastEnd.Meta.constraints,
            models.CheckConstraint(
                condition=Q(referent_ceiling__isnull=True)
                | Q(referent_ceiling__gte=1, referent_ceiling__lte=REFERENT_LIMIT),
                name="%(class)s_referent_ceiling",
                violation_error_message=_(
                    "Un enseignant référent suit de 1 à 24 stagiaires à la fois : la loi n’en permet pas plus."
                ),
            ),
            models.CheckConstraint(
                condition=Q(gratification_threshold__isnull=True)
                | Q(gratification_threshold__lte=TWO_MONTHS),
                name="%(class)s_gratification_threshold",
                violation_error_message=_(
                    "La loi exige une gratification au-delà de 308 heures : le seuil ne peut pas être plus haut."
                ),
            ),
        ]


class Institution(StricterRules, PostalAddress):
    """A school or university: its identity on screens and documents, and its academic year."""

    name = models.CharField(_("Nom"), max_length=200, unique=True)
    short_name = models.CharField(_("Nom court"), max_length=60)
    phone = models.CharField(_("Téléphone"), max_length=30, blank=True)
    email = models.EmailField(_("Adresse électronique"))
    support_email = models.EmailField(
        _("Adresse d’assistance"),
        help_text=_("À qui écrire quand la connexion ne fonctionne pas."),
    )
    logo = LogoField(
        _("Logo"),
        upload_to="logos/",
        blank=True,
        help_text=_("PNG, JPEG, WebP ou GIF ; enregistré en PNG, 1200 × 600 pixels au plus."),
    )
    logo_sha256 = models.CharField(max_length=64, blank=True, editable=False)
    accent_hue = models.PositiveSmallIntegerField(
        _("Couleur d’accent"),
        default=205,
        validators=[MaxValueValidator(360)],
        help_text=_("Teinte en degrés, de 0 (rouge) à 360 ; des nuances lisibles en sont dérivées."),
    )
    legal_representative = models.CharField(_("Représentant légal"), max_length=120)
    legal_representative_title = models.CharField(_("Qualité du représentant légal"), max_length=120)
    year_end_month = models.PositiveSmallIntegerField(
        _("Dernier mois de l’année universitaire"),
        default=8,
        validators=[MinValueValidator(1), MaxValueValidator(12)],
    )
    year_end_day = models.PositiveSmallIntegerField(
        _("Dernier jour de l’année universitaire"),
        default=31,
        validators=[MinValueValidator(1), MaxValueValidator(31)],
    )

    years_active = models.PositiveSmallIntegerField(
        _("Années universitaires dans la base active"),
        default=1,
        validators=[MaxValueValidator(10)],
        help_text=_(
            "Après celle où le stage se termine. La convention passe ensuite aux archives : seuls les gestionnaires, "
            "les administrateurs et l’étudiant la trouvent encore."
        ),
    )
    years_archived = models.PositiveSmallIntegerField(
        _("Années aux archives, avant l’anonymisation"),
        default=5,
        validators=[MaxValueValidator(50)],
        help_text=_(
            "Aucune durée officielle n’existe pour les conventions de stage : proposition à soumettre au DPO et au "
            "service d’archives (5 ans, article 2224 du Code civil). En tout, au moins les 2 ans pendant lesquels un "
            "stagiaire peut demander des trimestres de retraite (article L351-17 du Code de la sécurité sociale)."
        ),
    )

    class Meta(StricterRules.Meta):
        verbose_name = _("établissement")
        verbose_name_plural = _("établissements")
        constraints = [
            *StricterRules.Meta.constraints,
            models.CheckConstraint(
                condition=Q(years_archived__gte=YEARS_OF_PENSION_CLAIMS - F("years_active")),
                name="institution_keeps_for_pension_claims",
                violation_error_message=_(
                    "Une convention se garde au moins 2 ans : le stagiaire peut demander des trimestres de retraite."
                ),
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def archived_through(self, today: date) -> date:
        """Return the last day of a stage whose agreement has left the active base."""
        return self._year_end(self.academic_year(today) - self.years_active)

    def purged_through(self, today: date) -> date:
        """Return the last day of a stage whose agreement has been kept for as long as it may be."""
        return self._year_end(self.academic_year(today) - self.years_active - self.years_archived)

    def _year_end(self, year: int) -> date:
        """Return the last day of the academic year that ends in a calendar year."""
        month = self.year_end_month
        return date(year, month, min(self.year_end_day, monthrange(year, month)[1]))

    def academic_year(self, day: date) -> int:
        """Return the first calendar year of the academic year that contains ``day`` (2026 for 2026/2027)."""
        return day.year if (day.month, day.day) > (self.year_end_month, self.year_end_day) else day.year - 1


LONGEST_SEARCH_KEY = 440


class UserManager(BaseUserManager["User"]):
    def with_email(self, email: str) -> models.QuerySet[User]:
        """Return nobody or the one person with this address, in any case; the unique index answers."""
        return self.alias(lower_email=Lower("email")).filter(lower_email=Lower(models.Value(email)))

    def get_by_natural_key(self, username: str | None) -> User:
        return self.with_email(username or "").get()

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractBaseUser, PermissionsMixin):
    """A person who signs in, by e-mail and password or through their institution's SSO.

    What they may do comes from the roles that point here (student, manager, teacher): a union, never a field.
    """

    institution = models.ForeignKey(
        Institution,
        on_delete=models.PROTECT,
        related_name="users",
        null=True,
        blank=True,
        verbose_name=_("établissement"),
    )
    email = models.EmailField(_("Adresse électronique universitaire"), unique=True)
    first_name = models.CharField(_("Prénom"), max_length=100)
    last_name = models.CharField(pgettext_lazy("person", "Nom"), max_length=100)
    search_key = models.CharField(max_length=LONGEST_SEARCH_KEY, editable=False, default="")
    is_staff = models.BooleanField(_("peut utiliser le site d’administration"), default=False)
    is_active = models.BooleanField(_("peut se connecter"), default=True)
    date_joined = models.DateTimeField(_("créé le"), auto_now_add=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = ["first_name", "last_name"]

    objects = UserManager()

    class Meta:
        verbose_name = _("personne")
        verbose_name_plural = _("personnes")
        constraints = [
            models.UniqueConstraint(
                Lower("email"),
                name="user_email_unique",
                violation_error_message=_("Quelqu’un a déjà cette adresse électronique."),
            )
        ]
        indexes = [GinIndex(fields=["search_key"], opclasses=["gin_trgm_ops"], name="user_search")]

    def save(self, *args: Any, **kwargs: Any) -> None:
        named = kwargs.get("update_fields")
        if named is None or {"last_name", "first_name", "search_key"} & set(named):
            others = Student.objects.filter(user=self.pk).values_list(*Student.OTHER_NAMES) if self.pk else ()
            self.search_key = self.make_search_key(
                self.last_name, self.first_name, *(name for names in others for name in names)
            )
        super().save(*args, **kwargs)

    @staticmethod
    def make_search_key(last_name: str, first_name: str, *others: str) -> str:
        """Return what sorts and finds a person, under all their names; bulk writers must set it themselves."""
        own = (fold(last_name), fold(first_name))
        besides = dict.fromkeys(name for name in map(fold, others) if name and name not in own)
        return " ".join([*own, *besides]).strip()[:LONGEST_SEARCH_KEY]

    def __str__(self) -> str:
        return self.get_full_name()

    def get_full_name(self) -> str:
        return f"{self.first_name} {self.last_name}".strip()

    def get_short_name(self) -> str:
        return self.first_name


class Student(PostalAddress):
    """A student as the university's records know them; agreements keep their own corrected copy.

    Their account bears the names that they use; here is what the civil registry says besides, where it is known.
    """

    class Sex(models.TextChoices):
        FEMALE = "F", _("Féminin")
        MALE = "M", _("Masculin")
        __empty__ = _("Non précisé")

    # What finds them besides the names that they use.
    OTHER_NAMES = ("birth_name", "usage_name", "civil_first_name")

    user = models.OneToOneField(
        User,
        on_delete=models.CASCADE,
        related_name="student",
        verbose_name=_("personne"),
    )
    institution = models.ForeignKey(
        Institution,
        on_delete=models.PROTECT,
        related_name="students",
        verbose_name=_("établissement"),
    )
    number = models.CharField(_("Numéro étudiant"), max_length=20)
    birth_name = models.CharField(_("Nom de naissance"), max_length=100, blank=True)
    usage_name = models.CharField(_("Nom d’usage"), max_length=100, blank=True)
    civil_first_name = models.CharField(
        _("Prénom d’état civil"),
        max_length=100,
        blank=True,
        help_text=_("S’il n’est pas celui que l’étudiant utilise."),
    )
    sex = models.CharField(_("Sexe à l’état civil"), max_length=1, choices=Sex, blank=True)
    birth_date = models.DateField(_("Date de naissance"), null=True, blank=True)
    phone = models.CharField(_("Téléphone"), max_length=30, blank=True)
    personal_email = models.EmailField(_("Adresse électronique personnelle"), blank=True)
    street = models.CharField(_("Adresse (numéro et voie)"), max_length=200, blank=True)
    city = models.CharField(_("Commune"), max_length=120, blank=True)
    # Nobody: whoever the agreements that were anonymised belong to, so that they still count.
    is_anonymous = models.BooleanField(default=False, editable=False)

    class Meta:
        verbose_name = _("étudiant")
        verbose_name_plural = _("étudiants")
        constraints = [
            models.UniqueConstraint(
                "institution", condition=Q(is_anonymous=True), name="student_one_anonymous"
            ),
            models.UniqueConstraint(
                "institution",
                "number",
                name="student_number_unique",
                violation_error_message=_("Ce numéro étudiant est déjà utilisé."),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} ({self.number})"

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        named = kwargs.get("update_fields")
        if (named is None or set(self.OTHER_NAMES) & set(named)) and (key := self.found_by()) != (
            self.user.search_key
        ):
            self.user.search_key = key
            User.objects.filter(pk=self.user_id).update(search_key=key)

    @property
    def registry(self) -> list[tuple[str, str]]:
        """What the civil registry says of their names and sex, as far as it is known: labels and words."""
        said = {name: getattr(self, name) for name in self.OTHER_NAMES} | {"sex": self.get_sex_display()}
        return [
            (str(field.verbose_name), said[field.name])
            for field in self._meta.concrete_fields
            if said.get(field.name)
        ]

    def found_by(self) -> str:
        """Return what sorts and finds their account."""
        others = (getattr(self, name) for name in self.OTHER_NAMES)
        return User.make_search_key(self.user.last_name, self.user.first_name, *others)


class Message(models.Model):
    """One e-mail to one person, written in the transaction of its cause and sent after it (the outbox)."""

    # The causes of mails that hold a link for their recipient alone: such a mail is written when it leaves.
    FORGOTTEN = "password-reset"
    PERSONAL = frozenset({FORGOTTEN})

    class State(models.TextChoices):
        WAITING = "waiting", _("En attente")
        SENT = "sent", _("Envoyé")
        FAILED = "failed", _("Mis de côté après plusieurs échecs")

    institution = models.ForeignKey(
        Institution,
        on_delete=models.CASCADE,
        related_name="messages",
        null=True,
        blank=True,
        verbose_name=_("établissement"),
    )
    key = models.CharField(
        _("cause"),
        max_length=100,
        help_text=_(
            "L’événement à l’origine du courriel : un seul courriel par événement et par destinataire."
        ),
    )
    # What it speaks of, by a key: what is said of somebody goes with the rest.
    about = models.CharField(max_length=40, blank=True, default="", editable=False)
    recipient = models.EmailField(_("Destinataire"))
    sender = models.CharField(_("Expéditeur"), max_length=200)
    subject = models.CharField(_("Objet"), max_length=250)
    text = models.TextField(_("Texte"), blank=True)
    html = models.TextField(_("HTML"), blank=True)
    state = models.CharField(_("État"), max_length=10, choices=State, default=State.WAITING)
    attempts = models.PositiveSmallIntegerField(_("Tentatives"), default=0)
    next_attempt_at = models.DateTimeField(_("Prochaine tentative"), null=True, blank=True)
    server_answer = models.TextField(_("Réponse du serveur de messagerie"), blank=True)
    created_at = models.DateTimeField(_("Écrit le"), auto_now_add=True)
    sent_at = models.DateTimeField(_("Envoyé le"), null=True, blank=True)

    class Meta:
        verbose_name = _("courriel")
        verbose_name_plural = _("courriels")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint("key", Lower("recipient"), name="message_once_per_cause_and_person")
        ]
        indexes = [
            models.Index("next_attempt_at", condition=Q(state="waiting"), name="message_waiting"),
            models.Index("about", name="message_about"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} → {self.recipient}"

    @property
    def cause(self) -> str:
        """What kind of event it comes from: the first word of its key."""
        return self.key.partition("/")[0]

    @property
    def opens_an_account(self) -> bool:
        """Whether its reader finds a link that is for them alone; the row does not hold it."""
        return self.cause in self.PERSONAL

    @property
    def message_id(self) -> str:
        """The same Message-ID at each attempt, so that a server or reader can drop a repeat."""
        digest = hashlib.sha256(f"{self.pk}/{self.key}/{self.recipient}".encode()).hexdigest()[:32]
        return f"<{digest}@pstage>"


class Creation(models.Model):
    """What one form made, by a key that says the same whatever the tab it was sent from: sent again, it makes nothing."""

    key = models.CharField(max_length=64, unique=True)
    row = models.BigIntegerField(null=True)
    at = models.DateTimeField(auto_now_add=True)

    class Meta:
        verbose_name = _("création")
        verbose_name_plural = _("créations")

    def __str__(self) -> str:
        return self.key
