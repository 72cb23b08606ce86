"""A kind of target for tests of the configuration alone."""

from collections.abc import Mapping, Sequence
from typing import Any

from funade.domain.orders import Problem
from funade.domain.wire import Plain


class Command:
    """Takes a program; complains of everything that the configuration cannot know."""

    def schema(self) -> Mapping[str, Any]:
        return {
            "type": "object",
            "required": ["run"],
            "properties": {
                "run": {"type": "array", "minItems": 1, "items": {"type": "string"}},
                "environment": {"type": "object", "additionalProperties": {"type": "string"}},
                "time_limit": {"anyOf": [{"type": "number"}, {"type": "string"}]},
                "copies": {"type": "integer"},
            },
            "additionalProperties": False,
        }

    def parse(
        self, settings: Mapping[str, Plain], where: str, /
    ) -> tuple[Mapping[str, Plain], Sequence[Problem]]:
        problems = [
            Problem(where=f"{where}.{key}", problem="is no setting of `command`")
            for key in settings
            if key not in ("run", "environment", "time_limit", "copies")
        ]
        run = settings.get("run")
        if not isinstance(run, list) or not run:
            problems.append(Problem(where=f"{where}.run", problem="a list is wanted", remedy="write a list"))
        else:
            problems += [
                Problem(where=f"{where}.run[{number}]", problem="a text is wanted")
                for number, word in enumerate(run)
                if not isinstance(word, str)
            ]
        return {"environment": {}, **settings}, problems


KINDS = {"command": Command()}
