"""The founding incident beside what this project makes of it: three arms, the same clips, the same simulated GPU."""
