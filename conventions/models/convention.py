"""The agreement (convention de stage): one row from the first draft to the last signature."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from django.contrib.auth.models import AnonymousUser
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy
from django_countries.fields import CountryField

from accounts.folding import fold
from accounts.models import Institution, Student
from conventions.law.case import is_minor
from conventions.models.columns import CORRECTED
from conventions.models.freezing import (
    begin_as_draft,
    freeze_content,
    keep_numbered,
    only_grows,
    reopened_whole,
    tell_moves,
)
from conventions.models.nomenclature import HealthInsuranceFund, Term
from conventions.models.status import (
    AWAITS_SIGNATURES,
    EDITABLE,
    FROZEN,
    IN_FORCE,
    STOPPED,
    UNDECIDED,
    Status,
)
from organisations import acceptance
from organisations.models import (
    AgreementsMixin,
    Ban,
    Centre,
    Contact,
    Enrolment,
    Organisation,
    Party,
    RiskLevel,
    Service,
    Teacher,
)
from organisations.models.host import follow_merge
from organisations.models.roles import roles_of

if TYPE_CHECKING:
    from django.utils.functional import _StrPromise
    from django_stubs_ext import WithAnnotations

    from accounts.models import User
    from conventions.models.avenant import Avenant
    from conventions.models.circuit import Turn
    from conventions.models.journal import Remark
    from conventions.models.standing import Standing


# A draft concerns its student and their centre, even one that was cancelled without being submitted.
SHOWN_TO_TEACHERS = Q(submitted_at__isnull=False) & ~Q(status=Status.DRAFT)
SIGNED = Q(status=Status.SIGNED)
BROKEN_OFF = Q(status=Status.TERMINATED)


def term(
    kind: str, label: _StrPromise, *, blank: bool = False
) -> models.ForeignKey[Term | None, Term | None]:
    """Return a column that holds one active entry of the list ``kind``."""
    return models.ForeignKey(
        Term,
        on_delete=models.PROTECT,
        null=True,
        blank=blank,
        verbose_name=label,
        related_name="+",
        limit_choices_to={"kind": kind, "is_active": True},
    )


def closed_by(last_day: date) -> Q:
    """Agreements of which nothing was left to do on ``last_day``: ended, or, never validated, untouched since too."""
    after = timezone.make_aware(datetime.combine(last_day + timedelta(days=1), time.min))
    ended = Q(end__lte=last_day)
    return Q(ended, status__in=IN_FORCE) | ~Q(status__in=IN_FORCE) & Q(updated_at__lt=after) & (
        ended | Q(end__isnull=True)
    )


def archived(institutions: Iterable[Institution]) -> Q:
    """Agreements that have left the active base of their institution, one of ``institutions``."""
    today = timezone.localdate()
    found = Q(pk__in=[])
    for institution in institutions:
        found |= Q(institution=institution) & closed_by(institution.archived_through(today))
    return found


def archives_of(user: User) -> Q:
    """Agreements that have left the active base, of the institution of ``user``, of each for who has none."""
    return archived([user.institution] if user.institution else Institution.objects.all())


def departures() -> models.QuerySet[Turn, int]:
    """Return the keys of the agreements of which a security officer allows, or allowed, the departure.

    An avenant that its author took back, or that is given up, shows nothing of its agreement any more.
    """
    # They point at this table.
    from conventions.models.avenant import GIVEN_UP, AvenantStatus
    from conventions.models.circuit import Approver, Turn

    asked = Turn.objects.filter(purpose=Turn.Purpose.APPROVAL, party=Approver.SECURITY)
    asked = asked.exclude(avenant__status__in=(AvenantStatus.DRAFT, *GIVEN_UP))
    return asked.order_by().values_list("convention", flat=True)


class ConventionQuerySet(AgreementsMixin, models.QuerySet["Convention"]):
    VALIDATED = Q(validated_at__isnull=False)
    LAST_DAY = "end"
    JOINED = (
        "institution",
        "student__user",
        "centre",
        "enrolment__programme__ufr",
        "organisation__legal_form",
        "organisation__naf_code",
        "organisation__headcount_band",
        "service",
        "tutor",
        "signatory",
        "teacher__user",
        "teacher__ufr",
        "health_fund",
        "stage_type",
        "currency",
    )

    def visible_to(self, user: User | AnonymousUser) -> ConventionQuerySet:
        """Return what ``user`` may see: their own, those of their centres, those they follow; all for an admin.

        A teacher sees an agreement once it has been submitted with their name on it, until it is archived; a security
        officer once they are asked to allow the departure.
        """
        if not user.is_authenticated:
            return self.none()
        roles = roles_of(user)
        if roles.is_admin:
            return self.filter(institution=user.institution_id) if user.institution_id else self.all()
        seen = Q(pk__in=[])
        if roles.is_student:
            seen |= Q(student=roles.student_id)
        if roles.is_manager:
            seen |= Q(centre__in=roles.centre_ids)
        if roles.is_teacher:
            seen |= Q(teacher__in=roles.teacher_ids) & SHOWN_TO_TEACHERS & ~archives_of(user)
        if roles.is_security_officer:
            secured = Q(institution__in=roles.secured_ids, pk__in=departures())
            seen |= secured & SHOWN_TO_TEACHERS & ~archives_of(user)
        return self.filter(seen)

    def locked(self, pk: int) -> Convention:
        """Return one of these, locked until the transaction ends, and only then read; raise DoesNotExist.

        A query that waits for its lock would join the rows of before the wait.
        """
        if not self.query.select_related:
            return self.select_for_update(of=("self",)).get(pk=pk)
        alone = self.select_related(None).prefetch_related(None)
        alone.select_for_update(of=("self",)).get(pk=pk)
        return self.get(pk=pk)

    def with_standing(self) -> models.QuerySet[WithAnnotations[Convention, Standing]]:
        """Say of each whose turn it is, since when it is so, which avenant counts and whether it is certified."""
        # What it reads points at this table.
        from conventions.models.standing import STANDING

        return cast("models.QuerySet[WithAnnotations[Convention, Standing]]", self.annotate(**STANDING))

    def submitted(self) -> ConventionQuerySet:
        """Return those that wait for a decision."""
        return self.filter(status=Status.SUBMITTED)

    def without_drafts(self) -> ConventionQuerySet:
        return self.exclude(status=Status.DRAFT)

    def unfrozen(self) -> ConventionQuerySet:
        """Return those of which the content may still change."""
        return self.exclude(status__in=FROZEN)

    def needing_people(self, since: date) -> ConventionQuerySet:
        """Return those that had not ended yet on a day, or were touched since."""
        return self.filter(Q(end__gte=since) | Q(updated_at__date__gte=since))

    def of_people(self, users: Collection[int]) -> ConventionQuerySet:
        """Return those of these students, by the primary keys of their accounts."""
        return self.filter(student__user__in=users)

    def refresh_search(self) -> None:
        """Recompute what the lists search, once their student or their host is another one."""
        found_by = (
            "number",
            "subject",
            "student__number",
            "student__birth_date",
            *(f"student__{name}" for name in Student.OTHER_NAMES),
            *CORRECTED.values(),
            "student__user",
            "organisation__name",
            "service__city",
            "search_key",
        )
        agreements = self.select_related("student__user", "organisation", "service").only(*found_by)
        changed = []
        for agreement in agreements:
            before = agreement.search_key
            agreement.refresh_search_key()
            if agreement.search_key != before:
                changed.append(agreement)
        Convention.objects.bulk_update(changed, ["search_key"], batch_size=500)

    def relying_on(self, table: type[models.Model], keys: Collection[int]) -> dict[int, set[int]]:
        """Return those that may still change with each of some records: not frozen, or being amended with one."""
        wanted = set(keys)
        columns = [one for one in self.model._meta.concrete_fields if one.related_model is table]
        named = Q(*[(f"{one.name}__in", wanted) for one in columns], _connector=Q.OR)
        amended = Q(
            *[(f"avenants__changes__{one.attname}__after__in", list(wanted)) for one in columns],
            _connector=Q.OR,
        )
        found: dict[int, set[int]] = defaultdict(set)
        for pk, *rows in self.unfrozen().filter(named).values_list("pk", *[one.attname for one in columns]):
            for row in wanted & set(rows):
                found[row].add(pk)
        avenants = self.filter(amended, avenants__status__in=UNDECIDED)
        for pk, changes in avenants.values_list("pk", "avenants__changes"):
            for row in wanted & {changes.get(one.attname, {}).get("after") for one in columns}:
                found[row].add(pk)
        return found

    def without_texts(self) -> ConventionQuerySet:
        """Leave in the database the long columns that no list shows."""
        return self.defer("missions", "skills", "details", "record", "search_key")

    def for_detail(self) -> ConventionQuerySet:
        """Join what one agreement refers to, its list values apart: see ``load_terms``."""
        bans = Ban.objects.in_force().filter(
            organisation=OuterRef("organisation"), institution=OuterRef("institution")
        )
        read_ahead = {"is_host_banned": Exists(bans)}
        return self.annotate(**read_ahead).select_related(*self.JOINED)


class Convention(models.Model):
    """An internship agreement. Its columns tolerate a draft; forms, constraints and the workflow do not."""

    class Language(models.TextChoices):
        FRENCH = "fr", _("Français")
        ENGLISH = "en", _("Français, suivi d’une traduction en anglais")

    class AmountUnit(models.TextChoices):
        HOUR = "hour", _("par heure")
        DAY = "day", _("par jour")
        WEEK = "week", _("par semaine")
        MONTH = "month", _("par mois")
        TOTAL = "total", _("pour tout le stage")

    class PaymentFrequency(models.TextChoices):
        MONTHLY = "monthly", _("Chaque mois")
        END = "end", _("En une fois, à la fin du stage")

    TravelZone = RiskLevel

    class WorkingTime(models.TextChoices):
        FULL = "full", _("Temps plein")
        PART = "part", _("Temps partiel")

    class Weekday(models.IntegerChoices):
        MONDAY = 0, _("lundi")
        TUESDAY = 1, _("mardi")
        WEDNESDAY = 2, _("mercredi")
        THURSDAY = 3, _("jeudi")
        FRIDAY = 4, _("vendredi")
        SATURDAY = 5, _("samedi")
        SUNDAY = 6, _("dimanche")

    # The row
    institution = models.ForeignKey(
        Institution,
        on_delete=models.PROTECT,
        related_name="conventions",
        editable=False,
        verbose_name=_("établissement"),
    )
    number = models.CharField(_("Numéro"), max_length=20, null=True, editable=False)
    status = models.CharField(_("État"), max_length=12, choices=Status, default=Status.DRAFT, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
        verbose_name=_("Créée par"),
    )
    created_at = models.DateTimeField(_("Créée le"), auto_now_add=True)
    updated_at = models.DateTimeField(_("Modifiée le"), auto_now=True)
    submitted_at = models.DateTimeField(_("Soumise le"), null=True, editable=False)
    corrected_at = models.DateTimeField(_("Corrigée par le centre le"), null=True, editable=False)
    validated_at = models.DateTimeField(_("Validée le"), null=True, editable=False)
    version = models.PositiveSmallIntegerField(_("Version"), default=1, db_default=1, editable=False)
    reopened_at = models.DateTimeField(_("Reprise le"), null=True, editable=False)
    search_key = models.CharField(max_length=700, editable=False, default="")
    hold_reason = models.CharField(
        _("Raison de garder plus longtemps"),
        max_length=300,
        blank=True,
        default="",
        help_text=_("Accident (10 ans à partir de la consolidation), litige… Sans nom ni donnée de santé."),
    )
    hold_until = models.DateField(_("À garder jusqu’au"), null=True, blank=True)
    purged_at = models.DateTimeField(_("Anonymisée le"), null=True, editable=False)

    # 1. Student: what the records said when the draft was made, then what the student says now
    student = models.ForeignKey(
        Student,
        on_delete=models.PROTECT,
        related_name="conventions",
        editable=False,
        verbose_name=_("Étudiant"),
    )
    record = models.JSONField(_("Dossier de l’université"), default=dict, editable=False)
    student_street = models.CharField(_("Adresse (numéro et voie)"), max_length=200)
    student_address_extra = models.CharField(_("Bâtiment, résidence"), max_length=200, blank=True)
    student_postal_code = models.CharField(_("Code postal"), max_length=12)
    student_city = models.CharField(_("Commune"), max_length=120)
    student_country = CountryField(_("Pays"), default="FR")
    student_phone = models.CharField(_("Téléphone"), max_length=30)
    student_personal_email = models.EmailField(
        _("Adresse électronique personnelle"),
        help_text=_("Pour vous joindre après vos études."),
    )
    insured_status = term(Term.Kind.INSURED_STATUS, _("Qualité d’assuré social"))
    health_fund = models.ForeignKey(
        HealthInsuranceFund,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("Caisse d’assurance maladie"),
        limit_choices_to={"is_active": True},
        help_text=_("Celle de votre lieu de résidence ; elle figure sur votre attestation de droits."),
    )
    health_fund_other = models.CharField(
        _("Autre caisse"),
        max_length=200,
        blank=True,
        help_text=_("MSA, caisse de Mayotte, assurance étrangère…"),
    )
    guardian_name = models.CharField(
        _("Représentant légal"),
        max_length=200,
        blank=True,
        help_text=_("Père, mère ou tuteur légal : cette personne signe avec vous tant que vous êtes mineur."),
    )

    # What an avenant corrected of the identity of its student; what is empty is as the records of the university say
    corrected_last_name = models.CharField(pgettext_lazy("person", "Nom"), max_length=100, blank=True)
    corrected_first_name = models.CharField(_("Prénom"), max_length=100, blank=True)
    corrected_birth_name = models.CharField(_("Nom de naissance"), max_length=100, blank=True)
    corrected_usage_name = models.CharField(_("Nom d’usage"), max_length=100, blank=True)
    corrected_civil_first_name = models.CharField(_("Prénom d’état civil"), max_length=100, blank=True)
    corrected_birth_date = models.DateField(_("Date de naissance"), null=True, blank=True)

    # 2. Programme
    centre = models.ForeignKey(
        Centre,
        on_delete=models.PROTECT,
        null=True,
        editable=False,
        related_name="conventions",
        verbose_name=_("centre de gestion"),
    )
    enrolment = models.ForeignKey(
        Enrolment,
        on_delete=models.PROTECT,
        null=True,
        related_name="conventions",
        verbose_name=_("Étape d’étude"),
    )
    stage_type = term(Term.Kind.STAGE_TYPE, _("Type de stage"))
    language = models.CharField(
        _("Langue de la convention"),
        max_length=2,
        choices=Language,
        default=Language.FRENCH,
        help_text=_("Le texte français fait foi."),
    )

    # 3 to 5, 8. Host, place and people there
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        null=True,
        related_name="conventions",
        verbose_name=_("Établissement d’accueil"),
    )
    service = models.ForeignKey(
        Service,
        on_delete=models.PROTECT,
        null=True,
        related_name="conventions",
        verbose_name=_("Service d’accueil"),
    )
    tutor = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        null=True,
        related_name="tutored",
        verbose_name=_("Tuteur professionnel"),
    )
    signatory = models.ForeignKey(
        Contact,
        on_delete=models.PROTECT,
        null=True,
        related_name="signed_for",
        verbose_name=_("Signataire"),
    )

    # 6. The stage
    theme = term(Term.Kind.THEME, _("Thématique du stage"))
    subject = models.CharField(_("Sujet"), max_length=500, help_text=_("Ce que vous ferez, en une phrase."))
    missions = models.TextField(_("Fonctions et tâches"), max_length=30_000)
    skills = models.TextField(_("Compétences à acquérir ou à développer"), max_length=30_000)
    details = models.TextField(_("Précisions"), max_length=30_000, blank=True)
    start = models.DateField(_("Début du stage"), null=True)
    end = models.DateField(_("Fin du stage"), null=True)
    working_time = models.CharField(
        _("Temps de travail"),
        max_length=4,
        choices=WorkingTime,
        default=WorkingTime.FULL,
    )
    weekly_hours = models.DecimalField(
        _("Heures par semaine"),
        max_digits=5,
        decimal_places=2,
        null=True,
        validators=[MinValueValidator(Decimal("0.5")), MaxValueValidator(Decimal(168))],
        help_text=_("Au format 99,99 ou 99.99."),
    )
    working_days = ArrayField(
        models.PositiveSmallIntegerField(choices=Weekday),
        verbose_name=_("Jours de présence"),
        default=list,
        help_text=_("Les heures de la semaine sont réparties également sur ces jours."),
    )
    day_starts_at = models.TimeField(_("Heure d’arrivée habituelle"), null=True, blank=True)
    day_ends_at = models.TimeField(_("Heure de départ habituelle"), null=True, blank=True)
    schedule_comment = models.TextField(
        _("Précisions sur les horaires"),
        max_length=5_000,
        blank=True,
        help_text=_("Horaires, semaines irrégulières…"),
    )
    hours_computed = models.DecimalField(
        _("Heures de présence calculées"),
        max_digits=7,
        decimal_places=2,
        null=True,
        editable=False,
    )
    hours_corrected = models.DecimalField(
        _("Heures de présence corrigées"),
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[
            MinValueValidator(Decimal("0.5")),
            MaxValueValidator(Decimal(9999)),
        ],
        help_text=_("Seulement si le calcul ne convient pas. 7 heures de présence comptent pour un jour."),
    )
    hours_reason = models.CharField(_("Raison de la correction"), max_length=300, blank=True)
    hours_assimilated = models.DecimalField(
        _("Heures de congé comptées dans la durée"),
        max_digits=7,
        decimal_places=2,
        null=True,
        editable=False,
    )
    terminated_on = models.DateField(_("Dernier jour avant la rupture"), null=True, editable=False)
    quota_end = models.DateField(_("Fin comptée dans le quota de l’organisme"), null=True, editable=False)
    leave_days = models.DecimalField(
        _("Jours de congé"),
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0)), MaxValueValidator(Decimal(200))],
    )
    leave_terms = models.TextField(
        _("Congés et autorisations d’absence"),
        max_length=1_000,
        blank=True,
        help_text=_(
            "Obligatoire au-delà de deux mois (article L124-13), jours de retour à l’université compris."
        ),
    )
    leave_is_paid = models.BooleanField(_("Congés gratifiés"), default=False)
    works_at_night = models.BooleanField(_("Présence la nuit"), default=False)
    works_on_sunday = models.BooleanField(_("Présence le dimanche"), default=False)
    works_on_holidays = models.BooleanField(_("Présence les jours fériés"), default=False)
    works_on_whit_monday = models.BooleanField(
        _("Lundi de Pentecôte travaillé (journée de solidarité)"), default=False
    )
    works_remotely = models.BooleanField(_("Télétravail"), default=False)
    exceptional_work = models.TextField(
        _("Précisions sur la nuit, le dimanche, les jours fériés ou le télétravail"),
        max_length=5_000,
        blank=True,
    )
    is_paid = models.BooleanField(
        _("Gratification au cours du stage"),
        null=True,
        choices=[(True, _("Oui")), (False, _("Non"))],
    )
    amount = models.DecimalField(
        _("Montant de la gratification"),
        max_digits=10,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=_("Au format 99,99 ou 99.99."),
    )
    amount_unit = models.CharField(_("Montant exprimé"), max_length=5, choices=AmountUnit, blank=True)
    currency = term(Term.Kind.CURRENCY, _("Monnaie"), blank=True)
    payment_mode = term(Term.Kind.PAYMENT_MODE, _("Modalité de versement"), blank=True)
    payment_frequency = models.CharField(
        _("Rythme du versement"), max_length=7, choices=PaymentFrequency, blank=True
    )
    branch_minimum = models.DecimalField(
        _("Minimum horaire de la branche"),
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.01"))],
        help_text=_("Si une convention de branche prévoit plus que la loi."),
    )
    is_employed_by_host = models.BooleanField(
        _("Je suis déjà agent ou salarié de cet organisme pendant le stage"), default=False
    )
    benefits = models.TextField(
        _("Avantages offerts"),
        max_length=5_000,
        help_text=_(
            "Restauration ou titres-restaurant, transport, activités sociales… « Néant » s’il n’y en a pas."
        ),
    )
    # What only the host knows, and declares by its signature
    headcount = models.PositiveIntegerField(_("Nombre de salariés"), null=True, blank=True)
    host_trainees = models.PositiveSmallIntegerField(
        _("Stagiaires présents en même temps que vous, vous non compris"), null=True, blank=True
    )
    tutor_trainees = models.PositiveSmallIntegerField(
        _("Stagiaires déjà suivis par votre tuteur à la date de début"), null=True, blank=True
    )
    collective_hours = models.DecimalField(
        _("Durée hebdomadaire collective dans l’organisme"),
        max_digits=4,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal("0.5"))],
        help_text=_("Celle des salariés à temps plein, 35 heures le plus souvent."),
    )
    earlier_hours = models.DecimalField(
        _(
            "Heures déjà faites par vous dans cet organisme cette année, dans un autre établissement d’enseignement"
        ),
        max_digits=6,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
    )
    previous_start = models.DateField(_("Début du stage précédent sur le même poste"), null=True, blank=True)
    previous_end = models.DateField(_("Fin du stage précédent sur le même poste"), null=True, blank=True)
    previous_left_early = models.BooleanField(_("Ce stage a été interrompu par le stagiaire"), default=False)
    replaces_someone = models.BooleanField(
        _("Le stage remplace un salarié ou un agent, ou répond à un surcroît d’activité"), default=False
    )
    has_regulated_work = models.BooleanField(_("Travaux dangereux ou réglementés"), default=False)
    regulated_work_declared = models.BooleanField(
        _("L’organisme a fait la déclaration de dérogation pour un mineur"), default=False
    )
    in_restricted_area = models.BooleanField(
        _("Laboratoire en zone à régime restrictif (ZRR)"), default=False
    )
    restricted_area_authorised = models.BooleanField(_("Accès autorisé"), default=False)

    # Insurance, and what a stage abroad asks more
    insurer = models.CharField(_("Assureur de responsabilité civile"), max_length=120, blank=True)
    insurance_policy = models.CharField(_("Numéro de contrat"), max_length=60, blank=True)
    insurance_start = models.DateField(_("Couvert à partir du"), null=True, blank=True)
    insurance_end = models.DateField(_("Couvert jusqu’au"), null=True, blank=True)
    has_information_sheet = models.BooleanField(
        _("La fiche d’information sur le droit du pays est jointe"), default=False
    )
    has_assistance_policy = models.BooleanField(
        _("Assurance rapatriement, assistance juridique et accident souscrite"), default=False
    )
    travel_zone = models.CharField(
        _("Zone du lieu de stage sur la carte du ministère des affaires étrangères"),
        max_length=6,
        choices=TravelZone,
        blank=True,
    )
    travel_decision = models.CharField(
        _("Décision qui autorise le départ"),
        max_length=200,
        blank=True,
        help_text=_("Qui l’a prise, et quand."),
    )

    # Where the stage comes from, how it is followed and what it is worth
    origin = term(Term.Kind.ORIGIN, _("Comment le stage a-t-il été trouvé ?"))
    follow_up = models.TextField(
        _("Modalités de suivi du stagiaire"),
        max_length=5_000,
        help_text=_("Comment le tuteur et l’enseignant suivront le stage : visites, appels, fréquence."),
    )
    work_nature = term(Term.Kind.WORK_NATURE, _("Travail à fournir à la suite du stage"))
    validation_mode = term(Term.Kind.VALIDATION_MODE, _("Modalité de validation du stage"))
    ects = models.DecimalField(
        _("Crédits ECTS"),
        max_digits=4,
        decimal_places=1,
        null=True,
        blank=True,
        validators=[MaxValueValidator(60)],
    )
    is_confidential = models.BooleanField(_("Sujet confidentiel"), default=False)
    internal_rules = models.TextField(
        _("Clauses du règlement intérieur applicables"),
        max_length=5_000,
        blank=True,
        help_text=_("S’il en existe un."),
    )

    # 7. Referent teacher
    teacher = models.ForeignKey(
        Teacher,
        on_delete=models.PROTECT,
        null=True,
        related_name="conventions",
        verbose_name=_("Responsable pédagogique"),
    )

    # The centre's habits, copied at submission
    signature_order = ArrayField(
        models.CharField(max_length=12, choices=Party),
        verbose_name=_("Ordre des signatures"),
        default=list,
        editable=False,
    )
    copies = models.PositiveSmallIntegerField(_("Exemplaires"), null=True, editable=False)

    objects = ConventionQuerySet.as_manager()

    # Only what an avenant makes of an agreement has one: see ``Amended``.
    avenant: Avenant | None = None
    # Opened by a manager who corrects themselves what was submitted.
    is_being_corrected = False

    class Meta:
        verbose_name = _("convention de stage")
        verbose_name_plural = _("conventions de stage")
        ordering = ["-created_at", "-pk"]
        constraints = [
            models.UniqueConstraint("institution", "number", name="convention_number_unique"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="convention_status_known"),
            models.CheckConstraint(
                condition=Q(end__gte=F("start")),
                name="convention_dates_ordered",
                violation_error_message=_("La fin du stage doit suivre son début."),
            ),
            models.CheckConstraint(
                condition=Q(previous_end__gte=F("previous_start")),
                name="convention_previous_dates_ordered",
                violation_error_message=_("La fin du stage précédent doit suivre son début."),
            ),
            models.CheckConstraint(
                condition=Q(insurance_end__gte=F("insurance_start")),
                name="convention_insurance_dates_ordered",
                violation_error_message=_("La fin de l’assurance doit suivre son début."),
            ),
            models.CheckConstraint(
                condition=Q(weekly_hours__gt=0) & Q(weekly_hours__lte=168),
                name="convention_weekly_hours",
                violation_error_message=_("Une semaine compte au plus 168 heures."),
            ),
            models.CheckConstraint(
                condition=Q(hours_corrected__isnull=True) | ~Q(hours_reason="") | Q(purged_at__isnull=False),
                name="convention_correction_explained",
                violation_error_message=_("Dites pourquoi le nombre d’heures est corrigé."),
            ),
            models.CheckConstraint(
                condition=Q(status__in=[Status.DRAFT, Status.CANCELLED])
                | (
                    Q(number__isnull=False)
                    & Q(submitted_at__isnull=False)
                    & Q(centre__isnull=False)
                    & Q(enrolment__isnull=False)
                )
                & (
                    Q(status=Status.RETURNED)
                    | (
                        Q(purged_at__isnull=False)
                        | Q(organisation__isnull=False)
                        & Q(service__isnull=False)
                        & Q(tutor__isnull=False)
                        & Q(signatory__isnull=False)
                        & Q(teacher__isnull=False)
                        & Q(start__isnull=False)
                        & Q(end__isnull=False)
                        & Q(weekly_hours__isnull=False)
                        & ~Q(subject="")
                    )
                ),
                name="convention_complete_once_submitted",
                violation_error_message=_("Une convention soumise est complète."),
            ),
            models.CheckConstraint(
                condition=Q(hold_reason="", hold_until__isnull=True)
                | ~Q(hold_reason="") & Q(hold_until__isnull=False),
                name="convention_hold_explained",
                violation_error_message=_("Donnez la raison et la date, ou ni l’une ni l’autre."),
            ),
        ]
        indexes = [
            GinIndex(fields=["search_key"], opclasses=["gin_trgm_ops"], name="convention_search"),
            models.Index("centre", "status", name="convention_desk"),
            # Who else is there at the same time: legality.Neighbours.
            models.Index("teacher", "end", name="convention_of_teacher"),
            models.Index("organisation", "end", name="convention_of_organisation"),
        ]
        triggers = [
            follow_merge(),
            begin_as_draft(),
            freeze_content(),
            keep_numbered(),
            tell_moves("c"),
            reopened_whole(
                "agreement",
                "conventions_convention",
                "hung.convention_id = NEW.id AND hung.avenant_id IS NULL",
            ),
        ]

    def __str__(self) -> str:
        return self.number or str(_("Brouillon de %(student)s") % {"student": self.student.user})

    def get_absolute_url(self) -> str:
        return reverse("conventions:detail", args=[self.pk])

    @property
    def named(self) -> str:
        """What a page calls it where one goes back to it: « Convention 2027-000123 »."""
        return str(_("Convention %(number)s") % {"number": self.number}) if self.number else str(self)

    @property
    def heading(self) -> str:
        """Whose stage and where, as its pages are headed."""
        if self.organisation is None:
            return str(self.student.user)
        return str(_("%(student)s chez %(host)s") % {"student": self.student.user, "host": self.organisation})

    def refresh_search_key(self) -> None:
        """Recompute what the lists search: number, student, host and town, subject."""
        student, identity = self.student, self.identity
        parts = [
            self.number or "",
            identity["last_name"],
            identity["first_name"],
            *dict.fromkeys(identity[name] for name in Student.OTHER_NAMES if identity[name]),
            student.number,
            self.organisation.name if self.organisation else "",
            self.service.city if self.service else "",
            self.subject[:200],
        ]
        self.search_key = fold(" ".join(parts))[:700]

    @classmethod
    def columns_of_terms(cls) -> list[models.ForeignKey[Any, Any]]:
        """Return the columns that hold an entry of the editable lists."""
        return [
            field
            for field in cls._meta.concrete_fields
            if isinstance(field, models.ForeignKey) and field.related_model is Term
        ]

    def load_terms(self, *others: Convention, offered: Collection[str] = ()) -> list[Term]:
        """Fetch the list values of this agreement, and of others, that are not read yet; return those ``offered``.

        One query, if any: as many joins would cost more to plan than to run. What is offered are the active entries
        of these lists.
        """
        lacking = [
            (one, field)
            for one in (self, *others)
            for field in self.columns_of_terms()
            if not field.is_cached(one)
        ]
        used = Q(pk__in={getattr(one, field.attname) for one, field in lacking} - {None})
        lists = Q(kind__in=offered, is_active=True)
        found = {term.pk: term for term in (Term.objects.filter(lists | used) if lacking or offered else ())}
        for one, field in lacking:
            setattr(one, field.name, found.get(getattr(one, field.attname)))
        return [term for term in found.values() if term.kind in offered and term.is_active]

    def periods(self, name: str) -> list[Any]:
        """Return the rows of one of its lists of periods, in order; a draft that was never saved has none."""
        return list(getattr(self, name).all()) if self.pk else []

    @property
    def is_editable(self) -> bool:
        """Content may still change: a draft, or an agreement sent back for correction; or the avenant shown is.

        Once it is submitted, for a manager who corrects it themselves.
        """
        return self.is_submitted if self.is_being_corrected else self.acted_on.status in EDITABLE

    @property
    def own_remarks(self) -> list[Remark]:
        """The remarks on the agreement itself, not on its avenants; on the one shown when there is one."""
        avenant_id = self.avenant and self.avenant.pk
        return [remark for remark in self.remarks.all() if remark.avenant_id == avenant_id]

    @property
    def open_remarks(self) -> list[Remark]:
        """Those of its own that are not treated yet."""
        return [remark for remark in self.own_remarks if remark.resolved_at is None]

    @property
    def has_copy_to_check(self) -> bool:
        """A scan of the signed agreement waits for a manager."""
        return any(
            not one.avenant_id and one.is_waiting and one.is_signed_copy for one in self.attachments.all()
        )

    @property
    def own_turns(self) -> list[Turn]:
        """The turns of the agreement itself, not those of its avenants; of the one shown when there is one."""
        avenant_id = self.avenant and self.avenant.pk
        return [turn for turn in self.turns.all() if turn.avenant_id == avenant_id]

    @property
    def acted_on(self) -> Convention | Avenant:
        """What somebody acts on: the agreement, or the avenant of which this instance shows the result."""
        return self.avenant or self

    @property
    def submission(self) -> str:
        """Name the last submission: what a page shows of it is what can be decided on."""
        return f"{self.changed_at:%Y%m%d%H%M%S%f}" if self.changed_at else ""

    @property
    def changed_at(self) -> datetime | None:
        """When what it asks to be judged on last changed: its submission, or a correction by its centre since."""
        return max(filter(None, (self.submitted_at, self.corrected_at)), default=None)

    @property
    def was_validated(self) -> bool:
        """It is validated, or was before it was taken back: something of it is printed."""
        return self.validated_at is not None or self.reopened_at is not None

    @property
    def is_reopened(self) -> bool:
        """It was taken back to be corrected, and not submitted since."""
        return bool(self.reopened_at and self.submitted_at and self.submitted_at < self.reopened_at)

    @property
    def is_submitted(self) -> bool:
        """It waits for a decision."""
        return self.status == Status.SUBMITTED

    @property
    def is_returned(self) -> bool:
        """A correction is asked."""
        return self.status == Status.RETURNED

    @property
    def awaits_signatures(self) -> bool:
        return self.status in AWAITS_SIGNATURES

    @property
    def is_signed(self) -> bool:
        """All have signed, and nothing stopped it since."""
        return self.status == Status.SIGNED

    @property
    def is_broken_off(self) -> bool:
        return self.status == Status.TERMINATED

    @property
    def is_stopped(self) -> bool:
        """Refused, broken off or cancelled: nothing more comes of it."""
        return self.status in STOPPED

    @property
    def is_frozen(self) -> bool:
        """Decided on: its content never changes again."""
        return self.status in FROZEN

    @property
    def is_purged(self) -> bool:
        """Anonymised: nothing is left to do with it, for anybody."""
        return self.purged_at is not None

    @property
    def is_in_force(self) -> bool:
        """Validated, and so printable, whatever came after."""
        return self.status in IN_FORCE

    @property
    def is_abroad(self) -> bool:
        """The stage takes place outside France, overseas territories included in France."""
        place = self.service or self.organisation
        return place is not None and place.is_abroad

    @cached_property
    def is_host_banned(self) -> bool:
        """The institution sends nobody there for now; ``for_detail`` has read it already."""
        host = self.organisation
        return host is not None and bool(acceptance.banned([host], self.institution))

    @property
    def is_for_minor(self) -> bool:
        """The student is under 18 when the stage starts; today, while its start is not known."""
        return is_minor(self.identity["birth_date"], self.start or timezone.localdate())

    @property
    def needs_guardian(self) -> bool:
        """The student is under 18 when it is validated, to be signed; today, until then."""
        day = timezone.localdate(self.validated_at) if self.validated_at else timezone.localdate()
        return is_minor(self.identity["birth_date"], day)

    @property
    def identity(self) -> dict[str, Any]:
        """Who its student is: what an avenant corrected, else what the records of the university say, by column of these."""
        student = self.student
        said = {
            name: getattr(student if hasattr(student, name) else student.user, name) for name in CORRECTED
        }
        return {name: getattr(self, CORRECTED[name]) or value for name, value in said.items()}

    @property
    def hours(self) -> Decimal | None:
        """Hours of effective presence: corrected by hand where a reason was given, else computed."""
        return self.hours_corrected if self.hours_corrected is not None else self.hours_computed

    @property
    def duration(self) -> Decimal | None:
        """What the law counts: presence, and the leave that the agreement plans (article L124-13)."""
        return None if self.hours is None else self.hours + (self.hours_assimilated or Decimal(0))


class NumberCounter(models.Model):
    """The last number given, by institution and academic year; its row is the lock."""

    institution = models.ForeignKey(Institution, on_delete=models.CASCADE, verbose_name=_("établissement"))
    year = models.PositiveSmallIntegerField(_("Année"))
    last = models.PositiveIntegerField(_("Dernier numéro"), default=0)

    class Meta:
        verbose_name = _("compteur de numéros")
        verbose_name_plural = _("compteurs de numéros")
        constraints = [models.UniqueConstraint("institution", "year", name="number_counter_unique")]
        triggers = [only_grows()]

    def __str__(self) -> str:
        return f"{self.year}-{self.last:06d}"
