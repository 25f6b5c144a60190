"""From the rows of the database to the facts that the law judges, for one agreement or for thousands."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal

from django.db.models import CharField, TextField
from django.utils import timezone

from conventions import calendar, law
from conventions.law import facts
from conventions.law.case import LONGEST
from conventions.law.duration import earliest_start
from conventions.legality import papers
from conventions.legality.insurance import insured_periods
from conventions.legality.neighbours import (
    POST,
    REFERENT,
    STUDENT,
    TUTOR,
    Neighbour,
    Neighbours,
    host_of,
    siren_of,
)
from conventions.legality.risks import Risks
from conventions.legality.stricter import last_day_of, stricter_of, year_of
from conventions.models import Amended, AvenantKind, Convention, HourlyCeiling, Status, Turn
from conventions.models.circuit import completed_on
from conventions.models.columns import COLUMNS, CONTENT, Required
from organisations.models import Contact, Programme

# What the stage must be described by, in words of one's own; an insurer and its contract have names and numbers.
WORDED = tuple(
    column.name
    for column in COLUMNS
    if column.step == CONTENT
    and column.section != "cover"
    and column.required is not Required.NEVER
    and isinstance(field := Convention._meta.get_field(column.name), CharField | TextField)
    and not field.choices
)

CESURE = "cesure"
CYCLES = {
    Programme.Level.L1: "licence",
    Programme.Level.L2: "licence",
    Programme.Level.L3: "licence",
    Programme.Level.BUT1: "licence",
    Programme.Level.BUT2: "licence",
    Programme.Level.BUT3: "licence",
    Programme.Level.M1: "master",
    Programme.Level.M2: "master",
    Programme.Level.DOCTORATE: "doctorat",
}


def review(convention: Convention) -> list[law.Finding]:
    """Return what the law says of an agreement as it is stored, or of what an avenant makes of it."""
    _case, found = judged(convention)
    return found


def payments_of(convention: Convention) -> tuple[Decimal, ...]:
    """Return the payments that the amount written on an agreement comes to for its hours, in its currency."""
    stage = replace(_stage(convention), corrected_hours=convention.hours)
    known = law.Facts(timezone.localdate(), stage=stage, pay=_pay(convention))
    return law.Case(known, law.Amounts()).payments


def late(convention: Convention, signed_on: date | None) -> list[law.Finding]:
    """Return what R-01 alone says of a last signature given on a day, or not given yet. No query."""
    known = law.Facts(timezone.localdate(), stage=facts.Stage(start=convention.start), signed_on=signed_on)
    return list(law.RULES["R-01"].findings(law.Case(known, law.Amounts())))


def judged(convention: Convention) -> tuple[law.Case, list[law.Finding]]:
    """Return the facts of an agreement and what the law says of them: two queries.

    Of an avenant, what it says of its result and not of what it amends.
    """
    if not isinstance(convention, Amended):
        case = case_of(convention)
        return case, law.findings(case)
    before, case = cases_of([convention.before, convention], amounts(), timezone.localdate())
    already = {meaning(one) for one in law.findings(before)}
    return case, [one for one in law.findings(case) if meaning(one) not in already]


def meaning(finding: law.Finding) -> tuple[object, ...]:
    """Return what makes two findings say the same."""
    return (finding.key, *sorted(finding.values.items(), key=str))


def case_of(convention: Convention) -> law.Case:
    """Return the facts of one agreement and what follows from them. Needs ``for_detail()``; two queries more."""
    [case] = cases_of([convention], amounts(), timezone.localdate())
    return case


def cases_of(conventions: Sequence[Convention], legal_amounts: law.Amounts, today: date) -> list[law.Case]:
    """The same for several, with as many queries."""
    around, risks = Neighbours(conventions), Risks(conventions)
    return [law.Case(facts_of(convention, around, risks, today), legal_amounts) for convention in conventions]


def amounts() -> law.Amounts:
    """Return the hourly ceilings as they are known today."""
    return law.Amounts(dict(HourlyCeiling.objects.values_list("year", "amount")))


def facts_of(convention: Convention, around: Neighbours, risks: Risks, today: date) -> law.Facts:
    """Return the facts of an agreement, complete or not."""
    others = around.of(convention, STUDENT, convention.student_id)
    user = convention.student.user
    organisation, tutor, teacher = convention.organisation, convention.tutor, convention.teacher
    stricter = stricter_of(convention)
    return law.Facts(
        today=today,
        trainee=facts.Trainee(
            facts.Person(user.email, user.last_name),
            convention.identity["birth_date"],
            has_guardian=bool(convention.guardian_name.strip()),
        ),
        studies=_studies(convention, others),
        host=_host(convention),
        stage=_stage(convention),
        pay=_pay(convention),
        people=facts.People(
            tutor=_contact(tutor),
            referent=facts.Person(teacher.user.email, teacher.user.last_name) if teacher else None,
            signatory=_contact(convention.signatory),
            tutor_elsewhere=around.periods(convention, TUTOR, tutor.email.lower()) if tutor else (),
            tutor_declared=convention.tutor_trainees,
            referent_elsewhere=around.periods(convention, REFERENT, teacher.user_id) if teacher else (),
            host_elsewhere=around.periods(convention, *host_of(organisation)) if organisation else (),
        ),
        history=_history(
            convention, others, around.of(convention, POST, tutor.email.lower()) if tutor else []
        ),
        abroad=facts.Abroad(
            has_information_sheet=convention.has_information_sheet,
            has_assistance_policy=convention.has_assistance_policy,
            zone=facts.Zone(convention.travel_zone) if convention.travel_zone else None,
            has_decision=bool(convention.travel_decision.strip()),
            **risks.facts_of(convention),
        ),
        protection=facts.Protection(
            has_fund=bool(convention.health_fund_id or convention.health_fund_other.strip()),
            has_insurance=bool(convention.insurer.strip() and convention.insurance_policy.strip()),
            covered=(convention.insurance_start, convention.insurance_end),
            insured_periods=insured_periods(convention) if stricter.requires_insurance else (),
            missing=tuple(facts.Proof(paper) for paper in papers.lacking(convention)),
        ),
        stricter=stricter,
        signed_on=_signed_on(convention),
        avenant=_avenant(convention, today),
    )


# What the law looks at in an avenant, the first that applies.
CHANGES = (
    (AvenantKind.TERMINATION, facts.Change.TERMINATION),
    (AvenantKind.EXTENSION, facts.Change.EXTENSION),
    (AvenantKind.POSTPONEMENT, facts.Change.POSTPONEMENT),
)


def _avenant(convention: Convention, today: date) -> facts.Avenant | None:
    """Return the facts of the avenant of which an instance shows the result."""
    if not isinstance(convention, Amended):
        return None
    avenant, before = convention.avenant, convention.before
    kind = next((change for kind, change in CHANGES if kind in avenant.kinds), facts.Change.OTHER)
    if kind == facts.Change.POSTPONEMENT and convention.start != before.start:
        kind = facts.Change.OTHER  # a stage that begins later is not the one of article L124-15
    return facts.Avenant(
        kind,
        avenant.effective_on or today,
        previous_end=before.end,
        previous_duration=before.duration,
        reason=avenant.reason,
    )


def _signed_on(convention: Convention) -> date | None:
    """Return the day of the last signature of the agreement itself, once all are given."""
    agreement = convention.before if isinstance(convention, Amended) else convention
    if agreement.status != Status.SIGNED:
        return None
    signatures = [turn for turn in agreement.own_turns if turn.purpose == Turn.Purpose.SIGNATURE]
    return completed_on(signatures, {})


def _contact(contact: Contact | None) -> facts.Person | None:
    return facts.Person(contact.email, contact.last_name) if contact else None


def _studies(convention: Convention, others: list[Neighbour]) -> facts.Studies:
    enrolment = convention.enrolment
    if enrolment is None:
        return facts.Studies()
    programme, year = enrolment.programme, year_of(convention)
    last_end = last_day_of(programme, year) if year else None
    cycle = CYCLES.get(Programme.Level(programme.level))
    return facts.Studies(
        academic_year=enrolment.academic_year,
        year=year,
        last_end=last_end if year and last_end and last_end > year[1] else None,
        teaching_hours=programme.teaching_hours,
        presence_hours=programme.presence_hours,
        presence_waiver=bool(programme.presence_waiver.strip()),
        regime=facts.Regime(programme.gratification_regime),
        is_cesure=convention.stage_type is not None and convention.stage_type.code == CESURE,
        earlier_cesures=len(
            {
                other.academic_year
                for other in others
                if other.stage_type == CESURE
                and other.academic_year != enrolment.academic_year
                and other.level
                and cycle is not None
                and CYCLES.get(Programme.Level(other.level)) == cycle
            }
        ),
    )


def _host(convention: Convention) -> facts.Host:
    organisation, place = convention.organisation, convention.service or convention.organisation
    if organisation is None or place is None:
        return facts.Host()
    band = organisation.headcount_band
    return facts.Host(
        country=str(place.country),
        is_abroad=place.is_abroad,
        place=calendar.territory(str(place.country), place.postal_code),
        is_public_law=organisation.legal_form.is_public_law,
        headcount=convention.headcount,
        band=band.maximum if band else None,
        trainees=convention.host_trainees,
        replaces_someone=convention.replaces_someone,
        has_regulated_work=convention.has_regulated_work,
        regulated_work_declared=convention.regulated_work_declared,
        in_restricted_area=convention.in_restricted_area,
        restricted_area_authorised=convention.restricted_area_authorised,
        collective_hours=convention.collective_hours,
    )


def territory_of(convention: Convention) -> calendar.Territory:
    """Return whose public holidays hold where the stage takes place; those of mainland France until it is known."""
    place = convention.service or convention.organisation
    if place is None:
        return calendar.Territory.METROPOLITAN
    return calendar.territory(str(place.country), place.postal_code)


def schedule_of(convention: Convention) -> calendar.Schedule | None:
    """Return when the trainee is expected; None while something is missing or mistyped."""
    start, end, weekly_hours = convention.start, convention.end, convention.weekly_hours
    if (
        not (start and end and weekly_hours and convention.working_days)
        or not timedelta(0) <= end - start <= LONGEST
    ):
        return None
    usual = calendar.WorkPeriod(start, end, calendar.spread(weekly_hours, convention.working_days))
    others = [
        calendar.WorkPeriod(max(period.start, start), min(period.end, end), period.hours)
        for period in convention.periods("work_periods")
        if period.start <= end and period.end >= start
    ]
    return calendar.Schedule(
        (usual, *others),
        tuple(
            calendar.Absence(period.start, period.end, calendar.AbsenceKind(period.kind))
            for period in convention.periods("interruptions")
        ),
        territory_of(convention),
        convention.leave_days or Decimal(0),
        works_on_holidays=convention.works_on_holidays,
        works_on_whit_monday=convention.works_on_whit_monday,
    )


def _stage(convention: Convention) -> facts.Stage:
    return facts.Stage(
        start=calendar.plausible(convention.start),
        end=calendar.plausible(convention.end),
        schedule=schedule_of(convention),
        corrected_hours=convention.hours_corrected,
        day_starts_at=convention.day_starts_at,
        day_ends_at=convention.day_ends_at,
        at_night=convention.works_at_night,
        on_sunday=convention.works_on_sunday,
        on_holidays=convention.works_on_holidays,
        remotely=convention.works_remotely,
        exceptional_work=convention.exceptional_work,
        leave_days=convention.leave_days,
        leave_terms=convention.leave_terms,
        leave_is_paid=convention.leave_is_paid,
        subject=convention.subject,
        missions=convention.missions,
        texts={name: getattr(convention, name) for name in WORDED},
        benefits=convention.benefits,
    )


def _pay(convention: Convention) -> facts.Pay:
    monthly = Convention.PaymentFrequency.MONTHLY
    return facts.Pay(
        is_paid=convention.is_paid,
        amount=convention.amount,
        unit=facts.PayUnit(convention.amount_unit) if convention.amount_unit else None,
        in_euros=convention.currency is None or convention.currency.code == "EUR",
        has_mode=convention.payment_mode_id is not None,
        is_monthly=convention.payment_frequency == monthly if convention.payment_frequency else None,
        branch_minimum=convention.branch_minimum,
        is_employed_by_host=convention.is_employed_by_host,
    )


def _history(convention: Convention, others: list[Neighbour], of_tutor: list[Neighbour]) -> facts.History:
    siren = siren_of(convention.organisation.siret) if convention.organisation else ""

    def in_same_host(other: Neighbour) -> bool:
        if other.organisation_id is None:
            return False
        return other.organisation_id == convention.organisation_id or bool(
            siren and siren_of(other.siret) == siren
        )

    previous = [facts.Previous(other.start, other.end) for other in others if in_same_host(other)]
    own, start = {other.pk for other in others}, calendar.plausible(convention.start)
    of_another = [
        facts.Previous(other.start, other.end, of_another=True)
        for other in of_tutor
        if start and other.end < start and other.pk not in own and in_same_host(other)
    ]
    # The one that makes wait the longest is not always the last: a third of six months is more than that of a week.
    previous += sorted(of_another, key=earliest_start)[-1:]
    before = calendar.plausible(convention.previous_start), calendar.plausible(convention.previous_end)
    if before[0] and before[1]:
        previous.append(
            facts.Previous(
                before[0],
                before[1],
                left_early=convention.previous_left_early,
                same_post=True,
            )
        )
    return facts.History(
        others=tuple(
            facts.Other(
                other.start,
                other.end,
                other.duration,
                other.weekly_hours,
                other.academic_year,
                same_host=in_same_host(other),
                is_certain=other.status != Status.TERMINATED or other.is_recomputed,
            )
            for other in others
        ),
        declared_hours=convention.earlier_hours,
        previous=tuple(previous),
    )
