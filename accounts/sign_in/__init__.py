"""How a person is let in, and recognised from one request to the next."""
