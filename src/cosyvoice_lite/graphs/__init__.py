"""Graphs: the networks of the papers, declared as ONNX; no weights, no files."""
