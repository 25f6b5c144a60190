"""The pages of the wizard: their addresses, and what a browser posts there."""

from datetime import timedelta

from django.urls import reverse

from conventions.writing import forms

MAXIMUM_QUERIES = 12


def step_url(convention, slug):
    return reverse("conventions:step", args=[convention.pk, slug])


def create_url(convention, slug):
    return reverse("conventions:create", args=[convention.pk, slug])


def posted(form):
    """Return what a browser would post of a form left as it is."""
    found = {}
    for field in form:
        value = field.value()
        if value is True:
            found[field.html_name] = str(value) if field.field.widget.input_type == "radio" else "on"
        elif value not in (None, False, ""):
            found[field.html_name] = value if isinstance(value, list) else str(value)
    return found


def content_of(convention, *periods, **changes):
    """Return what the content step posts: the agreement's own content, its interruptions, then the changes."""
    data = posted(forms.ContentForm(instance=convention))
    data |= {"interruptions-TOTAL_FORMS": len(periods), "interruptions-INITIAL_FORMS": 0}
    for rank, (start, end) in enumerate(periods):
        data |= {f"interruptions-{rank}-start": start, f"interruptions-{rank}-end": end}
    return data | changes


def autosave(client, url, data):
    return client.post(url, data, headers={"X-Autosave": "1"})


def week(draft, rank):
    monday = draft.start + timedelta(weeks=rank)
    return monday, monday + timedelta(days=4)


def stored_periods(draft):
    return list(draft.interruptions.values_list("start", "end"))
