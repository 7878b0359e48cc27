"""Telegram: updates in order, each answered and none lost, by long polling or a webhook."""
