"""The reference lists brought into the project."""

from io import StringIO

import pytest
from django.core.management import call_command
from django.db.models import Max

from conventions.models import HealthInsuranceFund, HourlyCeiling, Term
from organisations.models import Commune, HeadcountBand, LegalForm, NafCode

pytestmark = pytest.mark.django_db

ROWS = {
    LegalForm: 34,
    HeadcountBand: 16,
    NafCode: 732 + 747,
    Commune: 35_587,
    HealthInsuranceFund: 106,
    HourlyCeiling: 12,
}


def load(*options):
    said = StringIO()
    call_command("load_nomenclatures", *options, stdout=said)
    return said.getvalue()


def counts():
    return {model: model.objects.count() for model in [*ROWS, Term]}


def test_every_list_is_loaded_once():
    load()
    first = counts()
    newest = Commune.objects.aggregate(newest=Max("pk"))
    assert ROWS.items() <= first.items()
    again = load()
    assert "communes : 0 ajoutées, 35587 déjà là." in again
    assert "plafonds horaires de la sécurité sociale : 0 ajoutées, 12 déjà là." in again
    assert counts() == first
    assert Commune.objects.aggregate(newest=Max("pk")) == newest


def test_values_are_read_in_their_types():
    load()
    assert LegalForm.objects.get(code="72").is_public_law
    assert not LegalForm.objects.get(code="57").is_public_law
    unknown, last = HeadcountBand.objects.get(code="NN"), HeadcountBand.objects.get(code="53")
    assert (unknown.minimum, unknown.maximum) == (None, None)
    assert (last.minimum, last.maximum) == (10_000, None)
    assert NafCode.objects.get(version="rev2", code="86.10Z").label == "Activités hospitalières"
    assert set(Commune.objects.filter(postal_code="14123").values_list("name", flat=True)) == {
        "CORMELLES LE ROYAL",
        "FLEURY SUR ORNE",
        "IFS",
    }
    assert Commune.objects.filter(postal_code="01000", name="BOURG EN BRESSE").exists()
    ceilings = dict(HourlyCeiling.objects.values_list("year", "amount"))
    assert list(ceilings) == list(range(2015, 2027))
    assert (ceilings[2015], ceilings[2023], ceilings[2025], ceilings[2026]) == (24, 27, 29, 30)
    assert HourlyCeiling.objects.get(year=2024).source == "Arrêté du 19 décembre 2023"


def test_every_list_of_the_wizard_has_choices():
    load()
    for kind in Term.Kind:
        labels = list(Term.objects.filter(kind=kind, is_active=True).values_list("label", flat=True))
        assert len(labels) >= 3
        assert len(set(labels)) == len(labels)
    assert Term.objects.filter(kind=Term.Kind.CURRENCY).first().code == "EUR"
    assert set(Term.objects.filter(kind=Term.Kind.STAGE_TYPE).values_list("code", flat=True)) == {
        "obligatoire",
        "facultatif",
        "cesure",
    }


def test_what_an_administrator_changed_is_kept():
    load()
    Term.objects.filter(code="virement").update(label="Virement SEPA", rank=99, is_active=False)
    NafCode.objects.filter(version="rev2", code="86.10Z").update(label="Hôpitaux")
    Term.objects.filter(code="cheque").delete()
    HealthInsuranceFund.objects.filter(name__endswith="du Calvados").update(is_active=False)
    HourlyCeiling.objects.filter(year=2026).update(amount=31)
    Term.objects.create(kind=Term.Kind.PAYMENT_MODE, code="crypto", label="Autre")
    assert "valeurs de liste : 1 ajoutées" in load()
    transfer = Term.objects.get(code="virement")
    assert (transfer.label, transfer.rank, transfer.is_active) == ("Virement SEPA", 99, False)
    assert NafCode.objects.get(version="rev2", code="86.10Z").label == "Hôpitaux"
    assert Term.objects.filter(code="crypto").exists()
    assert not HealthInsuranceFund.objects.get(name__endswith="du Calvados").is_active
    assert HourlyCeiling.objects.get(year=2026).amount == 31


def test_labels_of_the_files_come_back_on_demand():
    load()
    Term.objects.filter(code="virement").update(label="Virement SEPA", is_active=False)
    NafCode.objects.filter(version="2025", code="01.12Y").update(label="?")
    load("--overwrite")
    assert Term.objects.get(code="virement").label == "Virement bancaire"
    assert not Term.objects.get(code="virement").is_active
    assert NafCode.objects.get(version="2025", code="01.12Y").label == "Culture du riz"
    assert ROWS.items() <= counts().items()
