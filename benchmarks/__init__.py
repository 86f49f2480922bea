"""Benchmarks: what the product reaches beside its peers."""
