"""What measures the series: speed, memory, the explorer's page."""
