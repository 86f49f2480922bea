"""The operator under load: what it costs, how soon it answers, and whether its cost is linear in its runs."""
