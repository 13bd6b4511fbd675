"""The gate around a method that waits, and what the method was called with."""

import json
from functools import wraps

from odoo import models
from odoo.tools.json import json_default


def pack_call(args, kwargs):
    """What a method was called with, as JSON: it is called so after the agreement.

    :rtype: dict
    """
    found = {}
    if args:
        found["args"] = [_pack(value) for value in args]
    if kwargs:
        found["kwargs"] = {name: _pack(value) for name, value in kwargs.items()}
    return found


def _pack(value):
    # Records are wrapped, and so is all else: nobody can send one for the other.
    if isinstance(value, models.BaseModel):
        return {"model": value._name, "ids": value.ids}
    # Dates become texts, which fields take too.
    return {"value": json.loads(json.dumps(value, default=json_default))}


def unpack_call(effect, env):
    """:return: the arguments by position and by name, with the rights of ``env``"""
    args = [_unpack(item, env) for item in effect.get("args") or ()]
    named = effect.get("kwargs") or {}
    return args, {name: _unpack(item, env) for name, item in named.items()}


def _unpack(item, env):
    if "model" in item:
        return env[item["model"]].browse(item["ids"]).exists()
    return item["value"]


def make_gate(name, origin):
    """Let a method of documents wait for the flows, whoever calls it."""

    @wraps(origin)
    def gate(self, *args, **kwargs):
        gates = self.env["crm.suite.approval.flow"]._get_gates(self._name)
        if not self or not (gates or self._approval_is_pending()):
            return origin(self, *args, **kwargs)
        effect = {
            "kind": "method",
            "method": name,
            **pack_call(args, kwargs),
            "context": [n for n in self._approval_context if self.env.context.get(n)],
        }
        free, granted, held, needless = self._approval_split(gates, name, effect)
        result = True
        if free:
            with granted._in_use():
                result = origin(free, *args, **kwargs)
        granted._effect_used()
        needless._not_needed()
        return held._notice_held() if held else result

    return gate
