"""spaCy for tokens and lemmas only."""

from __future__ import annotations

from rasa.engine.recipes.default_recipe import DefaultV1Recipe
from rasa.nlu.utils.spacy_utils import SpacyModel, SpacyNLP


@DefaultV1Recipe.register(
    [DefaultV1Recipe.ComponentType.MODEL_LOADER, DefaultV1Recipe.ComponentType.MESSAGE_FEATURIZER],
    is_trainable=False,
    model_from="SpacyWords",
)
class SpacyWords(SpacyNLP):  # type: ignore[misc]
    """Rasa's spaCy component without named entities, which nothing here reads.

    They were half of its time: 1.6 ms a message instead of 4.0 (docs/benchmarks.md).
    """

    @staticmethod
    def load_model(spacy_model_name: str) -> SpacyModel:
        """Loads the model and drops the parts that are not needed."""
        model = SpacyNLP.load_model(spacy_model_name)
        for part in ("ner", "parser", "senter"):
            if part in model.model.pipe_names:
                model.model.remove_pipe(part)
        return model
