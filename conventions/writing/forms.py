"""What each step of the wizard asks, and what a remark says.

A step's rules are pure functions of the agreement: the form applies them to what was just typed, and
``steps`` to the row as it stands, so that a page and a submission judge alike.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import groupby
from operator import attrgetter
from typing import Any

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conventions import calendar, law
from conventions.legality import words
from conventions.models import Convention, HealthInsuranceFund, Term
from conventions.models.columns import COLUMNS, CONTENT, Required, asked
from organisations.conditions import Block
from organisations.fields import (
    DateField,
    DecimalField,
    HoursField,
    TimeField,
    WholeNumberField,
    clean_phone,
    clean_postal_code,
)
from organisations.forms import RemarkedForm, say_what_to_do, suggest_communes
from organisations.models import Enrolment
from organisations.shared import SharedForm

Problems = dict[str, str]

ENOUGH_TO_SAY = 20
# No week may be longer, whatever the leave given to exceed 48 hours (article L3121-21 of the Code du travail).
MOST_WEEKLY_HOURS = 60


class StepForm(SharedForm, RemarkedForm, forms.ModelForm[Convention]):
    """A step that saves straight into the agreement; remarks are shown beside their field."""

    use_required_attribute = False
    sometimes_required = frozenset(column.name for column in COLUMNS if column.required is Required.SOMETIMES)
    # Why we ask, and the unit after the input, by field.
    reasons: dict[str, str | Promise] = {}
    units: dict[str, str | Promise] = {}
    # What a list begins with in France, while nothing is chosen: the code of its entry, by field.
    usual: dict[str, str] = {}

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
                self.add_error(finding.field, words.message(finding))
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
        fields = asked("eleve")
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
        if not self.instance.needs_guardian:
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


class IdentityForm(StepForm):
    """What an avenant corrects of who the student is; what is printed now is shown beside it."""

    class Meta:
        model = Convention
        fields = asked("identite")
        field_classes = {"corrected_birth_date": DateField}

    @staticmethod
    def problems(convention: Convention) -> Problems:
        born = convention.corrected_birth_date
        if born and born >= timezone.localdate():
            return {"corrected_birth_date": _("Une date de naissance est passée.")}
        return {}


class ProgrammeForm(StepForm):
    """Step 2, Formation: the year and étape among the student's own enrolments, and the kind of stage."""

    class Meta:
        model = Convention
        fields = asked("formation")
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


# Pairs of dates that the database refuses in the wrong order.
ORDERED = (("previous_start", "previous_end"), ("insurance_start", "insurance_end"))


class ContentForm(StepForm):
    """Step 6, Contenu du stage."""

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
    usual = {"currency": "EUR"}
    blocks = {
        "paid": Block(
            "is_paid=True",
            tuple(name for name in asked(CONTENT, "money") if name not in {"is_paid", "benefits"}),
        )
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
        fields = asked(CONTENT)
        field_classes = {
            "weekly_hours": HoursField,
            "hours_corrected": HoursField,
            "leave_days": DecimalField,
            "amount": DecimalField,
            "branch_minimum": DecimalField,
            "headcount": WholeNumberField,
            "host_trainees": WholeNumberField,
            "tutor_trainees": WholeNumberField,
            "collective_hours": HoursField,
            "earlier_hours": HoursField,
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
            for name in asked(CONTENT, "abroad"):
                del self.fields[name]
        if avenant := self.instance.avenant:
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
        if day and not calendar.plausible(day):
            found[name] = _("Vérifiez l’année.")
    found = found or words.wrong_dates(convention.start, convention.end)
    if convention.weekly_hours and convention.weekly_hours > MOST_WEEKLY_HOURS:
        found["weekly_hours"] = _(
            "Plus de %(most)s heures par semaine : c’est sans doute une erreur de saisie. Écrivez les heures d’une "
            "seule semaine."
        ) % {"most": MOST_WEEKLY_HOURS}
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


def lists_of(form: forms.ModelForm[Convention]) -> dict[str, str]:
    """Return the fields that choose in an editable list, each with its list; of an avenant, those it may change."""
    avenant = form.instance.avenant
    return {
        name: kind_of(name)
        for name, field in form.fields.items()
        if (avenant is None or name in avenant.may_change)
        and isinstance(field, forms.ModelChoiceField)
        and field.queryset is not None
        and field.queryset.model is Term
    }


def offer_terms(form: StepForm) -> None:
    """Fill every choice of a form that comes from the editable lists with one query, not one each."""
    kinds = lists_of(form)
    terms: dict[str, list[tuple[Any, str]]] = {kind: [] for kind in kinds.values()}
    usual = form.usual if not form.instance.is_abroad else {}
    for term in form.instance.load_terms(offered=terms) if terms else ():
        terms[term.kind].append((term.pk, term.label))
        for name, code in usual.items():
            if kinds.get(name) == term.kind and term.code == code and is_empty(form.instance, name):
                form.initial[name] = term.pk
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


class DayForm(forms.Form):
    """A past day to show an agreement as it was."""

    le = DateField(required=False)


class RemarkForm(forms.Form):
    field = forms.CharField(max_length=40)
    text = forms.CharField(
        label=gettext_lazy("Remarque"), max_length=2_000, widget=forms.Textarea(attrs={"rows": 3})
    )
