"""Sentence embeddings: the only package that imports sentence-transformers and torch."""

from bot.encoding.encoder import (
    DEFAULT_MODEL,
    DEFAULT_MODEL_SHA256,
    CachingEncoder,
    Encoder,
    MiniLMEncoder,
    Vectors,
    check_model,
    load_encoder,
    model_path,
    remembering,
    weights_digest,
)

__all__ = [
    "DEFAULT_MODEL",
    "DEFAULT_MODEL_SHA256",
    "CachingEncoder",
    "Encoder",
    "MiniLMEncoder",
    "Vectors",
    "check_model",
    "load_encoder",
    "model_path",
    "remembering",
    "weights_digest",
]
