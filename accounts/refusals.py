"""What a rule answers to something that cannot be done."""

from django.utils.functional import Promise


class Refused(Exception):
    """What was asked cannot be done: a text for whoever asked, and a stable word of ours that names the rule."""

    def __init__(self, text: str | Promise, code: str) -> None:
        super().__init__(text)
        self.code = code
