"""The action server: `python -m bot.launch.actions`. As `rasa run actions`, but local only."""

from __future__ import annotations

import sys

from bot.launch.parent import stop_with_parent
from bot.settings import load_settings, quiet_third_parties


def main() -> int:
    """Serves until SIGTERM."""
    settings = load_settings()
    quiet_third_parties()
    stop_with_parent()
    from bot.launch.privacy import keep_logs_private

    keep_logs_private(settings.log_level)
    from rasa_sdk.endpoint import create_app

    # Rasa's command listens on every network, and anybody there could post events to it.
    app = create_app("actions", cors_origins="")
    app.run(host="127.0.0.1", port=settings.action_port, access_log=False)
    return 0


if __name__ == "__main__":
    sys.exit(main())
