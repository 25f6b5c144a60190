"""How many queries a page costs."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.conventions.staff.desk import MOST_QUERIES


@pytest.fixture
def queries_for():
    """Return how many queries a page costs, or fail when it is more than a page may."""

    def count(client, url):
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(url).status_code == 200
        assert len(queries) <= MOST_QUERIES, "\n".join(query["sql"] for query in queries)
        return len(queries)

    return count
