"""In a Kubernetes cluster: orders from queues become Jobs, one at a time for each environment, and facts return.

`absorb`, `advance` and `act` decide, from what the guard says and what is seen; whatever they decide is done by
compare-and-swap alone, so that two controllers, a stale look and a death at any point change nothing.
"""
