"""What is measured: one folder per benchmark family."""
