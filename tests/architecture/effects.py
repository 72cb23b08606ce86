"""Find what reaches outside of the process without standing in `with effect(…)`.

A private function shares the span of its callers when all that mention it in its module stand in one.
To teach it a new kind of effect, add its name to a table below, and a snippet to `test_effects.py`.
"""

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from tests.architecture.source import Module, dotted, imported_names

#: functions, by their full names
FUNCTIONS = {
    "asyncio.create_subprocess_exec",
    "asyncio.create_subprocess_shell",
    "asyncio.open_connection",
    "asyncio.open_unix_connection",
    "os.execv",
    "os.execve",
    "os.execvp",
    "os.fork",
    "os.kill",
    "os.killpg",
    "os.link",
    "os.posix_spawn",
    "os.remove",
    "os.removedirs",
    "os.rename",
    "os.renames",
    "os.replace",
    "os.rmdir",
    "os.symlink",
    "os.system",
    "os.truncate",
    "os.unlink",
    "shutil.copy",
    "shutil.copy2",
    "shutil.copyfile",
    "shutil.copytree",
    "shutil.move",
    "shutil.rmtree",
    "signal.pidfd_send_signal",
    "socket.create_connection",
    "subprocess.Popen",
    "subprocess.call",
    "subprocess.check_call",
    "subprocess.check_output",
    "subprocess.run",
    "urllib.request.urlopen",
}
#: methods of paths and processes; anything else with a method of such a name is asked to say so
METHODS = {
    "hardlink_to",
    "kill",
    "rename",
    "rmdir",
    "send_signal",
    "symlink_to",
    "terminate",
    "touch",
    "truncate",
    "unlink",
    "write_bytes",
    "write_text",
}
HTTP_METHODS = {"delete", "get", "head", "options", "patch", "post", "put", "request", "ws_connect"}
#: operations of AWS by which a queue is another one afterwards; to receive hides a message from others
AWS_METHODS = {
    "change_message_visibility_batch",
    "delete_message_batch",
    "receive_message",
    "send_message_batch",
}
#: methods of a Kubernetes cluster by which it is another one afterwards
CLUSTER_METHODS = {"apply", "create", "delete", "patch", "replace", "replace_status"}
#: methods that only the store may call, and only as effects
STORE_METHODS = {"begin", "commit"}
#: functions that look at what they are given without calling it
HARMLESS = {"isinstance", "issubclass", "hasattr"}

WRITING_FLAGS = {"O_WRONLY", "O_RDWR", "O_CREAT", "O_APPEND", "O_TRUNC"}


@dataclass(frozen=True)
class Unguarded:
    """One call that a crash test cannot stop before and after."""

    place: str  #: `module:Class.function`
    call: str
    line: int

    def __str__(self) -> str:
        return f"{self.place} line {self.line}: {self.call}"


def unguarded(module: Module) -> Iterator[Unguarded]:
    """Return the outside effects of a module that stand in no `with effect(…)`."""
    return _Search(module).look(module.tree, (), guarded=False)


class _Search:
    def __init__(self, module: Module) -> None:
        self.module = module
        self.names = imported_names(module.tree)
        self.sheltered = self._sheltered()

    def look(self, node: ast.AST, within: tuple[str, ...], *, guarded: bool) -> Iterator[Unguarded]:
        match node:
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    yield from self.look(item.context_expr, within, guarded=guarded)
                    guarded = guarded or self._is_effect(item.context_expr)
                for statement in node.body:
                    yield from self.look(statement, within, guarded=guarded)
                return
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                # Made here, called elsewhere.
                within, guarded = (*within, node.name), node.name in self.sheltered
            case ast.Call() if not guarded:
                for call in self._effects(node):
                    yield Unguarded(f"{self.module.name}:{'.'.join(within)}", call, node.lineno)
        for child in ast.iter_child_nodes(node):
            yield from self.look(child, within, guarded=guarded)

    def _sheltered(self) -> frozenset[str]:
        """Return the private and the nested functions that are mentioned in spans only."""
        own = _private_functions(self.module.tree)
        while True:
            seen = set(self._mentions(self.module.tree, own, guarded=False))
            fewer = frozenset(name for name in own if (name, True) in seen and (name, False) not in seen)
            if fewer == own:
                return own
            own = fewer

    def _mentions(self, node: ast.AST, own: frozenset[str], *, guarded: bool) -> Iterator[tuple[str, bool]]:
        match node:
            case ast.With() | ast.AsyncWith():
                for item in node.items:
                    yield from self._mentions(item.context_expr, own, guarded=guarded)
                    guarded = guarded or self._is_effect(item.context_expr)
                for statement in node.body:
                    yield from self._mentions(statement, own, guarded=guarded)
                return
            case ast.ClassDef() | ast.FunctionDef() | ast.AsyncFunctionDef():
                guarded = node.name in own
            case ast.Name(id=name) | ast.Attribute(attr=name) if name in own:
                yield name, guarded
        for child in ast.iter_child_nodes(node):
            yield from self._mentions(child, own, guarded=guarded)

    def _is_effect(self, node: ast.expr) -> bool:
        return isinstance(node, ast.Call) and dotted(node.func, self.names) == "funade.failpoints.effect"

    def _effects(self, call: ast.Call) -> Iterator[str]:
        if self._acts(call):
            yield ast.unparse(call.func)
        if isinstance(call.func, ast.Name) and call.func.id in HARMLESS:
            return
        # `asyncio.to_thread(os.replace, a, b)`: handed on to be called.
        for argument in [*call.args, *(keyword.value for keyword in call.keywords)]:
            name = dotted(argument, self.names)
            method = argument.attr if isinstance(argument, ast.Attribute) and not name else ""
            if name in FUNCTIONS or method in METHODS:
                yield ast.unparse(argument)

    def _acts(self, call: ast.Call) -> bool:
        name = dotted(call.func, self.names)
        if name in FUNCTIONS:
            return True
        if name == "os.open":
            return _flags_write(call)
        if name == "open" or name.endswith(".open"):
            return _mode_writes(call, position=1)
        return isinstance(call.func, ast.Attribute) and self._method_acts(call, call.func, name)

    def _method_acts(self, call: ast.Call, func: ast.Attribute, name: str) -> bool:
        method = func.attr
        owner = ast.unparse(func.value).rpartition(".")[2].lower()
        if method in CLUSTER_METHODS and "cluster" in owner:
            return True
        if method == "open":
            return _mode_writes(call, position=0)
        if method == "replace":
            # A path's has one argument; a string's has two, a date's and a dataclass's have keywords.
            return not name and len(call.args) == 1 and not call.keywords
        if method in STORE_METHODS:
            return self.module.room == "store"
        if method == "change":
            return ast.unparse(func.value).endswith("ledger")
        if method in HTTP_METHODS:
            return "session" in owner or "http" in owner
        return method in METHODS | AWS_METHODS


def _private_functions(tree: ast.Module) -> frozenset[str]:
    public = [
        *tree.body,
        *(node for body in tree.body if isinstance(body, ast.ClassDef) for node in body.body),
    ]
    return frozenset(
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and not node.name.startswith("__")
        and (node.name.startswith("_") or node not in public)
    )


def _mode_writes(call: ast.Call, position: int) -> bool:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "mode"] or call.args[
        position : position + 1
    ]
    if not given:
        return False
    mode = given[0]
    if isinstance(mode, ast.Constant):
        return (
            isinstance(mode.value, str)
            and set(mode.value) <= set("rwxabt+U")
            and bool(set(mode.value) & set("wxa+"))
        )
    # A mode that is computed may be any mode; but not everything that can be opened is a file.
    return position == 1 or "mode" in ast.unparse(mode)


def _flags_write(call: ast.Call) -> bool:
    words = {node.attr for node in ast.walk(call) if isinstance(node, ast.Attribute)}
    words |= {node.id for node in ast.walk(call) if isinstance(node, ast.Name)}
    return bool(words & WRITING_FLAGS)
