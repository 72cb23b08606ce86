"""What our objects in a cluster are called, and the marks that we leave on them."""

import hashlib
import re

from funade.clients.kubernetes.kinds import Kind

GROUP = "funade.dev"
DEPLOY_QUEUES = Kind(GROUP, "v1", "deployqueues", "DeployQueue")
DEPLOY_GUARDS = Kind(GROUP, "v1", "deployguards", "DeployGuard")

#: who we are to the API server
MANAGER = "funade-controller"
#: keeps a Job until its end and its log are told, and a DeployQueue until its Jobs have ended
FINALIZER = f"{GROUP}/controller"

# labels, by which they are found
GUARD = f"{GROUP}/guard"
DEPLOYMENT = f"{GROUP}/deployment"
ATTEMPT = f"{GROUP}/attempt"
QUEUE = f"{GROUP}/queue"
#: on what came of another program's message: on its guard in the place of GUARD, on its Job beside it
FOREIGN = f"{GROUP}/foreign"

# annotations
DIGEST = f"{GROUP}/digest"
#: the container whose end counts and whose output is told
CONTAINER = f"{GROUP}/container"
#: the whole attempt, from which a lost guard is known again
RECORD = f"{GROUP}/record"
#: when we let it run; written together with that
RESUMED = f"{GROUP}/resumed"
#: the DeployQueue that owns it once it has ended
OWNER = f"{GROUP}/owner"
#: the id of another program's message
MESSAGE = f"{GROUP}/message"
#: how far its log was told
LOG = f"{GROUP}/log"

_LONGEST_LABEL = 63
_DIGITS = 10


def guard_name(application: str, environment: str) -> str:
    """Return the name of the one guard of that environment; two environments never share one."""
    return _name(f"{application}-{environment}", f"{application}\0{environment}")


def job_name(deployment: str, attempt: int) -> str:
    """Return the name of the one Job of that attempt."""
    return f"funade-{deployment}-{attempt}"


def _name(shown: str, identity: str) -> str:
    digits = hashlib.sha256(identity.encode()).hexdigest()[:_DIGITS]
    clean = re.sub("[^a-z0-9]+", "-", shown.lower()).strip("-")[: _LONGEST_LABEL - _DIGITS - 1].strip("-")
    return f"{clean}-{digits}" if clean else f"x-{digits}"
