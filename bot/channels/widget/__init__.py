"""The channel behind the website widget: signed conversations, streamed replies, its files."""
