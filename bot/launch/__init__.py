"""What `make run`, `make train` and `make shell` do: check, train when stale, start, watch."""
