"""Signing in by a provider and out of it, by hand."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from harness.accounts import ADMINISTRATOR
from harness.ports import free_port
from tests.browser.conftest import Size
from tests.closed_desks import closed_database
from tests.openid_provider import Provider, running_provider
from tests.services.desk import opened
from tests.serving import RunningDesk, running_desk

pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config")  # in the provider


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    """A provider that knows the administrator."""
    with running_provider() as provider:
        provider.knows("ada", email=ADMINISTRATOR, email_verified=True)
        yield provider


@pytest.fixture(scope="module")
def desk(
    chromium: Browser, provider: Provider, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningDesk]:
    """A desk with an administrator that trusts the provider."""
    assert chromium is not None
    folder, port = tmp_path_factory.mktemp("single_sign_on"), str(free_port())
    with closed_database(folder) as url:
        opened(title="Printer")
    settings = {
        "OIDC_ISSUER": provider.url,
        "OIDC_CLIENT_ID": "desk",
        "OIDC_CLIENT_SECRET": "s3cret",
        "OIDC_NAME": "Keycloak",
        "DESK_URL": f"http://localhost:{port}",
    }
    with running_desk(folder, DATABASE_URL=url, PORT=port, **settings) as desk:
        yield desk


@pytest.fixture
def page(size: Size, chromium: Browser, desk: RunningDesk) -> Iterator[Page]:
    """A page of a new browser profile at each size. No page of the desk may fail by itself."""
    failures: list[str] = []
    context = chromium.new_context(base_url=desk.url, **size)
    page = context.new_page()
    page.on("pageerror", lambda error: failures.append(str(error)))
    yield page
    context.close()
    assert failures == []


@pytest.mark.rest_in_prove("size")
def test_one_signs_in_at_the_provider_and_out_of_both(page: Page) -> None:
    page.goto("/board")
    button = page.get_by_role("link", name="Sign in with Keycloak")
    expect(page.get_by_label("E-mail")).to_be_focused()
    expect(button).to_be_visible()  # it comes with the scripts
    for _ in range(3):  # the password, the button of its form, this button
        page.keyboard.press("Tab")
    expect(button).to_be_focused()
    page.keyboard.press("Enter", delay=90)
    page.get_by_role("button", name="Deny").click(delay=90)
    expect(page.get_by_role("alert")).to_have_text(re.compile("The sign-in was cancelled"))
    button.click(delay=90)
    page.get_by_role("textbox", name="sub").fill("ada")
    page.get_by_role("button", name="Authorize").click(delay=90)
    expect(page).to_have_url(re.compile("/board$"))
    expect(page.get_by_text("Printer")).to_be_visible()
    page.get_by_role("button", name="ada").click(delay=90)
    page.get_by_role("button", name="Sign out").click(delay=90)
    expect(page.get_by_role("heading", name="End Session")).to_be_visible()
    page.get_by_role("button", name="End session").click(delay=90)
    expect(page).to_have_url(re.compile("/sign-in"))
    page.goto("/board")
    expect(page).to_have_url(re.compile("/sign-in"))
