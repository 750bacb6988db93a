"""What publishes the series: executed notebooks, the book, slides, the playground, links."""
