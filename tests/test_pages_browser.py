"""Every page of the HTML edition, and every slide of the lecture, seen in a real browser.

They are made from the committed notebooks. Needs playwright and Chromium; where one is missing the
tests are skipped, or fail if AE_REQUIRE_BROWSER=1.
"""

from pathlib import Path

import pytest

from tools.publish.slides import write_slides

NOTEBOOKS = Path(__file__).parents[1] / "notebooks"
SERIES = sorted(NOTEBOOKS.glob("[0-9][0-9]_*.ipynb"))
SOLUTIONS = sorted(NOTEBOOKS.glob("solutions/*.ipynb"))

LOOK_AT_PAGE = """() => {
    const page = document.documentElement;
    const wide = [...document.querySelectorAll('body *')].filter(element => {
        const beyond = element.getBoundingClientRect().right > page.clientWidth + 0.5;
        return beyond && !element.parentElement.closest('pre, table, math, .picture');
    });
    const cut = [...document.querySelectorAll('pre, table, math[display=block], .picture')].filter(
        box => box.scrollWidth > box.clientWidth && getComputedStyle(box).overflowX !== 'auto');
    return {
        scrolls: page.scrollWidth > page.clientWidth,
        wide: wide.map(element => element.outerHTML.slice(0, 100)),
        cut: cut.map(element => element.outerHTML.slice(0, 100)),
        blank: [...document.images].filter(image => !image.naturalWidth).length,
    };
}"""
GOOD_PAGE = {"scrolls": False, "wide": [], "cut": [], "blank": 0}
COLOURS = """() => [
    getComputedStyle(document.body).backgroundColor,
    ...[...document.querySelectorAll('.picture')].map(box => getComputedStyle(box).backgroundColor),
]"""

LOOK_AT_SLIDES = """async () => {
    const faults = [];
    const slides = Reveal.getSlides();
    for (const [number, slide] of slides.entries()) {
        const {h, v} = Reveal.getIndices(slide);
        Reveal.slide(h, v);
        await Promise.all([...slide.querySelectorAll('img')].map(image => image.decode()));
        const say = fault => faults.push(`slide ${number + 1}: ${fault}`);
        if (slide.scrollHeight > slide.clientHeight) say('too high');
        const shown = slide.querySelectorAll('h1, h2, p, li, pre, table, math, img');
        const notNotes = [...shown].filter(element => !element.closest('aside'));
        if (!notNotes.length) say('empty');
        for (const element of notNotes) {
            const {left, top, right, bottom} = element.getBoundingClientRect();
            const inside = left >= 0 && top >= 0 && right <= innerWidth && bottom <= innerHeight;
            const whole = element.scrollWidth <= element.clientWidth;
            const readable = element.tagName !== 'IMG' || bottom - top >= 200;
            if (!inside || !readable || (element.tagName === 'PRE' && !whole))
                say(`${element.tagName} at ${left}, ${top}, ${right}, ${bottom}`);
            if (element.tagName === 'IMG' && element.alt.length < 20) say('picture without alt');
        }
    }
    return {count: slides.length, faults};
}"""


@pytest.fixture(scope="module")
def slides(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the slides."""
    return write_slides(SERIES, tmp_path_factory.mktemp("slides"))[0].parent


@pytest.mark.parametrize("width", [390, 1200])
@pytest.mark.parametrize(
    "name", ["index", "glossary", *(path.stem for path in [*SERIES, *SOLUTIONS])]
)
def test_page_fits_a_phone_and_a_screen(open_page, edition: Path, name: str, width: int) -> None:
    page = open_page(edition / f"{name}.html", width)
    assert page.evaluate(LOOK_AT_PAGE) == GOOD_PAGE


@pytest.mark.parametrize("name", ["index", SERIES[0].stem])
def test_dark_pages_keep_white_paper_under_their_pictures(open_page, edition: Path, name) -> None:
    pages = [open_page(edition / f"{name}.html", color_scheme=s) for s in ("light", "dark")]
    colours = [page.evaluate(COLOURS) for page in pages]
    papers = [sum(map(int, colour[0][4:-1].split(","))) / 3 for colour in colours]
    assert papers[0] > 240 and papers[1] < 40
    assert {card for colour in colours for card in colour[1:]} == {"rgb(255, 255, 255)"}


def test_reader_can_walk_from_the_index_through_every_page_and_back(open_page, edition) -> None:
    page = open_page(edition / "index.html", 1200)
    page.locator(".chapters h2 a").first.click()
    for path in SERIES:
        assert page.url.endswith(f"/{path.stem}.html")
        if (edition / f"{path.stem}_solutions.html").exists():
            page.get_by_role("link", name="Solutions", exact=True).first.click()
            assert page.url.endswith(f"/{path.stem}_solutions.html")
            page.locator("a[rel=prev]").first.click()
        page.locator(".contents a[href^='#']").last.click()
        assert page.url.endswith("#Sources")
        if path != SERIES[-1]:
            page.locator("a[rel=next]").last.click()
    page.get_by_role("link", name="All notebooks").last.click()
    assert page.url.endswith("/index.html")


@pytest.mark.parametrize("name", [path.stem for path in SERIES])
def test_nothing_runs_off_a_slide(open_page, slides: Path, name: str) -> None:
    page = open_page(slides / f"{name}.html", 1280, 720)
    page.wait_for_function("Reveal.isReady()")
    seen = page.evaluate(LOOK_AT_SLIDES)
    assert seen["count"] > 10
    assert seen["faults"] == []


def test_speaker_view_shows_the_full_text(open_page, slides: Path) -> None:
    page = open_page(slides / f"{SERIES[0].stem}.html", 1280, 720)
    page.wait_for_function("Reveal.isReady()")
    with page.context.expect_page() as opened:
        page.keyboard.press("s")
    notes = opened.value.locator(".speaker-controls-notes .value")
    notes.get_by_text("minutes to read").wait_for()
    assert not page.get_by_text("minutes to read").is_visible()
