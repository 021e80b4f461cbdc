"""The pages in a real browser: with and without JavaScript, by keyboard, for everybody."""

from collections.abc import Iterator

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, expect

from tests.integration.web.conftest import ODD_FUNCTION, Shown
from tests.integration.web.serving import Serve

PATHS = (
    "/",
    "/function?name=resize",
    "/causes",
    "/letters",
    "/letters?state=all&col=message&col=worker&col=cause",
    "/letters?since=never",
    "/letters?function=nobody",
    "/plans",
    "/records",
    "/letters/0000",
    "/nowhere",
)


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    with browser.new_context() as context:
        yield context.new_page()


@pytest.mark.parametrize("with_script", [True, False])
def test_a_walk_from_the_overview_to_a_letter(
    browser: Browser, shown: Shown, with_script: bool
) -> None:
    with browser.new_context(java_script_enabled=with_script) as context:
        page = context.new_page()
        page.goto(shown.serve.url)
        page.get_by_role("row").get_by_role("link", name="resize", exact=True).click()
        expect(page.get_by_role("heading", level=1)).to_have_text("resize")
        page.get_by_role("link", name="ValueError").click()
        expect(page.get_by_role("table")).to_contain_text("61 letters match")
        page.get_by_role("link", name="more →").click()
        expect(page.get_by_role("row")).to_have_count(1 + 11)
        page.get_by_role("row").nth(1).get_by_role("link").first.click()
        expect(page.get_by_label("Payload")).to_contain_text('"image":')


def test_filters_are_in_the_address(page: Page, shown: Shown) -> None:
    page.goto(f"{shown.serve.url}/letters")
    page.get_by_role("combobox", name="Error").fill("SIG*")
    page.get_by_role("button", name="Filter").click()
    expect(page.get_by_role("table")).to_contain_text("3 letters match")
    assert "error=SIG" in page.url
    page.goto(page.url)
    expect(page.get_by_role("combobox", name="Error")).to_have_value("SIG*")


def test_a_filter_that_cannot_be_is_a_sentence_in_its_form(page: Page, shown: Shown) -> None:
    page.goto(f"{shown.serve.url}/letters?since=never&function=resize")
    expect(page.get_by_role("alert")).to_contain_text("never")
    expect(page.get_by_role("combobox", name="Function")).to_have_value("resize")


def test_rows_are_chosen_and_opened_by_keys(page: Page, shown: Shown) -> None:
    page.goto(f"{shown.serve.url}/letters")
    for key in ("j", "j", "k", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("heading", level=1)).to_contain_text(shown.plain_id)


def test_the_filter_and_the_help_are_a_key_away(page: Page, shown: Shown) -> None:
    page.goto(shown.serve.url)
    page.keyboard.press("/")
    page.keyboard.type("thumb?")
    expect(page.get_by_label("Name holds")).to_have_value("thumb?")
    page.keyboard.press("Escape")
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()


def test_the_page_refreshes_in_place_until_it_is_paused(page: Page, shown: Shown) -> None:
    page.goto(shown.serve.url)
    page.evaluate("document.getElementById('seen').textContent = 'old'")
    page.keyboard.press("r")
    expect(page.locator("#seen")).to_contain_text("polled")
    page.get_by_role("button", name="Pause").click()
    expect(page.get_by_role("button", name="Resume")).to_be_visible()


@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 360)])
def test_every_page_is_for_everybody(
    browser: Browser, shown: Shown, scheme: str, width: int
) -> None:
    with browser.new_context(
        color_scheme=scheme,  # type: ignore[arg-type] # one of its words
        viewport={"width": width, "height": 800},
    ) as context:
        page = context.new_page()
        for path in (*PATHS, f"/letters/{shown.plain_id}", f"/letters/{shown.hostile_id}"):
            page.goto(shown.serve.url + path)
            found = Axe().run(page).response["violations"]
            assert [(path, one["id"], one["nodes"][0]["html"]) for one in found] == []
            assert page.evaluate("document.documentElement.scrollWidth") <= width, path


def test_hostile_text_is_shown_and_does_nothing(page: Page, shown: Shown) -> None:
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    for path in ("/", "/causes", "/letters", f"/letters/{shown.hostile_id}"):
        page.goto(shown.serve.url + path)
        assert "owned" not in page.title()
        assert page.locator("img, [onerror], a[href^=javascript], main script").count() == 0
        text = page.content()
        assert "hunter2" not in text
        assert not set("\u202e\x1b\0") & set(text)
    page.goto(f"{shown.serve.url}/letters/{shown.hostile_id}?payload=hex")
    assert "hunter2" not in page.inner_text("main").replace("\n", "")
    assert said == []


def test_a_function_of_any_name_has_a_page(page: Page, shown: Shown) -> None:
    page.goto(shown.serve.url)
    page.get_by_role("row").get_by_role("link", name=ODD_FUNCTION).click()
    expect(page.get_by_role("heading", level=1)).to_have_text(ODD_FUNCTION)


@pytest.mark.parametrize(
    "path",
    [
        "/letters/ffff",
        "/letters/..%2f..%2fetc%2fpasswd",
        "/plans/ffff",
        "/static/..%2fapp.py",
        "/static/%2e%2e/app.py",
        "/static/app.py",
        "/nowhere",
    ],
)
def test_what_is_not_there_is_404(shown: Shown, path: str) -> None:
    assert shown.serve.get(path)[0] == 404


@pytest.mark.parametrize(
    "path",
    [
        "/letters?from=-1",
        "/letters?from=nan",
        "/causes?from=x",
        "/?from=1e999",
        "/function",
        "/letters?" + "&".join(["a=1"] * 3000),
    ],
)
def test_what_cannot_be_asked_is_told(shown: Shown, path: str) -> None:
    status, text = shown.serve.get(path)
    assert status == 400
    assert "alert" in text


def test_a_payload_is_hidden_until_asked_for(
    shown: Shown, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("hidden")
    store = shown.serve.command[shown.serve.command.index("--store") + 1]
    with Serve(folder, "--hide-payloads", store=store) as serve:
        assert 'aria-label="Payload"' not in serve.get(f"/letters/{shown.plain_id}")[1]
        assert 'aria-label="Payload"' in serve.get(f"/letters/{shown.plain_id}?payload=text")[1]


def test_without_servers_and_store_every_page_is_there_and_says_so(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("lost")
    with Serve(folder, "--server", "127.0.0.1:1", store=folder / "missing.db") as serve:
        for path in ("/", "/function?name=x", "/causes", "/letters", "/plans", "/records"):
            status, text = serve.get(path)
            assert status in (200, 404), path
            assert "missing.db" in text, path
            assert "127.0.0.1:1" in text, path
