"""In which language somebody reads: as the address says, else as their browser does."""

from starlette.requests import Request

from funade.texts import ENGLISH, LANGUAGES

_MOST_WISHES = 20


def language_of(request: Request) -> str:
    """Return the language of an answer."""
    asked = request.query_params.get("lang", "")
    if asked in LANGUAGES:
        return asked
    wishes = [_wish(one) for one in request.headers.get("accept-language", "").split(",")[:_MOST_WISHES]]
    spoken = [(weight, language) for language, weight in wishes if language in LANGUAGES and weight > 0]
    return max(spoken, key=lambda one: one[0])[1] if spoken else ENGLISH


def _wish(text: str) -> tuple[str, float]:
    """Return a language and how much it is wished for."""
    tag, _, weight = text.strip().partition(";")
    try:
        wished = float(weight.strip().removeprefix("q=")) if weight else 1.0
    except ValueError:
        wished = 0.0
    return tag.strip().partition("-")[0].lower(), wished if 0 <= wished <= 1 else 0.0
