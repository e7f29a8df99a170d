"""The files of the page and of its library; a node serves them."""
