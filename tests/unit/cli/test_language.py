"""The command line in Japanese: help, what was typed wrongly, what is wrong outside, and a yes."""

import json
import re

import click
import pytest

from funade.chat.layout import width_of
from funade.cli import cli, confirming, run
from funade.cli.help_pages import TranslatedPages, wrapped
from funade.cli.language import spoken
from funade.cli.session import Session
from funade.cli.verbs import VERBS, load
from funade.texts import terminal

JAPANESE = re.compile(r"[ぁ-んァ-ヶ一-龠]")


@pytest.fixture(autouse=True)
def english_again(monkeypatch):
    monkeypatch.setattr(click.Context, "formatter_class", click.Context.formatter_class)
    monkeypatch.delenv("LANGUAGE", raising=False)


def says(capsys, *arguments, code=0):
    assert run([*arguments]) == code
    printed = capsys.readouterr()
    return printed.out + printed.err


@pytest.mark.parametrize(
    ("arguments", "system", "language"),
    [
        ([], {}, "en"),
        ([], {"LANG": "ja_JP.UTF-8"}, "ja"),
        ([], {"LANG": "ja_JP.UTF-8", "LC_ALL": "C"}, "en"),
        (["--language", "ja", "deploi"], {}, "ja"),
        (["status", "--language=en"], {"LANG": "ja_JP.UTF-8"}, "en"),
        (["--language", "ja", "--language", "en"], {}, "en"),
        (["--language", "fr"], {"LANG": "ja"}, "ja"),
        (["--language"], {}, "en"),
    ],
)
def test_the_language_is_known_before_anything_else_is(arguments, system, language):
    assert spoken(arguments, system) == language


@pytest.mark.parametrize("verb", [None, *VERBS])
def test_every_help_is_japanese_to_its_last_option(capsys, verb):
    said = says(capsys, "--language", "ja", *([verb] if verb else []), "--help")
    described = re.findall(r"(?m)^  (?:-\S.*?|[a-z]+)  +(\S.*)$", said)
    assert described
    assert [one for one in described if not JAPANESE.search(one)] == []
    assert "使い方: funade" in said
    assert not re.search(r"(?i)usage|options:|show this message", said)


@pytest.mark.parametrize("verb", VERBS)
def test_no_line_of_a_japanese_help_is_wider_than_the_window(verb):
    command = load(verb)
    context = click.Context(command, info_name=f"funade {verb}", terminal_width=60)
    context.formatter_class = TranslatedPages
    said = command.get_help(context)
    assert [line for line in said.splitlines() if width_of(line) > 62] == []


def test_lines_break_between_signs_but_not_before_a_stop_nor_in_a_command():
    assert list(wrapped("これは、とても長い文です。", 12)) == ["これは、とて", "も長い文です。"]
    assert list(wrapped("実行は `funade serve` です", 16)) == ["実行は", "`funade serve`", "です"]
    assert list(wrapped("", 10)) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["deploi"], "`deploy` のことですか？"),
        (["deploy", "--yes"], "どのアプリケーションですか"),
        (["deploy", "shop", "--force", "--yes"], "`--reason` が必要です"),
        (["deploy", "shop", "staging"], "確認できる人がいません"),
        (["deploy", "shop", "-r", "blog", "--yes"], "2 回指定されています"),
        (["why", "a", "b", "c"], "NUMBER を 1 つ"),
        (["approve"], "引数がありません: 'NUMBER'"),
        (["approve", "x"], "数値として正しくありません"),
        (["approve", "1", "--jsn"], "'--jsn' というオプションはありません"),
        (["wait", "1", "--timeout", "3w"], "`3w` は時間の長さになっていません"),
        (["serve", "--open-to", "group"], "--socket が必要です"),
        (["serve", "--open-to", "nobody"], "使えるのは"),
    ],
)
def test_what_was_typed_wrongly_is_said_in_japanese(capsys, arguments, said):
    printed = says(capsys, "--language", "ja", *arguments, code=2)
    assert said in printed
    assert "エラー: " in printed


def test_english_stays_english(capsys):
    assert "Error: There is no verb `deploi`. Did you mean `deploy`?" in says(capsys, "deploi", code=2)
    assert "Usage: funade [OPTIONS]" in says(capsys, "--help")


def test_what_is_wrong_with_the_file_is_said_in_japanese(capsys, tmp_path):
    (tmp_path / "funade.yaml").write_text("applicatons: {}\n")
    printed = says(capsys, "-c", str(tmp_path / "funade.yaml"), "check", "--language", "ja", code=2)
    assert "`applicatons`: Funade がここで知らないキーです。もしかして `applications` ですか？" in printed


def test_what_is_wrong_with_the_file_is_an_object_for_programs(capsys, tmp_path):
    (tmp_path / "funade.yaml").write_text("applicatons: {}\n")
    assert run(["-c", str(tmp_path / "funade.yaml"), "status", "--json"]) == 2
    printed = capsys.readouterr()
    error = json.loads(printed.out)["error"]
    assert error["kind"] == "config_error"
    assert [(one["line"], one["key"]) for one in error["problems"]] == [
        (1, "applicatons"),
        (1, "applications"),
    ]
    assert error["problems"][0]["remedy"] == "did you mean `applications`?"
    assert "applicatons" in printed.err


@pytest.mark.parametrize(
    ("answers", "yes"),
    [(["y"], True), (["はい"], True), (["YES "], True), (["n"], False), (["いいえ"], False), ([""], False)],
)
@pytest.mark.parametrize("language", ["en", "ja"])
def test_a_yes_is_understood_in_every_language(monkeypatch, language, answers, yes):
    monkeypatch.setattr("builtins.input", lambda _: answers[0])
    assert confirming.confirmed(Session(language=language), terminal.GO_AHEAD) is yes


def test_what_is_neither_is_asked_again_and_nothing_more_is_no_answer(monkeypatch, capsys):
    answers = iter(["perhaps", "はい"])
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    assert confirming.confirmed(Session(language="en"), terminal.GO_AHEAD)
    assert "answer `y` or `n`" in capsys.readouterr().err

    def end(_):
        raise EOFError

    monkeypatch.setattr("builtins.input", end)
    with pytest.raises(click.Abort):
        confirming.confirmed(Session(language="en"), terminal.GO_AHEAD)


def test_click_completes_words_without_any_language():
    assert cli.shell_complete(click.Context(cli), "dep")
