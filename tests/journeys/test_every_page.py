"""Every kind of page, for each role that reaches it: axe in light and dark, the width of a phone, the weight."""

import gzip

import pytest
from playwright.sync_api import expect

from accounts.demo import ACCOUNTS
from conventions.models import Convention, Status
from tests.crawl import reached_by

FILES = {
    "conventions:attachment",
    "conventions:document",
    "conventions:pdf",
    "conventions:preview",
    "organisations:import_template",
}
# Shown to nobody and to the first account; they are the same for the others.
SAME_FOR_ALL = {"demo_mails", "demo_mail", "account_change_password"}
# A second manager has the pages of the first.
TWIN = ACCOUNTS[2]
MOST_BYTES = 100_000
# What a person sees when something is over, refused or broken: no link leads there.
WITHOUT_A_LINK = [
    "/compte/creation/",
    "/compte/ferme/",
    "/compte/inconnu/",
    "/compte/mot-de-passe/oubli/envoye/",
    "/compte/mot-de-passe/oubli/1-faux/",
    "/compte/mot-de-passe/change/",
    "/compte/sso/annule/",
    "/compte/sso/erreur/",
    "/nulle-part/",
]


def pages_of(account):
    """Return the address of one page of each kind that somebody reaches by links."""
    visited, _complaints = reached_by(account.email if account else "")
    shown_once = SAME_FOR_ALL if account and account != ACCOUNTS[0] else set()
    return [address for (name, _kind), address in visited.items() if name not in FILES | shown_once]


@pytest.mark.parametrize(
    "account",
    [None, *(account for account in ACCOUNTS if account != TWIN)],
    ids=lambda account: account.role if account else "Anonyme",
)
def test_every_kind_of_page_in_light_and_dark(people, account):
    person = people(account.email.partition("@")[0] if account else "")
    addresses = pages_of(account) + ([] if account else WITHOUT_A_LINK)
    if account and account.role == "Administrateur":
        addresses.append("/styleguide/")
    for address in addresses:
        person.goes_to(address)
        person.checks(f"light {address}")
    person.page.emulate_media(color_scheme="dark")
    for address in addresses:
        person.goes_to(address)
        person.checks_colours(f"dark {address}")


def test_dark_colours_are_checked(people):
    person = people()
    person.page.emulate_media(color_scheme="dark")
    person.goes_to("/compte/connexion/")
    person.page.evaluate("document.querySelector('h1').style.color = 'oklch(30% 0 0)'")
    with pytest.raises(AssertionError, match="color-contrast"):
        person.checks_colours("fault")


@pytest.mark.parametrize(
    ("fault", "named"),
    [
        ("document.querySelector('h1').remove()", "0 h1"),
        ("document.querySelector('h1').style.color = 'oklch(80% 0 0)'", "color-contrast"),
        ("document.querySelector('label').remove()", "label"),
        ("document.querySelector('h1').id = 'main'", "id twice: main"),
        ("document.querySelector('h1').textContent = 'Bonjour {{ name }}'", "template: "),
        ("document.querySelector('a').href = '#nulle-part'", "leads nowhere"),
        ("document.querySelector('h1').append('m'.repeat(80))", "wider than 390 px"),
    ],
)
def test_the_checks_notice(people, fault, named):
    person = people()
    person.goes_to("/compte/connexion/")
    person.page.evaluate(fault)
    with pytest.raises(AssertionError, match=named):
        person.checks("fault")


def test_the_complaints_notice(people):
    person = people()
    person.goes_to("/compte/connexion/")
    person.page.evaluate(
        "document.body.append(Object.assign(document.createElement('script'), { textContent: '1' }))"
    )
    with person.page.expect_event("pageerror"):
        person.page.evaluate("setTimeout(() => { throw new Error('lost') })")
    assert "policy: script-src" in " ".join(person.complaints)
    assert "lost" in person.complaints[-1]
    person.complaints.clear()


def test_the_other_language(people):
    person = people("ines.marchand")
    person.presses("Inès Marchand")
    person.presses("English")
    expect(person.page.locator("html")).to_have_attribute("lang", "en")
    person.checks("English")


@pytest.mark.parametrize(
    ("email", "address"),
    [
        ("", "/compte/connexion/"),
        ("ines.marchand", "/"),
        ("ines.marchand", "/conventions/{draft}/etapes/contenu/"),
        ("nathalie.rousseau", "/conventions/"),
    ],
    ids=["sign-in", "student's home", "content step", "manager's list"],
)
def test_the_first_load_is_light(people, email, address):
    """Page, styles, scripts and fonts, each compressed as a server sends it, none kept from an earlier visit."""
    person = people(email)
    draft = Convention.objects.filter(status=Status.DRAFT).first()
    person.page.goto(address.format(draft=draft.pk), wait_until="networkidle")
    # What the page itself asked for, read again by its address: the browser forgets bodies of another page.
    loaded = "[location.href, ...performance.getEntriesByType('resource').map((entry) => entry.name)]"
    weights = {
        url: len(gzip.compress(person.page.request.get(url).body(), 6))
        for url in person.page.evaluate(loaded)
    }
    assert any(url.endswith(".css") for url in weights)
    assert any(url.endswith(".js") for url in weights)
    assert sum(weights.values()) <= MOST_BYTES, weights
