"""What happens next in a conversation: the escalation, then the answer, then the rules."""
