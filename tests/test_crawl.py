"""Every page that somebody can reach by its links, from the home page on: each answers, each is well formed."""

import pytest

from accounts.demo import ACCOUNTS
from conventions.models import Convention
from tests.crawl import reached_by
from tests.test_permissions import names

# Named in the table of permissions, and yet no page that a link leads to.
NOT_BY_A_LINK = {
    "account_inactive",
    "account_logout",
    "account_reset_password_done",
    "account_reset_password_from_key",
    "account_reset_password_from_key_done",
    "account_set_password",
    "account_signup",
    "conventions:accept_attachment",
    "conventions:add_note",
    "conventions:add_remark",
    "conventions:avenant_add_remark",
    "conventions:avenant_answer",
    "conventions:avenant_delete",
    "conventions:avenant_delete_remark",
    "conventions:delete",
    "conventions:delete_remark",
    "conventions:discard_attachment",
    "conventions:duplicate",
    "conventions:register",
    "conventions:retention_list",
    "conventions:summarise",
    "health",
    "institution_logo",
    "openid_connect_callback",
    "openid_connect_login",
    "organisations:add_note",
    "organisations:apply_import",
    "organisations:communes",
    "organisations:dismiss",
    "organisations:import_report",
    "organisations:lift_ban",
    "organisations:undo_import",
    "organisations:undo_merge",
    "organisations:verify",
    "set_language",
    "socialaccount_login_cancelled",
    "socialaccount_login_error",
    "styleguide",
    "theme",
    "unknown_identity",
    "csp_report",
    "demo_enter",
    "security_txt",
}


@pytest.mark.usefixtures("demo_world")
def test_somebody_reaches_every_page():
    """Each page is well formed; one that no link leads to is lost, or is named above with the rest."""
    students = Convention.objects.values_list("student__user__email", flat=True).distinct()
    reached = set()
    for email in ("", *(account.email for account in ACCOUNTS), *students):
        visited, complaints = reached_by(email)
        assert complaints == [], email
        assert ("home", "") in visited, email
        reached |= {name for name, _kind in visited}
    assert set(names()) - reached - NOT_BY_A_LINK == set()
