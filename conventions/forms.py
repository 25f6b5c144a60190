"""What each step of the wizard asks, and what an action or a remark does.

A step's rules are pure functions of the agreement: the form applies them to what was just typed, and
``wizard`` to the row as it stands, so that a page and a submission judge alike.
"""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal
from itertools import groupby
from operator import attrgetter
from typing import Any, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import models
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from conventions import calendar
from conventions.models import Convention, HealthInsuranceFund, Interruption, Term
from organisations.fields import clean_phone, clean_postal_code
from organisations.models import Enrolment

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

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str):
            value = "".join(value.split()).replace(",", ".")
        return super().to_python(value)

    def prepare_value(self, value: Any) -> Any:
        """Show « 35 » rather than « 35,00 », and « 4,50 » as it is."""
        return int(value) if isinstance(value, Decimal) and value == value.to_integral_value() else value


class DateField(forms.DateField):
    """A date from the browser's own picker, or typed as JJ/MM/AAAA."""

    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")

    def __init__(self, **options: Any) -> None:
        super().__init__(**{"input_formats": ["%Y-%m-%d", "%d/%m/%Y"], **options})


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
        """The columns that may go back to « not answered yet »."""
        return set(self.fields)

    def contradictions(self) -> set[str]:
        """Return the fields that the database refuses together, even in a draft."""
        return set()

    def derived(self, saved: list[str]) -> list[str]:
        """Compute the columns that follow from those being saved, and return their names."""
        return []


class StudentForm(StepForm):
    """Step 1, Élève: what the records say, checked and corrected by the student."""

    sometimes_required = frozenset({"health_fund"})
    reasons = {
        "insured_status": gettext_lazy(
            "La convention indique le régime de protection sociale dont vous bénéficiez (article D124-4, 9°)."
        ),
        "health_fund": gettext_lazy(
            "C’est elle que l’organisme prévient en cas d’accident pendant le stage."
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
    }
    units = {
        "weekly_hours": gettext_lazy("h"),
        "hours_corrected": gettext_lazy("h"),
        "leave_days": gettext_lazy("jours"),
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
        amount_unit = self.fields["amount_unit"]
        assert isinstance(amount_unit, forms.TypedChoiceField)
        amount_unit.choices = [("", _("Choisissez")), *Convention.AmountUnit.choices]

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
        return found

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
            "La fin du stage (%(end)s) précède son début (%(start)s) : corrigez l’une des deux dates."
        ) % {
            "end": date_format(end, "SHORT_DATE_FORMAT"),
            "start": date_format(start, "SHORT_DATE_FORMAT"),
        }
    elif start and end and end - start > LONGEST_STAGE:
        found["end"] = _("Un stage dure au plus un an : vérifiez l’année de fin.")
    if convention.weekly_hours and convention.working_days:
        daily = convention.weekly_hours / len(convention.working_days)
        limit_day = Decimal(24) if convention.is_abroad else MAXIMUM_HOURS_A_DAY
        limit_week = Decimal(168) if convention.is_abroad else MAXIMUM_HOURS_A_WEEK
        if daily > limit_day:
            found["weekly_hours"] = ngettext(
                "%(hours)s h en un seul jour : le maximum est de %(limit)s h par jour. "
                "Corrigez les heures ou cochez tous les jours de présence.",
                "%(hours)s h réparties sur %(days)s jours font %(daily)s h par jour ; le maximum est de %(limit)s h. "
                "Corrigez les heures ou cochez tous les jours de présence.",
                len(convention.working_days),
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
            "Aucune heure de présence entre ces dates : vérifiez les dates, les jours et les interruptions."
        )
    hours = convention.hours_corrected if convention.hours_corrected is not None else computed
    long_enough = hours is not None and hours > TWO_MONTHS
    if long_enough and not convention.is_abroad and not convention.leave_terms.strip():
        found["leave_terms"] = _(
            "Ce stage dépasse deux mois (308 h) : la convention doit prévoir des congés ou des autorisations d’absence "
            "(article L124-13). Indiquez-les."
        )
    return found


def text_problems(convention: Convention) -> Problems:
    """Texts that article D124-4 wants meaningful, and exceptional hours explained."""
    found: Problems = {}
    for name in ("missions", "skills"):
        text = getattr(convention, name).strip()
        if text and len(text) < ENOUGH_TO_SAY:
            found[name] = _("Dites-en un peu plus : au moins %(count)s caractères.") % {
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
            "Précisez quand et comment : la convention doit le dire (article D124-4, 6°)."
        )
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
    }
    return {name: question for name, question in questions.items() if is_empty(convention, name)}


def is_empty(convention: Convention, name: str) -> bool:
    """Whether a column says nothing yet, without loading the row it may point to."""
    value = getattr(convention, column(name).attname)
    return value is None or value == [] or (isinstance(value, str) and not value.strip())


def compute_hours(convention: Convention) -> Decimal | None:
    """Return the hours of presence planned between the dates, or None while something is missing or mistyped."""
    if not (convention.start and convention.end and convention.weekly_hours and convention.working_days):
        return None
    if convention.end - convention.start > LONGEST_STAGE:
        return None
    place = convention.service or convention.organisation
    return calendar.presence_hours(
        convention.start,
        convention.end,
        convention.weekly_hours,
        convention.working_days,
        [(interruption.start, interruption.end) for interruption in convention.interruptions.all()],
        calendar.territory(str(place.country), place.postal_code)
        if place
        else calendar.Territory.METROPOLITAN,
        convention.leave_days or Decimal(0),
        works_on_holidays=convention.works_on_holidays,
    )


def hours_text(convention: Convention) -> str:
    """Return « 420 h de présence = 60 jours = 2,7 mois (7 h = 1 jour) », or what is still needed to compute it."""
    hours = convention.hours
    if hours is None:
        return _(
            "Indiquez les dates, les heures par semaine et les jours de présence : le calcul s’affichera ici."
        )
    days, months = calendar.equivalent(hours)
    text = _("%(hours)s h de présence = %(days)s jours = %(months)s mois (7 h = 1 jour)") % {
        "hours": number(hours),
        "days": number(days, 1),
        "months": number(months),
    }
    if convention.hours_corrected is None or convention.hours_computed is None:
        return text
    return _("%(text)s ; le calcul donnait %(computed)s h") % {
        "text": text,
        "computed": number(convention.hours_computed),
    }


def say_what_to_do(form: forms.BaseForm) -> None:
    """Replace « Ce champ est obligatoire » by what the person should do."""
    for field in form.fields.values():
        is_choice = isinstance(field, forms.ChoiceField)
        if field.error_messages.get("required") == forms.Field.default_error_messages["required"]:
            field.error_messages["required"] = (
                _("Faites un choix.") if is_choice else _("Remplissez ce champ.")
            )


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


def suggest_communes(form: forms.BaseForm, postal_code: str, city: str) -> None:
    """Let the browser propose the communes of the postal code being typed; the page holds the list ``communes``."""
    form.fields[postal_code].widget.attrs |= {
        "hx-get": reverse("organisations:communes"),
        "hx-trigger": "input changed delay:300ms, focus once",
        "hx-target": "#communes",
    }
    form.fields[city].widget.attrs["list"] = "communes"


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


def number(value: Decimal, decimals: int = 2) -> str:
    """Return a decimal as the reader writes it, without useless zeros: « 7,5 », « 1 390 »."""
    rounded = value.quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP).normalize()
    return str(number_format(f"{rounded:f}", force_grouping=True))


class InterruptionForm(forms.Form):
    """One period without presence; an empty row is no period."""

    start = DateField(label=Interruption._meta.get_field("start").verbose_name)
    end = DateField(label=Interruption._meta.get_field("end").verbose_name)

    def clean(self) -> dict[str, Any]:
        cleaned: dict[str, Any] = super().clean() or self.cleaned_data
        start, end = cleaned.get("start"), cleaned.get("end")
        if start and end and end < start:
            self.add_error("end", _("La fin de l’interruption précède son début."))
        return cleaned


class BaseInterruptionFormSet(forms.BaseFormSet):
    """The interruptions of an agreement. What is posted replaces what was stored: saving twice changes nothing."""

    def __init__(self, data: QueryDict | None = None, *, convention: Convention) -> None:
        self.convention = convention
        self.stored = [(period.start, period.end) for period in convention.interruptions.all()]
        super().__init__(
            data,
            prefix="interruptions",
            # When something is posted it says it all, and a row that was emptied is a row less.
            initial=[{"start": start, "end": end} for start, end in self.stored] if data is None else None,
            form_kwargs={"empty_permitted": True, "use_required_attribute": False},
        )

    @property
    def is_used(self) -> bool:
        """Whether there is anything to show: a stored period, or something typed."""
        return any(form.initial or form.has_changed() for form in self.forms)

    @property
    def periods(self) -> list[tuple[date, date]]:
        """The periods that were typed, in order, without the rows to delete."""
        return sorted(
            (form.cleaned_data["start"], form.cleaned_data["end"])
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
                form.add_error("start", _("L’interruption doit rester entre le début et la fin du stage."))
            if any(start <= other_end and end >= other_start for other_start, other_end in periods):
                form.add_error("start", _("Cette interruption en chevauche une autre."))
            periods.append((start, end))

    def save(self) -> None:
        """Store the periods, when they are not those stored already."""
        if self.periods != sorted(self.stored):
            self.convention.interruptions.all().delete()
            Interruption.objects.bulk_create(
                Interruption(convention=self.convention, start=start, end=end) for start, end in self.periods
            )


InterruptionFormSet = cast(
    "type[BaseInterruptionFormSet]",
    forms.formset_factory(
        InterruptionForm,
        formset=BaseInterruptionFormSet,
        extra=1,
        max_num=12,
        absolute_max=24,
        validate_max=True,
        can_delete=True,
    ),
)


class ActionForm(forms.Form):
    """What an action asks before it is done: a reason or message, a date; each only when it does."""

    use_required_attribute = False
    comment = forms.CharField(
        max_length=2_000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={
            "required": gettext_lazy(
                "Indiquez la raison : elle sera notée dans le journal et envoyée à l’étudiant."
            )
        },
    )
    signed_on = DateField(
        label=gettext_lazy("Date de la signature"),
        error_messages={"required": gettext_lazy("Indiquez la date de la signature.")},
    )

    def __init__(
        self,
        *args: Any,
        comment_label: str | Promise = "",
        comment_required: bool = False,
        asks_date: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        if comment_label:
            self.fields["comment"].label = str(comment_label)
            self.fields["comment"].required = comment_required
        else:
            del self.fields["comment"]
        if not asks_date:
            del self.fields["signed_on"]


class RemarkForm(forms.Form):
    field = forms.CharField(max_length=40)
    text = forms.CharField(
        label=gettext_lazy("Remarque"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )
