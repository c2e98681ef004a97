"""Groups of vectors: neighbour graphs and the communities in them."""
