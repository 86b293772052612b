"""Networks as ONNX graphs: export, and what makes the graphs fast and exact."""
