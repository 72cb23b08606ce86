"""The demo's place: a web server on loopback that shows what `current` of each environment holds.

python place.py FOLDER PORT-FILE — picks a free port, writes it to PORT-FILE, serves `/<environment>/<file>`.
"""

import http.server
import sys
from functools import partial
from pathlib import Path


class Place(http.server.SimpleHTTPRequestHandler):
    """`/staging/REVISION` is what `staging/current/REVISION` holds."""

    def translate_path(self, path: str) -> str:
        """Return the file behind a path; a folder above the place has no path here."""
        environment, _, name = path.lstrip("/").partition("/")
        return super().translate_path(f"/{environment}/current/{name}")

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


def main(folder: str, port_file: str) -> None:
    """Serve until the parent ends us."""
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), partial(Place, directory=folder))
    Path(port_file).write_text(str(server.server_address[1]), encoding="ascii")
    server.serve_forever()


if __name__ == "__main__":
    main(*sys.argv[1:])
