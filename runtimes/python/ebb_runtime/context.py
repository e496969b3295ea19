"""FC's `context` object, with its names in snake_case and in camelCase."""
import functools
import json
import logging
import re


@functools.lru_cache(256)
def _snake(name):
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


class _Fields:
    """Attributes from a mapping; `accessKeyId` and `access_key_id` are the same one."""

    def __init__(self, fields):
        for name, value in fields.items():
            self.__dict__[_snake(name)] = value

    def __getattr__(self, name):  # Only for what is not found as it is.
        snake = _snake(name)
        if snake != name and snake in self.__dict__:
            return self.__dict__[snake]
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def to_json(self):
        return json.dumps(self, default=lambda o: {
            k: v for k, v in o.__dict__.items() if not isinstance(v, logging.Logger)})

    toJson = to_json

    def __repr__(self):
        return f"{type(self).__name__}({', '.join(self.__dict__)})"  # Never the secrets.


class Credentials(_Fields):
    pass


class Function(_Fields):
    pass


class Service(_Fields):
    pass


class Tracing(_Fields):
    pass


class Context(_Fields):
    def __init__(self, fixed, call):
        """`fixed` is what all calls share, `call` the header of this one."""
        super().__init__({})
        self.request_id = call.get("requestId", "")
        keys = call.get("credentials") or {}
        self.credentials = Credentials({
            "access_key_id": keys.get("accessKeyId", ""),
            "access_key_secret": keys.get("accessKeySecret", ""),
            "security_token": keys.get("securityToken", "")})
        self.function = Function({
            "name": "", "handler": "", "memory": 0, "timeout": 0, **fixed.get("function", {})})
        self.service = Service({
            "name": "", "log_project": "", "log_store": "", "qualifier": "", "version_id": "",
            **{_snake(k): v for k, v in fixed.get("service", {}).items()}})
        self.region = fixed.get("region", "")
        self.account_id = fixed.get("accountId", "")
        self.retry_count = call.get("retryCount", 0)
        self.tracing = Tracing({
            "span_context": "", "jaeger_endpoint": "", "span_baggages": {}})
        self.logger = logging.getLogger()
