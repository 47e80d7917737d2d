"""Models through the benchmarks of questions about videos."""
