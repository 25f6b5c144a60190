"""Asks the web server of this machine whether it is well: for the demo and for Docker's health check."""

import os
import sys
from http.client import HTTPConnection, HTTPException


def healthy(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether pstage answers 200 at /sante/ on this loopback port, under the name ``host``."""
    connection = HTTPConnection("127.0.0.1", port, timeout=5)
    try:
        connection.request("GET", "/sante/", headers={"Host": host})
        return connection.getresponse().status == 200
    except (OSError, HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    first_host = os.environ["ALLOWED_HOSTS"].split(",")[0].lstrip("*.") or "localhost"
    sys.exit(0 if healthy(int(os.environ["PORT"]), first_host) else 1)
