"""cosyvoice-lite: CosyVoice-300M on a plain CPU with ONNX Runtime, without PyTorch."""

__version__ = "0.1.0"
