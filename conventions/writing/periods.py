"""The periods of a stage that the content step asks: absences, and hours that are not those of the usual week."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.http import QueryDict
from django.utils.formats import date_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from conventions.models import Convention, Interruption, WorkPeriod
from conventions.models.schedule import PERIODS
from organisations.fields import DateField, HoursField
from organisations.forms import say_what_to_do
from organisations.shared import MINE, THEIRS, Moved, decided, shown_in, texts_for, texts_posted, version_of

# What a browser posts for each column of each row.
Rows = list[list[list[str]]]


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


def daily_hours(day: str) -> HoursField:
    return HoursField(
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


class BasePeriodFormSet(forms.BaseFormSet[forms.Form]):
    """Periods within the stage, that do not overlap. What is posted replaces what was stored, so that saving twice
    changes nothing; a post that does not speak of them, from a page of before they were asked, leaves them alone.
    """

    name: str  # of the rows of the agreement, and of what is posted
    outside: str | Promise
    overlaps: str | Promise
    before: Rows | None = None  # what the page showed, when something else is stored now
    is_taken = False  # whether somebody decided to take what is stored

    def __init__(self, data: QueryDict | None = None, *, convention: Convention) -> None:
        self.convention = convention
        self.model, self.columns, self.label = PERIODS[self.name]
        self.stored = [
            tuple(getattr(period, column) for column in self.columns)
            for period in convention.periods(self.name)
        ]
        self.moved: dict[str, Moved] = {}
        if data is not None and not self.is_to_write(data):
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

    def is_to_write(self, data: QueryDict) -> bool:
        """Whether a post speaks of these periods: not when it left alone what somebody else changed since.

        When both changed them, ``moved`` waits for a decision.
        """
        if f"{self.name}-TOTAL_FORMS" not in data:
            return False
        before, mine, theirs = shown_in(data).get(self.name), self.posted_rows(data), self.stored_rows()
        if before is None or before == theirs:
            return True
        conflict = Moved(self.name, str(self.label), self.dates_in_words(), version_of(theirs))
        self.before, self.is_taken = before, decided(data, conflict) == THEIRS
        if mine == before or self.is_taken:
            return False
        if mine != theirs and decided(data, conflict) != MINE:
            self.moved = {self.name: conflict}
        return True

    @property
    def shown(self) -> Rows:
        """What the page shows: what is stored, unless it waits for a decision."""
        return self.before if self.moved and self.before is not None else self.stored_rows()

    @property
    def still_shown(self) -> Rows:
        """What a page that stays open shows: its own rows, when they were left alone and are stored otherwise now."""
        return self.shown if self.is_bound or self.before is None else self.before

    def stored_rows(self) -> Rows:
        fields = self.form.base_fields
        return sorted(
            [
                texts_for(fields[name], self.as_typed(value))
                for name, value in zip(self.columns, period, strict=True)
            ]
            for period in self.stored
        )

    def posted_rows(self, data: QueryDict) -> Rows:
        """Return the rows that a browser posts and that say something, in the order of ``stored_rows``."""
        total = str(data[f"{self.name}-TOTAL_FORMS"])
        places = range(min(int(total) if total.isdecimal() else 0, self.absolute_max))
        rows = [
            {
                name: texts_posted(self.form.base_fields[name].widget, data, f"{self.name}-{place}-{name}")
                for name in self.columns
            }
            for place in places
            if f"{self.name}-{place}-DELETE" not in data
        ]
        return sorted(list(row.values()) for row in rows if any(row[name] for name in self.speaking))

    @property
    def speaking(self) -> set[str]:
        """The columns that make a row say something; a list always has an entry chosen."""
        return {
            name for name in self.columns if not isinstance(self.form.base_fields[name], forms.ChoiceField)
        }

    @staticmethod
    def as_typed(value: Any) -> Any:
        """Return a value as people write it: « 3,5 », and nothing for a day without presence."""
        return (value.normalize() if value else None) if isinstance(value, Decimal) else value

    def dates_in_words(self) -> str:
        return ", ".join(
            " – ".join(date_format(day, "SHORT_DATE_FORMAT") for day in days)
            for days in sorted(
                tuple(period[self.columns.index(name)] for name in ("start", "end")) for period in self.stored
            )
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

    def full_clean(self) -> None:
        """Judge the periods together even when there are too many: Django would stop at their number."""
        super().full_clean()
        if self.is_bound and self.non_form_errors():
            self.refuse_what_overlaps()

    def clean(self) -> None:
        """Refuse what overlaps or leaves the stage, and what waits for a decision."""
        self.refuse_what_overlaps()
        for moved in self.moved.values():
            raise forms.ValidationError(moved.message, "moved")

    def refuse_what_overlaps(self) -> None:
        periods: list[tuple[date, date]] = []
        for form in self.forms:
            cleaned = getattr(form, "cleaned_data", {})
            if form.errors or not cleaned.get("start") or cleaned.get("DELETE"):
                continue
            start, end = cleaned["start"], cleaned["end"]
            if self.leaves_the_stage(start, end):
                form.add_error("start", str(self.outside))
            if any(start <= other_end and end >= other_start for other_start, other_end in periods):
                form.add_error("start", str(self.overlaps))
            periods.append((start, end))

    def leaves_the_stage(self, start: date, end: date) -> bool:
        """Whether a period is not all within the stage, once its dates are known."""
        first, last = self.convention.start, self.convention.end
        return bool(first and last and (start < first or end > last))

    def save(self) -> None:
        """Store the periods, when they are not those stored already."""
        if self.may_be_written and self.periods != sorted(self.stored):
            rows = getattr(self.convention, self.name)
            rows.all().delete()
            rows.bulk_create(
                self.model(convention=self.convention, **dict(zip(self.columns, period, strict=True)))
                for period in self.periods
            )
            self.stored = self.periods

    @property
    def may_be_written(self) -> bool:
        return self.is_bound and not self.moved


class BaseInterruptionFormSet(BasePeriodFormSet):
    """When the trainee is away."""

    name = "interruptions"
    outside = gettext_lazy("L’absence doit rester entre le début et la fin du stage.")
    overlaps = gettext_lazy("Cette absence en chevauche une autre.")


class BaseWorkPeriodFormSet(BasePeriodFormSet):
    """When the hours are not those of the usual week."""

    name = "work_periods"
    outside = gettext_lazy("La période doit rester entre le début et la fin du stage.")
    overlaps = gettext_lazy("Cette période en chevauche une autre.")

    def __init__(self, data: QueryDict | None = None, *, convention: Convention) -> None:
        super().__init__(data, convention=convention)
        self.initial = [
            {name: self.as_typed(value) for name, value in period.items() if value != 0}
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
