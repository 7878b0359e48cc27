"""The editors' tools: checks of `knowledge/`, a preview of an edit, questions without an answer."""
