"""The governor of device memory."""
