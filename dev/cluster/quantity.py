"""Kubernetes quantities, such as 500m or 16Gi."""

from decimal import Decimal

from kubernetes.utils.quantity import parse_quantity


def quantity(text: str) -> Decimal:
    """Return the number that a quantity stands for. Raises ValueError when it is none."""
    return Decimal(parse_quantity(text))
