"""Speed of the reference kernels beside what they compete with: `python -m kernels.bench`."""
