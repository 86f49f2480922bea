"""The images, built with buildah on a base of debootstrap's, and run: without a registry or a container engine."""
