"""The long-lived process that carries out deployments: its lease, its loop, its machine and its folders."""
