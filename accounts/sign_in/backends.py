"""How a person is recognised from one request to the next."""

from django.contrib.auth.backends import ModelBackend

from accounts.models import User


class Backend(ModelBackend):
    """E-mail and password, any case; loads the institution with the person, since every page names it."""

    def get_user(self, user_id: int) -> User | None:
        """Return the person of a session, or None when their account was closed."""
        user = User.objects.select_related("institution").filter(pk=user_id).first()
        return user if user is not None and self.user_can_authenticate(user) else None
