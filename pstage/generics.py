"""The types that Django's classes bear between brackets: mypy reads them, Python has nothing to do of them.

Django takes them on its query sets and foreign keys, not yet on its forms and its administration.
"""

from django.contrib.admin.options import BaseModelAdmin
from django.forms.formsets import BaseFormSet
from django.forms.models import BaseModelForm

CLASSES = (BaseModelAdmin, BaseFormSet, BaseModelForm)
METHOD = "__class_getitem__"  # called by the brackets after a class


def itself(cls: type, _types: object) -> type:
    return cls


def bear_types() -> None:
    """Let ``ModelForm[Convention]`` be ``ModelForm``, and so on of what inherits them."""
    for each in CLASSES:
        setattr(each, METHOD, classmethod(itself))
