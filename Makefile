# `make run` starts the guide, `make test` proves it. Both install what they need into .venv.
SHELL := /bin/bash
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

PYTHON := .venv/bin/python
# Libraries neither call out nor print their progress; bot/settings.py says the same.
export RASA_TELEMETRY_ENABLED := false
export HF_HUB_OFFLINE := 1
export TRANSFORMERS_OFFLINE := 1
export TOKENIZERS_PARALLELISM := false
export TF_CPP_MIN_LOG_LEVEL := 3
unexport PYTHONHOME PYTHONPATH

.PHONY: help install install-dev lock train encoder run shell test check validate lint knowledge-check
.PHONY: preview unanswered evaluate bench bench-scale clean
.PHONY: telegram telegram-profile telegram-webhook widget widget-test

help: ## Shows this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-16s %s\n", $$1, $$2 }'

install: ## Makes .venv with the locked requirements; at once if it is there
	@scripts/install.sh

install-dev: ## The same, with what tests, lint and evaluation need
	@scripts/install.sh dev

lock: ## Resolves requirements*.in anew into requirements*.txt, with hashes
	@scripts/lock.sh

train: install ## Trains the model if its files have changed (FORCE=1: in any case)
	@$(PYTHON) -m bot.launch train $(if $(FORCE),--force)

encoder: install ## Goes on adapting the encoder in the repository (a quarter of an hour; FRESH=1: anew, longer)
	@$(PYTHON) -m bot.pretrain $(if $(FRESH),--fresh)

run: install ## Starts the bot and its action server; Ctrl-C stops both
	@$(PYTHON) -m bot.launch run

shell: install ## Talks to the bot in this terminal (`rasa shell`)
	@$(PYTHON) -m bot.launch shell

telegram: install ## As `make run`, on Telegram too: needs TELEGRAM_TOKEN, and says how to get one
	@$(PYTHON) -m bot.channels.telegram.setup check
	@$(PYTHON) -m bot.launch run

telegram-profile: install ## Hands Telegram the bot's commands and descriptions
	@$(PYTHON) -m bot.channels.telegram.setup profile

telegram-webhook: install ## Has Telegram post to TELEGRAM_WEBHOOK (REMOVE=1: no longer)
	@$(PYTHON) -m bot.channels.telegram.setup webhook $(if $(REMOVE),--remove)

test: check ## Everything: data, lint, types, all tests; the widget's last (Node, Chromium)
	$(PYTHON) -m pytest -m 'not slow'
	$(PYTHON) -m pytest -m slow
	@$(MAKE) widget-test

check: validate lint ## Checks the data, the texts, the style and the types
	@$(PYTHON) -m bot.knowledge check --encode-at-most 1500

validate: install-dev
	scripts/validate.sh

lint: install-dev ## Checks style and types only
	$(PYTHON) -m ruff check .
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m mypy

knowledge-check: install ## Names what an editor should mend in knowledge/ (ALL=1, LINKS=1)
	@$(PYTHON) -m bot.knowledge check $(if $(ALL),--all) $(if $(LINKS),--links)

preview: install ## Shows what the bot makes of a question (Q="what is CRS?")
	@$(PYTHON) -m bot.knowledge preview $(if $(KNOWLEDGE),--knowledge $(KNOWLEDGE)) -- "$$Q"

unanswered: install ## Groups the questions that had no answer (DAYS=30: of that time)
	@$(PYTHON) -m bot.knowledge unanswered $(if $(DAYS),--days $(DAYS))

widget: ## Builds the website widget, widget/dist/clinic-guide.js (needs Node)
	@scripts/browser.sh node
	@node widget/build.mjs

widget-test: ## Checks the widget's types and style, and tests it in Chromium (needs both)
	@scripts/browser.sh
	@npm run --silent --prefix widget check
	@npm run --silent --prefix widget test

evaluate: install-dev ## Measures answers and escalations (DATA=folder adds other sets)
	@$(PYTHON) -m bot.evaluation $(if $(DATA),--data $(DATA))

bench: install-dev ## Measures latency, memory, training and start-up (TRAIN=1: trains anew)
	@$(PYTHON) -m bot.bench $(if $(TRAIN),--train)

bench-scale: install-dev ## Measures the index up to 50,000 passages (DATA=folder with the corpus)
	@$(PYTHON) -m bot.evaluation.scale $(if $(DATA),--data $(DATA))

clean: ## Removes .venv, models, results and caches; never var/, people's conversations
	rm -rf .venv .uv .rasa models results reports .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './node_modules/*' -prune -exec rm -rf {} +
