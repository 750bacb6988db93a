"""What makes the product: trained weights, figures, the results of long experiments."""
