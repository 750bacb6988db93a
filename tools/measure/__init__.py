"""What measures the series: speed, memory, the playground."""
