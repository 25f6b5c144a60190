"""The university's structure and the people's places in it."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Institution, LastEnd, StricterRules, Student
from organisations.models.destinations import RiskLevel


class Party(models.TextChoices):
    """Who signs an agreement (article D124-4 of the Code de l'éducation)."""

    STUDENT = "student", _("L’étudiant(e)")
    TUTOR = "tutor", _("Le tuteur professionnel")
    HOST = "host", _("Le directeur de l’organisme d’accueil")
    TEACHER = "teacher", _("L’enseignant référent")
    UNIVERSITY = "university", _("Le directeur de l’UFR")


class Paper(models.TextChoices):
    """What a centre may want to see before it validates, besides the certificate of civil liability."""

    SOCIAL_RIGHTS = "social", _("Attestation de droits à l’assurance maladie")
    ASSISTANCE = "assistance", _("Assurance rapatriement et assistance, pour un stage à l’étranger")
    VISA = "visa", _("Visa ou titre de séjour, pour un stage hors d’Europe")


ANOTHER_INSTITUTION = _("Choisissez une valeur du même établissement.")


def default_signature_order() -> list[str]:
    return [Party.STUDENT, Party.TUTOR, Party.HOST, Party.TEACHER, Party.UNIVERSITY]


def validate_signature_order(value: list[str]) -> None:
    if sorted(value) != sorted(Party.values):
        raise ValidationError(_("Chacune des cinq parties signe une seule fois."))


def refuse_another_institution(row: Ufr | Programme, *names: str) -> None:
    """Refuse what belongs to another institution than ``row``: its managers would see what is not theirs."""
    found = {name: getattr(row, name) for name in names if getattr(row, f"{name}_id")}
    strangers = [name for name, other in found.items() if other.institution_id != row.institution_id]
    if row.institution_id and strangers:
        raise ValidationError(dict.fromkeys(strangers, ANOTHER_INSTITUTION))


class Centre(StricterRules):
    """A centre de gestion: the office that handles the agreements of some UFRs or programmes."""

    class Notified(models.TextChoices):
        MANAGERS = "managers", _("Chaque gestionnaire du centre")
        MAILBOX = "mailbox", _("La boîte du centre seulement")

    institution = models.ForeignKey(
        Institution,
        on_delete=models.PROTECT,
        related_name="centres",
        verbose_name=_("établissement"),
    )
    name = models.CharField(_("Nom"), max_length=150)
    mailbox = models.EmailField(_("Boîte aux lettres électronique"))
    phone = models.CharField(_("Téléphone"), max_length=30, blank=True)
    address = models.TextField(_("Adresse"), blank=True)
    notified = models.CharField(
        _("Qui est prévenu des soumissions"),
        max_length=10,
        choices=Notified,
        default=Notified.MANAGERS,
    )
    keeps_contacts = models.BooleanField(
        _("Garder ses contacts chez les organismes pour soi"),
        default=False,
        help_text=_("Les conventions des autres centres ne proposent alors pas ces personnes."),
    )
    instructions = models.TextField(
        _("Consignes montrées aux étudiants"),
        blank=True,
        help_text=_("Texte simple ; une ligne vide commence un paragraphe."),
    )
    signatory_name = models.CharField(_("Directeur ou délégataire qui signe"), max_length=120)
    signatory_title = models.CharField(_("Qualité de la personne qui signe"), max_length=150)
    teacher_approves = models.BooleanField(
        _("L’enseignant référent approuve avant la validation"), default=False
    )
    security_from = models.CharField(
        _("Autorisation de départ demandée à partir de la zone"),
        max_length=6,
        choices=[(level.value, level.label) for level in RiskLevel if level != RiskLevel.GREEN],
        blank=True,
        default=RiskLevel.ORANGE,
        help_text=_(
            "Le fonctionnaire de sécurité et de défense décide avant la validation ; vide, la règle du droit s’applique."
        ),
    )
    destinations_days = models.PositiveSmallIntegerField(
        _("Jours pendant lesquels un niveau de risque connu fait foi"),
        default=30,
        validators=[MinValueValidator(1), MaxValueValidator(730)],
        help_text=_("Au-delà, le gestionnaire est prévenu que le niveau est à relire."),
    )
    signature_order = ArrayField(
        models.CharField(max_length=12, choices=Party),
        verbose_name=_("Ordre des signatures"),
        default=default_signature_order,
        validators=[validate_signature_order],
    )
    required_papers = ArrayField(
        models.CharField(max_length=10, choices=Paper),
        verbose_name=_("Pièces exigées avant la validation"),
        default=list,
        blank=True,
        help_text=_("Jointes par l’étudiant et acceptées par un gestionnaire."),
    )
    copies_france = models.PositiveSmallIntegerField(_("Exemplaires pour un stage en France"), default=3)
    copies_abroad = models.PositiveSmallIntegerField(_("Exemplaires pour un stage à l’étranger"), default=4)

    certificate_days_before = models.PositiveSmallIntegerField(
        _("Jours avant la fin du stage"),
        default=7,
        validators=[MaxValueValidator(90)],
        help_text=_(
            "L’étudiant et son tuteur apprennent que l’organisme devra remettre l’attestation (D124-9)."
        ),
    )
    certificate_days_after = models.PositiveSmallIntegerField(
        _("Jours après la fin du stage"),
        default=3,
        validators=[MaxValueValidator(90)],
        help_text=_("Second rappel aux deux, si l’attestation manque encore."),
    )
    certificate_days_reported = models.PositiveSmallIntegerField(
        _("Jours après la fin du stage, pour le centre"),
        default=7,
        validators=[MaxValueValidator(90)],
        help_text=_(
            "Chaque semaine, un courriel nomme les conventions terminées depuis ce délai, sans attestation."
        ),
    )

    class Meta(StricterRules.Meta):
        verbose_name = _("centre de gestion")
        verbose_name_plural = _("centres de gestion")
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def copies(self, *, abroad: bool) -> int:
        """Return how many copies of an agreement are signed."""
        return self.copies_abroad if abroad else self.copies_france


class Ufr(models.Model):
    """A component of the university (unité de formation et de recherche)."""

    institution = models.ForeignKey(
        Institution,
        on_delete=models.PROTECT,
        related_name="ufrs",
        verbose_name=_("établissement"),
    )
    code = models.CharField(_("Code"), max_length=20)
    name = models.CharField(_("Nom"), max_length=150)
    centre = models.ForeignKey(
        Centre,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="ufrs",
        verbose_name=_("centre de gestion"),
    )

    class Meta:
        verbose_name = _("UFR")
        verbose_name_plural = _("UFR")
        ordering = ["name"]
        constraints = [models.UniqueConstraint("institution", "code", name="ufr_code_unique")]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        refuse_another_institution(self, "centre")


class Programme(LastEnd):
    """A step of study (étape): one year of one curriculum."""

    class Level(models.TextChoices):
        L1 = "L1", _("Licence 1")
        L2 = "L2", _("Licence 2")
        L3 = "L3", _("Licence 3")
        M1 = "M1", _("Master 1")
        M2 = "M2", _("Master 2")
        BUT1 = "BUT1", _("BUT 1")
        BUT2 = "BUT2", _("BUT 2")
        BUT3 = "BUT3", _("BUT 3")
        DOCTORATE = "D", _("Doctorat")
        OTHER = "other", _("Autre")

    class GratificationRegime(models.TextChoices):
        """Whose rules the gratification follows (articles L124-6 and L4381-1 CSP, L813-9 CRPM)."""

        GENERAL = "general", _("Régime général")
        HEALTH = "health", _("Auxiliaires médicaux (règles propres)")
        AGRICULTURAL = "agricultural", _("Enseignement agricole à rythme approprié (au-delà de trois mois)")
        HOSPITAL = "hospital", _("Étudiants hospitaliers (règles propres)")

    institution = models.ForeignKey(
        Institution,
        on_delete=models.PROTECT,
        related_name="programmes",
        verbose_name=_("établissement"),
    )
    ufr = models.ForeignKey(Ufr, on_delete=models.PROTECT, related_name="programmes", verbose_name=_("UFR"))
    centre = models.ForeignKey(
        Centre,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="programmes",
        verbose_name=_("centre de gestion"),
        help_text=_("Seulement s’il diffère de celui de l’UFR."),
    )
    code = models.CharField(_("Code"), max_length=50)
    version = models.CharField(_("Version"), max_length=10, blank=True)
    label = models.CharField(_("Libellé"), max_length=200)
    level = models.CharField(_("Niveau"), max_length=5, choices=Level, default=Level.OTHER)
    teaching_hours = models.PositiveSmallIntegerField(
        _("Heures d’enseignement par an"),
        null=True,
        blank=True,
        help_text=_("Au moins 200 (article D124-2)."),
    )
    presence_hours = models.PositiveSmallIntegerField(
        _("dont en présence des étudiants"),
        null=True,
        blank=True,
        help_text=_("Au moins 50 (article D124-2)."),
    )
    presence_waiver = models.CharField(
        _("Décision du recteur dérogeant aux 50 heures en présence"),
        max_length=200,
        blank=True,
        help_text=_("Sa date et son numéro, si elle existe."),
    )
    gratification_regime = models.CharField(
        _("Régime de gratification"),
        max_length=12,
        choices=GratificationRegime,
        default=GratificationRegime.GENERAL,
    )

    class Meta(LastEnd.Meta):
        verbose_name = _("étape d’étude")
        verbose_name_plural = _("étapes d’étude")
        ordering = ["label"]
        constraints = [
            *LastEnd.Meta.constraints,
            models.UniqueConstraint("institution", "code", "version", name="programme_code_unique"),
        ]

    def __str__(self) -> str:
        return self.label

    def clean(self) -> None:
        refuse_another_institution(self, "ufr", "centre")

    @property
    def managing_centre(self) -> Centre | None:
        """The centre that handles this programme: its own, else its UFR's."""
        return self.centre or self.ufr.centre


class Enrolment(models.Model):
    """A student in a programme for an academic year, as the university's records say."""

    student = models.ForeignKey(
        Student,
        on_delete=models.CASCADE,
        related_name="enrolments",
        verbose_name=_("étudiant"),
    )
    programme = models.ForeignKey(
        Programme,
        on_delete=models.PROTECT,
        related_name="enrolments",
        verbose_name=_("étape d’étude"),
    )
    academic_year = models.PositiveSmallIntegerField(
        _("Année universitaire"),
        validators=[MinValueValidator(2000), MaxValueValidator(2100)],
        help_text=_("Sa première année civile : 2026 pour 2026/2027."),
    )

    class Meta:
        verbose_name = _("inscription")
        verbose_name_plural = _("inscriptions")
        ordering = ["-academic_year", "pk"]
        constraints = [
            models.UniqueConstraint("student", "programme", "academic_year", name="enrolment_unique")
        ]

    def __str__(self) -> str:
        return f"{self.programme} ({academic_year_label(self.academic_year)})"

    def clean(self) -> None:
        chosen = self.student_id and self.programme_id
        if chosen and self.student.institution_id != self.programme.institution_id:
            raise ValidationError({"programme": ANOTHER_INSTITUTION})


def academic_year_label(first_year: int) -> str:
    """Return « 2026/2027 » for 2026."""
    return f"{first_year}/{first_year + 1}"


class Manager(models.Model):
    """A person who manages the agreements of a centre."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="managements",
        verbose_name=_("personne"),
    )
    centre = models.ForeignKey(
        Centre,
        on_delete=models.CASCADE,
        related_name="managers",
        verbose_name=_("centre de gestion"),
    )

    class Meta:
        verbose_name = _("gestionnaire")
        verbose_name_plural = _("gestionnaires")
        constraints = [models.UniqueConstraint("user", "centre", name="manager_unique")]

    def __str__(self) -> str:
        return f"{self.user} – {self.centre}"


class SecurityOfficer(models.Model):
    """Who allows the stages of an institution in countries at risk (fonctionnaire de sécurité et de défense)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="security_offices",
        verbose_name=_("personne"),
    )
    institution = models.ForeignKey(
        Institution,
        on_delete=models.CASCADE,
        related_name="security_officers",
        verbose_name=_("établissement"),
    )

    class Meta:
        verbose_name = _("fonctionnaire de sécurité et de défense")
        verbose_name_plural = _("fonctionnaires de sécurité et de défense")
        constraints = [models.UniqueConstraint("user", "institution", name="security_officer_unique")]

    def __str__(self) -> str:
        return f"{self.user} – {self.institution}"


class Teacher(models.Model):
    """A teacher of a UFR, who can be named referent (enseignant référent)."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.CASCADE,
        related_name="teachings",
        verbose_name=_("personne"),
    )
    ufr = models.ForeignKey(Ufr, on_delete=models.PROTECT, related_name="teachers", verbose_name=_("UFR"))
    position = models.CharField(_("Fonction"), max_length=100, blank=True)
    phone = models.CharField(_("Téléphone"), max_length=30, blank=True)
    office = models.CharField(_("Bureau"), max_length=60, blank=True)

    class Meta:
        verbose_name = _("enseignant")
        verbose_name_plural = _("enseignants")
        constraints = [models.UniqueConstraint("user", "ufr", name="teacher_unique")]

    def __str__(self) -> str:
        return str(self.user)
