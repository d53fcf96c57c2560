"""The sizes of nano's networks, in one place: training, export and the YAML read them here."""

from cosyvoice_lite.text.phonemes import inventory
from training.model.encoder import EncoderConfig
from training.model.estimator import EstimatorConfig
from training.model.flow import FlowConfig
from training.model.hift import HiFTConfig
from training.model.lm import LMConfig
from training.model.speech_tokenizer import CODES, TokenizerConfig

TOKENIZER = TokenizerConfig(symbols=inventory.SIZE)
LM = LMConfig(
    text_token_size=inventory.SIZE,
    speech_token_size=CODES,
    text_encoder=EncoderConfig(256, 256, attention_heads=4, linear_units=1024, num_blocks=2),
    llm=EncoderConfig(256, 256, attention_heads=4, linear_units=1024, num_blocks=5),
)
FLOW = FlowConfig(
    vocab_size=CODES,
    encoder=EncoderConfig(192, 192, attention_heads=6, linear_units=768, num_blocks=3),
    estimator=EstimatorConfig((128, 128), attention_head_dim=32, num_heads=4, num_mid_blocks=4),
)
HIFT = HiFTConfig()
