"""A Kubernetes node that runs the containers of its pods as local processes."""
