"""What each step of the wizard asks, and what an action or a remark does.

A step's rules are pure functions of the agreement: the form applies them to what was just typed, and
``steps`` to the row as it stands, so that a page and a submission judge alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.core.files.uploadedfile import UploadedFile
from django.db import models
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conventions import explanations, law, legality
from conventions.attachments import uploads
from conventions.models import (
    Attachment,
    Completion,
    Convention,
    HealthInsuranceFund,
    Interruption,
    Term,
    WorkPeriod,
)
from organisations.fields import DateField, clean_phone, clean_postal_code
from organisations.forms import say_what_to_do, suggest_communes
from organisations.models import Enrolment

Problems = dict[str, str]

ENOUGH_TO_SAY = 20


class DecimalField(forms.DecimalField):
    """A decimal typed with a comma or a point, as ``99,99`` or ``99.99``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"localize": True, **options})
        self.widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        self.widget.is_localized = True

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = "".join(value.split()).replace(",", ".")
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        """Show « 35 » rather than « 35,00 », and « 4,50 » as it is."""
        return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value


class WholeNumberField(forms.IntegerField):
    """A whole number, with or without spaces between its thousands."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.widget = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"})

    def to_python(self, value: Any) -> Any:
        return super().to_python("".join(value.split()) if isinstance(value, str) else value)


class TimeField(forms.TimeField):
    """A time from the browser's own picker, or typed as 9:30, 9h30 or 9h."""

    widget = forms.TimeInput(attrs={"type": "time"}, format="%H:%M")

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"input_formats": ["%H:%M", "%H:%M:%S", "%Hh%M", "%Hh"], **options})

    def to_python(self, value: Any) -> Any:
        return super().to_python("".join(value.split()).lower() if isinstance(value, str) else value)


class StepForm(forms.ModelForm):
    """A step that saves straight into the agreement; remarks are shown beside their field."""

    use_required_attribute = False
    # Fields that another answer makes required: their label does not say « facultatif ».
    sometimes_required: frozenset[str] = frozenset()
    # Why we ask, and the unit after the input, by field.
    reasons: dict[str, str | Promise] = {}
    units: dict[str, str | Promise] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.advised: set[str] = set()
        offer_terms(self)
        say_what_to_do(self)
        for name, unit in self.units.items():
            self.fields[name].widget.attrs["data-unit"] = unit

    @staticmethod
    def problems(convention: Convention) -> Problems:
        """Return what is wrong or missing beyond empty required fields, by field."""
        return {}

    def full_clean(self) -> None:
        """Apply the step's rules to the agreement as it would be; the first message of a field wins."""
        super().full_clean()
        if not self.is_bound:
            return
        # What the database's own constraints would say of the whole row, the rules say beside its field.
        self.errors.pop(NON_FIELD_ERRORS, None)
        for name, message in self.problems(self.instance).items():
            if name in self.fields and name not in self.errors:
                self.advised.add(name)
                self.add_error(name, message)

    def blame(self, findings: Iterable[law.Finding]) -> bool:
        """Put what the law forbids beside its field, once it is stored; tell whether there was anything."""
        stopped = [finding for finding in findings if finding.stops and finding.field in self.fields]
        for finding in stopped:
            if finding.field not in self.errors:
                self.add_error(finding.field, explanations.message(finding))
        return bool(stopped)

    def save_valid(self) -> None:
        """Save all that a draft can hold, mistakes of the step's rules included, so that nothing is lost.

        Left out is what could not be read, and what the database refuses.
        """
        refused = self.contradictions()
        for name, errors in self.errors.as_data().items():
            if name in self.advised:
                continue
            if name in self.can_be_emptied and all(error.code == "required" for error in errors):
                field = column(name)
                setattr(self.instance, field.attname, None if field.null else field.get_default())
            else:
                refused.add(name)
        columns = [name for name in self.fields if name not in refused]
        self.instance.refresh_search_key()
        self.instance.save(update_fields=[*columns, *self.derived(columns), "search_key", "updated_at"])

    @property
    def can_be_emptied(self) -> set[str]:
        """The columns that may go back to « not answered yet »."""
        return set(self.fields)

    def contradictions(self) -> set[str]:
        """Return the fields that the database refuses together, even in a draft."""
        return set()

    def derived(self, saved: list[str]) -> list[str]:
        """Compute the columns that follow from those being saved, and return their names."""
        return []


class StudentForm(StepForm):
    """Step 1, Élève: what the records say, checked and corrected by the student."""

    sometimes_required = frozenset({"health_fund", "guardian_name"})
    reasons = {
        "insured_status": gettext_lazy(
            "La convention indique le régime de protection sociale dont vous bénéficiez (article D124-4, 9°)."
        ),
        "health_fund": gettext_lazy(
            "C’est elle que l’organisme prévient en cas d’accident pendant le stage."
        ),
        "guardian_name": gettext_lazy(
            "Avant 18 ans, la convention est signée aussi par la personne qui vous représente."
        ),
    }

    class Meta:
        model = Convention
        fields = [
            "student_street",
            "student_address_extra",
            "student_postal_code",
            "student_city",
            "student_country",
            "student_phone",
            "student_personal_email",
            "insured_status",
            "health_fund",
            "health_fund_other",
            "guardian_name",
        ]
        widgets = {
            "student_street": forms.TextInput(attrs={"autocomplete": "address-line1"}),
            "student_address_extra": forms.TextInput(attrs={"autocomplete": "address-line2"}),
            "student_postal_code": forms.TextInput(attrs={"autocomplete": "postal-code"}),
            "student_city": forms.TextInput(attrs={"autocomplete": "address-level2"}),
            "student_phone": forms.TextInput(attrs={"autocomplete": "tel", "inputmode": "tel"}),
            "student_personal_email": forms.EmailInput(attrs={"autocomplete": "email"}),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not self.instance.is_for_minor:
            del self.fields["guardian_name"]
        self.fields["health_fund"].widget.choices = funds_by_region()
        suggest_communes(self, "student_postal_code", "student_city")

    def clean_student_phone(self) -> str:
        return clean_phone(
            self.cleaned_data["student_phone"], self.cleaned_data.get("student_country") or "FR"
        )

    def clean_student_postal_code(self) -> str:
        # The country comes later among the fields: it is read as it was posted.
        return clean_postal_code(
            self.cleaned_data["student_postal_code"], self.data.get("student_country") or "FR"
        )

    @staticmethod
    def problems(convention: Convention) -> Problems:
        found: Problems = {}
        if not convention.health_fund_id and not convention.health_fund_other.strip():
            found["health_fund"] = _(
                "Choisissez votre caisse dans la liste, ou écrivez son nom dans « Autre caisse »."
            )
        return found


class ProgrammeForm(StepForm):
    """Step 2, Formation: the year and étape among the student's own enrolments, and the kind of stage."""

    class Meta:
        model = Convention
        fields = ["enrolment", "stage_type", "language"]
        widgets = {
            "enrolment": forms.RadioSelect(attrs={"class": "stacked"}),
            "stage_type": forms.RadioSelect,
            "language": forms.RadioSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["enrolment"]
        assert isinstance(field, forms.ModelChoiceField)
        field.queryset = Enrolment.objects.filter(student=self.instance.student_id).select_related(
            "programme__ufr__centre", "programme__centre"
        )
        self.enrolments = list(field.queryset)
        field.choices = [(enrolment.pk, str(enrolment)) for enrolment in self.enrolments]
        this_year = self.instance.institution.academic_year(timezone.localdate())
        current = [enrolment for enrolment in self.enrolments if enrolment.academic_year == this_year]
        if not self.instance.enrolment_id and len(current) == 1:
            self.initial["enrolment"] = current[0].pk

    def clean_enrolment(self) -> Enrolment | None:
        """Refuse a mistake of the records that would show the agreement to managers of another institution."""
        enrolment: Enrolment | None = self.cleaned_data["enrolment"]
        centre = enrolment and enrolment.programme.managing_centre
        if centre and centre.institution_id != self.instance.institution_id:
            raise forms.ValidationError(no_centre(self.instance))
        return enrolment

    @staticmethod
    def problems(convention: Convention) -> Problems:
        programme = convention.enrolment and convention.enrolment.programme
        if programme and not (programme.centre_id or programme.ufr.centre_id):
            return {"enrolment": no_centre(convention)}
        return {}

    @property
    def can_be_emptied(self) -> set[str]:
        """Not the enrolment: it says which centre sees the agreement."""
        return super().can_be_emptied - {"enrolment"}

    def contradictions(self) -> set[str]:
        """An enrolment that no centre handles would hide a returned agreement from its managers."""
        return {"enrolment"} if "enrolment" in self.advised else set()

    def derived(self, saved: list[str]) -> list[str]:
        enrolment = self.instance.enrolment
        if "enrolment" not in saved or enrolment is None:
            return []
        self.instance.centre = enrolment.programme.managing_centre
        return ["centre"]


def no_centre(convention: Convention) -> str:
    return _("Aucun centre de gestion ne s’occupe de cette étape. Écrivez à %(email)s.") % {
        "email": convention.institution.support_email
    }


# What only the host knows, what a certificate of insurance says, what only a stage abroad asks.
DECLARED = (
    "headcount",
    "host_trainees",
    "tutor_trainees",
    "collective_hours",
    "earlier_hours",
    "previous_start",
    "previous_end",
    "previous_left_early",
    "replaces_someone",
    "has_regulated_work",
    "regulated_work_declared",
    "in_restricted_area",
    "restricted_area_authorised",
)
INSURANCE = ("insurer", "insurance_policy", "insurance_start", "insurance_end")
ASKED_ABROAD = ("has_information_sheet", "has_assistance_policy", "travel_zone", "travel_decision")
# Pairs of dates that the database refuses in the wrong order.
ORDERED = (("previous_start", "previous_end"), ("insurance_start", "insurance_end"))


class ContentForm(StepForm):
    """Step 6, Contenu du stage."""

    sometimes_required = frozenset(
        {
            "hours_reason",
            "leave_terms",
            "exceptional_work",
            "amount",
            "amount_unit",
            "currency",
            "payment_mode",
            "payment_frequency",
            # « Ne remplissez que ce qui vous concerne », says the section.
            "headcount",
            "host_trainees",
            "tutor_trainees",
            "collective_hours",
            "earlier_hours",
            "previous_start",
            "previous_end",
            # A finding of the law may ask for them.
            *INSURANCE,
            "travel_zone",
            "travel_decision",
        }
    )
    reasons = {
        "skills": gettext_lazy(
            "Un stage sert à apprendre : la convention doit dire quoi (article D124-4, 3°)."
        ),
        "leave_terms": gettext_lazy(
            "Au-delà de deux mois, soit 308 heures de présence, la loi veut que des congés soient possibles "
            "(article L124-13). Leur nombre se décide avec l’organisme."
        ),
        "is_paid": gettext_lazy(
            "En France, elle est obligatoire au-delà de 308 heures de présence dans le même organisme au cours de "
            "l’année universitaire, et due dès la première heure (articles L124-6 et D124-8)."
        ),
        "follow_up": gettext_lazy("La convention doit le prévoir (article D124-4, 7°)."),
        "payment_frequency": gettext_lazy(
            "Une gratification obligatoire est versée chaque mois (article D124-8)."
        ),
        "leave_days": gettext_lazy("Tous les jours de congé, y compris ceux dont vous donnez les dates."),
        "headcount": gettext_lazy(
            "Il fixe combien de stagiaires l’organisme peut accueillir en même temps (article R124-10)."
        ),
        "tutor_trainees": gettext_lazy(
            "Un tuteur suit trois stagiaires à la fois au plus (article R124-13)."
        ),
        "earlier_hours": gettext_lazy(
            "Dans un même organisme, les stages d’une année d’enseignement ne dépassent pas 924 heures, "
            "même dans deux établissements (article L124-5)."
        ),
        "previous_start": gettext_lazy(
            "Deux stages sur un même poste sont séparés d’un tiers de la durée du premier, "
            "sauf si le stagiaire l’a interrompu lui-même (article L124-11)."
        ),
        "insurer": gettext_lazy(
            "La convention peut demander une attestation de responsabilité civile (article D124-4, 9°)."
        ),
        "travel_zone": gettext_lazy(
            "Elle se lit sur la carte des conseils aux voyageurs, à l’adresse diplomatie.gouv.fr."
        ),
    }
    units = {
        "weekly_hours": gettext_lazy("h"),
        "hours_corrected": gettext_lazy("h"),
        "leave_days": gettext_lazy("jours"),
        "branch_minimum": gettext_lazy("€ par heure"),
        "collective_hours": gettext_lazy("h"),
        "earlier_hours": gettext_lazy("h"),
        "ects": gettext_lazy("ECTS"),
    }
    start = DateField(label=Convention._meta.get_field("start").verbose_name)
    end = DateField(label=Convention._meta.get_field("end").verbose_name)
    working_days = forms.TypedMultipleChoiceField(
        label=Convention._meta.get_field("working_days").verbose_name,
        help_text=Convention._meta.get_field("working_days").help_text,
        choices=Convention.Weekday.choices,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"required": gettext_lazy("Cochez au moins un jour de la semaine.")},
    )

    class Meta:
        model = Convention
        fields = [
            "theme",
            "subject",
            "missions",
            "skills",
            "details",
            "start",
            "end",
            "working_time",
            "weekly_hours",
            "working_days",
            "day_starts_at",
            "day_ends_at",
            "schedule_comment",
            "leave_days",
            "leave_terms",
            "leave_is_paid",
            "hours_corrected",
            "hours_reason",
            "works_at_night",
            "works_on_sunday",
            "works_on_holidays",
            "works_on_whit_monday",
            "works_remotely",
            "exceptional_work",
            "is_paid",
            "amount",
            "amount_unit",
            "currency",
            "payment_mode",
            "payment_frequency",
            "branch_minimum",
            "is_employed_by_host",
            "benefits",
            *DECLARED,
            *INSURANCE,
            *ASKED_ABROAD,
            "origin",
            "follow_up",
            "work_nature",
            "validation_mode",
            "ects",
            "is_confidential",
            "internal_rules",
        ]
        field_classes = {
            "weekly_hours": DecimalField,
            "hours_corrected": DecimalField,
            "leave_days": DecimalField,
            "amount": DecimalField,
            "branch_minimum": DecimalField,
            "headcount": WholeNumberField,
            "host_trainees": WholeNumberField,
            "tutor_trainees": WholeNumberField,
            "collective_hours": DecimalField,
            "earlier_hours": DecimalField,
            "previous_start": DateField,
            "previous_end": DateField,
            "insurance_start": DateField,
            "insurance_end": DateField,
            "day_starts_at": TimeField,
            "day_ends_at": TimeField,
            "ects": DecimalField,
        }
        widgets = {
            "subject": forms.Textarea(attrs={"rows": 2}),
            "missions": forms.Textarea(attrs={"rows": 5}),
            "skills": forms.Textarea(attrs={"rows": 4}),
            "details": forms.Textarea(attrs={"rows": 3}),
            "schedule_comment": forms.Textarea(attrs={"rows": 2}),
            "leave_terms": forms.Textarea(attrs={"rows": 2}),
            "exceptional_work": forms.Textarea(attrs={"rows": 2}),
            "benefits": forms.Textarea(attrs={"rows": 2}),
            "follow_up": forms.Textarea(attrs={"rows": 2}),
            "internal_rules": forms.Textarea(attrs={"rows": 2}),
            "is_paid": forms.RadioSelect,
            "working_time": forms.RadioSelect,
            "payment_frequency": forms.RadioSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_paid = self.fields["is_paid"]
        assert isinstance(is_paid, forms.TypedChoiceField)
        is_paid.required = True
        is_paid.choices = [(True, _("Oui")), (False, _("Non"))]
        amount_unit = self.fields["amount_unit"]
        assert isinstance(amount_unit, forms.TypedChoiceField)
        amount_unit.choices = [("", _("Choisissez")), *Convention.AmountUnit.choices]
        frequency, zone = self.fields["payment_frequency"], self.fields["travel_zone"]
        assert isinstance(frequency, forms.TypedChoiceField)
        assert isinstance(zone, forms.TypedChoiceField)
        frequency.choices = Convention.PaymentFrequency.choices
        zone.choices = [("", _("Choisissez")), *Convention.TravelZone.choices]
        if not self.instance.is_for_minor:
            del self.fields["regulated_work_declared"]
        if not self.instance.is_abroad:
            for name in ASKED_ABROAD:
                del self.fields[name]
        if avenant := self.instance.amended_by:
            for name in self.fields.keys() - avenant.may_change:
                del self.fields[name]

    def clean_working_days(self) -> list[int]:
        """Count each day once: hours a day are judged by how many there are."""
        return sorted(set(self.cleaned_data["working_days"]))

    def contradictions(self) -> set[str]:
        found: set[str] = set()
        convention = self.instance
        if convention.start and convention.end and convention.end < convention.start:
            found |= {"start", "end"}
        if convention.hours_corrected is not None and not convention.hours_reason.strip():
            found |= {"hours_corrected", "hours_reason"}
        for start, end in ORDERED:
            if out_of_order(convention, start, end):
                found |= {start, end}
        return found

    @staticmethod
    def problems(convention: Convention) -> Problems:
        return {
            **schedule_problems(convention),
            **text_problems(convention),
            **gratification_problems(convention),
            **declaration_problems(convention),
        }


def schedule_problems(convention: Convention) -> Problems:
    """Dates that a draft cannot hold, and a correction of the hours without a reason.

    The rest of the law is judged once the draft is stored, with everything around it.
    """
    found: Problems = {}
    for name in ("start", "end"):
        day = getattr(convention, name)
        if day and not legality.plausible(day):
            found[name] = _("Vérifiez l’année.")
    found = found or explanations.wrong_dates(convention.start, convention.end)
    if convention.hours_corrected is not None and not convention.hours_reason.strip():
        found["hours_reason"] = _("Dites pourquoi le nombre d’heures calculé ne convient pas.")
    return found


def text_problems(convention: Convention) -> Problems:
    """Texts that article D124-4 wants meaningful."""
    found: Problems = {}
    for name in ("missions", "skills"):
        text = getattr(convention, name).strip()
        if text and len(text) < ENOUGH_TO_SAY:
            found[name] = _("Dites-en un peu plus : au moins %(count)s caractères.") % {
                "count": ENOUGH_TO_SAY
            }
    return found


def gratification_problems(convention: Convention) -> Problems:
    """A paid stage says how much, in what unit and currency, and how (article D124-4, 8°)."""
    if not convention.is_paid:
        return {}
    questions = {
        "amount": _("Indiquez le montant de la gratification."),
        "amount_unit": _("Dites à quoi correspond le montant : une heure, un mois…"),
        "currency": _("Choisissez la monnaie."),
        "payment_mode": _("Choisissez la modalité de versement."),
        "payment_frequency": _("Dites si la gratification est versée chaque mois."),
    }
    return {name: question for name, question in questions.items() if is_empty(convention, name)}


def declaration_problems(convention: Convention) -> Problems:
    """Dates in the wrong order: of the stage before this one, of the insurance."""
    return {
        end: _("Cette date précède la première : corrigez l’une des deux.")
        for start, end in ORDERED
        if out_of_order(convention, start, end)
    }


def out_of_order(convention: Convention, start: str, end: str) -> bool:
    first, last = getattr(convention, start), getattr(convention, end)
    return first is not None and last is not None and last < first


def is_empty(convention: Convention, name: str) -> bool:
    """Whether a column says nothing yet, without loading the row it may point to."""
    value = getattr(convention, column(name).attname)
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def offer_terms(form: forms.ModelForm) -> None:
    """Fill every choice of a form that comes from the editable lists with one query, not one each."""
    kinds = {
        name: kind_of(name)
        for name, field in form.fields.items()
        if isinstance(field, forms.ModelChoiceField)
        and field.queryset is not None
        and field.queryset.model is Term
    }
    terms: dict[str, list[tuple[Any, str]]] = {kind: [] for kind in kinds.values()}
    for term in Term.objects.filter(kind__in=terms, is_active=True) if terms else ():
        terms[term.kind].append((term.pk, term.label))
    for name, kind in kinds.items():
        field = form.fields[name]
        assert isinstance(field, forms.ModelChoiceField)
        is_list = not isinstance(field.widget, forms.RadioSelect)
        field.choices = [("", _("Choisissez"))] * is_list + terms[kind]


def kind_of(name: str) -> str:
    """Return the list of values that a column of the agreement chooses from."""
    foreign_key = column(name)
    assert isinstance(foreign_key, models.ForeignKey)
    limits = foreign_key.get_limit_choices_to()
    assert isinstance(limits, dict)
    return str(limits["kind"])


def column(name: str) -> models.Field[Any, Any]:
    """Return a column of the agreement by name."""
    field = Convention._meta.get_field(name)
    assert isinstance(field, models.Field)
    return field


def funds_by_region() -> list[Any]:
    """Return the choices of the health insurance fund, one group a region."""
    funds = HealthInsuranceFund.objects.filter(is_active=True)
    groups = [
        (region, [(fund.pk, fund.name) for fund in members])
        for region, members in groupby(funds, attrgetter("region"))
    ]
    return [("", _("Choisissez votre caisse")), *groups]


class PeriodForm(forms.Form):
    """One period of the stage; an empty row is no period."""

    end_before_start: str | Promise = gettext_lazy("La fin de la période précède son début.")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        say_what_to_do(self)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and end < start:
            self.add_error("end", str(self.end_before_start))
        return cleaned


class InterruptionForm(PeriodForm):
    """One period without presence."""

    sometimes_required = frozenset({"kind"})
    end_before_start = gettext_lazy("La fin de l’absence précède son début.")
    kind = forms.ChoiceField(
        label=Interruption._meta.get_field("kind").verbose_name,
        choices=Interruption.Kind.choices,
        initial=Interruption.Kind.INTERRUPTION,
        required=False,
    )
    start = DateField(label=Interruption._meta.get_field("start").verbose_name)
    end = DateField(label=Interruption._meta.get_field("end").verbose_name)

    def has_changed(self) -> bool:
        """A kind without dates is no period: the list always has one chosen."""
        return bool({"start", "end"} & set(self.changed_data))

    def clean_kind(self) -> str:
        return self.cleaned_data["kind"] or Interruption.Kind.INTERRUPTION


def daily_hours(day: str) -> DecimalField:
    return DecimalField(
        label=WorkPeriod.DAYS[day],
        required=False,
        min_value=Decimal(0),
        max_value=Decimal(24),
        max_digits=4,
        decimal_places=2,
    )


class WorkPeriodForm(PeriodForm):
    """Hours day by day between two dates; an empty day is a day without presence."""

    sometimes_required = frozenset(WorkPeriod.DAYS)
    start = DateField(label=WorkPeriod._meta.get_field("start").verbose_name)
    end = DateField(label=WorkPeriod._meta.get_field("end").verbose_name)
    monday = daily_hours("monday")
    tuesday = daily_hours("tuesday")
    wednesday = daily_hours("wednesday")
    thursday = daily_hours("thursday")
    friday = daily_hours("friday")
    saturday = daily_hours("saturday")
    sunday = daily_hours("sunday")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for day in WorkPeriod.DAYS:
            self.fields[day].widget.attrs["data-unit"] = "h"

    @property
    def days(self) -> list[forms.BoundField]:
        return [self[day] for day in WorkPeriod.DAYS]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if not any(name in self.errors for name in WorkPeriod.DAYS):
            cleaned |= {day: cleaned.get(day) or Decimal(0) for day in WorkPeriod.DAYS}
            if not any(cleaned[day] for day in WorkPeriod.DAYS):
                self.add_error("monday", _("Indiquez les heures d’au moins un jour."))
        return cleaned


class BasePeriodFormSet(forms.BaseFormSet):
    """Periods within the stage, that do not overlap. What is posted replaces what was stored, so that saving twice
    changes nothing; a post that does not speak of them, from a page of before they were asked, leaves them alone.
    """

    name: str  # of the rows of the agreement, and of what is posted
    model: type[Interruption] | type[WorkPeriod]
    columns: tuple[str, ...]
    outside: str | Promise
    overlaps: str | Promise

    def __init__(self, data: QueryDict | None = None, *, convention: Convention) -> None:
        self.convention = convention
        self.stored = [
            tuple(getattr(period, column) for column in self.columns)
            for period in getattr(convention, self.name).all()
        ]
        if data is not None and f"{self.name}-TOTAL_FORMS" not in data:
            data = None
        super().__init__(
            data,
            prefix=self.name,
            # When something is posted it says it all, and a row that was emptied is a row less.
            initial=[dict(zip(self.columns, period, strict=True)) for period in self.stored]
            if data is None
            else None,
            form_kwargs={"empty_permitted": True, "use_required_attribute": False},
        )

    def is_valid(self) -> bool:
        return not self.is_bound or super().is_valid()

    @property
    def is_used(self) -> bool:
        """Whether there is anything to show: a stored period, or something typed."""
        return any(form.initial or form.has_changed() for form in self.forms)

    @property
    def periods(self) -> list[tuple[Any, ...]]:
        """The periods that were typed, in order, without the rows to delete."""
        return sorted(
            tuple(form.cleaned_data[column] for column in self.columns)
            for form in self.forms
            if form.is_valid() and form.cleaned_data.get("start") and not form.cleaned_data.get("DELETE")
        )

    def clean(self) -> None:
        """Refuse what overlaps or leaves the stage."""
        periods: list[tuple[date, date]] = []
        stage_start, stage_end = self.convention.start, self.convention.end
        for form in self.forms:
            cleaned = getattr(form, "cleaned_data", {})
            if form.errors or not cleaned.get("start") or cleaned.get("DELETE"):
                continue
            start, end = cleaned["start"], cleaned["end"]
            if stage_start and stage_end and (start < stage_start or end > stage_end):
                form.add_error("start", str(self.outside))
            if any(start <= other_end and end >= other_start for other_start, other_end in periods):
                form.add_error("start", str(self.overlaps))
            periods.append((start, end))

    def save(self) -> None:
        """Store the periods, when they are not those stored already."""
        if self.is_bound and self.periods != sorted(self.stored):
            rows = getattr(self.convention, self.name)
            rows.all().delete()
            rows.bulk_create(
                self.model(convention=self.convention, **dict(zip(self.columns, period, strict=True)))
                for period in self.periods
            )


class BaseInterruptionFormSet(BasePeriodFormSet):
    """When the trainee is away."""

    name = "interruptions"
    model = Interruption
    columns = ("start", "end", "kind")
    outside = gettext_lazy("L’absence doit rester entre le début et la fin du stage.")
    overlaps = gettext_lazy("Cette absence en chevauche une autre.")


class BaseWorkPeriodFormSet(BasePeriodFormSet):
    """When the hours are not those of the usual week."""

    name = "work_periods"
    model = WorkPeriod
    columns = ("start", "end", *WorkPeriod.DAYS)
    outside = gettext_lazy("La période doit rester entre le début et la fin du stage.")
    overlaps = gettext_lazy("Cette période en chevauche une autre.")

    def __init__(self, data: QueryDict | None = None, *, convention: Convention) -> None:
        super().__init__(data, convention=convention)
        # Hours are shown as they are typed: « 3,5 », and nothing for a day without presence.
        self.initial = [
            {
                name: value.normalize() if isinstance(value, Decimal) else value
                for name, value in period.items()
                if value != 0
            }
            for period in self.initial or []
        ]


def period_formset(form: type[PeriodForm], base: type[BasePeriodFormSet]) -> type[BasePeriodFormSet]:
    return cast(
        "type[BasePeriodFormSet]",
        forms.formset_factory(
            form,
            formset=base,
            extra=1,
            max_num=12,
            absolute_max=24,
            validate_max=True,
            can_delete=True,
        ),
    )


InterruptionFormSet = period_formset(InterruptionForm, BaseInterruptionFormSet)
WorkPeriodFormSet = period_formset(WorkPeriodForm, BaseWorkPeriodFormSet)


class ActionForm(forms.Form):
    """What an action asks before it is done: a reason or message, a date; each only when it does."""

    use_required_attribute = False
    comment = forms.CharField(
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Indiquez la raison : elle sera notée dans le journal.")},
    )
    ended_on = DateField(
        label=gettext_lazy("Dernier jour du stage"),
        error_messages={"required": gettext_lazy("Indiquez le dernier jour du stage.")},
    )

    def __init__(
        self,
        *args: Any,
        comment_label: str | Promise = "",
        comment_required: bool = False,
        comment_only_if_required: bool = False,
        asks_last_day: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if comment_label and (comment_required or not comment_only_if_required):
            self.fields["comment"].label = str(comment_label)
            self.fields["comment"].required = comment_required
        else:
            del self.fields["comment"]
        if not asks_last_day:
            del self.fields["ended_on"]


class SignaturesForm(forms.Form):
    """The day each party signed on paper, those who have not signed left empty.

    It has a field for each party, signed or not: a page that is out of date must be told so.
    """

    use_required_attribute = False

    def __init__(self, *args: Any, parties: Mapping[str, str], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for party, label in parties.items():
            self.fields[party] = DateField(label=label, required=False)
        self.sometimes_required = parties.keys()

    @property
    def dates(self) -> dict[str, date]:
        """Return what was typed and could be read, by party."""
        typed = self.cleaned_data if self.is_valid() or self.is_bound else {}
        return {party: day for party, day in typed.items() if day}


class DayForm(forms.Form):
    """A past day to show an agreement as it was."""

    le = DateField(required=False)


class CompletionForm(forms.ModelForm):
    """What a host declared of a stage that ends; whoever records it says that it was declared, not planned."""

    use_required_attribute = False
    confirmed = forms.BooleanField(
        label=gettext_lazy("L’organisme m’a déclaré ces valeurs : ce ne sont pas seulement celles du plan"),
        error_messages={
            "required": gettext_lazy(
                "Demandez ces valeurs à l’organisme, puis cochez cette case : l’attestation les reprend."
            )
        },
    )

    class Meta:
        model = Completion
        fields = [
            "start",
            "end",
            "hours",
            "leave_hours",
            "amount_paid",
            "declared_by",
            "declared_function",
            "declared_on",
        ]
        field_classes = {
            "start": DateField,
            "end": DateField,
            "declared_on": DateField,
            "hours": DecimalField,
            "leave_hours": DecimalField,
            "amount_paid": DecimalField,
        }

    def __init__(self, *args: Any, currency: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, unit in (("hours", "h"), ("leave_hours", "h"), ("amount_paid", currency)):
            self.fields[name].widget.attrs["data-unit"] = unit
        say_what_to_do(self)


class HoldForm(forms.ModelForm):
    """Why an agreement is kept longer than the others, and until when; both empty, it is not."""

    use_required_attribute = False

    class Meta:
        model = Convention
        fields = ["hold_reason", "hold_until"]
        field_classes = {"hold_until": DateField}

    def clean_hold_until(self) -> date | None:
        until: date | None = self.cleaned_data["hold_until"]
        if until and until <= timezone.localdate():
            raise ValidationError(_("Choisissez un jour à venir."), "past")
        return until


class PurgeForm(forms.Form):
    """The number of agreements that will be anonymised, typed by whoever asks for it."""

    use_required_attribute = False
    confirmation = WholeNumberField(
        error_messages={"required": gettext_lazy("Écrivez le nombre de conventions à anonymiser.")}
    )

    def __init__(self, *args: Any, count: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.count = count
        self.fields["confirmation"].label = _(
            "Pour confirmer, écrivez le nombre de conventions : %(count)s"
        ) % {"count": count}

    def clean_confirmation(self) -> int:
        typed: int = self.cleaned_data["confirmation"]
        if typed != self.count or not self.count:
            raise ValidationError(
                _("Ce n’est pas le nombre de conventions à anonymiser : relisez la liste."), "count"
            )
        return typed


class RemarkForm(forms.Form):
    field = forms.CharField(max_length=40)
    text = forms.CharField(
        label=gettext_lazy("Remarque"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )


def made_safe(file: UploadedFile) -> uploads.Clean:
    """Return what may be stored of a file that was sent. Raises ValidationError."""
    try:
        return uploads.clean(file)
    except uploads.Refused as refusal:
        raise forms.ValidationError(str(refusal)) from refusal


class AttachmentForm(forms.ModelForm):
    """A paper to join to an agreement; ``cleaned_data["upload"]`` is its content, made safe."""

    use_required_attribute = False
    sometimes_required = ("title", "valid_from", "valid_until")
    upload = forms.FileField(
        label=gettext_lazy("Fichier"),
        widget=forms.FileInput(attrs={"accept": uploads.ACCEPT}),
        error_messages={
            "required": gettext_lazy("Choisissez un fichier."),
            "empty": gettext_lazy("Ce fichier est vide : choisissez-en un autre."),
        },
    )

    class Meta:
        model = Attachment
        fields = ["kind", "title", "valid_from", "valid_until"]
        field_classes = {"valid_from": DateField, "valid_until": DateField}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["upload"].help_text = uploads.what_is_taken()
        # The signed agreement arrives with its signatures.
        kinds = [kind for kind in Attachment.Kind if kind != Attachment.Kind.SIGNED_AGREEMENT]
        cast(forms.ChoiceField, self.fields["kind"]).choices = [
            ("", _("Choisissez")),
            *((kind.value, kind.label) for kind in kinds),
        ]
        say_what_to_do(self)

    def clean_upload(self) -> uploads.Clean:
        return made_safe(self.cleaned_data["upload"])

    def clean(self) -> dict[str, Any]:
        super().clean()
        cleaned = self.cleaned_data
        if cleaned.get("kind") == Attachment.Kind.OTHER:
            if not cleaned.get("title") and "title" not in self.errors:
                self.add_error("title", _("Dites ce qu’est cette pièce."))
        else:
            cleaned["title"] = ""
        if cleaned.get("kind") == Attachment.Kind.CIVIL_LIABILITY:
            for name in ("valid_from", "valid_until"):
                if not cleaned.get(name) and name not in self.errors:
                    self.add_error(name, _("Recopiez cette date de l’attestation."))
        first, last = cleaned.get("valid_from"), cleaned.get("valid_until")
        if first and last and last < first:
            self.add_error("valid_until", _("La fin de validité doit suivre son début."))
        return cleaned


class SignedCopyForm(forms.Form):
    """The scan of what the parties signed; ``cleaned_data["upload"]`` is its content, made safe."""

    use_required_attribute = False
    upload = forms.FileField(
        label=gettext_lazy("Copie signée"),
        widget=forms.FileInput(attrs={"accept": uploads.ACCEPT}),
        error_messages={
            "required": gettext_lazy("Choisissez un fichier."),
            "empty": gettext_lazy("Ce fichier est vide : choisissez-en un autre."),
        },
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["upload"].help_text = uploads.what_is_taken()

    def clean_upload(self) -> uploads.Clean:
        return made_safe(self.cleaned_data["upload"])


class RefusalForm(forms.Form):
    """Why a paper is refused."""

    use_required_attribute = False
    reason = forms.CharField(
        label=gettext_lazy("Raison du refus"),
        help_text=gettext_lazy(
            "L’étudiant la reçoit par courriel : dites-lui quelle pièce envoyer à la place."
        ),
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": gettext_lazy("Dites pourquoi la pièce est refusée.")},
    )
