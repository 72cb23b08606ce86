"""The JSON Schema of a `kubernetes-job` section."""

from typing import Any

from funade.domain.application import SECRET_SCHEMES


def schema() -> dict[str, Any]:
    """Return the JSON Schema of the section."""
    schemes = ", ".join(f"`{scheme}:{place}`" for scheme, place in SECRET_SCHEMES.items())

    def text(description: str) -> dict[str, Any]:
        return {"type": "string", "description": description}

    return {
        "type": "object",
        "description": "A Job in a Kubernetes cluster, which a controller there makes of each order from a queue.",
        "properties": {
            "kind": {"const": "kubernetes-job"},
            "queue": text(
                "The address of the queue for orders, that which a DeployQueue of the cluster names: the URL of a queue"
                " of SQS, `store:shop` in the store that the controller shares, `cluster:deploy/shop` in a namespace of"
                " the cluster."
            ),
            "facts": text(
                "The address of the queue for facts; several targets may share one."
                " Without it the name of `queue` with `-facts`."
            ),
            "region": text("The region, where the URL of the queue does not tell it."),
            "endpoint": text(
                "What answers instead of the host in the URLs, for servers that are like SQS;"
                " `http://` is taken at its word."
            ),
            "access_key": text(
                f"The id of a key of AWS, by reference: {schemes}. Without it credentials are looked for where"
                " AWS's own programs look: variables, files, the role of the machine or pod."
            ),
            "secret_key": text(f"The secret part of that key, by reference: {schemes}."),
            "session_token": text(f"The token of keys that last for hours only, by reference: {schemes}."),
            "kubeconfig": text(
                "With a queue in a cluster: the file that says where the cluster is. Without it that of KUBECONFIG, of"
                " the pod, or of the home folder."
            ),
            "context": text("With a queue in a cluster: a context of that file."),
        },
        "required": ["kind", "queue"],
        "additionalProperties": False,
    }
