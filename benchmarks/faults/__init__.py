"""What happens to runs when everything around them fails: faults on a development cluster, and an audit after each."""
