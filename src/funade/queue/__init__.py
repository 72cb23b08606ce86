"""Queues between networks: SQS behind the port of `usecases.queue_ports`, and what every reader of a queue needs.

The messages themselves are the domain's; orders for runners that share the store never come here.
"""
