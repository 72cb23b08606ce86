"""YAML text to the tree of `nodes`.

Built from the parser's events, not by PyYAML's constructors: a tag makes no object, an alias costs no memory,
and what nests or repeats without end is refused before it is followed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

import yaml

from funade.domain.errors import ConfigError
from funade.settings.nodes import Entries, Entry, Items, Node, Scalar

MAXIMUM_DEPTH = 40
MAXIMUM_REPEATED = 50_000  #: values that all aliases together stand for

_FASTEST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_UNUSABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def parse(content: bytes, path: str) -> Node:
    """Return the tree of a file's only document, or raise ConfigError."""
    text = _decode(content, path)
    tree = _Tree(path)
    try:
        for event in yaml.parse(text, Loader=_FASTEST_LOADER):
            tree.take(event)
    except yaml.MarkedYAMLError as error:
        raise _unreadable(error, path, text) from error
    except yaml.YAMLError as error:
        raise ConfigError(path, None, "", f"is no YAML: {error}") from error
    if tree.root is None or (isinstance(tree.root, Scalar) and not tree.root.text):
        remedy = "the smallest useful one has six lines, see `funade config schema`"
        raise ConfigError(path, None, "", "is empty", remedy)
    return tree.root


def _decode(content: bytes, path: str) -> str:
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(path, line, "", "is not UTF-8", "save the file as UTF-8") from error
    if unusable := _UNUSABLE.search(text):
        line = text.count("\n", 0, unusable.start()) + 1
        raise ConfigError(
            path, line, "", f"holds the control character U+{ord(unusable[0]):04X}", "remove it"
        )
    return text


def _unreadable(error: yaml.MarkedYAMLError, path: str, text: str) -> ConfigError:
    mark = error.problem_mark or error.context_mark
    if mark is None:
        return ConfigError(path, None, "", f"is no YAML: {error.problem}")
    lines = text.splitlines()
    broken = lines[mark.line] if mark.line < len(lines) else ""
    if "\t" in broken[: len(broken) - len(broken.lstrip())]:
        return ConfigError(path, mark.line + 1, "", "a tab indents this line", "YAML wants spaces")
    if error.context_mark is not None and error.context_mark.line != mark.line:
        since = f"; it began in line {error.context_mark.line + 1}"
    else:
        since = ""
    return ConfigError(path, mark.line + 1, "", f"is no YAML here: {error.problem}{since}")


@dataclass
class _Open:
    """A list or mapping whose end has not come yet; a mapping holds its keys and values in turn."""

    line: int
    mapping: bool
    anchor: str | None
    nodes: list[Node] = field(default_factory=list)
    size: int = 1
    height: int = 1


class _Tree:
    """What the events have made so far; also how much each anchor stands for, so that no bomb goes off."""

    def __init__(self, path: str) -> None:
        self.path = path
        self.root: Node | None = None
        self.open: list[_Open] = []
        self.repeated = 0
        self.anchors: dict[str, tuple[Node, int, int]] = {}

    def take(self, event: yaml.Event) -> None:
        line = 0 if event.start_mark is None else event.start_mark.line + 1
        match event:
            case yaml.DocumentStartEvent() if self.root is not None:
                raise self.error(line, "a second document begins", "keep everything in one")
            case yaml.AliasEvent():
                if event.anchor not in self.anchors:
                    raise self.error(line, f"`*{event.anchor}` stands for nothing that was finished above it")
                self.repeat(*self.anchors[event.anchor], line)
            case yaml.ScalarEvent():
                self.refuse_tag(event, line)
                if _UNUSABLE.search(event.value):
                    raise self.error(line, "holds a control character", "remove it")
                self.finish(Scalar(line, event.value, quoted=bool(event.style)), event.anchor, 1, 1)
            case yaml.SequenceStartEvent() | yaml.MappingStartEvent():
                self.refuse_tag(event, line)
                if len(self.open) >= MAXIMUM_DEPTH:
                    raise self.error(line, f"nests deeper than {MAXIMUM_DEPTH} levels")
                self.open.append(_Open(line, isinstance(event, yaml.MappingStartEvent), event.anchor))
            case yaml.SequenceEndEvent() | yaml.MappingEndEvent():
                done = self.open.pop()
                node = self.entries(done) if done.mapping else Items(done.line, tuple(done.nodes))
                self.finish(node, done.anchor, done.size, done.height)
            case _:
                pass

    def repeat(self, node: Node, size: int, height: int, line: int) -> None:
        self.repeated += size
        if self.repeated > MAXIMUM_REPEATED:
            problem = f"aliases stand for more than {MAXIMUM_REPEATED:,} values"
            raise self.error(line, problem, "use fewer of them")
        self.place(node, size, height)

    def finish(self, node: Node, anchor: str | None, size: int, height: int) -> None:
        if anchor is not None:
            self.anchors[anchor] = (node, size, height)
        self.place(node, size, height)

    def place(self, node: Node, size: int, height: int) -> None:
        if not self.open:
            self.root = node
            return
        parent = self.open[-1]
        parent.nodes.append(node)
        parent.size += size
        parent.height = max(parent.height, height + 1)
        if len(self.open) + height > MAXIMUM_DEPTH:
            raise self.error(parent.line, f"nests deeper than {MAXIMUM_DEPTH} levels")

    def entries(self, done: _Open) -> Entries:
        own: dict[str, Entry] = {}
        merged: dict[str, Entry] = {}
        for key, value in zip(done.nodes[::2], done.nodes[1::2], strict=True):
            if not isinstance(key, Scalar):
                raise self.error(key.line, "a key must be a word, not a list or a mapping")
            if key.text == "<<" and not key.quoted:
                for name, entry in self.merge(value):
                    merged.setdefault(name, entry)
            elif key.text in own:
                first = own[key.text].line
                raise self.error(key.line, f"`{key.text}` stood in line {first} already", "keep one")
            else:
                own[key.text] = Entry(key.line, value)
        return Entries(done.line, own | {name: merged[name] for name in merged if name not in own})

    def merge(self, value: Node) -> Iterator[tuple[str, Entry]]:
        for one in value.items if isinstance(value, Items) else (value,):
            if not isinstance(one, Entries):
                raise self.error(one.line, "`<<` takes mappings", "write `<<: *name`")
            yield from one.entries.items()

    def refuse_tag(self, event: yaml.ScalarEvent | yaml.CollectionStartEvent, line: int) -> None:
        if event.tag is not None:
            tag = event.tag.replace("tag:yaml.org,2002:", "!!")
            raise self.error(line, f"the tag `{tag}` is not read here", "write the plain value")

    def error(self, line: int, problem: str, remedy: str = "") -> ConfigError:
        return ConfigError(self.path, line, "", problem, remedy)
