"""Every setting of pstage, read once from the environment and typed.

``PSTAGE_ENVIRONMENT`` says where we run. ``production`` (the default) accepts no missing secret;
``development`` (the demo included) and ``test`` fill them in for one machine.
"""

from pathlib import Path
from typing import Any

import dj_database_url
import dj_email_url
from csp.constants import NONE, SELF
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _
from environs import Env, EnvError

from organisations import countries
from pstage.generics import bear_types

bear_types()

BASE_DIR = Path(__file__).resolve().parent.parent
env = Env()

ENVIRONMENT: str = env.str("PSTAGE_ENVIRONMENT", "production")
if ENVIRONMENT not in {"production", "development", "test"}:
    raise ImproperlyConfigured(
        f"PSTAGE_ENVIRONMENT={ENVIRONMENT!r}: expected production, development or test."
    )
PRODUCTION = ENVIRONMENT == "production"
DEMO: bool = env.bool("PSTAGE_DEMO", False)
if DEMO and PRODUCTION:
    raise ImproperlyConfigured(
        "PSTAGE_DEMO is set: the demo shows every e-mail to everybody, links included."
    )


def required(name: str, elsewhere: str, because: str) -> str:
    """Return a variable that production must set; ``elsewhere`` is its value on a developer's machine."""
    try:
        value: str = env.str(name) if PRODUCTION else env.str(name, elsewhere)
    except EnvError as error:
        raise ImproperlyConfigured(f"{name} is missing: {because}. See docs/deployment.md.") from error
    if not value:
        raise ImproperlyConfigured(f"{name} is empty: {because}. See docs/deployment.md.")
    return value


SECRET_KEY = required(
    "SECRET_KEY",
    "only-for-a-developer's-machine-" + "x" * 40,
    "it signs sessions and links",
)
SITE_URL = required(
    "SITE_URL", f"http://127.0.0.1:{env.int('PORT', 8000)}", "e-mails carry links to it"
).rstrip("/")
DEBUG: bool = env.bool("PSTAGE_DEBUG", False)
if DEBUG and ENVIRONMENT != "development":
    raise ImproperlyConfigured(
        "PSTAGE_DEBUG is set: an error page would show code and data to whoever meets it."
    )
ALLOWED_HOSTS: list[str] = required(
    "ALLOWED_HOSTS",
    "127.0.0.1,localhost,testserver",
    "it names the hosts we answer for",
).split(",")
CSRF_TRUSTED_ORIGINS: list[str] = [SITE_URL] if SITE_URL.startswith("https://") else []

INSTALLED_APPS = [
    "accounts",
    "organisations",
    "conventions",
    "accounts.apps.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "csp",
    "django_countries",
    "django_htmx",
    "lucide",
    "pgtrigger",
    "template_partials",
]

MIDDLEWARE = [
    "pstage.middleware.KnownProxyMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "pstage.middleware.PrivateMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.sign_in.typed_text.KeepTypedText",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "pstage.middleware.BodyLimitMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "pstage.middleware.ReadAgainMiddleware",
]

ROOT_URLCONF = "pstage.urls"
WSGI_APPLICATION = "pstage.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
FORM_RENDERER = "pstage.forms.Renderer"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "conventions.navigation.navigation",
            ],
            "builtins": ["pstage.design"],
        },
    }
]

# PostgreSQL and Redis: pstage.embedded sets both variables on a machine that has no server.
DATABASE_URL = required(
    "DATABASE_URL",
    "postgresql://localhost/pstage",
    "pstage keeps everything in PostgreSQL",
)
REDIS_URL = required(
    "REDIS_URL",
    "redis://127.0.0.1:6379/0",
    "the cache and the task queue live in Redis",
)
# The role that the web and the workers run with, for the command that makes it; DATABASE_URL is then its owner's.
APPLICATION_DATABASE_URL: str = env.str("APPLICATION_DATABASE_URL", "")
DATABASES: dict[str, Any] = {"default": dj_database_url.parse(DATABASE_URL)}
# Our pages ask the same wide joins again and again: planned once per connection, never compiled.
# (Both need a connection of our own: a PgBouncer in between must keep sessions.)
DATABASES["default"].setdefault("OPTIONS", {}).update(
    {"options": "-c jit=off", "server_side_binding": True, "prepare_threshold": 3}
)
# A pool belongs to a long-lived process of many threads; management commands open one plain connection.
if env.int("DATABASE_POOL_SIZE", 0):
    DATABASES["default"]["OPTIONS"]["pool"] = {
        "min_size": 1,
        "max_size": env.int("DATABASE_POOL_SIZE"),
        "timeout": 15,  # seconds a page waits for a server that starts again
    }
    # A connection that died with an earlier server is replaced before it is used.
    DATABASES["default"]["CONN_HEALTH_CHECKS"] = True

CACHES = {
    "default": {
        "BACKEND": "pstage.cache.SurvivingCache",
        "LOCATION": REDIS_URL,
    }
}
# In the database, read from the cache: a lost Redis signs nobody out.
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = env.int("SESSION_HOURS", 10) * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
# « __Host- »: no other site of the university's domain can plant a session or a token of its own.
SESSION_COOKIE_NAME = "__Host-pstage" if PRODUCTION else "pstage"
CSRF_COOKIE_NAME = "__Host-csrf" if PRODUCTION else "csrf"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

CELERY_BROKER_URL = REDIS_URL
CELERY_TIMEZONE = "Europe/Paris"
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 300  # under the broker's visibility timeout: a task runs once at a time
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
# A web request never waits for a lost broker: the sweeps send later what could not be queued.
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 600,
    "socket_timeout": 5,
    "socket_connect_timeout": 2,
    "max_retries": 1,
    "interval_start": 0,
}
CELERY_TASK_PUBLISH_RETRY = False

# People
AUTH_USER_MODEL = "accounts.User"
# One backend: a second one would hash a wrong password twice.
AUTHENTICATION_BACKENDS = ["accounts.sign_in.backends.Backend"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 12},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "accounts.sign_in.passwords.GuessableValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "accounts.sign_in.adapters.AccountAdapter"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_FORMS = {
    "login": "accounts.forms.SignInForm",
    "reset_password": "accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "accounts.forms.NewPasswordForm",
    "change_password": "accounts.forms.ChangePasswordForm",
}
# Whoever types a stranger's address must not make us write to them.
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
PASSWORD_RESET_TIMEOUT = 24 * 3600
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_RATE_LIMITS = {
    # A campus may stand behind one address: what protects an account is the limit by account.
    "login": "600/m/ip",
    "login_failed": "100/m/ip,5/5m/key",
    # Guesses of one account from anywhere but its owner's browsers, who keep their way in.
    "login_from_afar": "50/h/key",
    "reset_password": "20/m/ip,3/h/key",
    "keep_typed_text": "60/h/ip",
    "calculator": "600/m/ip",
    "csp_report": "30/m/ip",
    # What costs seconds to read or print, is kept, or writes to people.
    "upload": "10/m/user",
    "summarise": "60/h/user",
    "preview": "20/m/user",
    "avenant": "30/h/user",
}
# How many proxies stand in front: without the right count, rate limits would trust a forged address.
ALLAUTH_TRUSTED_PROXY_COUNT = env.int("TRUSTED_PROXY_COUNT", 0)
SOCIALACCOUNT_ADAPTER = "accounts.sign_in.adapters.SocialAccountAdapter"
OIDC_SERVER_URL: str = env.str("OIDC_SERVER_URL", "")
# An address the provider says nothing of is the person's own: only true where people cannot edit it.
OIDC_TRUST_EMAIL: bool = env.bool("OIDC_TRUST_EMAIL", False)
OIDC_INSTITUTION: str = env.str("OIDC_INSTITUTION", "")
SOCIALACCOUNT_PROVIDERS: dict[str, Any] = (
    {
        "openid_connect": {
            "OAUTH_PKCE_ENABLED": True,
            "APPS": [
                {
                    "provider_id": "sso",
                    "name": env.str("OIDC_NAME", "mon compte universitaire"),
                    "client_id": env.str("OIDC_CLIENT_ID"),
                    "secret": env.str("OIDC_CLIENT_SECRET"),
                    "settings": {"server_url": OIDC_SERVER_URL, "fetch_userinfo": True},
                }
            ],
        }
    }
    if OIDC_SERVER_URL
    else {}
)

# E-mail: the outbox stores every message; its task delivers through this server.
EMAIL_BACKEND = "accounts.mail.outbox.OutboxBackend"
DELIVERY_EMAIL_BACKEND = (
    "django.core.mail.backends.dummy.EmailBackend" if DEMO else "accounts.mail.smtp.DeliveryBackend"
)
_mail = dj_email_url.parse(required("EMAIL_URL", "smtp://127.0.0.1:1025", "mails leave through this server"))
EMAIL_HOST, EMAIL_PORT = _mail["EMAIL_HOST"], _mail["EMAIL_PORT"]
EMAIL_HOST_USER, EMAIL_HOST_PASSWORD = (
    _mail["EMAIL_HOST_USER"],
    _mail["EMAIL_HOST_PASSWORD"],
)
EMAIL_USE_TLS, EMAIL_USE_SSL = _mail["EMAIL_USE_TLS"], _mail["EMAIL_USE_SSL"]
EMAIL_TIMEOUT = 20
DEFAULT_FROM_EMAIL = required(
    "DEFAULT_FROM_EMAIL",
    "Conventions de stage <stages@universite.example>",
    "mails need a sender",
)
SERVER_EMAIL = DEFAULT_FROM_EMAIL
ADMINS: list[tuple[str, str]] = [(address, address) for address in env.list("ADMIN_EMAILS", [], subcast=str)]

# Public company registers. Tests reach nothing outside this machine.
COMPANY_SEARCH_URL: str = env.str(
    "COMPANY_SEARCH_URL",
    "http://127.0.0.1:9" if ENVIRONMENT == "test" else "https://recherche-entreprises.api.gouv.fr",
).rstrip("/")
INSEE_URL: str = env.str(
    "INSEE_URL",
    "http://127.0.0.1:9" if ENVIRONMENT == "test" else "https://api.insee.fr/api-sirene/3.11",
).rstrip("/")
INSEE_API_KEY: str = env.str("INSEE_API_KEY", "")

# Language, dates
LANGUAGE_CODE = "fr"
LANGUAGES = [("fr", _("Français")), ("en", _("Anglais"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Europe/Paris"
FORMAT_MODULE_PATH = ["pstage.formats"]
COUNTRIES_FIRST = countries.FRANCE
COUNTRIES_OVERRIDE = countries.NAMES

# Files
STATIC_URL = "static/"
STATIC_ROOT = BASE_DIR / "var" / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", str(BASE_DIR / "var" / "media")))
STORAGES = {
    "default": {"BACKEND": "accounts.storage.WholeFileStorage"},
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}
MEBIBYTE = 1024 * 1024
# Ten fields of 30,000 emoji fit. A larger body meets pstage.middleware.BodyLimitMiddleware.
DATA_UPLOAD_MAX_MEMORY_SIZE = 4 * MEBIBYTE
# One file that somebody joins to an agreement: conventions.attachments.uploads.
UPLOAD_MAX_SIZE: int = env.int("UPLOAD_MAX_MEGABYTES", 10) * MEBIBYTE
# A photograph may be heavier: it is made smaller on arrival.
PICTURE_MAX_SIZE: int = max(UPLOAD_MAX_SIZE, env.int("PICTURE_MAX_MEGABYTES", 50) * MEBIBYTE)

# Security
SECURE_SSL_REDIRECT = PRODUCTION
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if ALLAUTH_TRUSTED_PROXY_COUNT else None
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if PRODUCTION else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = PRODUCTION
SECURE_REDIRECT_EXEMPT = [r"^sante/$"]
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = PRODUCTION
LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"
# Whom to tell of a fault: an address (mailto: or https:), shown at /.well-known/security.txt; nothing there without.
SECURITY_CONTACT: str = env.str("SECURITY_CONTACT", "")
# What no page of ours asks of a browser, nor lets another ask from within it.
PERMISSIONS_POLICY = ", ".join(
    f"{feature}=()"
    for feature in (
        "accelerometer",
        "browsing-topics",
        "camera",
        "display-capture",
        "geolocation",
        "gyroscope",
        "magnetometer",
        "microphone",
        "midi",
        "payment",
        "publickey-credentials-get",
        "screen-wake-lock",
        "serial",
        "usb",
        "xr-spatial-tracking",
    )
)
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "connect-src": [SELF],
        "form-action": [SELF, *([OIDC_SERVER_URL] if OIDC_SERVER_URL else [])],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
        "manifest-src": [SELF],
        "report-uri": [env.str("CSP_REPORT_URL", "/csp/")],
    }
}

DEFAULT_EXCEPTION_REPORTER_FILTER = "pstage.reports.ReportFilter"
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"line": {"format": "{asctime} {levelname} {name} {message}", "style": "{"}},
    "filters": {"few_of_each": {"()": "pstage.reports.FewOfEach"}},
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
        "reports": {
            "class": "pstage.reports.ReportHandler",
            "level": "ERROR",
            "filters": ["few_of_each"],
        },
    },
    "loggers": {
        "django": {"handlers": ["reports"], "level": "INFO"},
        # They describe each step of each PDF at INFO.
        **{name: {"level": "WARNING"} for name in ("weasyprint", "fontTools")},
        # They write, at INFO, the addresses asked for: what students typed is in them; and at WARNING, each retry.
        **{name: {"level": "ERROR"} for name in ("httpx", "httpcore", "stamina")},
        # Whoever asks for a host that is not ours, or posts a thousand fields, must not make us write a mail each time.
        "django.security": {"handlers": ["stderr"], "propagate": False},
    },
    "root": {
        "handlers": ["stderr"],
        "level": env.str("LOG_LEVEL", "INFO" if PRODUCTION else "WARNING"),
    },
}
