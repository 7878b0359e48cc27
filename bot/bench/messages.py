"""What is said to each bot: eleven messages each, of the kinds that it was made for."""

from __future__ import annotations

from bot.bench.schedule import WINDOW

GUIDE = (
    "hi there",
    "What is CAR T-cell therapy?",
    "what happens on infusion day?",
    "how long does the lab part take",
    "thanks",
    "my husband has a fever and is shivering",
    "what are the side effects? I am worried about confusion afterwards",
    "tell me more",
    "are you a robot?",
    "how much does it cost?",
    "where can I park at the airport",
)

# From the training examples that `rasa init` writes.
STOCK = (
    "hello there",
    "I am feeling very good",
    "are you a bot?",
    "good evening",
    "my day was horrible",
    "yes",
    "super stoked",
    "that sounds good",
    "I don't think so",
    "am I talking to a human?",
    "see you later",
)

# From the training examples in bare.py.
BARE = (
    "hello",
    "what are your opening hours",
    "are you a robot",
    "thank you",
    "how can I call you",
    "good morning",
    "when are you open",
    "what is the phone number",
    "thanks a lot",
    "am I talking to a human",
    "goodbye",
)

assert len(GUIDE) == len(STOCK) == len(BARE) == WINDOW
