"""Tools for the development of the project; never imported by the product."""
