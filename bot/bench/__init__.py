"""Times a turn of this bot beside a stock `rasa init` bot and a bare RulePolicy bot, in one run."""
