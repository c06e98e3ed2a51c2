"""Logging in with a key, for people; programs send theirs with every request."""

from __future__ import annotations

from http import HTTPStatus

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from web.access import log_in, log_out
from web.addresses import own_path

login = Blueprint("login", __name__)


@login.get("/login")
def page() -> str:
    """Ask for a key."""
    return render_template("login.html", back=own_path(request.args.get("back", "")), failed=False)


@login.post("/login")
def enter() -> ResponseReturnValue:
    """Take a key and go on to where it was wanted."""
    back = own_path(request.form.get("back", ""))
    if log_in(request.form.get("key", "")):
        return redirect(back, HTTPStatus.SEE_OTHER)
    return render_template("login.html", back=back, failed=True), HTTPStatus.UNAUTHORIZED


@login.post("/logout")
def leave() -> ResponseReturnValue:
    """Forget the key."""
    log_out()
    return redirect(url_for("chat.front"), HTTPStatus.SEE_OTHER)
