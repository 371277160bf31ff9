"""Runs inside the child process: the Runtime API client for python handlers.

It writes to the log what AWS's own client writes
(https://github.com/aws/aws-lambda-python-runtime-interface-client). Plain sockets: importing http.client would cost
30 ms at every start.
"""

import importlib
import io
import json
import logging
import os
import socket
import sys
import threading
import time
import traceback

# The line says that the process is watched over. Without it the sandbox died while it started this process.
if not os.read(0, 1):
    os._exit(0)

TASK_ROOT = os.environ["LAMBDA_TASK_ROOT"]
HANDLER = os.environ["_HANDLER"]
JSON_LOGS = os.environ.get("AWS_LAMBDA_LOG_FORMAT") == "JSON"
LEVELS = {"TRACE": "DEBUG", "WARN": "WARNING", "FATAL": "CRITICAL"}
MARK = b"\x1e" + os.environ.pop("SANDBOX_OUTPUT_TOKEN").encode()


class Output:
    """Everything goes to descriptor 1, in order; stderr is the same descriptor."""

    lock = threading.RLock()

    @staticmethod
    def write(data):
        view = memoryview(data)
        while view:
            view = view[os.write(1, view) :]

    @classmethod
    def event(cls, text):
        data = text.encode("utf-8", "replace")
        with cls.lock:
            sys.stdout.flush()
            cls.write(MARK + b"L%d\n" % len(data) + data)

    @classmethod
    def end(cls, request_id):
        """No line of this invocation follows. A handler may have closed its output: that must not fail here."""
        try:
            with cls.lock:
                sys.stdout.flush()
                cls.write(MARK + b"E" + request_id.encode() + b"\n")
        except (OSError, ValueError):
            pass


os.dup2(1, 2)
sys.stdout = io.TextIOWrapper(
    os.fdopen(1, "wb", closefd=False), encoding="utf-8", errors="replace", line_buffering=True
)
sys.stderr = sys.stdout


class RuntimeApi:
    def __init__(self, address):
        self.authority, _, self.prefix = address.partition("/")
        host, _, port = self.authority.partition(":")
        self.socket = socket.create_connection((host, int(port)))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.reader = self.socket.makefile("rb")

    def request(self, method, route, body=b"", headers=()):
        lines = [
            "%s /%s/2018-06-01/runtime/%s HTTP/1.1" % (method, self.prefix, route),
            "Host: " + self.authority,
            "Content-Type: application/json",
            "Content-Length: %d" % len(body),
        ]
        lines += ["%s: %s" % header for header in headers]
        return ("\r\n".join(lines) + "\r\n\r\n").encode("latin1", "replace") + body

    def send(self, requests):
        try:
            self.socket.sendall(requests)
        except OSError:
            # There will be no answer either.
            pass

    def receive(self):
        """The sandbox answers with a content length, always. Status 0: it is gone."""
        try:
            status = self.reader.readline().split()
            fields = {}
            for line in iter(self.reader.readline, b"\r\n"):
                if not line:
                    return 0, {}, b""
                name, _, value = line.decode("latin1").partition(":")
                fields[name.strip().lower()] = value.strip()
            return int(status[1]), fields, self.reader.read(int(fields.get("content-length", 0)))
        except OSError:
            return 0, {}, b""


class Fault(Exception):
    def __init__(self, error_type, message, stack=()):
        super().__init__(message)
        self.error_type = error_type
        self.stack = list(stack)


def in_task(text):
    """Handlers live in /var/task on AWS, and tracebacks say so."""
    return text.replace(TASK_ROOT, "/var/task")


def stack_of(error):
    frames = [(f.filename, f.lineno, f.name, f.line) for f in traceback.extract_tb(error.__traceback__)]
    while frames and frames[0][0] == __file__:
        frames.pop(0)
    return [in_task(text) for text in traceback.format_list(frames)]


def error_payload(error, request_id):
    fault = isinstance(error, Fault)
    return {
        "errorMessage": in_task(str(error)),
        "errorType": error.error_type if fault else type(error).__name__,
        "requestId": request_id,
        "stackTrace": error.stack if fault else stack_of(error),
    }


def log_error(payload):
    if JSON_LOGS:
        now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
        Output.event(json.dumps({"timestamp": now, "log_level": "ERROR", **payload}, ensure_ascii=False) + "\n")
        return
    lines = ["[ERROR] %s: %s" % (payload["errorType"], payload["errorMessage"]), "Traceback (most recent call last):"]
    for element in payload["stackTrace"]:
        for line in element.splitlines():
            text = line.lstrip(" ")
            # CloudWatch's console would fold ordinary spaces.
            lines.append("\u00a0" * (len(line) - len(text)) + text)
    Output.event("\n".join(lines))


# --- logging ----------------------------------------------------------------------------------------------------


class State:
    request_id = None


class TextFormatter(logging.Formatter):
    converter = time.gmtime

    def __init__(self):
        super().__init__(
            "[%(levelname)s]\t%(asctime)s.%(msecs)dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"
        )


RESERVED = set(logging.LogRecord("", 0, "", 0, "", (), None).__dict__) | {"aws_request_id", "message", "asctime"}


class JsonFormatter(logging.Formatter):
    def format(self, record):
        error = record.exc_info[1] if record.exc_info else None
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(record.created)),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "stackTrace": [in_task(t) for t in traceback.format_tb(error.__traceback__)] if error else None,
            "errorType": type(error).__name__ if error else None,
            "errorMessage": str(error) if error else None,
            "requestId": record.aws_request_id or None,
            "location": None,
        }
        if error:
            last = traceback.extract_tb(error.__traceback__)[-1:] or [None]
            if last[0]:
                line["location"] = in_task("%s:%s:%s" % (last[0].filename, last[0].name, last[0].lineno))
        extra = {k: v for k, v in record.__dict__.items() if k not in RESERVED and k not in line}
        line = {k: v for k, v in {**line, **extra}.items() if v is not None}
        return json.dumps(line, ensure_ascii=False, default=str) + "\n"


class EventHandler(logging.Handler):
    """One record is one log event, however many lines it has."""

    def emit(self, record):
        try:
            record.aws_request_id = State.request_id or ""
            Output.event(self.format(record))
        except Exception:
            self.handleError(record)


def set_up_logging():
    handler = EventHandler()
    handler.setFormatter(JsonFormatter() if JSON_LOGS else TextFormatter())
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL")
    if level:
        root.setLevel(LEVELS.get(level, level))


# --- handler ----------------------------------------------------------------------------------------------------


class Context:
    def __init__(self, headers):
        self.aws_request_id = headers["lambda-runtime-aws-request-id"]
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.function_name = os.environ["AWS_LAMBDA_FUNCTION_NAME"]
        self.function_version = os.environ["AWS_LAMBDA_FUNCTION_VERSION"]
        self.memory_limit_in_mb = os.environ["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"]
        self.log_group_name = os.environ["AWS_LAMBDA_LOG_GROUP_NAME"]
        self.log_stream_name = os.environ["AWS_LAMBDA_LOG_STREAM_NAME"]
        self.identity = None
        client = headers.get("lambda-runtime-client-context")
        self.client_context = json.loads(client) if client else None
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms", "0"))

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        Output.event(str(message))


def load_handler():
    try:
        module_name, function_name = HANDLER.rsplit(".", 1)
    except ValueError as error:
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (HANDLER, error))
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as error:
        message = "Unable to import module '%s': %s" % (module_name, in_task(str(error)))
        raise Fault("Runtime.ImportModuleError", message)
    except SyntaxError as error:
        place = '  File "%s" Line %s\n    %s' % (in_task(str(error.filename)), error.lineno, error.text)
        message = "Syntax error in module '%s': %s" % (module_name, error)
        raise Fault("Runtime.UserCodeSyntaxError", message, [place])
    if not hasattr(module, function_name):
        message = "Handler '%s' missing on module '%s'" % (function_name, module_name)
        raise Fault("Runtime.HandlerNotFound", message)
    return getattr(module, function_name)


def run_handler(handler, body, headers):
    try:
        event = json.loads(body)
    except ValueError as error:
        raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error)
    result = handler(event, Context(headers))
    try:
        return json.dumps(result).encode()
    except (TypeError, ValueError) as error:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % error)


def invoke(api, handler, headers, body):
    """The request that tells the sandbox what came of it."""
    request_id = State.request_id = headers["lambda-runtime-aws-request-id"]
    os.environ["_X_AMZN_TRACE_ID"] = headers.get("lambda-runtime-trace-id", "")
    sent = [("Lambda-Runtime-Invocation-Id", headers.get("lambda-runtime-invocation-id", ""))]
    try:
        action, result = "response", run_handler(handler, body, headers)
    except Exception as error:
        payload = error_payload(error, request_id)
        log_error(payload)
        action, result = "error", json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
        sent.append(("Lambda-Runtime-Function-Error-Type", payload["errorType"]))
    Output.end(request_id)
    return api.request("POST", "invocation/%s/%s" % (request_id, action), result, sent)


def main():
    api = RuntimeApi(os.environ["AWS_LAMBDA_RUNTIME_API"])
    # The bootstrap's own folder is no place for handlers to import from.
    sys.path[0] = TASK_ROOT
    set_up_logging()
    try:
        handler = load_handler()
    except Exception as error:
        payload = error_payload(error, "")
        log_error(payload)
        header = [("Lambda-Runtime-Function-Error-Type", payload["errorType"])]
        body = json.dumps(payload, ensure_ascii=False).encode("utf-8", "replace")
        api.send(api.request("POST", "init/error", body, header))
        api.receive()
        sys.exit(1)
    next_event = api.request("GET", "invocation/next")
    api.send(next_event)
    while True:
        status, headers, body = api.receive()
        if status != 200:
            # The sandbox is gone: the process must not outlive it, nor wait for the handler's threads.
            os._exit(0)
        # In one piece: each piece has to wake the sandbox.
        api.send(invoke(api, handler, headers, body) + next_event)
        api.receive()


main()
