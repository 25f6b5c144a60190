"""The README says what the code does."""

import re
from pathlib import Path

import pytest
from django.utils import translation

from conventions import workflow
from conventions.models import AvenantStatus, Status
from conventions.workflow import avenants

README = Path(__file__).parent.parent / "README.md"
WHO = {
    "owns_or_manages": "its student, or a manager of its centre",
    "decides": "manager of its centre, for somebody else’s stage",
    "secures": "security officer of the institution, when the destination asks for one, for somebody else’s stage",
    "follows": "referent teacher, when the centre asks for their approval",
    "may_remark": "manager of its centre, or the teacher whose approval is awaited",
    "may_cancel": "its student until it was validated once, then a manager, for somebody else’s stage",
    "may_withdraw": "its student, until it was validated once",
    "takes_part": "its student, its referent teacher, or a manager of its centre",
    "may_cancel_avenant": "the same as who may submit; once submitted whoever began it, once it was validated who validates",
    "may_withdraw_avenant": "whoever began it, until it was validated once",
}


def words(function):
    return function.__name__.replace("_", " ")


def state_table(actions, states) -> str:
    """Return a state table as Markdown, from the table that act() itself reads."""
    lines = ["| action | from | to | who | guards |", "|---|---|---|---|---|"]
    with translation.override("fr"):
        for action in actions.values():
            sources = ", ".join(str(states(source).label).lower() for source in action.sources)
            target = str(states(action.target).label).lower()
            if action.name == "sign":
                target += f", then {states.SIGNED.label.lower()} at the last turn"
            if action.name == "unsign":
                target += f", then {states.VALIDATED.label.lower()} when none is left"
            guards = ", ".join(words(guard) for guard in (*action.guards, *action.typed)) or "–"
            lines.append(
                f"| {action.name} | {sources} | {target} | {WHO[action.allowed.__name__]} | {guards} |"
            )
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("name", "actions", "states"),
    [("states", workflow.ACTIONS, Status), ("avenants", avenants.ACTIONS, AvenantStatus)],
)
def test_the_state_tables_are_the_codes_own(name, actions, states):
    page = README.read_text()
    written = re.search(rf"<!-- {name} -->\n(.*?)<!-- /{name} -->", page, re.DOTALL)[1].strip()
    assert written == state_table(actions, states)


def test_every_link_of_the_documentation_leads_somewhere():
    for page in [README, *README.parent.glob("docs/*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            assert (page.parent / target).exists(), f"{page.name}: {target}"
