"""The page in a real browser: Debian's Chromium, driven by Playwright. What was seen is in build/web."""

import shutil
from pathlib import Path

import pytest
from sealwright.home import Home

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
SEEN = Path(__file__).resolve().parents[2] / "build" / "web"
WAIT = 60_000  # milliseconds: only what fails waits for so long
SIZES = {"wide": (1280, 900), "phone": (390, 844)}
PATHS = {"fleet": "/", "money": "/money", "market": "/market", "audit": "/audit", "hub": "/hub", "bundles": "/bundles"}

pytestmark = pytest.mark.skipif(not CHROMIUM, reason="no Chromium here; `apt-get install chromium` brings one")


@pytest.fixture(scope="module")
def browser():
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    with playwright.sync_playwright() as started:
        found = started.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])  # root may not have one
        yield found
        found.close()


@pytest.fixture
def visit(shown, browser):
    """Opens a page as somebody who signed in; what its console says is held to be nothing."""
    opened, said = [], []

    def open_page(path="/", role="viewer", size="wide", **options):
        wide, tall = SIZES[size]
        context = browser.new_context(viewport={"width": wide, "height": tall}, base_url=shown.url, **options)
        opened.append(context)
        page = context.new_page()
        page.set_default_timeout(WAIT)
        page.on("console", lambda message: said.append((path, message.type, message.text)))
        page.on("pageerror", lambda error: said.append((path, "error", str(error))))
        page.on(
            "requestfailed",
            lambda asked: said.append((path, "failed", asked.url)) if shown.url not in asked.url else None,
        )
        page.goto(shown.link(role))
        page.wait_for_url(f"{shown.url}/")
        page.goto(path)
        return page

    open_page.expected = ()  # words of what the test itself brings about
    yield open_page
    for context in opened:
        context.close()
    assert [one for one in said if not any(words in one[2] for words in open_page.expected)] == []


@pytest.mark.parametrize(("size", "scheme"), [("wide", "light"), ("phone", "dark")])
def test_pages_are_for_everybody_and_fit(visit, solar, size, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()
    SEEN.mkdir(parents=True, exist_ok=True)
    visit.expected = ("status of 400",)  # the page of an error
    page = visit(size=size, color_scheme=scheme)
    for name, path in {
        **PATHS,
        "device": f"/devices/{solar}?span=all",
        "qr": f"/qr?of={'0' * 64}",
        "error": "/qr?of=no",
    }.items():
        page.goto(path)
        if name == "device":
            page.locator(".uplot").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth"), (path, size)
        found = axe.run(page).response["violations"]
        assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == [], path
        page.screenshot(path=SEEN / f"{name}-{size}-{scheme}.png", full_page=True)


def test_what_was_measured_appears_by_itself(shown, visit, fleet, tmp_path):
    station = Home.open(shown.cli.home).resolve("station").device
    page = visit(f"/devices/{station}?span=all")
    page.get_by_text("Live: new readings appear by themselves.").wait_for()
    bundle = tmp_path / "later.bundle"
    fleet.ok("collect", "--device", "emulated:station", "--out", bundle)
    shown.cli.ok("readings", "import", bundle, "--allow-test")
    page.get_by_text("Live: reading").wait_for()


def test_the_list_is_filtered_without_a_new_page(visit):
    page = visit()
    page.evaluate("window.same = true")
    page.get_by_label("Name, model or id").press_sequentially("sol")
    page.wait_for_url("**/?q=sol")
    assert page.get_by_role("link", name="charger").count() == 0 and page.get_by_role("link", name="solar").count() == 1
    assert page.evaluate("window.same")
    # what is asked anew every ten seconds is the same question, and the field is not part of the answer
    assert page.locator("#list").get_attribute("hx-get") == "/?q=sol" and page.locator("#list input").count() == 0


def test_everything_is_read_without_javascript(shown, visit, traded, solar):
    page = visit(java_script_enabled=False, role="operator")
    page.get_by_label("Name, model or id").fill("sol")
    page.get_by_role("button", name="Show").click()
    assert page.get_by_role("link", name="charger").count() == 0
    page.get_by_role("link", name="solar").click()
    assert page.locator("svg.plot polyline").count() > 0
    page.goto("/bundles")
    page.locator("#bundle").set_input_files(traded)
    page.get_by_label("Accept emulated boards").check()
    page.get_by_role("button", name="Send it").click()
    page.get_by_role("button", name="Hand it in to the hub").click()
    page.get_by_role("heading", name="Handed in").wait_for()
    (handed,) = (shown.cli.home / "hub" / "inbox").glob("*.bundle")
    handed.unlink()


def test_a_keyboard_is_enough(visit):
    page = visit()
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.textContent") == "Skip to the content"
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"
    page.get_by_role("link", name="Money").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/money")
    assert page.locator("nav a[aria-current=page]").text_content() == "Money"


def test_the_first_paint_is_told(visit, solar):
    page = visit(f"/devices/{solar}?span=all")
    page.locator(".uplot").first.wait_for()
    paint = page.evaluate("performance.getEntriesByType('paint').map((one) => [one.name, Math.round(one.startTime)])")
    print(f"paint, in ms: {dict(paint)}")
    assert dict(paint)["first-contentful-paint"] > 0


def test_the_browser_runs_no_script_of_a_page(visit):
    visit.expected = ("Content Security Policy",)
    page = visit()
    refused = page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => resolve(event.violatedDirective));
            const made = document.createElement("img");
            document.body.append(made);
            made.setAttribute("onerror", "window.ran = true");
            made.src = "data:,";
            setTimeout(() => resolve("nothing"), 5000);
        })"""
    )
    assert refused != "nothing" and not page.evaluate("window.ran")


def test_a_bundle_is_checked_in_the_browser_and_goes_nowhere(shown, visit, traded):
    page = visit("/bundles")
    if page.locator("[data-verifier]").count() == 0:
        pytest.skip("this version has no verifier in JavaScript")
    sent = []
    page.on("request", lambda asked: sent.append(asked) if asked.method != "GET" else None)
    page.locator("#bundle").set_input_files(traded)
    page.locator("#verdicts .notice").wait_for()  # emulated boards are refused
    page.get_by_label("Accept emulated boards").check()
    told = [one["code"] for one in shown.cli("verify", traded, "--allow-test", "--json").json if "n" in one]
    refused = len(told) - told.count("ok")
    page.get_by_text(f"{len(told)} messages, {refused} refused: checked in this browser.").wait_for()
    rows = page.locator("#verdicts tbody tr .badge").all_text_contents()
    assert sorted(rows) == sorted(told) and sent == []
    page.screenshot(path=SEEN / "verdicts-wide-light.png", full_page=True)
