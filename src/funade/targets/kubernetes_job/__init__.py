"""Deploys by an order through a queue: a controller in a Kubernetes cluster makes a Job of it, and tells its end."""
