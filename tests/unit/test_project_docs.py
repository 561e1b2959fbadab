"""Links lead somewhere, generated pages are up to date, every command and option is explained."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import check_docs
import make_docs
import pytest
import typer

ROOT = Path(__file__).resolve().parents[2]


def test_links_and_words():
    assert list(check_docs.faults(ROOT)) == []


@pytest.mark.parametrize("path", make_docs.DOCUMENTS)
def test_a_generated_page_is_up_to_date(path):
    text = make_docs.DOCUMENTS[path]()
    if text is not None:
        assert make_docs.stale(path, text.rstrip("\n") + "\n") == [], "run `make docs`"


def test_every_command_and_option_is_explained():
    silent = []
    for path, command, context in make_docs.commands():
        if not command.help:
            silent.append(path)
        for param in command.get_params(context):
            record = param.get_help_record(context)
            if record is not None and not record[1].partition("[")[0].strip():
                silent.append(f"{path} {record[0]}")
    assert silent == []


def test_a_command_is_described(monkeypatch):
    app = typer.Typer(no_args_is_help=True, add_completion=False)
    policy = typer.Typer(help="Policies.")
    app.add_typer(policy, name="policy")

    @app.callback()
    def everything() -> None:
        """Bills of lading."""

    @app.command()
    def offer(
        record: Annotated[str, typer.Argument(help="The bill.")],
        to: Annotated[str, typer.Option("--to", help="Member | its id <ref>.")] = "buyer",
    ) -> None:
        """Offers a bill."""

    @policy.command("show", hidden=True)
    def show() -> None:
        """Not for the page."""

    monkeypatch.setattr(make_docs, "load", lambda module, name: app if name == "app" else None)
    page = make_docs.cli_document()
    assert page is not None
    assert page.splitlines()[2:] == [
        "# Commands",
        "",
        "## lading",
        "",
        "Bills of lading.",
        "",
        "```",
        "lading [OPTIONS] COMMAND [ARGS]...",
        "```",
        "",
        "| Commands | |",
        "|---|---|",
        "| [`lading offer`](#lading-offer) | Offers a bill. |",
        "| [`lading policy`](#lading-policy) | Policies. |",
        "",
        "### lading offer",
        "",
        "Offers a bill.",
        "",
        "```",
        "lading offer [OPTIONS] {record}",
        "```",
        "",
        "| Arguments | |",
        "|---|---|",
        "| `record <str>` | The bill. [required] |",
        "",
        "| Options | |",
        "|---|---|",
        "| `--to <str>` | Member \\| its id \\<ref>. [default: buyer] |",
        "",
        "### lading policy",
        "",
        "Policies.",
        "",
        "```",
        "lading policy [OPTIONS] COMMAND [ARGS]...",
        "```",
    ]


@pytest.fixture
def project(tmp_path):
    (tmp_path / "docs").mkdir()
    (tmp_path / "docs" / "other.md").write_text("# One heading\n\n## One `code`, twice\n\n## One\n")
    return tmp_path


def faults_of(project: Path, text: str) -> list[str]:
    page = project / "README.md"
    page.write_text(text, encoding="utf-8")
    return [fault.removeprefix(f"{page}:") for fault in check_docs.faults(project)]


@pytest.mark.parametrize(
    "text",
    [
        "[a](docs/other.md) ![b](docs/other.md 'title') [c](https://example.org/x)",
        "# Here\n[d](#here)",
        "[a](docs/other.md#one-heading) [b](docs/other.md#one-code-twice) [c](docs)",
        "`[a](absent.md)` is how a link looks",
        "```\n[a](absent.md)\n```",
        "[a]: docs/other.md\n",
    ],
)
def test_a_good_link_is_let_be(project, text):
    assert faults_of(project, text) == []


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("[a](absent.md)", "1: the link absent.md leads nowhere in the project"),
        ("\n![a](docs/absent.png)", "2: the link docs/absent.png leads nowhere in the project"),
        ("[a](../../etc)", "1: the link ../../etc leads nowhere in the project"),
        ("[a](docs/other.md#two)", "1: docs/other.md has no heading #two"),
        ("[a](#there)\n# Here", "1: README.md has no heading #there"),
        ("[a]: absent.md", "1: the link absent.md leads nowhere in the project"),
    ],
)
def test_a_dead_link_is_found(project, text, fault):
    assert faults_of(project, text) == [fault]


@pytest.mark.parametrize("pattern", check_docs.FORBIDDEN.split("\n")[1:-1])
def test_a_word_that_does_not_belong_is_found(project, pattern):
    plain = pattern.replace("·", "").replace("\\b", "").replace("\\", "").replace("?", "")
    word = plain.replace("(static|index)", "index").replace("[Cc]", "c")
    assert faults_of(project, f"see {word} there") == [f"1: {word.strip()!r} does not belong in the project"]
