import ast
import re

import pytest

from tests.architecture import source

FORBIDDEN = (
    "Manager",
    "Handler",
    "Processor",
    "Helper",
    "Util",
    "Utils",
    "Base",
    "Impl",
    "Data",
    "Info",
    "Service",
)

MODULES = pytest.mark.parametrize("module", source.modules(), ids=lambda module: module.name)


@MODULES
def test_a_module_says_in_one_sentence_what_it_is_for(module):
    assert ast.get_docstring(module.tree)


@MODULES
def test_a_file_is_short_enough_to_be_read(module):
    assert len(module.path.read_text().splitlines()) <= 500


@MODULES
def test_a_class_is_a_noun_that_people_say_aloud(module):
    for node in ast.walk(module.tree):
        if isinstance(node, ast.ClassDef):
            words = re.findall(r"[A-Z][a-z0-9]*", node.name)
            assert not set(words) & set(FORBIDDEN), node.name


@MODULES
def test_an_error_ends_without_a_full_stop(module):
    for function in ast.walk(module.tree):
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
            for text in raised_texts(function):
                assert not re.search(r"[^.]\.$", text), text


def raised_texts(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    said = {}
    texts = []
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            said[node.targets[0].id] = node.value
    for node in ast.walk(function):
        if isinstance(node, ast.Raise) and isinstance(node.exc, ast.Call):
            for argument in [*node.exc.args, *(keyword.value for keyword in node.exc.keywords)]:
                text = said.get(argument.id) if isinstance(argument, ast.Name) else argument
                if isinstance(text, ast.JoinedStr) and text.values:
                    text = text.values[-1]
                if isinstance(text, ast.Constant) and isinstance(text.value, str):
                    texts.append(text.value)
    return texts


def test_the_texts_of_errors_are_found_behind_a_name_and_in_an_f_string():
    code = "def f():\n  why = f'{x} is wrong.'\n  raise ConfigError(why)\n  raise StoreError('a', why='b.')"
    function = ast.parse(code).body[0]
    assert isinstance(function, ast.FunctionDef)
    assert raised_texts(function) == [" is wrong.", "a", "b."]
