"""Every environment variable of the console: typed, validated and read once.

The field's name in capitals is the variable's name. What a variable does stands in its description, from
which the README's table and `main.py settings` are made.
"""

from __future__ import annotations

import json
import math
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from enum import StrEnum
from functools import lru_cache
from ipaddress import ip_network
from typing import Annotated, Any, Final, Self
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from email_validator import validate_email
from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from console.roles import Role
from db.redis_address import parse_address

MINIMUM_SECRET_LENGTH = 64
# 64 hexadecimal digits carry 4 bits each; a typed or repeated phrase stays well below 3 bits a character.
MINIMUM_SECRET_BITS_PER_CHARACTER = 3.0


class Environment(StrEnum):
    DEVELOPMENT = "development"
    PRODUCTION = "production"


class SmtpSecurity(StrEnum):
    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


class MfaRequired(StrEnum):
    EVERYONE = "everyone"
    ADMINISTRATORS = "administrators"


class SettingsError(Exception):
    """The environment cannot be used; `faults` names every reason at once."""

    def __init__(self, faults: list[str]) -> None:
        super().__init__("The settings cannot be used:\n" + "\n".join(f"  - {fault}" for fault in faults))
        self.faults = faults


Money = Annotated[Decimal, Field(ge=0, max_digits=14, decimal_places=2)]


class Settings(BaseSettings):
    model_config = SettingsConfigDict(case_sensitive=False, extra="ignore", validate_default=True)

    # What the process is
    environment: Environment = Field(
        Environment.DEVELOPMENT, description="`production` refuses unsafe settings, naming every fault at once."
    )
    debug: bool = Field(False, description="Log at DEBUG and show error details in pages. Refused in production.")
    demo_mode: bool = Field(
        False, description="Seed the demo bank and its users; allow `main.py totp`. Refused in production."
    )
    embedded_services: str = Field(
        "", description="Set by `main.py` itself: the services it started on this machine. Refused in production."
    )
    data_dir: str = Field("var", description="Folder of everything that the embedded services keep.")
    host: str = Field("127.0.0.1", description="Address the web server listens on.")
    port: int = Field(8000, ge=1, le=65535, description="Port the web server listens on.")
    grace_seconds: int = Field(
        20,
        ge=1,
        le=600,
        description="Seconds that running work has to finish once the process is told to stop.",
    )
    drain_seconds: int | None = Field(
        None,
        ge=0,
        le=600,
        description="Seconds for which a web process that is told to stop says so at `/health` and still serves, so "
        "that load balancers send people elsewhere. Default: 10 in production, else 0.",
    )
    metrics_port: int = Field(
        0, ge=0, le=65535, description="Port at which a web process answers `/metrics` alone; 0: none."
    )
    worker_metrics_port: int = Field(0, ge=0, le=65535, description="As METRICS_PORT, of a worker.")
    metrics_host: str = Field(
        "127.0.0.1", description="Address of these ports: the network of the monitoring, never the public one."
    )
    metrics_token: SecretStr = Field(
        SecretStr(""),
        description="Bearer token for `/metrics`. With it the site's own port answers there too; without, it does not.",
    )
    public_origin: str = Field(
        "",
        description="Address people type, without a path; default: http://127.0.0.1 and PORT. https makes cookies "
        "Secure; production demands it.",
    )

    # Where the data is
    database_url: SecretStr = Field(
        SecretStr(""),
        description="PostgreSQL 15 or later, as the role that the console runs as. `postgresql://`, "
        "`postgresql+asyncpg://` and `postgresql+psycopg://` are all accepted; psycopg 3 is used. With several hosts, "
        "`…@one:5432,two:5432/check_review`, it is whichever of them is the primary.",
    )
    database_owner_url: SecretStr = Field(
        SecretStr(""),
        description="PostgreSQL as the owner of the tables, for migrations. Default: DATABASE_URL.",
    )
    database_pooler: bool = Field(
        False,
        description="DATABASE_URL leads to PgBouncer in transaction mode: no statement is prepared on a connection. "
        "DATABASE_OWNER_URL leads to PostgreSQL itself.",
    )
    database_replica_url: SecretStr = Field(
        SecretStr(""),
        description="A streaming standby of DATABASE_URL's server: reports, the policy lab and exports read there. "
        "Empty: none. Where it is down, promoted or too far behind, they read at DATABASE_URL.",
    )
    database_replica_wait_seconds: float = Field(
        2.0,
        ge=0,
        le=60,
        description="Seconds that such a reading waits until the replica holds what was committed before it.",
    )
    redis_url: SecretStr = Field(
        SecretStr(""),
        description="Redis 7 or Valkey: sessions, limits, live hints. `redis://host:6379/0`, or `rediss://` for TLS; "
        "a cluster as `redis+cluster://`, `rediss+cluster://` or with several hosts: `redis://one:6379,two:6379`.",
    )
    object_store_endpoint: str = Field("", description="S3-compatible store of the images, `http(s)://host:port`.")
    object_store_access_key: str = Field("", description="Access key of the object store.")
    object_store_secret_key: SecretStr = Field(SecretStr(""), description="Secret key of the object store.")
    object_store_bucket: str = Field("check-images", description="Bucket that holds the images; it stays private.")
    object_store_region: str = Field("us-east-1", description="Region of the bucket.")
    object_store_retention_days: int = Field(
        2557,
        ge=0,
        le=36500,
        description="Days during which an image or an attachment cannot be deleted, where the bucket has object lock. "
        "0: no lock.",
    )

    # How long things are kept; what a legal hold covers is kept longer
    audit_retention_years: int = Field(
        7,
        ge=7,
        le=100,
        description="Years for which a month of the audit trail is at hand; then it is archived, not deleted.",
    )
    image_retention_days: int = Field(
        2557,
        ge=1,
        le=36500,
        description="Days after its receipt for which a decided check's images are kept, then destroyed, and its "
        "attachments as long after they were attached; never before OBJECT_STORE_RETENTION_DAYS have passed.",
    )
    session_history_days: int = Field(90, ge=1, le=3650, description="Days for which ended sessions are listed.")
    notice_retention_days: int = Field(90, ge=1, le=3650, description="Days for which notices are kept, read or not.")
    job_run_retention_days: int = Field(
        30, ge=1, le=3650, description="Days for which runs of jobs are listed; those that found nothing to do for one."
    )

    # Security
    secret_key: SecretStr = Field(
        SecretStr(""), description="64 or more random characters: encrypts TOTP secrets and signs image links."
    )
    session_timeout_minutes: int = Field(30, ge=1, le=720, description="Minutes without activity that end a session.")
    session_max_hours: int = Field(12, ge=1, le=72, description="Hours after which a session ends in any case.")
    sessions_per_user: int = Field(
        3, ge=1, le=100, description="Sessions of one person at a time; one more ends the oldest."
    )
    step_up_minutes: int = Field(
        10, ge=1, le=240, description="Minutes for which a code counts as fresh where an operation asks for one."
    )
    mfa_required: MfaRequired = Field(
        MfaRequired.EVERYONE,
        description="`everyone`, or `administrators`: who needs a second factor. Administrators always do.",
    )
    second_administrator: bool | None = Field(
        None,
        description="Whether changes of roles and limits wait for a second administrator. Default: in production.",
    )
    lockout_failures: int = Field(5, ge=3, le=100, description="Failed sign-ins that lock an account.")
    lockout_minutes: int = Field(30, ge=1, le=1440, description="Minutes for which a locked account stays locked.")
    password_history: int = Field(12, ge=0, le=50, description="Earlier passwords that are not taken again.")
    access_token_expire_minutes: int = Field(30, ge=1, le=1440, description="Minutes for which an access token works.")
    refresh_token_expire_days: int = Field(7, ge=1, le=90, description="Days for which a refresh token works.")
    rate_limit_per_minute: int = Field(
        100, ge=1, le=100_000, description="API requests a minute, per user, key or address."
    )
    sign_in_limit_per_minute: int = Field(
        5,
        ge=1,
        le=1000,
        description="Passwords or codes a minute from one address and, apart from it, for one account.",
    )
    page_events_per_minute: int = Field(
        1200, ge=60, le=100_000, description="Messages a minute that one session's pages may send."
    )
    trusted_proxies: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Networks of the proxies whose X-Forwarded-For, -Proto, -Host are believed: a JSON or comma list.",
    )
    previous_secret_key: SecretStr = Field(
        SecretStr(""),
        description="The SECRET_KEY before a change: still reads what it encrypted until `main.py rotate-key` is done.",
    )
    oidc_issuer: str = Field("", description="OpenID Connect issuer; empty: people sign in with a password here.")
    oidc_client_id: str = Field("", description="Client id at the issuer.")
    oidc_client_secret: SecretStr = Field(SecretStr(""), description="Client secret at the issuer.")
    oidc_username_claim: str = Field("preferred_username", description="Claim that holds the username.")
    oidc_roles_claim: str = Field("groups", description="Claim that holds the person's groups.")
    oidc_role_map: dict[str, str] = Field(
        default_factory=dict, description='Group to role, as JSON: {"check-reviewers": "reviewer"}.'
    )
    oidc_mfa_values: Annotated[list[str], NoDecode] = Field(
        default_factory=lambda: ["mfa", "otp", "hwk", "swk"],
        description="Values of `amr` or `acr` that prove a second factor; without one our own code is asked for.",
    )
    argon2_time_cost: int = Field(3, ge=1, le=20, description="Argon2id passes over memory.")
    argon2_memory_kib: int = Field(65536, ge=8192, le=1048576, description="Argon2id memory in KiB.")
    argon2_parallelism: int = Field(1, ge=1, le=16, description="Argon2id lanes.")
    image_link_seconds: int = Field(300, ge=10, le=3600, description="Seconds for which an image address works.")
    api_v1_prefix: str = Field("/api/v1", description="Path under which the API answers.")
    cors_origins: Annotated[list[str], NoDecode] = Field(
        default_factory=list,
        description="Origins that may call the API from a browser: a JSON list or a comma list.",
    )

    expiry_warning_days: int = Field(
        14, ge=1, le=365, description="Days before the end of a certificate or an API key at which people are told."
    )

    # The institution made on first use
    institution_name: str = Field("First Example Bank", min_length=1, max_length=100, description="Its name.")
    institution_routing_number: str = Field(
        "729999010", pattern=r"^\d{9}$", description="Its routing number: items drawn on it are on-us."
    )
    institution_time_zone: str = Field("America/New_York", description="Its time zone, for deadlines and display.")

    # Business rules; they seed policy version 1, after which the policy is the truth
    dual_control_threshold: Money = Field(
        Decimal("5000.00"),
        description="Amount from which two people decide. Seeds policy version 1 only.",
    )
    high_priority_threshold: Money = Field(
        Decimal("10000.00"),
        description="Amount from which a check is high priority. Seeds policy version 1 only.",
    )
    default_sla_hours: Decimal = Field(
        Decimal(4),
        gt=0,
        le=240,
        description="Business hours to decide a check. Seeds policy version 1 only.",
    )
    ai_confidence_threshold: Decimal = Field(
        Decimal("0.7"),
        ge=0,
        le=1,
        max_digits=4,
        decimal_places=3,
        description="Confidence from which upstream advice counts as a finding. Seeds policy version 1 only.",
    )
    ai_enabled: bool = Field(
        True, description="Whether advice of upstream systems is taken and shown. Off: it is refused and hidden."
    )
    claim_timeout_minutes: int = Field(
        15, ge=1, le=480, description="Minutes without activity after which a claimed check goes back to the queue."
    )

    # Notices by e-mail
    smtp_host: str = Field("", description="Mail server that takes notices; empty: no e-mail is sent.")
    smtp_port: int = Field(587, ge=1, le=65535, description="Port of the mail server.")
    smtp_security: SmtpSecurity = Field(
        SmtpSecurity.STARTTLS,
        description="`starttls`, `tls` (from the first byte, usually port 465) or `none`. Production refuses `none` "
        "together with a username.",
    )
    smtp_username: str = Field("", description="Username at the mail server; empty: none is asked for.")
    smtp_password: SecretStr = Field(SecretStr(""), description="Password at the mail server.")
    smtp_from: str = Field("", description="Address from which notices come.")

    # Limits of what is taken in
    attachment_max_mb: int = Field(
        10, ge=1, le=100, description="Largest file that can be attached to a check, in MB (10^6 bytes)."
    )
    intake_folder: str = Field(
        "",
        description="Folder that workers watch: X9 files put there are imported. Empty: none. Files whose names begin "
        "with a dot are still being written.",
    )
    intake_folder_rest_seconds: int = Field(
        10, ge=0, le=3600, description="Seconds for which a file in INTAKE_FOLDER must have rested before it is taken."
    )
    intake_max_file_mb: int = Field(500, ge=1, le=10_000, description="Largest file taken, in MB (10^6 bytes).")
    intake_max_record_mb: int = Field(25, ge=1, le=1_000, description="Largest record taken, in MB (10^6 bytes).")
    intake_max_records: int = Field(1_000_000, ge=10, le=100_000_000, description="Most records in one file.")

    @field_validator("cors_origins", mode="before")
    @classmethod
    def _origins(cls, value: Any) -> Any:
        origins = _list_of(value)
        for origin in origins if isinstance(origins, list) else []:
            if _origin_of(str(origin)) != origin:
                raise ValueError(f"{origin!r} is not an origin such as https://console.example.com")
        return origins

    @field_validator("trusted_proxies", mode="before")
    @classmethod
    def _networks(cls, value: Any) -> Any:
        values = _list_of(value)
        for network in values if isinstance(values, list) else []:
            try:
                ip_network(str(network))
            except ValueError as error:
                raise ValueError(f"{network!r} is not a network such as 10.0.0.0/8") from error
        return values

    @field_validator("oidc_mfa_values", mode="before")
    @classmethod
    def _names(cls, value: Any) -> Any:
        return _list_of(value)

    @field_validator("oidc_issuer")
    @classmethod
    def _issuer(cls, value: str) -> str:
        if value and not _origin_of(value):
            raise ValueError("write it as https://login.example.com")
        return value.rstrip("/")

    @field_validator("oidc_role_map")
    @classmethod
    def _role_map(cls, value: dict[str, str]) -> dict[str, str]:
        unknown = sorted(set(value.values()) - set(Role))
        if unknown:
            raise ValueError(f"no such role: {', '.join(unknown)}; the roles are {', '.join(Role)}")
        return value

    @field_validator("public_origin")
    @classmethod
    def _public_origin(cls, value: str) -> str:
        if value and _origin_of(value) != value:
            raise ValueError("write it as https://console.example.com, without a path")
        return value

    @field_validator("api_v1_prefix")
    @classmethod
    def _prefix(cls, value: str) -> str:
        if not value.startswith("/") or value.endswith("/") or len(value) < 2:
            raise ValueError("write it as /api/v1: it starts with a slash and does not end with one")
        return value

    @field_validator("institution_time_zone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"{value!r} is not a time zone such as America/New_York") from error
        return value

    @field_validator("database_url", "database_owner_url", "database_replica_url")
    @classmethod
    def _postgresql(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if not url:
            return value
        scheme, separator, rest = url.partition("://")
        if not separator or scheme not in {"postgresql", "postgres", "postgresql+asyncpg", "postgresql+psycopg"}:
            raise ValueError("write it as postgresql://user:password@host:5432/check_review")
        return SecretStr(f"postgresql+psycopg://{_with_hosts_apart(rest)}")

    @field_validator("redis_url")
    @classmethod
    def _redis(cls, value: SecretStr) -> SecretStr:
        url = value.get_secret_value()
        if url:
            parse_address(url)
        return value

    @model_validator(mode="after")
    def _own_origin(self) -> Self:
        self.public_origin = self.public_origin or f"http://127.0.0.1:{self.port}"
        return self

    @field_validator("smtp_from")
    @classmethod
    def _sender(cls, value: str) -> str:
        return validate_email(value, check_deliverability=False).normalized if value else value

    @model_validator(mode="after")
    def _mail_complete(self) -> Self:
        if self.smtp_host and not self.smtp_from:
            raise ValueError("SMTP_HOST is set: set SMTP_FROM too, the address from which notices come")
        if bool(self.smtp_username) != bool(self.smtp_password.get_secret_value()):
            raise ValueError("SMTP_USERNAME and SMTP_PASSWORD go together: set both or neither")
        return self

    @model_validator(mode="after")
    def _openid_complete(self) -> Self:
        missing = [
            name.upper()
            for name, value in (
                ("oidc_client_id", self.oidc_client_id),
                ("oidc_client_secret", self.oidc_client_secret.get_secret_value()),
            )
            if not value
        ]
        if self.oidc_issuer and missing:
            raise ValueError(f"OIDC_ISSUER is set: set {' and '.join(missing)} too, as the issuer gave them")
        return self

    @model_validator(mode="after")
    def _safe_in_production(self) -> Self:
        if self.environment is Environment.PRODUCTION:
            faults = production_faults(self)
            if faults:
                raise ValueError("\n".join(faults))
        return self

    @property
    def owner_url(self) -> str:
        """Address of the database as the owner of its tables, for migrations alone."""
        return self.database_owner_url.get_secret_value() or self.database_url.get_secret_value()

    @property
    def behind_tls(self) -> bool:
        return self.public_origin.startswith("https://")

    @property
    def needs_second_administrator(self) -> bool:
        if self.second_administrator is None:
            return self.environment is Environment.PRODUCTION
        return self.second_administrator

    @property
    def drains_for(self) -> int:
        """Seconds between the order to stop and the end of service."""
        if self.drain_seconds is None:
            return 10 if self.environment is Environment.PRODUCTION else 0
        return self.drain_seconds

    @property
    def sends_mail(self) -> bool:
        return bool(self.smtp_host)

    @property
    def session_timeout(self) -> timedelta:
        return timedelta(minutes=self.session_timeout_minutes)


def production_faults(settings: Settings) -> list[str]:
    """Each reason for which these settings must not serve a bank; empty when there is none."""
    faults = [f"SECRET_KEY {fault}" for fault in _secret_faults(settings.secret_key.get_secret_value())]
    if settings.debug:
        faults.append("DEBUG is on: turn it off, it shows error details to users")
    if settings.demo_mode:
        faults.append("DEMO_MODE is on: turn it off, it makes users whose passwords are printed")
    if settings.embedded_services:
        faults.append(f"embedded services are in use ({settings.embedded_services}): use servers of your own")
    for name in ("database_url", "redis_url", "object_store_endpoint"):
        value = getattr(settings, name)
        if not (value.get_secret_value() if isinstance(value, SecretStr) else value):
            faults.append(f"{name.upper()} is missing: production uses no embedded services")
    if not settings.behind_tls:
        faults.append(f"PUBLIC_ORIGIN is {settings.public_origin}: it must start with https://")
    if settings.oidc_issuer and not settings.oidc_issuer.startswith("https://"):
        faults.append(f"OIDC_ISSUER is {settings.oidc_issuer}: it must start with https://")
    if settings.smtp_username and settings.smtp_security is SmtpSecurity.NONE:
        faults.append("SMTP_SECURITY is none: a username and password would cross the network in the clear")
    return faults


def _secret_faults(secret: str) -> list[str]:
    if not secret:
        return ["is missing: make one with `openssl rand -hex 48`"]
    faults = []
    if len(secret) < MINIMUM_SECRET_LENGTH:
        faults.append(f"has {len(secret)} characters: {MINIMUM_SECRET_LENGTH} are needed")
    if _bits_per_character(secret) < MINIMUM_SECRET_BITS_PER_CHARACTER:
        faults.append("is too regular to be random: make one with `openssl rand -hex 48`")
    return faults


def _bits_per_character(text: str) -> float:
    """Shannon entropy of the characters, the smaller of single characters and neighbouring pairs."""

    def entropy(parts: list[str]) -> float:
        counts = Counter(parts)
        return -sum(n / len(parts) * math.log2(n / len(parts)) for n in counts.values())

    # A repeated phrase has few distinct pairs, however mixed its characters are: n distinct pairs in a long
    # text give log2(n) bits a pair, compared with half of that for a character.
    pairs = [text[i : i + 2] for i in range(len(text) - 1)]
    return min(entropy(list(text)), entropy(pairs) * 0.75) if pairs else 0.0


def _list_of(value: Any) -> Any:
    """The parts of a JSON list or a comma list; anything but text as it is, for pydantic to judge."""
    if not isinstance(value, str):
        return value
    text = value.strip()
    try:
        parts = json.loads(text) if text.startswith("[") else [part.strip() for part in text.split(",")]
    except ValueError as error:
        raise ValueError('write it as a JSON list, ["one", "two"], or as a comma list') from error
    return [part for part in parts if part]


def _with_hosts_apart(rest: str) -> str:
    """What follows the scheme, several hosts as SQLAlchemy takes them; of these the one that can be written to."""
    before, slash, after = rest.partition("/")
    credentials, at, hosts = before.rpartition("@")
    if "," not in hosts:
        return rest
    database, _, options = after.partition("?")
    several = [f"host={host}" for host in hosts.split(",")]
    if "target_session_attrs=" not in options:
        several.append("target_session_attrs=read-write")
    return f"{credentials}{at}{slash}{database}?{'&'.join(filter(None, [options, *several]))}"


def _origin_of(text: str) -> str:
    parts = urlsplit(text)
    if parts.scheme not in {"http", "https"} or not parts.netloc or "@" in parts.netloc:
        return ""
    return f"{parts.scheme}://{parts.netloc}"


def read_settings(**overrides: Any) -> Settings:
    """The settings of this process's environment.

    Raises SettingsError naming every fault at once, never showing a secret's value.
    """
    try:
        return Settings(**overrides)
    except ValidationError as error:
        raise SettingsError(_sentences(error)) from None


def _sentences(error: ValidationError) -> list[str]:
    sentences: list[str] = []
    for fault in error.errors(include_input=False, include_url=False):
        message = fault["msg"].removeprefix("Value error, ")
        name = ".".join(str(part) for part in fault["loc"][:1]).upper()
        sentences += [f"{name}: {message}"] if name else message.split("\n")
    return sentences


@lru_cache(maxsize=1)
def settings() -> Settings:
    """The settings of this process, read at first use."""
    return read_settings()


def _given() -> set[str]:
    """The names that the environment holds; Windows and pydantic do not mind their case."""
    return {name.upper() for name in os.environ}


@dataclass(frozen=True)
class EffectiveSetting:
    """A setting as it is in force. `source` is where its value comes from; `note` says what else holds, if anything."""

    name: str
    value: str
    source: str
    description: str
    note: str = ""


# What a new institution's first policy is made from, and nothing else.
SEEDS_POLICY: Final = frozenset(
    {"DUAL_CONTROL_THRESHOLD", "HIGH_PRIORITY_THRESHOLD", "DEFAULT_SLA_HOURS", "AI_CONFIDENCE_THRESHOLD"}
)
_SEEDED: Final = "seeds policy version 1; since then the policy holds, and this changes nothing"


def effective(current: Settings, sources: Mapping[str, str] | None = None) -> list[EffectiveSetting]:
    """Every setting with its value and source; secrets are masked, present or not.

    `sources` names the source of variables that were put into the environment by the console itself.
    """
    rows = []
    for field, info in type(current).model_fields.items():
        name, value = field.upper(), getattr(current, field)
        if isinstance(value, SecretStr):
            shown = "********" if value.get_secret_value() else ""
        else:
            shown = ", ".join(value) if isinstance(value, list) else str(value)
        source = (sources or {}).get(name) or ("environment" if name in _given() else "default")
        note = _SEEDED if name in SEEDS_POLICY else ""
        rows.append(EffectiveSetting(name, shown, source, info.description or "", note))
    return rows
