"""What is asked of agents: tasks, their requirement graphs and their labels."""
