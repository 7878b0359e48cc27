"""What is searched: the message widened, and once more behind the last answer while it is fresh."""

from __future__ import annotations

import pytest
from rasa.engine.graph import ExecutionContext, GraphSchema
from rasa.engine.storage.local_model_storage import LocalModelStorage
from rasa.engine.storage.resource import Resource
from rasa.shared.core.events import Event, SlotSet, UserUttered
from rasa.shared.core.trackers import DialogueStateTracker
from rasa.shared.nlu.training_data.message import Message
from rasa.shared.nlu.training_data.training_data import TrainingData

from bot import contract
from bot.components.query_writer import RECENT, Queries, QueryWriter, recent_answer

CRS = {"id": "doc/crs", "label": "What is CRS?"}
ANSWER = SlotSet(contract.SLOT_ANSWER, CRS)


def conversation(*events: Event) -> DialogueStateTracker:
    return DialogueStateTracker.from_events("p", list(events))


@pytest.fixture(scope="module")
def writer(tmp_path_factory: pytest.TempPathFactory) -> QueryWriter:
    """Trained on the shipped glossary, saved, and loaded again."""
    storage = LocalModelStorage.create(tmp_path_factory.mktemp("storage"))
    context = ExecutionContext(GraphSchema({}))
    resource = Resource("queries")
    config = QueryWriter.get_default_config()
    QueryWriter.create(config, storage, resource, context).train(TrainingData())
    return QueryWriter.load(config, storage, resource, context)


def queries(writer: QueryWriter, text: str, tracker: DialogueStateTracker) -> Queries:
    message = Message({"text": text})
    writer.process([message], tracker)
    found = message.get(contract.QUERIES)
    assert isinstance(found, Queries)
    return found


def test_the_glossary_comes_back_from_the_archive(writer: QueryWriter) -> None:
    found = queries(writer, "is crs bad", conversation())
    assert found == Queries("is crs bad (cytokine release syndrome)")


def test_a_fresh_answer_is_the_context(writer: QueryWriter) -> None:
    found = queries(writer, "how long?", conversation(UserUttered("what is it"), ANSWER))
    assert found == Queries("how long?", "What is CRS? how long?", "doc/crs")


@pytest.mark.parametrize("after", [0, RECENT, RECENT + 1])
def test_context_ends_when_the_talk_has_moved_on(after: int) -> None:
    said = [UserUttered("and then") for _ in range(after)]
    found = recent_answer(conversation(ANSWER, *said))
    assert found == (CRS if after <= RECENT else None)


@pytest.mark.parametrize("value", [None, "text", 3])
def test_no_answer_or_an_odd_one_is_no_context(value: object) -> None:
    assert recent_answer(conversation(SlotSet(contract.SLOT_ANSWER, value))) is None
    assert recent_answer(None) is None


def test_an_answer_of_an_older_model_without_a_title_is_none(writer: QueryWriter) -> None:
    old = SlotSet(contract.SLOT_ANSWER, {"id": "doc/crs"})
    assert queries(writer, "how long?", conversation(old)).in_context is None
