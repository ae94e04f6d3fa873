"""What runs in the notebook's kernel: magics, capture, receipt, display."""
