"""A sentence-transformers model of two small layers with random weights, made in a second."""

from __future__ import annotations

from pathlib import Path

from bot.encoding import DEFAULT_MODEL, model_path

SIZES = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 64,
    "max_position_embeddings": 128,
}


def write_base(base: Path, config: type, model: type) -> None:
    """Writes a transformer of those sizes; it shares the packaged model's word pieces."""
    import torch
    from transformers import AutoTokenizer

    torch.manual_seed(0)
    pieces = AutoTokenizer.from_pretrained(str(model_path(DEFAULT_MODEL)))
    model(config(vocab_size=len(pieces), **SIZES)).save_pretrained(base)
    pieces.save_pretrained(base)


def make_tiny_model(folder: Path) -> Path:
    """Writes the model."""
    from sentence_transformers import SentenceTransformer
    from sentence_transformers.sentence_transformer.modules import Pooling, Transformer
    from transformers import BertConfig, BertModel

    base = folder / "base"
    write_base(base, BertConfig, BertModel)
    words = Transformer(str(base), max_seq_length=64)
    pooling = Pooling(words.get_embedding_dimension(), pooling_mode="mean")
    SentenceTransformer(modules=[words, pooling], device="cpu").save(str(folder / "model"))
    return folder / "model"
