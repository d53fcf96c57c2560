"""The networks in PyTorch, named as the official checkpoint names them.

Attribute paths are checkpoint keys: `state_dict()` of these modules is the official layout. They
are what training trains, and the torch twin against which the ONNX graphs are checked.
"""
