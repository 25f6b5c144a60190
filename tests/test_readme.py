"""The README says what the code does."""

import re
from pathlib import Path

from django.utils import translation

from conventions.models import Status
from conventions.workflow import ACTIONS

README = Path(__file__).parent.parent / "README.md"
WHO = {
    "owns": "its student",
    "owns_or_manages": "its student, or a manager of its centre",
    "manages": "manager of its centre",
    "decides": "manager of its centre, for somebody else’s stage",
    "follows": "referent teacher, when the centre asks for their approval",
    "may_remark": "manager of its centre, or the teacher whose approval is awaited",
    "may_cancel": "its student before validation, a manager after",
}


def words(function):
    return function.__name__.replace("_", " ")


def state_table() -> str:
    """Return the state table as Markdown, from the table that act() itself reads."""
    lines = ["| action | from | to | who | guards |", "|---|---|---|---|---|"]
    with translation.override("fr"):
        for action in ACTIONS.values():
            sources = ", ".join(str(Status(source).label).lower() for source in action.sources)
            target = str(Status(action.target).label).lower()
            if action.name == "sign":
                target += ", then signée at the last turn"
            guards = ", ".join(words(guard) for guard in action.guards) or "–"
            lines.append(
                f"| {action.name} | {sources} | {target} | {WHO[action.allowed.__name__]} | {guards} |"
            )
    return "\n".join(lines)


def test_the_state_table_is_the_codes_own():
    written = re.search(r"<!-- states -->\n(.*?)<!-- /states -->", README.read_text(), re.DOTALL)[1].strip()
    assert written == state_table()


def test_every_link_of_the_documentation_leads_somewhere():
    for page in [README, *README.parent.glob("docs/*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
