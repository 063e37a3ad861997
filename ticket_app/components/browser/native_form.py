"""A form that the browser itself sends, and a link that it follows itself.

A cookie that no script can read is set by the answer to such a request. React neither sees nor
delays it, and it works before the scripts have come.
"""

import reflex as rx
from reflex_components_core.el.elements.base import BaseHTML


class NativeForm(BaseHTML):
    """A form that posts its fields to an address of this desk."""

    tag = "form"
    action: rx.Var[str]
    method: rx.Var[str]


def post_form(action: str, *fields: rx.Component, **props: object) -> rx.Component:
    """Returns a form that posts these fields to `action`."""
    return NativeForm.create(*fields, action=action, method="post", **props)
