"""What happens while the operator is away: it is killed, and runs run out of memory meanwhile."""
