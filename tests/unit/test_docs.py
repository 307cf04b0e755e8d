"""What the documentation promises exists: commands, options, links, settings, figures."""

import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from myna.cli.config_docs import config_docs
from myna.cli.main import build_app

ROOT = Path(__file__).parents[2]
PAGES = sorted(
    page for where in ("*.md", "docs/**/*.md", "examples/**/*.md", "training/*.md") for page in ROOT.glob(where)
)
DOCS = sorted([*ROOT.glob("docs/**/*.md"), *ROOT.glob("training/*.md")])
SHELL_BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)#\s]*)(?:#([^)\s]+))?\)")
CITATION = re.compile(r"(?<!\]\()(?<![\w/])([\w-]+\.md)#([\w-]+(?:(?:, | and )#[\w-]+)*)")
"""`wire-contract.md#voice and #clone`, as comments cite a page of docs."""
PAGE_PATH = re.compile(r"(?<![\w/])docs/[\w/-]+\.md")
OLD_CITATION = re.compile(r"\bcontract(?:'s)?,? (?:sections? )?(?:\d|V\d)", re.IGNORECASE)
"""A section's number: it says nothing, and numbers move."""
CITING = [
    path
    for folder in ("src", "tests", "bench", "docs")
    for path in sorted((ROOT / folder).rglob("*"))
    if path.suffix in {".py", ".js", ".css", ".html", ".md"}
]


def page_name(page: Path) -> str:
    return str(page.relative_to(ROOT))


def myna_calls() -> Iterator[tuple[str, str]]:
    """Every call of `myna` in a shell block of any page, with the page it is on."""
    for page in PAGES:
        for block in SHELL_BLOCK.findall(page.read_text()):
            joined = block.replace("\\\n", " ")
            for line in joined.splitlines():
                command = line.partition(" # ")[0]
                for call in re.findall(r"(?<!=)\bmyna (.*)", command):
                    yield page_name(page), call.rstrip(")").strip()


CALLS = sorted(set(myna_calls()))


def test_the_settings_page_is_current() -> None:
    """docs/configuration.md is what `myna doctor --print-config-docs` prints."""
    assert (ROOT / "docs" / "configuration.md").read_text() == config_docs()


def test_there_are_commands_to_check() -> None:
    """The search below finds the README's commands."""
    assert len([page for page, _ in CALLS if page == "README.md"]) >= 5


@pytest.mark.parametrize(("page", "call"), CALLS, ids=lambda value: value)
def test_every_command_on_a_page_is_real(page: str, call: str) -> None:
    """The subcommand answers `--help`, and every option that the page uses is listed there."""
    words = shlex.split(call)
    names = [word for word in words[:2] if re.fullmatch(r"[a-z]+", word)]
    app = build_app()
    for subcommand in (names, names[:1]):
        result = CliRunner().invoke(app, [*subcommand, "--help"], env={"COLUMNS": "200"})
        if result.exit_code == 0:
            break
    assert result.exit_code == 0, f"{page}: myna {call}"
    known = set(re.findall(r"(?<![\w-])--?[a-z][a-z-]*", result.output))
    used = {word for word in words if re.fullmatch(r"--?[a-z][a-z-]*", word)}
    assert used <= known, f"{page}: myna {call}"


def test_every_make_target_on_a_page_exists() -> None:
    """`make demo` and the others are rules of the Makefile."""
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    used = {name for page in PAGES for name in re.findall(r"^make ([a-z-]+)", page.read_text(), re.MULTILINE)}
    assert used
    assert used <= targets


def anchors_of(page: Path) -> list[str]:
    """The names that GitHub gives to a page's headings."""
    headings = re.findall(r"^#+ (.+)$", re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL), re.MULTILINE)
    return [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    """Relative links name files or folders that are there, and headings that are in them."""
    missing = []
    for name, anchor in LINK.findall(page.read_text()):
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            missing.append(f"{name}#{anchor}")
    assert missing == []


def test_the_wire_contract_is_cited_by_headings_that_it_has() -> None:
    """Comments name a heading, never a number; each heading has a name of its own."""
    anchors = anchors_of(ROOT / "docs" / "wire-contract.md")
    assert len(anchors) == len(set(anchors))
    wrong, num_cited = [], 0
    for path in CITING:
        text = path.read_text()
        wrong += [f"{page_name(path)}: {old}" for old in OLD_CITATION.findall(text)]
        for page, names in CITATION.findall(text):
            num_cited += page == "wire-contract.md"
            target = ROOT / "docs" / page
            if target.is_file():  # links from page to page, by other paths, are checked above
                known = anchors_of(target)
                wrong += [
                    f"{page_name(path)}: {page}#{name}"
                    for name in re.split(r"(?:, | and )#", names)
                    if name not in known
                ]
        wrong += [f"{page_name(path)}: {page}" for page in PAGE_PATH.findall(text) if not (ROOT / page).is_file()]
    assert wrong == []
    assert num_cited > 90


@pytest.mark.parametrize("page", DOCS, ids=page_name)
def test_every_page_opens_with_a_summary(page: Path) -> None:
    """Sentences come first, before any table, code, list or further heading, and they fit a screen."""
    title, opening, *_ = page.read_text().split("\n\n")
    assert title.startswith("# ")
    assert opening[0].isalpha() or opening.startswith(("*", "`"))
    assert len(opening.splitlines()) <= 10


def test_every_term_is_explained_once() -> None:
    """The glossary is linked from the index, and no name has two entries."""
    assert "(glossary.md)" in (ROOT / "docs" / "index.md").read_text()
    terms = re.findall(r"^\*\*([^*]+)\.\*\*", (ROOT / "docs" / "glossary.md").read_text(), re.MULTILINE)
    assert {"Voice", "Sample", "Artifact", "Judge", "Finding", "Clarity", "Certainty"} <= set(terms)
    assert len(terms) == len(set(terms))


def test_every_figure_comes_from_a_script_that_is_there() -> None:
    """A row of the README's table without its figure says so; a row with one names a script of the repository."""
    rows = re.findall(r"^\| [^|]+ \| ([^|]+) \| `([^`]+)` \|$", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert rows
    for figure, command in rows:
        if "not measured yet" not in figure:
            script = next(word for word in shlex.split(command) if word.endswith(".py"))
            assert (ROOT / script).is_file(), command


def test_every_package_that_is_needed_is_listed_with_its_licence() -> None:
    """THIRD_PARTY.md has a row for each direct dependency."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    needed = {re.match(r"[\w.-]+", requirement).group().lower() for requirement in project["dependencies"]}  # type: ignore[union-attr]
    listed = set(re.findall(r"^\| `([\w.-]+)` \|", (ROOT / "THIRD_PARTY.md").read_text(), re.MULTILINE))
    assert needed - listed == set()


def test_decisions_are_numbered_and_name_their_test() -> None:
    """Numbers follow each other, and every record says what enforces it."""
    records = sorted((ROOT / "docs" / "decisions").glob("*.md"))
    assert [record.name[:4] for record in records] == [f"{number:04}" for number in range(1, len(records) + 1)]
    assert [record.name for record in records if "**Enforced by**" not in record.read_text()] == []
