"""What publishes the series: executed notebooks, the book, slides, the explorer's page, links."""
