"""Checks that a port is free, and says who has it when it is not."""

from __future__ import annotations

import errno
import socket

import psutil

from bot.errors import SettingsError


def require_free(variable: str, port: int, interface: str, what: str) -> None:
    """Makes sure that `what` can listen there.

    Raises:
        SettingsError: naming the port, its holder as far as it can be seen, and a free one.
    """
    problem = _refusal(port, interface)
    if problem is None:
        return
    if problem == errno.EADDRNOTAVAIL:
        raise SettingsError(
            f"{what} cannot listen on {interface}: this machine has no such address. Set "
            "GUIDE_INTERFACE to 127.0.0.1 (this machine only) or 0.0.0.0 (every network)."
        )
    if problem == errno.EACCES:
        raise SettingsError(
            f"{what} may not listen on port {port}: ports below 1024 are for the system. Set "
            f"{variable} to a higher one and put nginx before it (docs/operations.md)."
        )
    if problem != errno.EADDRINUSE:
        raise SettingsError(f"{what} cannot listen on {interface}:{port} ({_name(problem)}).")
    raise SettingsError(
        f"Port {port}, for {what}, is taken{_holder(port)}.\n"
        f"Stop that program, or choose another port:  "
        f"{variable}={free_port(port + 1, interface)} make run"
    )


def _refusal(port: int, interface: str) -> int | None:
    """Returns the error number with which the system refuses the port, or None."""
    try:
        family, kind, proto, _, address = socket.getaddrinfo(
            interface, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, proto) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
            probe.listen(1)
    except socket.gaierror:
        return errno.EADDRNOTAVAIL
    except OSError as error:
        return error.errno or errno.EADDRINUSE
    return None


def free_port(first: int, interface: str) -> int:
    """Returns the first port from `first` on that is free, within a hundred."""
    candidates = range(first, min(first + 100, 65536))
    return next((p for p in candidates if _refusal(p, interface) is None), first)


def _holder(port: int) -> str:
    """Names the program that listens there; empty where the system does not tell."""
    try:
        for connection in psutil.net_connections(kind="tcp"):
            if connection.status == psutil.CONN_LISTEN and connection.laddr.port == port:
                if connection.pid is None:
                    return ""
                command = " ".join(psutil.Process(connection.pid).cmdline())[:100]
                return f" by process {connection.pid} ({command})"
    except (psutil.Error, OSError):
        return ""
    return ""


def _name(number: int) -> str:
    return errno.errorcode.get(number, str(number))
