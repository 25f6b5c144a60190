"""Adding a host, a service or a person to the directory: what is accepted, and what a refusal says."""

import pytest
import time_machine
from django.core.exceptions import ValidationError

from organisations.fields import clean_phone, clean_postal_code
from organisations.forms import ContactForm, OrganisationForm, ServiceForm
from organisations.models import Contact, NafCode, Organisation, Service
from tests.factories import (
    ContactFactory,
    HeadcountBandFactory,
    LegalFormFactory,
    NafCodeFactory,
    OrganisationFactory,
    ServiceFactory,
    UserFactory,
    siret,
)

pytestmark = pytest.mark.django_db

POST_OFFICE_HEAD = "35600000000048"
MISSING_SIRET = "Indiquez le numéro SIRET. S’il n’y en a pas, dites pourquoi dans la question suivante."


@pytest.fixture
def student():
    return UserFactory()


@pytest.fixture
def typed():
    """What a student types for a company in France."""
    NafCodeFactory(code="72.19Z")
    return {
        "name": "Laboratoires Brécourt",
        "country": "FR",
        "siret": siret(1),
        "legal_form": LegalFormFactory().pk,
        "naf": "72.19Z",
        "headcount_band": HeadcountBandFactory().pk,
        "street": "4 quai des Abeilles",
        "postal_code": "76600",
        "city": "Le Havre",
        "phone": "02 61 91 00 04",
    }


def errors(form):
    """The first message under each field."""
    return {name: messages[0] for name, messages in form.errors.items()}


def test_what_cannot_be_seen_is_left_out(typed, student):
    """A mark of direction would show another name than the one stored, in the directory everybody shares."""
    form = OrganisationForm(typed | {"name": "\u202eLabo\u200bratoires \u2066 Brécourt\r\u061c"}, by=student)
    assert form.is_valid()
    assert form.cleaned_data["name"] == form.instance.name == "Laboratoires Brécourt"
    family = "Zoé 👩\u200d🔬"
    assert OrganisationForm(typed | {"name": family}, by=student).save().name == family
    nothing = OrganisationForm(typed | {"name": "\u202e\u2066", "siret": siret(2)}, by=student)
    assert nothing.errors.keys() == {"name"}


def test_a_student_adds_a_host(student, typed):
    form = OrganisationForm(
        typed | {"website": "brecourt.example", "email": "contact@brecourt.example"}, by=student
    )
    assert errors(form) == {}
    host = Organisation.objects.get(pk=form.save().pk)
    assert host.siret == siret(1)
    assert host.siret_exemption == ""
    assert host.naf_code.code == "72.19Z"
    assert host.phone == "+33 2 61 91 00 04"
    assert host.website == "https://brecourt.example"
    assert host.created_by == student
    assert host.search_key == "laboratoires brecourt le havre"
    assert not host.is_verified


@pytest.mark.parametrize(
    ("number", "message"),
    [
        ("35600000000048", ""),  # La Poste's head office: Luhn
        ("35600000000001", ""),  # another of its offices: sum of the digits
        ("73282932000074", ""),
        ("732 829 320 00074", ""),
        ("732.829.320.00074", ""),
        ("\u202a732\u00a0829\u202f320\u200b 00074\u202c", ""),
        ("73282932000074 ", ""),
        ("35600000000055", "Ce numéro SIRET n’existe pas"),
        ("73282932000079", "Ce numéro SIRET n’existe pas"),
        ("00000000000000", "Ce numéro SIRET n’existe pas"),
        ("0000 0000 0000 00", "Ce numéro SIRET n’existe pas"),
        ("7328293200007A", "Ce numéro SIRET n’existe pas"),
        ("7328293200007", "Un numéro SIRET a 14 chiffres ; celui-ci en a 13."),
        ("732829320000741", "Un numéro SIRET a 14 chiffres ; celui-ci en a 15."),
        ("732829320", "Un numéro SIRET a 14 chiffres ; celui-ci en a 9."),
        ("", MISSING_SIRET),
        ("   \u200b", MISSING_SIRET),
    ],
)
def test_siret(student, typed, number, message):
    form = OrganisationForm(typed | {"siret": number}, by=student)
    said = form.errors.get("siret", [])
    assert len(said) == bool(message)
    assert "".join(said).startswith(message)
    assert form.is_valid() == (not message)


def test_the_browser_does_not_cut_a_siret_pasted_with_spaces(student):
    assert "maxlength" not in str(OrganisationForm(by=student)["siret"])


@pytest.mark.parametrize("written", [POST_OFFICE_HEAD, "356 000 000 00048"])
def test_a_siret_already_there_proposes_the_existing_host(student, typed, written):
    existing = OrganisationFactory(name="La Poste", siret=POST_OFFICE_HEAD)
    form = OrganisationForm(typed | {"siret": written}, by=student)
    assert errors(form) == {
        "siret": "« La Poste » est déjà dans l’annuaire : choisissez cette fiche au lieu d’en créer une."
    }
    assert form.existing == existing


def test_a_host_added_meanwhile_by_somebody_else_is_used(student, typed):
    form = OrganisationForm(typed, by=student)
    assert form.is_valid()
    theirs = OrganisationFactory(siret=typed["siret"])
    assert form.save() == theirs
    assert Organisation.objects.count() == 1


@pytest.mark.parametrize(
    ("change", "exemption"),
    [
        ({"siret_exemption": "association"}, "association"),
        ({"siret_exemption": "association", "local_identifier": "w142000000"}, "association"),
        ({"siret_exemption": "pending"}, "pending"),
        ({"country": "DE", "postal_code": "10115", "phone": "030 901820"}, "abroad"),
        ({"country": "MC", "postal_code": "98000", "phone": "93 15 22 22"}, "abroad"),
        ({"country": "NC", "postal_code": "98800", "phone": "26 12 34"}, "own_register"),
        ({"country": "PF", "postal_code": "98713", "phone": "40 45 12 34"}, "own_register"),
    ],
)
def test_a_host_without_siret(student, typed, change, exemption):
    form = OrganisationForm(typed | {"siret": ""} | change, by=student)
    assert errors(form) == {}
    host = form.save()
    assert host.siret is None
    assert host.siret_exemption == exemption


@pytest.mark.parametrize("country", ["GP", "GF", "MQ", "RE", "YT", "BL", "MF", "PM", "WF", "TF"])
def test_siret_is_required_overseas_too(student, typed, country):
    form = OrganisationForm(
        typed | {"siret": "", "country": country, "phone": "+33 2 61 91 00 04"}, by=student
    )
    assert errors(form) == {"siret": MISSING_SIRET}


def test_a_student_cannot_claim_to_be_abroad_from_france(student, typed):
    form = OrganisationForm(typed | {"siret": "", "siret_exemption": "abroad"}, by=student)
    assert "siret_exemption" in form.errors


def test_a_siret_makes_the_exemption_pointless(student, typed):
    form = OrganisationForm(typed | {"siret_exemption": "pending"}, by=student)
    assert form.save().siret_exemption == ""


@pytest.mark.parametrize("number", ["W1420000", "142000000", "X142000000"])
def test_an_association_number_is_checked(student, typed, number):
    change = {"siret": "", "siret_exemption": "association", "local_identifier": number}
    assert errors(OrganisationForm(typed | change, by=student)) == {
        "local_identifier": "Un numéro RNA commence par W, suivi de 9 caractères, comme W142000000."
    }


@pytest.mark.parametrize(
    "written", ["86.10Z", "8610Z", " 8610z", "86.10 z", "86 10 Z", "86.10Z – Activités hospitalières"]
)
def test_naf_as_people_write_it(student, typed, written):
    code = NafCodeFactory(code="86.10Z")
    assert OrganisationForm(typed | {"naf": written}, by=student).save().naf_code == code


@pytest.mark.parametrize("written", ["86.10", "99.99Z", "hôpital", "861012"])
def test_an_unknown_naf_says_what_to_do(student, typed, written):
    message = errors(OrganisationForm(typed | {"naf": written}, by=student))["naf"]
    assert message.startswith("Ce code NAF n’existe pas.")
    assert "annuaire-entreprises.data.gouv.fr" in message


def test_the_activity_may_replace_the_naf(student, typed):
    assert errors(OrganisationForm(typed | {"naf": ""}, by=student)) == {
        "naf": "Indiquez le code NAF, ou décrivez l’activité."
    }
    host = OrganisationForm(typed | {"naf": "", "activity": "Analyses"}, by=student).save()
    assert (host.naf_code, host.activity) == (None, "Analyses")


@pytest.mark.parametrize(
    ("day", "code", "version", "notices"),
    [
        ("2026-12-31", "62.02Z", NafCode.Version.REV2, 0),  # both versions have it
        ("2027-01-01", "62.02Z", NafCode.Version.NAF2025, 0),
        ("2026-12-31", "62.20Y", NafCode.Version.NAF2025, 0),  # only the new one
        ("2027-01-01", "62.20Y", NafCode.Version.NAF2025, 0),
        ("2026-12-31", "62.03Z", NafCode.Version.REV2, 0),  # only the old one
        ("2027-01-01", "62.03Z", NafCode.Version.REV2, 1),
    ],
)
def test_the_naf_in_force_is_preferred(student, typed, day, code, version, notices):
    NafCodeFactory(code="62.02Z", version=NafCode.Version.REV2)
    NafCodeFactory(code="62.02Z", version=NafCode.Version.NAF2025)
    NafCodeFactory(code="62.20Y", version=NafCode.Version.NAF2025)
    NafCodeFactory(code="62.03Z", version=NafCode.Version.REV2)
    with time_machine.travel(f"{day}T12:00:00+01:00"):
        form = OrganisationForm(typed | {"naf": code}, by=student)
        assert errors(form) == {}
    assert form.save().naf_code.version == version
    assert len(form.notices) == notices


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("postal_code", "7660", "Un code postal français a 5 chiffres, comme 14000."),
        ("postal_code", "", "Un code postal français a 5 chiffres, comme 14000."),
        ("postal_code", "98000", "Ce code postal et ce pays ne vont pas ensemble : vérifiez-les."),
        ("phone", "02 61 91", "Ce numéro de téléphone est incomplet, ou ne convient pas au pays choisi."),
        ("phone", "au standard", "Ce numéro de téléphone est incomplet, ou ne convient pas au pays choisi."),
        ("phone", "", "Remplissez ce champ."),
        ("email", "contact@", "Saisissez une adresse"),
        ("website", "ftp://brecourt.example", "Saisissez une URL valide."),
        ("website", "javascript:alert(1)", "Saisissez une URL valide."),
        ("name", "", "Remplissez ce champ."),
        ("headcount_band", "", "Choisissez dans la liste."),
        ("country", "XX", "Cette réponse n’est plus dans la liste"),
    ],
)
def test_a_refusal_is_about_its_field(student, typed, field, value, message):
    said = errors(OrganisationForm(typed | {field: value}, by=student))
    assert list(said) == [field]
    assert said[field].startswith(message)


@pytest.mark.parametrize(
    ("code", "country", "stored"),
    [
        ("14000", "FR", "14000"),
        (" 14 000 ", "FR", "14000"),
        ("14031", "FR", "14031"),  # a CEDEX code, which no commune has
        ("01000", "FR", "01000"),
        ("20000", "FR", "20000"),
        ("97400", "RE", "97400"),
        ("97400", "FR", "97400"),
        ("98000", "MC", "98000"),
        ("SW1A 1AA", "GB", "SW1A 1AA"),
        ("411  24", "SE", "411 24"),
        ("", "IE", ""),
    ],
)
def test_postal_codes(code, country, stored):
    assert clean_postal_code(code, country) == stored


@pytest.mark.parametrize(
    ("code", "country"), [("1400", "FR"), ("2A000", "FR"), ("98000", "FR"), ("14000", "MC")]
)
def test_wrong_postal_codes(code, country):
    with pytest.raises(ValidationError):
        clean_postal_code(code, country)


@pytest.mark.parametrize(
    ("number", "country", "stored"),
    [
        ("0261910004", "FR", "+33 2 61 91 00 04"),
        ("02.61.91.00.04", "FR", "+33 2 61 91 00 04"),
        ("\u202a02 61 91 00 04\u202c", "FR", "+33 2 61 91 00 04"),
        ("+33 (0)2 61 91 00 04", "FR", "+33 2 61 91 00 04"),
        ("06 39 98 12 34", "FR", "+33 6 39 98 12 34"),  # a range the library does not know
        ("0262 12 34 56", "RE", "+262 262 12 34 56"),
        ("0262 12 34 56", "FR", "+262 262 12 34 56"),  # Réunion, typed on an address in France
        ("0590 12 34 56", "FR", "+590 590 12 34 56"),
        ("+46 31 701 00 00", "FR", "+46 31 701 00 00"),
        ("031-701 00 00", "SE", "+46 31 701 00 00"),
        ("", "FR", ""),
    ],
)
def test_phone_numbers(number, country, stored):
    assert clean_phone(number, country) == stored


@pytest.mark.parametrize(
    "number", ["02 61 91 00", "02 61 91 00 04 55", "3949", "26 12 34", "02 61 91 00 04 poste 12", "?"]
)
def test_wrong_phone_numbers(number):
    with pytest.raises(ValidationError):
        clean_phone(number, "FR")


def test_france_is_the_first_country(student):
    countries = [code for code, _name in OrganisationForm(by=student).fields["country"].choices]
    assert countries[0] == "FR"
    assert countries.count("FR") == 1
    assert {"GP", "RE", "NC", "MC"} < set(countries)


def test_a_service_starts_from_the_address_of_its_host():
    host = OrganisationFactory(street="4 quai des Abeilles", city="Le Havre", country="FR")
    form = ServiceForm(organisation=host)
    assert form["street"].value() == "4 quai des Abeilles"
    assert form["city"].value() == "Le Havre"
    typed = {name: form[name].value() for name in form.fields if form[name].value()} | {
        "name": "Microbiologie"
    }
    form = ServiceForm(typed, organisation=host)
    assert errors(form) == {}
    service = form.save()
    assert list(host.services.all()) == [service]


def test_a_service_already_there_is_proposed():
    service = ServiceFactory(name="Laboratoire d’Étude", city="Caen")
    typed = {
        "name": "laboratoire d'etude",
        "street": "1 rue",
        "postal_code": "14000",
        "city": "CAEN",
        "country": "FR",
    }
    form = ServiceForm(typed, organisation=service.organisation)
    assert list(errors(form)) == ["name"]
    assert form.existing == service
    assert ServiceForm(typed | {"city": "Bayeux"}, organisation=service.organisation).is_valid()
    assert ServiceForm(typed, organisation=OrganisationFactory()).is_valid()
    assert Service.objects.count() == 1


@pytest.fixture
def person():
    return {
        "civility": "mme",
        "first_name": "Irène",
        "last_name": "Lemoine",
        "function": "Responsable",
        "phone": "02 61 91 00 05",
        "email": "accueil@brecourt.example",
    }


def test_a_tutor_is_added(student, person):
    host = OrganisationFactory()
    form = ContactForm(person, organisation=host, by=student)
    assert errors(form) == {}
    contact = Contact.objects.get(pk=form.save().pk)
    assert (contact.organisation, contact.created_by) == (host, student)
    assert contact.phone == "+33 2 61 91 00 05"


def test_the_phone_of_a_person_is_read_in_the_country_of_the_host(student, person):
    host = OrganisationFactory(abroad=True)
    form = ContactForm(person | {"phone": "031-701 00 00"}, organisation=host, by=student)
    assert form.save().phone == "+46 31 701 00 00"


def test_a_person_already_there_is_proposed_but_an_office_may_share_an_address(student, person):
    known = ContactFactory(first_name="Irene", last_name="LEMOINE", email="Accueil@brecourt.example")
    form = ContactForm(person, organisation=known.organisation, by=student)
    assert list(errors(form)) == ["email"]
    assert form.existing == known
    assert ContactForm(
        person | {"first_name": "Paul"}, organisation=known.organisation, by=student
    ).is_valid()
    assert ContactForm(person, organisation=OrganisationFactory(), by=student).is_valid()
