"""The book in a real browser: its search and buttons, on paper, without a script, for everybody.

Needs playwright and Chromium; where one is missing the tests are skipped, or fail if
AE_REQUIRE_BROWSER=1.
"""

import json
import re
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe

from tools.commands import write_whole
from tools.publish.pdf import BOOK, SLIDES, join_pages, print_page
from tools.publish.slides import write_slides

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
CHAPTER = "02_latent_visualization"
MILLIMETRE = 96 / 25.4
PAPER = {"A4": (210, 297), "Letter": (215.9, 279.4)}  # width and height in mm
MARGINS = 36, 38  # what the PDF leaves of these: left and right, above and below

FIND_CUT = """(height) => [...document.querySelectorAll('pre, table, math, .picture, img')]
    .filter(each => each.checkVisibility())
    .filter(each => {
        const { right, height: own } = each.getBoundingClientRect();
        const hidden = each.tagName !== 'math' && each.scrollWidth > each.clientWidth;
        return hidden || right > document.documentElement.clientWidth + 0.5 || own > height;
    })
    .map(each => each.outerHTML.slice(0, 100))"""


@pytest.fixture
def page(open_page, edition):
    """A chapter on a screen with room for the sidebar."""
    return open_page(edition / f"{CHAPTER}.html", permissions=["clipboard-read"])


def search(page, words: str) -> list[str]:
    """What the search finds: the addresses, best first."""
    page.get_by_role("searchbox").fill(words)
    page.locator(".search p", has_text="found").wait_for()
    results = page.locator(".search ol a").all()
    return [result.get_attribute("href") for result in results]


@pytest.mark.parametrize(
    ("words", "address"),
    [
        ("bottleneck", "01_compression.html#The-idea:-squeeze-it-through-a-bottleneck"),
        ("k-NN accuracy", "02_latent_visualization.html#Apart,-in-numbers"),
        ("procrustes", "02_latent_visualization.html#Turn-them-to-match"),
        ("cross-fade", "03_decoding_sampled_points.html#From-one-digit-to-another"),
        ("handwriting", "04_reconstruction.html#Your-own-handwriting"),
        ("linear probe", "05_stacked_autoencoders.html#What-do-the-layers-learn?"),
        ("KL divergence", "glossary.html#KL-divergence"),
        ("aggregate posterior", "06_variational_autoencoders.html#Where-do-the-codes-lie?"),
        ("active units", "07_bound_and_truth.html#Numbers-that-are-not-used"),
        ("convol", "08_the_post_reproduced.html#What-a-convolution-knows-beforehand"),
        ("codings", "glossary.html#Code"),
    ],
)
def test_search_finds_a_term_where_it_is_explained(page, words: str, address: str) -> None:
    assert address in search(page, words)[:4]


def test_search_shows_where_the_word_stands_and_goes_there_by_keyboard(page) -> None:
    assert search(page, "no-such-word") == []
    assert search(page, "silhouette")[0] == "glossary.html#Silhouette"
    assert page.locator(".search ol mark").first.text_content().lower() == "silhouette"
    for key, role in (("ArrowDown", "A"), ("ArrowDown", "A"), ("Escape", "INPUT")):
        page.keyboard.press(key)
        assert page.evaluate("document.activeElement.tagName") == role
    page.keyboard.press("Enter")
    page.wait_for_url("**/glossary.html#Silhouette")
    assert page.locator("h2:target").text_content().startswith("Silhouette")


def test_code_is_copied_as_it_stands_in_the_notebook(page) -> None:
    cells = json.loads((NOTEBOOKS / f"{CHAPTER}.ipynb").read_text(encoding="utf-8"))["cells"]
    code = [cell for cell in cells if cell["cell_type"] == "code"]
    page.get_by_role("button", name="Copy", exact=True).first.click()  # the folded one is no button
    page.get_by_role("button", name="Copied").wait_for()
    copied = page.evaluate("navigator.clipboard.readText()")
    assert copied.strip() == "".join(code[1]["source"]).strip()


def test_sidebar_lists_all_chapters_and_the_sections_of_this_one(page, edition) -> None:
    links = page.get_by_role("navigation", name="Chapters and sections").get_by_role("link").all()
    found = [link.get_attribute("href") for link in links]
    chapters = sorted(path.stem for path in NOTEBOOKS.glob("[0-9]*.ipynb"))
    assert [f[:-5] for f in found if f[0] != "#" and "_solutions" not in f] == [
        "index",
        *chapters,
        "glossary",
    ]
    assert all((edition / each).exists() for each in found if each[0] != "#")
    headings = page.locator("main h2").evaluate_all("all => all.map(each => `#${each.id}`)")
    assert [each for each in found if each[0] == "#"] == headings


def test_answers_wait_folded_and_stand_open_on_paper(page) -> None:
    fold = page.locator("details.fold", has_text="I have guessed").first
    picture = fold.locator("img").first
    assert not picture.is_visible()
    fold.locator("summary").first.focus()
    page.keyboard.press("Enter")
    assert picture.is_visible()
    page.keyboard.press("Enter")
    page.emulate_media(media="print")
    folded = page.locator("details.fold img").all()
    assert folded and all(each.bounding_box()["height"] > 0 for each in folded)


def test_pages_read_without_a_script(open_page, edition) -> None:
    page = open_page(edition / f"{CHAPTER}.html", java_script_enabled=False)
    assert page.get_by_role("searchbox").count() == page.get_by_role("button").count() == 0
    page.get_by_text("Chapters and sections").click()
    page.get_by_role("link", name="Glossary").click()
    assert page.get_by_role("heading", name="k-NN accuracy").is_visible()


@pytest.mark.parametrize("name", ["index", CHAPTER, "glossary"])
def test_nothing_is_found_by_axe_and_large_letters_need_no_scrolling(open_page, edition, name):
    page = open_page(edition / f"{name}.html", 1200)
    if name == CHAPTER:
        search(page, "code")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found = Axe().run(page, options={"iframes": False}).response["violations"]
        assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    page.set_viewport_size({"width": 320, "height": 640})
    page.add_style_tag(content="html { font-size: 200% }")
    assert page.evaluate("document.documentElement.scrollWidth") == 320


@pytest.fixture(scope="module")
def joined(edition) -> Path:
    """All pages of the edition in one."""
    names = [path.stem for path in edition.glob("*.html") if path.stem != "playground"]
    pages = {name: (edition / f"{name}.html").read_text("utf-8") for name in sorted(names)}
    path = edition / "joined" / "book.html"
    write_whole(path, join_pages(pages))
    return path


def test_nothing_is_cut_on_paper_and_what_moves_is_left_out(browser, joined) -> None:
    page = browser.new_page(color_scheme="dark")
    page.goto(joined.as_uri())
    page.emulate_media(media="print")
    for sides in PAPER.values():
        pairs = zip(sides, MARGINS, strict=True)
        width, height = (int((side - margin) * MILLIMETRE) for side, margin in pairs)
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(FIND_CUT, height) == []
    assert page.evaluate("getComputedStyle(document.body).color") == "rgb(31, 35, 40)"
    page.goto((joined.parents[1] / "03_decoding_sampled_points.html").as_uri())
    assert page.locator("iframe, button, nav, form").filter(visible=True).count() == 0
    page.close()


def test_joined_pages_lead_to_one_another(joined) -> None:
    text = joined.read_text("utf-8")
    anchors = re.findall(r'<[^>]* id="([^"]*)"', text)
    assert len(anchors) == len(set(anchors))
    links = re.findall(r'<a [^>]*href="([^"]*)"', text)
    assert {link[1:] for link in links if link[0] == "#"} <= set(anchors)
    assert f"#{CHAPTER}/Apart,-in-numbers" in links


@pytest.mark.parametrize("paper", PAPER)
def test_a_pdf_has_pages_and_an_outline(browser, edition, tmp_path, paper: str) -> None:
    print_page(browser, edition / "glossary.html", tmp_path / "a.pdf", {**BOOK, "format": paper})
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", pdf)) > 3
    assert b"/Outlines" in pdf and b"/StructTreeRoot" in pdf and b"file:" not in pdf


def test_slides_are_printed_one_a_page(browser, tmp_path) -> None:
    (path,) = write_slides([NOTEBOOKS / "03_decoding_sampled_points.ipynb"], tmp_path)
    page = browser.new_page(viewport={"width": 1280, "height": 720})
    page.goto(path.as_uri())
    page.emulate_media(media="print")
    slides = page.locator(".slides section:not(.stack)").evaluate_all(
        "all => all.map(each => [each.clientHeight, each.scrollHeight, each.checkVisibility()])"
    )
    page.close()
    assert {*map(tuple, slides)} == {(720, 720, True)}
    print_page(browser, path, tmp_path / "a.pdf", SLIDES)
    pdf = (tmp_path / "a.pdf").read_bytes()
    assert len(re.findall(rb"/Type /Page\b", pdf)) == len(slides) and b"file:" not in pdf
