"""The way of a video through the worker: stages with bounded queues."""
