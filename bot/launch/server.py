"""The bot's server: `python -m bot.launch.server`. As `rasa run`, but it also starts modelless."""

from __future__ import annotations

import argparse
import logging
import sys
from pathlib import Path

from bot.errors import GuideError
from bot.launch.disk import explain
from bot.launch.endpoints import action_url, store_path
from bot.launch.parent import stop_with_parent
from bot.settings import ROOT, Settings, load_settings, quiet_third_parties

logger = logging.getLogger(__name__)


def main() -> int:
    """Serves until SIGTERM; returns 2 if settings, clinic.yml or a folder cannot be used."""
    parser = argparse.ArgumentParser(description="Serves the bot; `make run` calls it.")
    parser.add_argument("--model", type=Path, help="the archive to load; none: no model")
    arguments = parser.parse_args()
    quiet_third_parties()
    stop_with_parent()
    try:
        serve(load_settings(), arguments.model)
    except GuideError as error:
        logger.critical("%s", error)
        return 2
    except OSError as error:
        logger.critical("%s", explain(error))
        return 2
    return 0


def serve(settings: Settings, model: Path | None) -> None:
    """Sets up Rasa's web application without its API, and runs it."""
    # Rasa takes seconds to import: after the arguments and settings are known to be good.
    from bot.launch.privacy import keep_logs_private

    keep_logs_private(settings.log_level)
    import rasa.core.run
    import rasa.core.utils
    from rasa.utils.common import configure_library_logging

    from bot.launch.model_loading import ModelLoader
    from bot.launch.retention import Retention

    configure_library_logging()
    endpoints = rasa.core.utils.AvailableEndpoints.read_endpoints(str(ROOT / "endpoints.yml"))
    if endpoints.action is not None:
        endpoints.action.url = action_url(str(endpoints.action.url), settings.action_port)
    store = endpoints.tracker_store
    if store is not None and store.kwargs.get("dialect") == "sqlite" and store.kwargs.get("db"):
        store.kwargs["db"] = store_path(str(store.kwargs["db"]), settings.data_dir)
        Path(store.kwargs["db"]).parent.mkdir(parents=True, exist_ok=True)
    channels = rasa.core.run.create_http_input_channels(None, str(ROOT / "credentials.yml"))
    app = rasa.core.run.configure_app(
        channels, cors=list(settings.cors), enable_api=False, port=settings.port
    )
    loader = ModelLoader(model, endpoints)
    app.register_listener(loader, "before_server_start")
    app.register_listener(loader.stop, "before_server_stop")

    retention = Retention(settings.retention_days)
    app.register_listener(retention.start, "after_server_start")
    app.register_listener(retention.stop, "before_server_stop")
    app.register_listener(rasa.core.run.close_resources, "after_server_stop")
    app.run(
        host=settings.interface,
        port=settings.port,
        workers=rasa.core.utils.number_of_sanic_workers(endpoints.lock_store),
        access_log=False,
    )


if __name__ == "__main__":
    sys.exit(main())
