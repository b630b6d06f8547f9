"""The sign-in through an OpenID Connect provider, against a provider process that demands PKCE and a nonce."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from sqlalchemy import select, update

from console.access import mfa, people, sessions, signing_in
from console.access.openid import CALLBACK, Identity, Provider, UnknownAttempt
from console.access.openid import _key as kept_under
from console.access.openid_people import NotAPerson, OtherSubject, admit
from console.access.openid_provider import InvalidAnswer, OpenIdRefused, ProviderUnavailable
from console.access.sessions import Stage
from console.access.visit import Visit
from console.actor import Actor
from console.roles import Role
from console.settings import Settings, SettingsError, read_settings, settings
from db.engine import transaction
from db.models import AuditEntry, User
from db.redis_pool import redis
from tests.access.openid import Client, RunningProvider, provider
from tests.factories import Bank, make_bank

Run = Callable[[Coroutine[Any, Any, Any]], Any]
ORIGIN = "http://127.0.0.1:8080"
VISIT = Visit("192.0.2.7", "a browser")
MAP = '{"check-reviewers": "reviewer", "check-admins": "administrator", "auditors": "auditor"}'


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningProvider]:
    with provider(tmp_path_factory.mktemp("provider")) as one:
        one.knows(
            "sub-1", preferred_username="ana", name="Ana Gray", groups=["check-reviewers", "x"], amr=["pwd", "otp"]
        )
        yield one


@pytest.fixture(scope="module")
def client(running: RunningProvider) -> Client:
    return running.register(ORIGIN + CALLBACK)


Configure = Callable[..., Settings]


@pytest.fixture
def configure(
    console: Settings, running: RunningProvider, client: Client, monkeypatch: pytest.MonkeyPatch
) -> Configure:
    """``configure(OIDC_ROLE_MAP=…)``: the settings for this provider, with changes."""

    def configure_(**changes: str) -> Settings:
        given = {
            "PUBLIC_ORIGIN": ORIGIN,
            "OIDC_ISSUER": running.issuer,
            "OIDC_CLIENT_ID": client.id,
            "OIDC_CLIENT_SECRET": client.secret,
            **changes,
        }
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        settings.cache_clear()
        return settings()

    return configure_


def with_query(address: str, **changes: str) -> str:
    parts = urlsplit(address)
    return urlunsplit(parts._replace(query=urlencode(dict(parse_qsl(parts.query)) | changes)))


# --- the protocol ----------------------------------------------------------------------------------------------------


def test_the_provider_vouches_for_somebody(run: Run, configure: Configure, running: RunningProvider) -> None:
    async def work() -> None:
        asking = Provider(configure())
        address, token = await asking.begin("/queue?x=1")
        query = dict(parse_qsl(urlsplit(address).query))
        assert query["code_challenge_method"] == "S256"
        assert query["redirect_uri"] == ORIGIN + CALLBACK
        assert query["response_type"] == "code"
        identity, wanted = await asking.finish(token, running.authorize(address, "sub-1"))
        assert wanted == "/queue?x=1"
        assert identity == Identity(
            f"{running.issuer} sub-1", "ana", "Ana Gray", frozenset({"check-reviewers", "x"}), True
        )

    run(work())


def test_claims_are_read_as_the_settings_say(run: Run, configure: Configure, running: RunningProvider) -> None:
    running.knows("sub-2", login="boris", teams="auditors", acr="phrh", preferred_username="not this one")

    async def identity(**changes: str) -> Identity:
        asking = Provider(configure(**changes))
        address, token = await asking.begin("/")
        found, _ = await asking.finish(token, running.authorize(address, "sub-2"))
        return found

    async def work() -> None:
        plain = await identity()
        assert (plain.username, plain.groups, plain.second_factor) == ("not this one", frozenset(), False)
        told = await identity(OIDC_USERNAME_CLAIM="login", OIDC_ROLES_CLAIM="teams", OIDC_MFA_VALUES="phr,phrh")
        assert (told.username, told.groups, told.second_factor) == ("boris", frozenset({"auditors"}), True)
        with pytest.raises(InvalidAnswer) as refused:
            await identity(OIDC_USERNAME_CLAIM="nickname")
        assert refused.value.reason == "no username claim"

    run(work())


def test_an_answer_works_once_in_the_browser_that_asked(
    run: Run, configure: Configure, running: RunningProvider
) -> None:
    async def work() -> None:
        asking = Provider(configure())
        address, token = await asking.begin("/")
        answer = running.authorize(address, "sub-1")
        await asking.finish(token, answer)
        with pytest.raises(UnknownAttempt):
            await asking.finish(token, answer)
        # Somebody else's answer, in this browser: the state is not this browser's.
        address, token = await asking.begin("/")
        other, _ = await asking.begin("/")
        with pytest.raises(UnknownAttempt) as refused:
            await asking.finish(token, running.authorize(other, "sub-1"))
        assert refused.value.reason == "wrong state"
        # The try is used up.
        with pytest.raises(UnknownAttempt) as refused:
            await asking.finish(token, running.authorize(address, "sub-1"))
        assert refused.value.reason == "no such attempt"
        # No cookie, and a try that is over.
        address, token = await asking.begin("/")
        with pytest.raises(UnknownAttempt):
            await asking.finish("", running.authorize(address, "sub-1"))
        assert 590 < await redis().ttl(kept_under(token)) <= 600
        await redis().delete(kept_under(token))
        with pytest.raises(UnknownAttempt):
            await asking.finish(token, running.authorize(address, "sub-1"))

    run(work())


def test_another_nonce_code_or_verifier_is_refused(run: Run, configure: Configure, running: RunningProvider) -> None:
    async def refused(change: Callable[[str], str], answer: dict[str, str] | None = None) -> str:
        asking = Provider(configure())
        address, token = await asking.begin("/")
        query = running.authorize(change(address), "sub-1") | (answer or {})
        with pytest.raises(InvalidAnswer) as error:
            await asking.finish(token, query)
        return error.value.reason

    async def work() -> None:
        assert await refused(lambda one: with_query(one, nonce="another")) == "ID token: invalid_claim"
        assert await refused(lambda one: one, {"code": "another"}) == "the code was refused (400)"
        challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
        assert await refused(lambda one: with_query(one, code_challenge=challenge)) == "the code was refused (400)"
        # RFC 9207: an answer in another issuer's name.
        assert await refused(lambda one: one, {"iss": "https://evil.example"}) == "answer of another issuer"

    run(work())


def test_an_expired_token_is_refused(run: Run, configure: Configure, tmp_path_factory: pytest.TempPathFactory) -> None:
    with provider(tmp_path_factory.mktemp("late"), token_seconds=-600) as late:
        late.knows("sub-1", preferred_username="ana")
        registered = late.register(ORIGIN + CALLBACK)

        async def work() -> None:
            changes = {
                "OIDC_ISSUER": late.issuer,
                "OIDC_CLIENT_ID": registered.id,
                "OIDC_CLIENT_SECRET": registered.secret,
            }
            asking = Provider(configure(**changes))
            address, token = await asking.begin("/")
            with pytest.raises(InvalidAnswer) as refused:
                await asking.finish(token, late.authorize(address, "sub-1"))
            assert refused.value.reason == "ID token: expired_token"

        run(work())


def test_a_wrong_client_secret_gets_no_token(run: Run, configure: Configure, running: RunningProvider) -> None:
    async def work() -> None:
        asking = Provider(configure(OIDC_CLIENT_SECRET="not the secret"))
        address, token = await asking.begin("/")
        with pytest.raises(InvalidAnswer) as refused:
            await asking.finish(token, running.authorize(address, "sub-1"))
        assert refused.value.reason.startswith("the code was refused")

    run(work())


def test_tokens_for_others_or_by_others_are_refused(
    run: Run, configure: Configure, running: RunningProvider, client: Client
) -> None:
    """What the provider would never send, at the door where it would come in."""

    async def work() -> None:
        asking = Provider(configure())
        metadata = await asking._documents.metadata()
        other = running.register(ORIGIN + CALLBACK)
        stranger = Provider(configure(OIDC_CLIENT_ID=other.id, OIDC_CLIENT_SECRET=other.secret))
        address, token = await stranger.begin("/")
        code = running.authorize(address, "sub-1")["code"]
        attempt = json.loads(await redis().get(kept_under(token)))
        answer = await stranger._exchange(metadata, code, attempt["verifier"])
        assert (await stranger._claims(metadata, answer, attempt["nonce"]))["sub"] == "sub-1"
        with pytest.raises(InvalidAnswer, match="did not pass"):
            await asking._claims(metadata, answer, attempt["nonce"])
        # Signed with what the client knows too, and not signed at all.
        claims = {"iss": running.issuer, "sub": "sub-1", "aud": client.id, "exp": 2**40, "iat": 1, "nonce": "n"}
        forged = jwt.encode({"alg": "HS256"}, claims, OctKey.import_key(client.secret))
        unsigned = ".".join([*jwt.encode({"alg": "HS256"}, claims, OctKey.import_key("x" * 32)).split(".")[:2], ""])
        for id_token in (forged, unsigned, "nonsense", "a.b.c"):
            with pytest.raises(InvalidAnswer):
                await asking._claims(metadata, {"id_token": id_token}, "n")
        with pytest.raises(InvalidAnswer):
            await asking._claims(metadata, {}, "n")

    run(work())


def test_a_provider_that_does_not_answer_is_told_as_such(run: Run, configure: Configure) -> None:
    async def work() -> None:
        for issuer in ("http://127.0.0.1:9", configure().oidc_issuer + "/elsewhere"):
            with pytest.raises(ProviderUnavailable, match="cannot be reached"):
                await Provider(configure(OIDC_ISSUER=issuer)).begin("/")

    run(work())


def test_an_error_of_the_provider_is_told_in_our_words(
    run: Run, configure: Configure, running: RunningProvider
) -> None:
    async def work() -> None:
        for error, words in (("access_denied", "cancelled"), ("<script>alert(1)</script>", "did not pass our checks")):
            asking = Provider(configure())
            address, token = await asking.begin("/")
            state = dict(parse_qsl(urlsplit(address).query))["state"]
            with pytest.raises(OpenIdRefused, match=words) as refused:
                await asking.finish(token, {"state": state, "error": error, "error_description": "<b>hello</b>"})
            assert "<" not in str(refused.value) + refused.value.reason

    run(work())


def test_an_issuer_without_a_client_is_refused_at_the_start(configure: Configure) -> None:
    with pytest.raises(SettingsError, match="set OIDC_CLIENT_ID and OIDC_CLIENT_SECRET too"):
        configure(OIDC_CLIENT_ID="", OIDC_CLIENT_SECRET="")
    with pytest.raises(SettingsError, match="no such role: boss"):
        configure(OIDC_ROLE_MAP='{"x": "boss"}')
    configure(OIDC_ROLE_MAP="{}")
    with pytest.raises(SettingsError, match="OIDC_ISSUER is http://"):
        read_settings(environment="production")


# --- who is let in ---------------------------------------------------------------------------------------------------


def somebody(username: str, *groups: str, second_factor: bool = True) -> Identity:
    return Identity(f"sub of {username}", username, username.title(), frozenset(groups), second_factor)


async def entries(bank: Bank, action: str) -> list[AuditEntry]:
    async with transaction(bank.system) as session:
        query = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.sequence)
        return list(await session.scalars(query))


async def roles_of(person: Actor) -> set[str]:
    account = await people.read_account(person.institution_id, person.user_id)
    assert account is not None
    return {role.value for role in account.person.roles}


def test_groups_make_a_person_with_their_roles(run: Run, configure: Configure) -> None:
    async def work() -> None:
        bank = await make_bank()
        current = configure(OIDC_ROLE_MAP=MAP)
        step = await admit(current, somebody("ana", "check-reviewers", "auditors", "others"), VISIT)
        assert step.stage is Stage.FULL
        session = await sessions.find(step.token)
        assert session is not None
        assert (session.method, session.person.roles) == ("openid", {Role.REVIEWER, Role.AUDITOR})
        account = await people.find_account("ana")
        assert account is not None and account.active and not account.must_change_password
        created = (await entries(bank, "user.created"))[-1]
        assert (created.actor_name, created.address) == ("OpenID Connect", "192.0.2.7")
        assert (await entries(bank, "sign_in.succeeded"))[-1].after == {"method": "openid"}
        # The second factor was used elsewhere: what asks for a fresh code still does.
        assert session.actor().code_at is None
        # Nobody without a role, whoever vouches for them.
        for groups in ((), ("others",)):
            with pytest.raises(NotAPerson):
                await admit(current, somebody("bob", *groups), VISIT)
        assert await people.find_account("bob") is None
        with pytest.raises(NotAPerson):
            await admit(current, somebody("two words", "auditors"), VISIT)

    run(work())


def test_without_a_role_map_only_who_is_known_gets_in(run: Run, configure: Configure) -> None:
    async def work() -> None:
        bank = await make_bank()
        current = configure()
        step = await admit(current, somebody("REVIEWER", "check-admins"), VISIT)
        assert step.stage is Stage.FULL
        assert await roles_of(bank.reviewer) == {"reviewer"}
        with pytest.raises(NotAPerson):
            await admit(current, somebody("ana", "check-reviewers"), VISIT)

    run(work())


def test_roles_follow_the_groups_at_each_sign_in(run: Run, configure: Configure) -> None:
    async def work() -> None:
        bank = await make_bank()
        current = configure(OIDC_ROLE_MAP=MAP)
        before = await admit(current, somebody("reviewer", "check-reviewers"), VISIT)
        assert [one.after for one in await entries(bank, "user.changed")] == [{"openid_subject": "sub of reviewer"}]
        step = await admit(current, somebody("reviewer", "auditors"), VISIT)
        assert await roles_of(bank.reviewer) == {"auditor"}
        changed = (await entries(bank, "user.changed"))[-1]
        assert changed.actor_name == "OpenID Connect"
        assert changed.before is not None and changed.before["roles"] == ["reviewer"]
        assert changed.after is not None and changed.after["roles"] == ["auditor"]
        # What was opened with the roles of before has ended.
        assert await sessions.resolve(before.token) is None
        assert await sessions.resolve(step.token) is not None
        # A role that the map does not name is given here, and stays.
        await admit(current, somebody("approver", "auditors"), VISIT)
        assert await roles_of(bank.approver) == {"approver", "auditor"}

    run(work())


def test_nobody_gets_roles_that_exclude_each_other_or_none(run: Run, configure: Configure) -> None:
    async def work() -> None:
        bank = await make_bank()
        current = configure(OIDC_ROLE_MAP=MAP)
        with pytest.raises(OpenIdRefused, match="nobody may hold together"):
            await admit(current, somebody("approver", "check-admins"), VISIT)
        assert await roles_of(bank.approver) == {"approver"}
        with pytest.raises(OpenIdRefused):
            await admit(current, somebody("ana", "check-admins", "check-reviewers"), VISIT)
        assert await people.find_account("ana") is None
        with pytest.raises(NotAPerson):
            await admit(current, somebody("reviewer"), VISIT)
        failed = await entries(bank, "sign_in.failed")
        assert [one.after and one.after["reason"] for one in failed] == [
            "ConflictingRoles",
            "ConflictingRoles",
            "no role",
        ]
        assert [one.object_id == "unknown" for one in failed] == [False, True, False]

    run(work())


def test_who_is_deactivated_stays_out(run: Run, configure: Configure) -> None:
    async def work() -> None:
        bank = await make_bank()
        async with transaction(bank.system) as session:
            await session.execute(update(User).where(User.id == bank.reviewer.user_id).values(active=False))
        with pytest.raises(NotAPerson, match="no access"):
            await admit(configure(OIDC_ROLE_MAP=MAP), somebody("reviewer", "check-reviewers"), VISIT)
        failed = (await entries(bank, "sign_in.failed"))[-1]
        assert failed.after == {"method": "openid", "reason": "inactive"}
        assert failed.object_id == str(bank.reviewer.user_id)

    run(work())


def test_without_a_second_factor_there_ours_is_asked(run: Run, configure: Configure) -> None:
    async def work() -> None:
        bank = await make_bank()
        step = await admit(configure(), somebody("reviewer", second_factor=False), VISIT)
        assert step.stage is Stage.ENROL
        assert await sessions.resolve(step.token) is None
        assert (await signing_in.read_enrolment(step.token)).username == "reviewer"
        async with transaction(bank.reviewer) as session:
            assert await people.confirm_totp(session, bank.reviewer.user_id)
        step = await admit(configure(), somebody("reviewer", second_factor=False), VISIT)
        assert step.stage is Stage.PASSWORD
        assert await entries(bank, "sign_in.succeeded") == []

    run(work())


def test_a_username_belongs_to_who_came_with_it_first(run: Run, configure: Configure) -> None:
    async def work() -> None:
        bank = await make_bank()
        current = configure(OIDC_ROLE_MAP=MAP)
        reviewer = somebody("reviewer", "check-reviewers")
        await admit(current, reviewer, VISIT)
        await admit(current, reviewer, VISIT)
        # The name was given to somebody else at the provider, or taken by them.
        with pytest.raises(OtherSubject):
            await admit(current, replace(reviewer, subject="another"), VISIT)
        assert (await entries(bank, "sign_in.failed"))[-1].after == {"method": "openid", "reason": "other subject"}
        # The person was given another name there: neither somebody else's account nor a second one.
        for name in ("approver", "renamed"):
            with pytest.raises(OtherSubject):
                await admit(current, replace(reviewer, username=name), VISIT)
        assert await people.find_account("renamed") is None
        # An administrator makes it forget.
        await mfa.require_enrolment(bank.administrator, bank.reviewer.user_id, "renamed at the provider")
        await admit(current, replace(reviewer, subject="another"), VISIT)

    run(work())
