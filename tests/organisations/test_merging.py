"""Two records of one host: merged, separated again, while others work on them."""

import threading
from datetime import timedelta

import pytest
from django.contrib.auth.models import AnonymousUser
from django.db import IntegrityError, connections, transaction
from django.forms.models import model_to_dict
from django.utils import timezone

from accounts.refusals import Refused
from conventions import workflow
from conventions.models import Convention, Document, Status
from conventions.models.status import FROZEN
from conventions.writing import drafts
from organisations import directory, merging
from organisations.models import Ban, Contact, Merge, Note, Organisation, Resemblance, Service
from tests.at_once import at_once
from tests.factories import ContactFactory, ConventionFactory, OrganisationFactory, ServiceFactory
from tests.worlds import next_signatures, stand

pytestmark = pytest.mark.django_db
STATES = (Status.DRAFT, Status.RETURNED, Status.SUBMITTED, *FROZEN)
# What a merge may change of an agreement.
FOLLOWS = {"organisation", "organisation_id", "search_key"}


@pytest.fixture
def manager(world):
    return world.people["manager"]


@pytest.fixture
def kept():
    return OrganisationFactory(name="Centre hospitalier de Valmont", city="Valmont")


@pytest.fixture
def dropped():
    return OrganisationFactory(
        name="Hôpital Beauséjour",
        acronym="HBS",
        former_names=["Hospice civil"],
        city="Valmont",
        siret=None,
        siret_exemption="pending",
    )


def found(text):
    return list(directory.search(Organisation.objects.visible_to(AnonymousUser()), text))


def at(host):
    return set(host.conventions.values_list("pk", flat=True))


def content(pks):
    """Everything that is stored of some agreements, what a merge may change apart."""
    return {
        row["id"]: {name: value for name, value in row.items() if name not in FOLLOWS}
        for row in Convention.objects.filter(pk__in=pks).values()
    }


def printed():
    return list(Document.objects.order_by("pk").values())


def agreements_of(world, host, number):
    """Bring ``number`` agreements of a host, every other one validated, each of these with its document."""
    model = world.convention_in(Status.VALIDATED, organisation=host)
    document = model.documents.get()
    columns = {
        field.attname: getattr(model, field.attname)
        for field in Convention._meta.concrete_fields
        if field.attname not in {"id", "number", "status", "submitted_at", "validated_at"}
    }
    made = Convention.objects.bulk_create(Convention(**columns) for _ in range(1, number))
    for rank, agreement in enumerate(made, start=1):
        agreement.status = Status.VALIDATED if rank % 2 else Status.SUBMITTED
        stand(agreement, agreement.status, number=f"2099-{rank:06d}", submitted_at=model.submitted_at)
    Document.objects.bulk_create(
        Document(
            convention=agreement,
            context=document.context,
            file="convention.pdf",
            sha256=f"{agreement.pk:064x}",
            rendered_at=timezone.now(),
        )
        for agreement in made
        if agreement.status == Status.VALIDATED
    )
    return {model.pk, *(agreement.pk for agreement in made)}


def test_five_hundred_agreements_follow_their_host_and_come_back(world, manager, kept, dropped):
    moving = agreements_of(world, dropped, 500)
    staying = {ConventionFactory(complete=True, organisation=kept).pk}
    stored, documents = content(moving), printed()
    services, contacts = set(dropped.services.all()), set(dropped.contacts.all())
    assert len(documents) > 200

    done = merging.merge(kept.pk, dropped.pk, by=manager)
    assert at(kept) == moving | staying
    assert at(dropped) == set()
    assert services < set(kept.services.all())
    assert contacts < set(kept.contacts.all())
    assert (content(moving), printed()) == (stored, documents)
    assert Convention.objects.filter(pk__in=moving, search_key__contains="centre hospitalier").count() == 500

    merging.undo(done.pk, by=manager)
    assert at(kept) == staying
    assert at(dropped) == moving
    assert set(dropped.services.all()) == services
    assert set(dropped.contacts.all()) == contacts
    assert (content(moving), printed()) == (stored, documents)
    assert Convention.objects.filter(pk__in=moving, search_key__contains="beausejour").count() == 500


@pytest.mark.parametrize("state", STATES)
def test_an_agreement_follows_whatever_its_state(world, manager, kept, dropped, state):
    convention = world.convention_in(state, organisation=dropped)
    stored, documents = content([convention.pk]), printed()
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    assert at(kept) == {convention.pk}
    merging.undo(done.pk, by=manager)
    assert at(dropped) == {convention.pk}
    assert (content([convention.pk]), printed()) == (stored, documents)


def test_the_document_of_an_agreement_merged_says_what_was_agreed(world, manager, kept, dropped):
    convention = world.convention_in(Status.SIGNED, organisation=dropped)
    merging.merge(kept.pk, dropped.pk, by=manager)
    assert convention.documents.get().context["organisation"]["name"] == "Hôpital Beauséjour"
    convention.refresh_from_db()
    assert convention.organisation == kept


@pytest.mark.parametrize("typed", ["hopital beausejour", "HBS", "hospice civil", "beaus valmont"])
def test_the_host_kept_is_found_by_the_names_of_the_other_until_they_are_separated(
    world, manager, kept, dropped, typed
):
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    assert found(typed) == [kept]
    merging.undo(done.pk, by=manager)
    assert found(typed) == [dropped]
    kept.refresh_from_db()
    assert kept.former_names == []


def test_the_siret_of_the_record_dropped_finds_the_one_kept(manager, kept):
    dropped = OrganisationFactory()
    merging.merge(kept.pk, dropped.pk, by=manager)
    assert found(dropped.siret) == [kept]
    assert found(kept.siret) == [kept]


def test_a_name_two_merged_records_had_is_kept_until_both_have_left(manager, kept, dropped):
    twin = OrganisationFactory(name=dropped.name, city="Valmont")
    first = merging.merge(kept.pk, dropped.pk, by=manager)
    second = merging.merge(kept.pk, twin.pk, by=manager)
    kept.refresh_from_db()
    assert kept.former_names.count(dropped.name) == 1
    merging.undo(first.pk, by=manager)
    assert set(found("hopital beausejour")) == {kept, dropped}
    merging.undo(second.pk, by=manager)
    assert set(found("hopital beausejour")) == {dropped, twin}


def test_a_former_name_of_its_own_stays(manager, dropped):
    kept = OrganisationFactory(name="CH Valmont", former_names=["Hospice civil"])
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    merging.undo(done.pk, by=manager)
    kept.refresh_from_db()
    assert kept.former_names == ["Hospice civil"]


def test_bans_and_remarks_follow(world, manager, kept, dropped):
    common = {"organisation": dropped, "institution": world.centre.institution, "by": manager}
    ban = Ban.objects.create(**common, reason="Sécurité", until=timezone.localdate() + timedelta(days=9))
    note = Note.objects.create(**common, text="Appeler avant neuf heures")
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    assert (list(kept.bans.in_force()), list(kept.notes.all())) == ([ban], [note])
    merging.undo(done.pk, by=manager)
    assert (list(dropped.bans.in_force()), list(dropped.notes.all())) == ([ban], [note])
    assert not kept.bans.exists()


def test_the_resemblances_of_the_record_dropped_are_judged_on_the_other(manager, kept, dropped):
    third, fourth = OrganisationFactory(), OrganisationFactory()
    for other in (kept, third, fourth):
        directory.note_pairs(dropped, {other.pk})
    Resemblance.objects.filter(second=fourth).update(dismissed_at=timezone.now())
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    (pair,) = Resemblance.objects.open()
    assert {pair.first, pair.second} == {kept, third}
    merging.undo(done.pk, by=manager)
    assert {frozenset([pair.first, pair.second]) for pair in Resemblance.objects.open()} == {
        frozenset([dropped, kept]),
        frozenset([dropped, third]),
        frozenset([kept, third]),
    }


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"siret": None, "siret_exemption": "pending"}, "numéro SIRET"),
        ({"is_private": False}, "diffusion partielle"),
    ],
)
def test_the_record_that_says_more_is_kept(manager, fields, message):
    dropped = OrganisationFactory(is_private=True)
    kept = OrganisationFactory(**{"is_private": True, **fields})
    with pytest.raises(Refused, match=message):
        merging.merge(kept.pk, dropped.pk, by=manager)
    assert not Merge.objects.exists()


def test_a_record_is_merged_once_and_separated_once(manager, kept, dropped):
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    for pair in ((kept.pk, dropped.pk), (dropped.pk, kept.pk), (OrganisationFactory().pk, dropped.pk)):
        with pytest.raises(Refused, match="déjà été fusionnée"):
            merging.merge(*pair, by=manager)
    merging.undo(done.pk, by=manager)
    with pytest.raises(Refused, match="déjà été défaite"):
        merging.undo(done.pk, by=manager)
    merging.merge(kept.pk, dropped.pk, by=manager)
    with pytest.raises(Refused, match="n’existe plus"):
        merging.merge(kept.pk, 0, by=manager)


def test_merges_in_a_row_are_undone_the_last_first(world, manager, kept, dropped):
    last = OrganisationFactory(name="GHT du Littoral")
    moving = {world.convention_in(Status.VALIDATED, organisation=dropped).pk}
    own = {world.draft(organisation=kept).pk}
    first = merging.merge(kept.pk, dropped.pk, by=manager)
    second = merging.merge(last.pk, kept.pk, by=manager)
    dropped.refresh_from_db()
    assert (dropped.merged_into, at(last)) == (last, moving | own)
    assert found("beausejour") == [last]
    assert directory.find_by_siret(kept.siret) == last
    with pytest.raises(Refused, match="défaites d’abord"):
        merging.undo(first.pk, by=manager)

    merging.undo(second.pk, by=manager)
    dropped.refresh_from_db()
    assert (dropped.merged_into, at(kept), at(last)) == (kept, moving | own, set())
    assert found("beausejour") == [kept]
    merging.undo(first.pk, by=manager)
    assert (at(dropped), at(kept)) == (moving, own)
    assert found("beausejour") == [dropped]


def test_two_records_merged_into_one_leave_in_any_order(world, manager, kept, dropped):
    other = OrganisationFactory(name="Clinique Saint-Aubin")
    mine, theirs = (world.draft(organisation=host).pk for host in (dropped, other))
    first = merging.merge(kept.pk, dropped.pk, by=manager)
    merging.merge(kept.pk, other.pk, by=manager)
    merging.undo(first.pk, by=manager)
    assert (at(dropped), at(kept)) == ({mine}, {theirs})


# What came while they were one


@pytest.mark.parametrize("state", [Status.DRAFT, Status.SUBMITTED, Status.SIGNED])
def test_an_agreement_made_since_keeps_its_people_and_so_does_the_record_that_leaves(
    world, manager, kept, dropped, state
):
    old = world.convention_in(Status.VALIDATED, organisation=dropped, weekly_hours=10)
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    new = world.convention_in(
        state,
        organisation=kept,
        service=old.service,
        tutor=old.tutor,
        signatory=old.tutor,
        weekly_hours=10,
    )
    stored = content([new.pk])
    merging.undo(done.pk, by=manager)
    assert (at(dropped), at(kept)) == ({old.pk}, {new.pk})
    assert set(dropped.services.all()) == {old.service}
    assert set(dropped.contacts.all()) == {old.tutor, old.signatory}
    ((service, contact),) = zip(kept.services.all(), kept.contacts.all(), strict=True)
    ignored = ["id", "organisation"]
    assert model_to_dict(service, exclude=ignored) == model_to_dict(old.service, exclude=ignored)
    assert model_to_dict(contact, exclude=ignored) == model_to_dict(old.tutor, exclude=ignored)
    new.refresh_from_db()
    if state in FROZEN:
        assert content([new.pk]) == stored
    else:
        assert (new.service, new.tutor, new.signatory) == (service, contact, contact)


def test_an_agreement_that_chose_somebody_of_the_host_kept_stays_there(world, manager, kept, dropped):
    draft = world.draft(organisation=dropped)
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    draft.refresh_from_db()
    drafts.assign(draft, "tutor", ContactFactory(organisation=kept))
    merging.undo(done.pk, by=manager)
    draft.refresh_from_db()
    assert draft.organisation == kept
    assert (draft.service.organisation, draft.signatory.organisation) == (kept, kept)


def test_what_was_added_since_stays_with_the_host_kept(manager, kept, dropped):
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    service, contact = ServiceFactory(organisation=dropped), ContactFactory(organisation=dropped)
    merging.undo(done.pk, by=manager)
    assert (list(kept.services.all()), list(kept.contacts.all())) == ([service], [contact])


def test_a_service_deleted_since_is_no_matter(manager, kept, dropped):
    service = ServiceFactory(organisation=dropped)
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    service.delete()
    merging.undo(done.pk, by=manager)
    assert not dropped.services.exists()


# What the database refuses


@pytest.mark.parametrize("state", FROZEN)
def test_a_frozen_agreement_changes_hosts_by_a_merge_alone(world, manager, kept, dropped, state):
    convention = world.convention_in(state, organisation=dropped)
    row = Convention.objects.filter(pk=convention.pk)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        row.update(organisation=kept)
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    stranger = OrganisationFactory()
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        row.update(organisation=stranger)
    merging.undo(done.pk, by=manager)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        row.update(organisation=kept)


def test_a_merge_lets_nothing_else_of_a_frozen_agreement_change(world, manager, kept, dropped):
    convention = world.convention_in(Status.SIGNED, organisation=dropped)
    Merge.objects.create(kept=kept, dropped=dropped, by=manager)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Convention.objects.filter(pk=convention.pk).update(organisation=kept, subject="Autre chose")


def test_an_undone_merge_gives_back_only_what_it_had_moved(world, manager, kept, dropped):
    own = world.convention_in(Status.SIGNED, organisation=kept)
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    merging.undo(done.pk, by=manager)
    with pytest.raises(IntegrityError, match="frozen"), transaction.atomic():
        Convention.objects.filter(pk=own.pk).update(organisation=dropped)


def test_a_record_read_before_a_merge_does_not_undo_it(manager, kept, dropped):
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    with pytest.raises(IntegrityError, match="only a merge"), transaction.atomic():
        dropped.save()
    merging.undo(done.pk, by=manager)
    dropped.merged_into = kept
    with pytest.raises(IntegrityError, match="only a merge"), transaction.atomic():
        dropped.save()


# At the same time: real transactions on several connections


def in_threads(*works):
    """Run functions at the same second; return what each raised, or None."""
    return [one if isinstance(one, Exception) else None for one in at_once(*works)]


def beside(work):
    """Start a function on another connection; return its thread and the list where its error will be."""
    errors = []

    def run():
        try:
            work()
        except Exception as error:  # judged by the test
            errors.append(error)
        finally:
            connections.close_all()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, errors


concurrent = pytest.mark.django_db(transaction=True)


@concurrent
@pytest.mark.parametrize("what", ["choose", "service", "contact"])
def test_what_arrives_during_a_merge_lands_on_the_host_kept(world, manager, kept, dropped, what):
    draft = world.draft()
    works = {
        "choose": lambda: drafts.assign(draft, "organisation", dropped),
        "service": lambda: ServiceFactory(organisation=dropped),
        "contact": lambda: ContactFactory(organisation=dropped),
    }
    with transaction.atomic():
        merging.merge(kept.pk, dropped.pk, by=manager)
        thread, errors = beside(works[what])
        thread.join(timeout=0.5)
        assert thread.is_alive()  # it waits for the merge
    thread.join()
    assert errors == []
    rows = {"choose": Convention, "service": Service, "contact": Contact}[what].objects
    assert rows.filter(organisation=kept).count() == 1
    assert not rows.filter(organisation=dropped).exists()


@concurrent
def test_a_record_merged_earlier_and_chosen_late_leads_to_the_last_one_kept(world, manager, kept, dropped):
    draft, last = world.draft(), OrganisationFactory()
    merging.merge(kept.pk, dropped.pk, by=manager)
    with transaction.atomic():
        merging.merge(last.pk, kept.pk, by=manager)
        thread, errors = beside(lambda: drafts.assign(draft, "organisation", dropped))
        thread.join(timeout=0.5)
        assert thread.is_alive()
    thread.join()
    draft.refresh_from_db()
    assert (errors, draft.organisation) == ([], last)


@concurrent
@pytest.mark.parametrize("held", ["convention", "contact", "host"])
def test_a_merge_waits_for_who_fills_an_agreement(world, manager, kept, dropped, held):
    draft = world.draft(organisation=dropped)
    rows = {
        "convention": Convention.objects.filter(pk=draft.pk),
        "contact": Contact.objects.filter(pk=draft.tutor_id),
        "host": Organisation.objects.filter(pk=dropped.pk),
    }[held]
    with transaction.atomic():
        rows.select_for_update().get()
        thread, errors = beside(lambda: merging.merge(kept.pk, dropped.pk, by=manager))
        thread.join(timeout=0.6)
        # What the student does next needs the host, and gets it: the merge holds nothing while it waits.
        ServiceFactory(organisation=dropped)
        drafts.assign(draft, "organisation", dropped)
    thread.join()
    assert errors == []
    assert at(kept) == {draft.pk}
    assert kept.services.count() == 2


@concurrent
def test_a_merge_gives_up_when_an_agreement_stays_held(world, manager, kept, dropped, monkeypatch):
    monkeypatch.setattr(merging, "ATTEMPTS", 2)
    draft = world.draft(organisation=dropped)
    with transaction.atomic():
        Convention.objects.select_for_update().get(pk=draft.pk)
        thread, errors = beside(lambda: merging.merge(kept.pk, dropped.pk, by=manager))
        thread.join()
    assert "réessayez" in str(errors[0])
    assert not Merge.objects.exists()


@concurrent
@pytest.mark.parametrize("way", ["same", "crossed", "chained"])
def test_two_merges_of_the_same_record_at_once(world, manager, kept, dropped, way):
    dropped.siret, dropped.siret_exemption = OrganisationFactory.build().siret, ""
    dropped.save()
    third = OrganisationFactory()
    world.draft(organisation=dropped)
    pairs = {
        "same": [(kept.pk, dropped.pk), (kept.pk, dropped.pk)],
        "crossed": [(kept.pk, dropped.pk), (dropped.pk, kept.pk)],
        "chained": [(kept.pk, dropped.pk), (third.pk, dropped.pk)],
    }[way]
    outcomes = in_threads(*(lambda pair=pair: merging.merge(*pair, by=manager) for pair in pairs))
    assert sorted(map(str, outcomes)) == ["None", "Une de ces fiches a déjà été fusionnée."]
    (done,) = Merge.objects.all()
    assert done.kept.conventions.count() == 1


@concurrent
def test_a_merge_and_its_undoing_at_once_leave_nothing_behind(world, manager, kept, dropped):
    last = OrganisationFactory()
    draft = world.draft(organisation=dropped)
    done = merging.merge(kept.pk, dropped.pk, by=manager)
    outcomes = in_threads(
        lambda: merging.undo(done.pk, by=manager),
        lambda: merging.undo(done.pk, by=manager),
        lambda: merging.merge(last.pk, kept.pk, by=manager),
    )
    assert all(outcome is None or isinstance(outcome, Refused) for outcome in outcomes)
    draft.refresh_from_db()
    assert draft.organisation.merged_into is None
    assert draft.tutor.organisation == draft.service.organisation == draft.organisation


@concurrent
def test_nobody_fails_while_a_host_is_merged_and_separated(world, manager, kept, dropped):
    """Students fill their agreements all along: none gets an error, and each agreement stays whole."""
    conventions = [world.draft(organisation=dropped, weekly_hours=10) for _ in range(4)]
    ends = threading.Event()

    def fill(pk):
        turn = 0
        while not ends.is_set():
            with transaction.atomic():
                convention = Convention.objects.select_for_update().get(pk=pk)
                turn += 1
                convention.subject = f"Sujet {turn}"
                contact = ContactFactory(
                    organisation_id=convention.organisation_id, email=f"{pk}.{turn}@x.example"
                )
                convention.tutor = contact
                convention.save()

    def join():
        try:
            for _ in range(3):
                done = merging.merge(kept.pk, dropped.pk, by=manager)
                merging.undo(done.pk, by=manager)
        finally:
            ends.set()

    outcomes = in_threads(join, *(lambda pk=convention.pk: fill(pk) for convention in conventions))
    assert outcomes[1:] == [None] * 4
    assert outcomes[0] is None or isinstance(outcomes[0], Refused)
    for convention in conventions:
        convention.refresh_from_db()
        assert convention.tutor.organisation == convention.organisation


def test_a_merged_agreement_goes_on(world, manager, kept, dropped):
    convention = world.convention_in(Status.VALIDATED, organisation=dropped)
    merging.merge(kept.pk, dropped.pk, by=manager)
    workflow.act(convention.pk, "sign", by=manager, dates=next_signatures(convention))
    convention.refresh_from_db()
    assert convention.status == Status.SIGNING
