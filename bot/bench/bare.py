"""The floor: the least that is still a Rasa bot, one rule an intent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

CONFIG: dict[str, Any] = {
    "recipe": "default.v1",
    "assistant_id": "bare",
    "language": "en",
    "pipeline": [
        {"name": "WhitespaceTokenizer"},
        {"name": "CountVectorsFeaturizer"},
        {"name": "LogisticRegressionClassifier"},
    ],
    "policies": [{"name": "RulePolicy"}],
}

EXAMPLES = {
    "greet": ["hello", "hi", "good morning", "hey there"],
    "goodbye": ["goodbye", "bye", "see you later", "good night"],
    "thank": ["thank you", "thanks", "thanks a lot", "thank you very much"],
    "challenge": ["are you a robot", "are you a bot", "am I talking to a human", "are you real"],
    "hours": ["what are your opening hours", "when are you open", "opening times", "open today"],
    "phone": ["what is the phone number", "how can I call you", "phone number", "a number to call"],
}


def write_project(folder: Path) -> None:
    """Writes config, domain, training examples and rules into an empty folder."""
    _write(folder / "config.yml", CONFIG)
    _write(
        folder / "domain.yml",
        {
            "version": "3.1",
            "intents": list(EXAMPLES),
            "responses": {f"utter_{name}": [{"text": f"About {name}."}] for name in EXAMPLES},
            "session_config": {"session_expiration_time": 60},
        },
    )
    nlu = [
        {"intent": name, "examples": "".join(f"- {text}\n" for text in texts)}
        for name, texts in EXAMPLES.items()
    ]
    rules = [
        {"rule": f"About {name}", "steps": [{"intent": name}, {"action": f"utter_{name}"}]}
        for name in EXAMPLES
    ]
    (folder / "data").mkdir()
    _write(folder / "data" / "nlu.yml", {"version": "3.1", "nlu": nlu})
    _write(folder / "data" / "rules.yml", {"version": "3.1", "rules": rules})


def _write(path: Path, content: Any) -> None:
    path.write_text(yaml.safe_dump(content, sort_keys=False), "utf-8")
