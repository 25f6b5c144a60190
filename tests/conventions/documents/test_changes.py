"""What differs: from the records, since the agreement was frozen, before and after an avenant."""

from datetime import date
from decimal import Decimal

from django.utils import translation

from conventions import documents
from tests.conventions import specimen
from tests.conventions.documents.reading import loaded, printed

# From the records


def test_what_the_student_corrected_is_kept_for_the_manager_and_not_printed():
    convention = specimen.specimen(
        record={
            "student_street": "3 impasse Oubliée",
            "student_phone": "06 00 00 00 12",
            "student_country": "DE",
        }
    )
    changes = documents.differences(documents.agreement(convention))
    assert [(change.before, change.after) for change in changes] == [
        ("3 impasse Oubliée", "22 rue des Jacobins"),
        ("Allemagne", "France"),
    ]
    assert "Oubliée" not in printed(convention)


def test_changes_since_names_what_moved_in_the_shared_records(validated):
    context = validated.documents.get().context
    assert documents.changes_since(context, loaded(validated)) == []
    host, teacher = validated.organisation, validated.teacher.user
    before = host.name
    host.name = "Brécourt et Filles"
    host.save()
    teacher.last_name = "Nouveau"
    teacher.save()
    changes = documents.changes_since(context, loaded(validated))
    assert {(change.before, change.after) for change in changes} >= {(before, "Brécourt et Filles")}
    assert any("Nouveau" in change.after for change in changes)
    assert before in str(validated.documents.get().context)


# Before and after


def extended(**changes):
    """The specimen of an agreement, and what an avenant makes of it."""
    before = documents.printable(specimen.specimen())
    after = documents.printable(specimen.specimen(**changes))
    return before, after


def test_what_differs_is_named_with_its_section_its_column_and_both_values():
    before, after = extended(end=date(2026, 8, 14), hours_computed=Decimal(938))
    assert documents.compare(before, after) == [
        documents.Change(
            "Fin du stage", "vendredi 31 juillet 2026", "vendredi 14 août 2026", "Durée et présence", "end"
        ),
        documents.Change(
            "Présence effective",
            "868 h, soit 124 jours ou 5,64 mois",
            "938 h, soit 134 jours ou 6,09 mois",
            "Durée et présence",
            "hours_corrected",
        ),
    ]
    assert documents.compare(before, before) == []


def test_what_differs_is_said_in_the_language_of_its_reader():
    before, after = extended(end=date(2026, 8, 14))
    with translation.override("en"):
        [change] = documents.compare(before, after)
    assert (change.before, change.after) == ("Friday 31 July 2026", "Friday 14 August 2026")


def test_a_row_that_only_one_of_them_has_is_a_change_from_or_to_nothing():
    before = documents.agreement(specimen.specimen())
    after = documents.agreement(specimen.abroad(travel_zone="yellow"))
    to, back = documents.compare(before, after), documents.compare(after, before)
    zone = next(change for change in to if change.section == "Stage à l’étranger" and "Jaune" in change.after)
    assert zone.before == ""
    assert {(one.section, one.label, one.before, one.after) for one in to} == {
        (one.section, one.label, one.after, one.before) for one in back
    }
