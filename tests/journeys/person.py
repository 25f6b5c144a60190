"""Somebody at a browser: what they do, by the words they read, and what every page they see owes them."""

import os
import re
from itertools import count
from pathlib import Path

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect

PICTURES = os.environ.get("JOURNEY_PICTURES", "")
NARROW = 390
MOST_TABS = 250
axe = Axe()
# axe leaves out the size of targets, which WCAG 2.2 AA asks for, unless told otherwise.
EVERY_RULE = {"resultTypes": ["violations"], "rules": {"target-size": {"enabled": True}}}
COLOURS = {
    "runOnly": ["color-contrast", "link-in-text-block"],
    "rules": {"link-in-text-block": {"enabled": True}},
}
numbers = count(1)
judged = set()
CHECKS = Path(__file__).with_name("checks.js").read_text()


class Person:
    """One person, one browser window. ``complaints`` is what their console said.

    axe cannot run in a page without JavaScript: ``twin`` is then another window, where the page is shown again.
    """

    def __init__(self, page, *, touches=False, twin=None):
        self.page = page
        self.twin = twin
        self.touches = touches
        self.complaints = []
        page.on("console", self._hears)
        page.on("pageerror", lambda error: self.complaints.append(f"{page.url}: {error}"))
        page.on("response", self._receives)
        page.add_init_script(
            "document.addEventListener('securitypolicyviolation',"
            " (event) => console.error(`policy: ${event.violatedDirective} ${event.blockedURI}`))"
        )

    def _hears(self, message):
        # Chromium also reports the status of an answer there: _receives judges it. And htmx gives up a search
        # whose answer a later one made useless, or a page left meanwhile.
        expected = ("Failed to load resource", "htmx:sendAbort", "htmx:afterRequest")
        if message.type in {"error", "warning"} and not message.text.startswith(expected):
            self.complaints.append(f"{self.page.url}: {message.text}")

    def _receives(self, response):
        is_page = response.request.resource_type in {"document", "fetch", "xhr"}
        if response.status >= 500 or (response.status >= 400 and not is_page):
            self.complaints.append(f"{response.status} {response.url}")

    # What they do

    def goes_to(self, address):
        return self.page.goto(address)

    def presses(self, name, within=None):
        """Press a button by its words."""
        self._activate(self.find("button", name, within))

    def follows(self, name, within=None):
        """Follow a link by its words."""
        self._activate(self.find("link", name, within))

    def opens(self, words, within=None):
        """Open a disclosure by the words of its summary, unless it is open."""
        summary = (within or self.page).locator("summary").filter(has_text=readable(words))
        if not summary.evaluate("(summary) => summary.parentElement.open"):
            self._activate(summary)

    def writes(self, label, text, within=None):
        self.field(label, within).fill(text)

    def dates(self, label, day, within=None):
        """Write a date."""
        self.field(label, within).fill(day.isoformat())

    def selects(self, label, option, within=None):
        self.field(label, within).select_option(label=option)

    def ticks(self, label, within=None):
        """Tick a box or choose a radio button by its words."""
        box = (within or self.page).get_by_label(label, exact=isinstance(label, str))
        if not box.is_checked():
            self._activate(box)

    def signs_in(self, email, password):
        self.sees("Se connecter")
        self.writes("Adresse électronique universitaire", email)
        self.writes("Mot de passe", password)
        self.presses("Se connecter")
        expect(self.page.get_by_role("heading", level=1)).not_to_have_text("Se connecter")

    def reads_mail(self, to, subject):
        """Wait until a mail has left, read it as the demo shows it, and follow the link it holds.

        ``subject`` is part of it, as text or as a pattern.
        """
        self.goes_to(f"/demo/courriels/?destinataire={to}")
        row = self.page.get_by_role("row").filter(has_text=readable(subject)).filter(has_text=to).first
        self.reloads_until(row.get_by_text("Envoyé", exact=True))
        self.sees("Courriels de la démonstration")
        self._activate(row.get_by_role("link"))
        self.sees(subject if isinstance(subject, re.Pattern) else re.compile(re.escape(subject)))
        self.follows(re.compile("^http"))

    def reloads_until(self, sign, seconds=60):
        """Reload the page until something shows: what a worker does, a person waits for."""
        for _ in range(seconds):
            if sign.is_visible():
                return
            self.page.wait_for_timeout(1000)
            self.page.reload()
        expect(sign).to_be_visible()

    def find(self, role, name, within=None):
        return (within or self.page).get_by_role(role, name=readable(name), exact=isinstance(name, str))

    def field(self, label, within=None):
        """Return the input a label names; an optional field's label says so after its name."""
        if isinstance(label, str):
            label = re.compile(rf"^\s*{re.escape(label)}(\s*\(facultatif\))?\s*$")
        return (within or self.page).get_by_label(readable(label))

    def _activate(self, target):
        if self.touches:
            target.tap()
        else:
            target.click()

    # What they see

    def sees(self, heading):
        """Arrive on a page by its title, once it is there to its end, and check what every page owes its reader."""
        expect(self.page.get_by_role("heading", level=1)).to_have_text(readable(heading))
        self.page.wait_for_load_state()
        self.checks(heading)

    def reads(self, words, within=None):
        expect((within or self.page.get_by_role("main")).get_by_text(readable(words)).first).to_be_visible()

    def checks(self, name):
        """Check the page as it stands: markup, accessibility with every rule of axe, width on a phone."""
        page = self.page
        # The bar of actions covers a part of whatever is under it until one scrolls: judge the page as it opens.
        scrolled = page.evaluate("scrollY")
        page.evaluate("scrollTo({top: 0, behavior: 'instant'})")
        faults = page.evaluate(f"{CHECKS}.faults()") + self._violations(EVERY_RULE)
        page.evaluate("(top) => scrollTo({top, behavior: 'instant'})", scrolled)
        self._photograph(name)
        size = page.viewport_size
        if size["width"] != NARROW:
            page.set_viewport_size({"width": NARROW, "height": 844})
            faults += page.evaluate(f"{CHECKS}.overflow()")
            self._photograph(name)
            page.set_viewport_size(size)
        else:
            faults += page.evaluate(f"{CHECKS}.overflow()")
        assert not faults, "\n".join([page.url, *faults])

    def checks_colours(self, name):
        """Check what another scheme of colours changes in a page that was checked."""
        self._photograph(name)
        faults = self._violations(COLOURS)
        assert not faults, "\n".join([self.page.url, *faults])

    def _violations(self, options):
        """Return what axe finds, unless each element was judged before: in its place, in the same width and colours."""
        dark = self.page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches")
        window = (self.page.viewport_size["width"], dark, *options)
        places = {(*window, place) for place in self.page.evaluate(f"{CHECKS}.places()")}
        if places <= judged:
            return []
        violations = [
            f"{violation['id']}: {node['html'][:200]} {node['failureSummary']}"
            for violation in axe.run(self._scripted(), options=options).response["violations"]
            for node in violation["nodes"]
        ]
        if not violations:
            judged.update(places)
        return violations

    def _scripted(self):
        """Return the page, or what its twin shows of it: the same HTML, without our scripts."""
        if self.twin is None:
            return self.page
        html = self.page.content()
        self.twin.unroute_all()
        self.twin.route("**/*.js", lambda route: route.abort())
        self.twin.route(self.page.url, lambda route: route.fulfill(body=html, content_type="text/html"))
        self.twin.goto(self.page.url)
        return self.twin

    def _photograph(self, name):
        if PICTURES:
            safe = re.sub(r"\W+", "-", getattr(name, "pattern", name))[:50]
            width = self.page.viewport_size["width"]
            self.page.screenshot(
                path=Path(PICTURES) / f"{next(numbers):04}-{safe}-{width}.png", full_page=True
            )


def readable(words):
    """Return a pattern as Playwright wants it, which reads non-breaking spaces, and the blanks around a text, as they are."""
    if isinstance(words, str):
        return words
    pattern = words.pattern.replace("\u00a0", "[ \u00a0]")
    return re.compile(re.sub(r"\$$", r"\\s*$", re.sub(r"^\^", r"^\\s*", pattern)))


class KeyboardPerson(Person):
    """Somebody who has no mouse: Tab, Enter, Space, arrows, letters. The focus is always where it can be seen."""

    def _reaches(self, target):
        """Press Tab until the focus is there, as far as the page has something to focus."""
        for _ in range(MOST_TABS):
            focus = target.evaluate(f"(wanted) => {CHECKS}.focus(wanted)")
            if focus["fault"]:  # judged once the page has scrolled and drawn
                self.page.evaluate(
                    "new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"
                )
                focus = target.evaluate(f"(wanted) => {CHECKS}.focus(wanted)")
            assert not focus["fault"], f"{self.page.url} {focus['fault']}"
            if focus["reached"]:
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{self.page.url}: the keyboard does not reach {target}")

    def _activate(self, target):
        self._reaches(target)
        self.page.keyboard.press("Enter")

    def writes(self, label, text, within=None):
        self._reaches(self.field(label, within))
        self.page.keyboard.press("Control+A")
        self.page.keyboard.type(text)
        expect(self.field(label, within)).to_have_value(text)

    def dates(self, label, day, within=None):
        """Type the digits in the order the browser shows, which is its own language's, not the page's."""
        box = self.field(label, within)
        self._reaches(box)
        self.page.keyboard.type(f"{day:%d%m%Y}")
        if box.input_value() != day.isoformat():
            self.page.keyboard.press("Shift+Tab")
            self.page.keyboard.press("Shift+Tab")
            self.page.keyboard.type(f"{day:%m%d%Y}")
        expect(box).to_have_value(day.isoformat())

    def selects(self, label, option, within=None):
        box = self.field(label, within)
        self._reaches(box)
        labels, chosen = box.evaluate(
            "(select) => [[...select.options].map((each) => each.label), select.selectedIndex]"
        )
        steps = labels.index(option) - chosen
        for _ in range(abs(steps)):
            self.page.keyboard.press("ArrowDown" if steps > 0 else "ArrowUp")
        assert box.evaluate("(select) => select.selectedOptions[0].label") == option

    def ticks(self, label, within=None):
        box = (within or self.page).get_by_label(label, exact=isinstance(label, str))
        self._reaches(box)
        if box.get_attribute("type") == "radio":
            for _ in range(box.evaluate("(radio) => radio.form.elements[radio.name].length ?? 1")):
                if box.evaluate("(radio) => radio === document.activeElement"):
                    break
                self.page.keyboard.press("ArrowDown")
        if not box.is_checked():
            self.page.keyboard.press("Space")
        expect(box).to_be_checked()
