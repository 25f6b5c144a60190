"""What each step of the wizard asks, and the filters of the lists.

A step's rules are pure functions of the agreement: the form applies them to what was just typed, and
``wizard`` to the row as it stands, so that a page and a submission judge alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any

from django import forms
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conventions import calendar
from conventions.models import Convention, HealthInsuranceFund, Interruption, Status
from organisations.fields import clean_phone, clean_postal_code
from organisations.models import Enrolment, Programme
from organisations.models.university import academic_year_label
from organisations.people import programmes_handled_by
from organisations.roles import Roles

Problems = dict[str, str]

# Hard limits of the Code du travail, which article L124-14 applies to trainees in France.
MAXIMUM_HOURS_A_DAY = Decimal(10)
MAXIMUM_HOURS_A_WEEK = Decimal(48)
# Two months of presence, in hours (article D124-6).
TWO_MONTHS = Decimal(308)
LONGEST_STAGE = timedelta(days=366)
ENOUGH_TO_SAY = 20


class DecimalField(forms.DecimalField):
    """A decimal typed with a comma or a point, as ``99,99`` or ``99.99``."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"localize": True, **options})
        self.widget = forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"})
        self.widget.is_localized = True

    def to_python(self, value: Any) -> Decimal | None:
        if isinstance(value, str):
            value = "".join(value.split()).replace(",", ".")
        return super().to_python(value)


class DateField(forms.DateField):
    """A date from the browser's own picker, or typed as JJ/MM/AAAA."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"input_formats": ["%Y-%m-%d", "%d/%m/%Y"], **options})


class StepForm(forms.ModelForm):
    """A step that saves straight into the agreement; remarks are shown beside their field."""

    use_required_attribute = False
    # Fields that only make sense together: when one is refused, none of them is saved.
    together: tuple[frozenset[str], ...] = ()

    @staticmethod
    def problems(convention: Convention) -> Problems:
        """Return what is wrong or missing beyond empty required fields, by field."""
        return {}

    def _post_clean(self) -> None:
        """Apply the step's rules to the agreement as it would be; the first message of a field wins."""
        super()._post_clean()  # type: ignore[misc]  # Django's documented order of validation, untyped
        for name, message in self.problems(self.instance).items():
            if name in self.fields and name not in self.errors:
                self.add_error(name, message)

    def save_valid(self) -> None:
        """Save every field that holds, so that a mistake elsewhere loses nothing."""
        refused = set(self.errors)
        for group in self.together:
            if group & refused:
                refused |= group
        columns = [name for name in self.fields if name not in refused]
        self.instance.refresh_search_key()
        self.instance.save(update_fields=[*columns, *self.derived(), "search_key", "updated_at"])

    def derived(self) -> list[str]:
        """Compute the columns that follow from this step and return their names."""
        return []


class StudentForm(StepForm):
    """Step 1, Élève: what the records say, checked and corrected by the student."""

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
        self.fields["health_fund"].widget.choices = funds_by_region()  # type: ignore[attr-defined]

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
                "Choisissez votre caisse dans la liste, ou écrivez son nom dans « Autre caisse »."
            )
        return found


class ProgrammeForm(StepForm):
    """Step 2, Formation: the year and étape among the student's own enrolments, and the kind of stage."""

    class Meta:
        model = Convention
        fields = ["enrolment", "stage_type", "language"]
        widgets = {
            "enrolment": forms.RadioSelect,
            "stage_type": forms.RadioSelect,
            "language": forms.RadioSelect,
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = self.fields["enrolment"]
        assert isinstance(field, forms.ModelChoiceField)
        enrolments = Enrolment.objects.filter(student=self.instance.student_id).select_related(
            "programme__ufr__centre", "programme__centre"
        )
        field.queryset = enrolments
        field.empty_label = None
        field.label_from_instance = enrolment_label  # type: ignore[method-assign]
        this_year = self.instance.institution.academic_year(timezone.localdate())
        current = [enrolment for enrolment in enrolments if enrolment.academic_year == this_year]
        if not self.instance.enrolment_id and len(current) == 1:
            self.initial["enrolment"] = current[0].pk
        stage_type = self.fields["stage_type"]
        assert isinstance(stage_type, forms.ModelChoiceField)
        stage_type.empty_label = None

    @staticmethod
    def problems(convention: Convention) -> Problems:
        if convention.enrolment and convention.enrolment.programme.managing_centre is None:
            return {
                "enrolment": _("Aucun centre de gestion ne s’occupe de cette étape. Écrivez à %(email)s.")
                % {"email": convention.institution.support_email}
            }
        return {}

    def derived(self) -> list[str]:
        enrolment = self.instance.enrolment
        self.instance.centre = enrolment.programme.managing_centre if enrolment else None
        return ["centre"]


class ContentForm(StepForm):
    """Step 6, Contenu du stage."""

    together = (frozenset({"start", "end"}), frozenset({"hours_corrected", "hours_reason"}))
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
            "schedule_comment",
            "leave_days",
            "leave_terms",
            "hours_corrected",
            "hours_reason",
            "works_at_night",
            "works_on_sunday",
            "works_on_holidays",
            "works_remotely",
            "exceptional_work",
            "is_paid",
            "amount",
            "amount_unit",
            "currency",
            "payment_mode",
            "benefits",
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
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        is_paid = self.fields["is_paid"]
        assert isinstance(is_paid, forms.TypedChoiceField)
        is_paid.required = True
        is_paid.choices = [(True, _("Oui")), (False, _("Non"))]

    @staticmethod
    def problems(convention: Convention) -> Problems:
        return {
            **schedule_problems(convention),
            **text_problems(convention),
            **gratification_problems(convention),
        }


def schedule_problems(convention: Convention) -> Problems:
    """Dates, hours a day and a week, correction of the hours, leave."""
    found: Problems = {}
    start, end = convention.start, convention.end
    if start and not 2000 <= start.year <= 2100:
        found["start"] = _("Vérifiez l’année du début du stage.")
    if start and end and end < start:
        found["end"] = _(
            "La fin du stage (%(end)s) précède son début (%(start)s) : corrigez l’une des deux dates."
        ) % {
            "end": end.strftime("%d/%m/%Y"),
            "start": start.strftime("%d/%m/%Y"),
        }
    elif start and end and end - start > LONGEST_STAGE:
        found["end"] = _("Un stage dure au plus un an : vérifiez l’année de fin.")
    if convention.weekly_hours and convention.working_days:
        daily = convention.weekly_hours / len(convention.working_days)
        limit_day = Decimal(24) if convention.is_abroad else MAXIMUM_HOURS_A_DAY
        limit_week = Decimal(168) if convention.is_abroad else MAXIMUM_HOURS_A_WEEK
        if daily > limit_day:
            found["weekly_hours"] = _(
                "%(hours)s h réparties sur %(days)s jour(s) font %(daily)s h par jour ; le maximum est de %(limit)s h. "
                "Corrigez les heures ou cochez tous les jours de présence."
            ) % {
                "hours": number(convention.weekly_hours),
                "days": len(convention.working_days),
                "daily": number(daily),
                "limit": limit_day,
            }
        elif convention.weekly_hours > limit_week:
            found["weekly_hours"] = _("Une semaine de stage compte au plus %(limit)s heures.") % {
                "limit": limit_week
            }
    if convention.hours_corrected is not None and not convention.hours_reason.strip():
        found["hours_reason"] = _("Dites pourquoi le nombre d’heures calculé ne convient pas.")
    if "end" in found or "start" in found or "weekly_hours" in found:
        return found
    computed = compute_hours(convention)
    if computed is not None and computed <= 0 and convention.hours_corrected is None:
        found["end"] = _(
            "Aucune heure de présence entre ces dates : vérifiez les dates, les jours et les interruptions."
        )
    hours = convention.hours_corrected if convention.hours_corrected is not None else computed
    long_enough = hours is not None and hours > TWO_MONTHS
    if long_enough and not convention.is_abroad and not convention.leave_terms.strip():
        found["leave_terms"] = _(
            "Ce stage dépasse deux mois (308 h) : la convention doit prévoir des congés ou des autorisations d’absence "
            "(article L124-13). Indiquez-les."
        )
    return found


def text_problems(convention: Convention) -> Problems:
    """Texts that article D124-4 wants meaningful, and exceptional hours explained."""
    found: Problems = {}
    for name in ("missions", "skills"):
        text = getattr(convention, name).strip()
        if text and len(text) < ENOUGH_TO_SAY:
            found[name] = _("Dites-en un peu plus : au moins %(count)s caractères.") % {
                "count": ENOUGH_TO_SAY
            }
    exceptional = (
        convention.works_at_night
        or convention.works_on_sunday
        or convention.works_on_holidays
        or convention.works_remotely
    )
    if exceptional and not convention.exceptional_work.strip():
        found["exceptional_work"] = _(
            "Précisez quand et comment : la convention doit le dire (article D124-4, 6°)."
        )
    return found


def gratification_problems(convention: Convention) -> Problems:
    """A paid stage says how much, in what unit and currency, and how (article D124-4, 8°)."""
    if not convention.is_paid:
        return {}
    questions = {
        "amount": _("Indiquez le montant de la gratification."),
        "amount_unit": _("Dites à quoi correspond le montant : une heure, un mois…"),
        "currency": _("Choisissez la monnaie."),
        "payment_mode": _("Choisissez la modalité de versement."),
    }
    return {name: question for name, question in questions.items() if not getattr(convention, name)}


def compute_hours(convention: Convention) -> Decimal | None:
    """Return the hours of presence planned between the dates, or None while something is missing."""
    if not (convention.start and convention.end and convention.weekly_hours and convention.working_days):
        return None
    place = convention.service or convention.organisation
    return calendar.presence_hours(
        convention.start,
        convention.end,
        convention.weekly_hours,
        convention.working_days,
        [(interruption.start, interruption.end) for interruption in convention.interruptions.all()],
        calendar.territory(place.country.code, place.postal_code)
        if place
        else calendar.Territory.METROPOLITAN,
        convention.leave_days or Decimal(0),
        works_on_holidays=convention.works_on_holidays,
    )


def funds_by_region() -> list[Any]:
    """Return the choices of the health insurance fund, one group a region."""
    funds = HealthInsuranceFund.objects.order_by("region", "name")
    groups = [
        (region, [(fund.pk, fund.name) for fund in members])
        for region, members in groupby(funds, attrgetter("region"))
    ]
    return [("", _("Choisissez votre caisse")), *groups]


def number(value: Decimal) -> str:
    """Return a decimal as people write it: « 7,5 », « 35 »."""
    return f"{value.quantize(Decimal('0.01')).normalize():f}".replace(".", ",")


def enrolment_label(enrolment: models.Model) -> str:
    assert isinstance(enrolment, Enrolment)
    return f"{academic_year_label(enrolment.academic_year)} – {enrolment.programme}"


class InterruptionForm(forms.ModelForm):
    use_required_attribute = False
    start = DateField(label=Interruption._meta.get_field("start").verbose_name)
    end = DateField(label=Interruption._meta.get_field("end").verbose_name)

    class Meta:
        model = Interruption
        fields = ["start", "end"]

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and end < start:
            self.add_error("end", _("La fin de l’interruption précède son début."))
        return cleaned


class BaseInterruptionFormSet(forms.BaseInlineFormSet):
    def clean(self) -> None:
        """Refuse what overlaps or leaves the stage."""
        super().clean()
        periods: list[tuple[date, date]] = []
        for form in self.forms:
            cleaned = getattr(form, "cleaned_data", {})
            if not cleaned or cleaned.get("DELETE") or form.errors:
                continue
            start, end = cleaned["start"], cleaned["end"]
            stage_start, stage_end = self.instance.start, self.instance.end
            if stage_start and stage_end and (start < stage_start or end > stage_end):
                form.add_error("start", _("L’interruption doit rester entre le début et la fin du stage."))
            if any(start <= other_end and end >= other_start for other_start, other_end in periods):
                form.add_error("start", _("Cette interruption en chevauche une autre."))
            periods.append((start, end))


InterruptionFormSet = forms.inlineformset_factory(
    Convention,
    Interruption,
    form=InterruptionForm,
    formset=BaseInterruptionFormSet,
    extra=1,
    max_num=12,
    validate_max=True,
)


class ActionForm(forms.Form):
    """What an action asks before it is done: a reason or message, a date."""

    comment = forms.CharField(required=False, max_length=2_000, widget=forms.Textarea(attrs={"rows": 4}))
    signed_on = DateField(label=gettext_lazy("Date de la signature"), required=False)


class RemarkForm(forms.Form):
    field = forms.CharField(max_length=40)
    text = forms.CharField(
        label=gettext_lazy("Remarque"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )


class AnswerForm(forms.Form):
    answer = forms.CharField(required=False, max_length=2_000)


@dataclass(frozen=True)
class Chip:
    """One filter in force, and the query string of the list without it."""

    label: str
    without: str


class FilterForm(forms.Form):
    """The filters of the list, all of them in its address."""

    q = forms.CharField(
        label=gettext_lazy("Numéro, étudiant, organisme, sujet"),
        required=False,
        max_length=100,
        widget=forms.TextInput(attrs={"type": "search"}),
    )
    statut = forms.ChoiceField(
        label=gettext_lazy("État"),
        required=False,
        choices=[("", gettext_lazy("Tous, sauf les brouillons")), *Status.choices],
    )
    annee = forms.TypedChoiceField(
        label=gettext_lazy("Année universitaire"), required=False, coerce=int, empty_value=None
    )
    etape = forms.ModelChoiceField(
        Programme.objects.none(),
        label=gettext_lazy("Étape d’étude"),
        required=False,
        empty_label=gettext_lazy("Toutes"),
    )
    debut_avant = DateField(label=gettext_lazy("Commence avant le"), required=False)
    hors_france = forms.BooleanField(label=gettext_lazy("Hors de France"), required=False)

    def __init__(self, *args: Any, roles: Roles, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        this_year = timezone.localdate().year
        years = [(year, academic_year_label(year)) for year in range(this_year + 1, this_year - 6, -1)]
        self.fields["annee"].choices = [("", _("Toutes")), *years]  # type: ignore[attr-defined]
        programmes = self.fields["etape"]
        assert isinstance(programmes, forms.ModelChoiceField)
        programmes.queryset = programmes_handled_by(roles.centre_ids)

    def chips(self) -> list[Chip]:
        """Return the filters in force, each with the address that removes it."""
        if not self.is_valid():
            return []
        found = []
        for name, field in self.fields.items():
            if not self.cleaned_data.get(name):
                continue
            others = self.data.copy()
            others.pop(name, None)
            others.pop("page", None)
            found.append(Chip(chip_label(field, self.cleaned_data[name]), others.urlencode()))
        return found


def chip_label(field: forms.Field, value: Any) -> str:
    """Return a filter in words: « État : Soumise », « Hors de France »."""
    if value is True:
        return str(field.label)
    if isinstance(field, forms.ChoiceField) and not isinstance(field, forms.ModelChoiceField):
        value = dict(field.choices).get(value, value)  # type: ignore[arg-type]
    if isinstance(value, date):
        value = value.strftime("%d/%m/%Y")
    return f"{field.label} : {value}"
