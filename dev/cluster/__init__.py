"""A development cluster: the real control plane of Kubernetes and a node that runs pods, all as local processes."""

from dev.cluster.cluster import Cluster, ClusterError
from dev.cluster.node.options import GpuMount, NodeOptions

__all__ = ["Cluster", "ClusterError", "GpuMount", "NodeOptions"]
