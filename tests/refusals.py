"""What a test says of a refusal: its rule, and not its words."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from accounts.refusals import Refused


@contextmanager
def refused(code: str) -> Iterator[None]:
    """Expect the rule ``code`` to refuse what is tried, and no other one."""
    with pytest.raises(Refused) as refusal:
        yield
    assert refusal.value.code == code
