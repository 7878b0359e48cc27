"""The action server: only what reaches outside the conversation."""
