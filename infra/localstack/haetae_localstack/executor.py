"""Functions as processes: what LAMBDA_RUNTIME_EXECUTOR=process does.

LocalStack keeps environments, concurrency, retries, queues of failures, logs and metrics; here an
environment is a child process that runs AWS's own runtime client (`awslambdaric`) against a
loopback Runtime API. There is no sandbox: no memory limit, no /var/task, no /opt.
"""

import json
import os
import shutil
import tempfile
import time
from pathlib import Path

from localstack import config
from localstack.services.lambda_.invocation.executor_endpoint import (
    NAMESPACE,
    ShutdownDuringStartup,
)
from localstack.services.lambda_.invocation.lambda_models import FunctionVersion, InvocationResult
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin
from localstack.services.lambda_.invocation.runtime_executor import RuntimeExecutor

from haetae_localstack.environment import RUNTIME, function_environment
from haetae_localstack.function_process import FunctionLog, FunctionProcess
from haetae_localstack.runtime_api import Event, Report

INIT_TIMEOUT_S = 10  # AWS's; it repeats a longer start under the function's own timeout
RESPONSE_LIMIT_BYTES = 6 * 1024 * 1024 + 100


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """Registers the executor as `process`."""

    name = "process"

    def load(self, *_args: object, **_kwargs: object) -> type[RuntimeExecutor]:
        """Return the executor's class."""
        return ProcessExecutor


class ProcessExecutor(RuntimeExecutor):
    """One execution environment of one function version."""

    def __init__(self, id: str, function_version: FunctionVersion) -> None:  # noqa: A002
        """Make an environment that is not started yet."""
        super().__init__(id=id, function_version=function_version)
        self._home = Path(tempfile.mkdtemp(prefix=f"function-{id[:8]}-"))
        self._log = FunctionLog(self._home / "log")
        self._environment: dict[str, str] = {}
        self._process: FunctionProcess | None = None
        self._init_ms: float | None = None  # of a start that no invocation has reported
        self._failure: bytes | None = None  # likewise, when it failed
        self._stopped = False

    @classmethod
    def prepare_version(cls, function_version: FunctionVersion) -> None:
        """Unzip the code and the layers; raise ValueError for what cannot run here."""
        settings = function_version.config
        if settings.package_type != "Zip" or settings.runtime != RUNTIME:
            raise ValueError(f"only zipped {RUNTIME} functions run here, not {settings.runtime}")
        for archive in (settings.code, *(layer.code for layer in settings.layers)):
            archive.prepare_for_execution()

    @classmethod
    def cleanup_version(cls, function_version: FunctionVersion) -> None:
        """Leave the folders: LocalStack removes code and layers with what they belong to."""

    def get_address(self) -> str:
        """Return where the environment is."""
        return "127.0.0.1"

    def get_endpoint_from_executor(self) -> str:
        """Return LocalStack's address as a function sees it."""
        return "127.0.0.1"

    def get_runtime_endpoint(self) -> str:
        """Return the address that LocalStack's own images would call back."""
        return f"http://127.0.0.1:{config.GATEWAY_LISTEN[0].port}{NAMESPACE}/{self.id}"

    def get_logs(self) -> str:
        """Return what this environment's log still holds."""
        return self._log.all()

    def start(self, env_vars: dict[str, str]) -> None:
        """Start the runtime. Where the function fails to start, its first invocation fails.

        Raises ShutdownDuringStartup when it is stopped meanwhile.
        """
        settings = self.function_version.config
        self._environment = function_environment(
            {name: str(value) for name, value in env_vars.items()},
            code=settings.code.get_unzipped_code_location(),
            layers=[layer.code.get_unzipped_code_location() for layer in settings.layers],
            home=self._home,
        )
        self._initialize()
        if self._stopped:
            raise ShutdownDuringStartup("stopped while it started")

    def stop(self) -> None:
        """Kill the child with all it has started; an invocation that runs fails."""
        self._stopped = True
        if (process := self._process) is not None:
            process.kill()
        shutil.rmtree(self._home, ignore_errors=True)

    def invoke(self, payload: dict[str, str]) -> InvocationResult:
        """Run one invocation; whatever goes wrong in the function is a result, with its logs."""
        request_id, settings = payload["invoke-id"], self.function_version.config
        if self._process is None and self._failure is None:
            self._initialize()  # as AWS does in an environment whose runtime has left
        self._log.add(
            f"START RequestId: {request_id} Version: {self.function_version.id.qualifier}"
        )
        started_s = time.monotonic()
        report = self._run(payload)
        duration_ms = (time.monotonic() - started_s) * 1000
        memory_mb = self._process.peak_memory_mb() if self._process is not None else None
        body, status = self._judge(report, request_id)
        figures = [
            f"REPORT RequestId: {request_id}",
            f"Duration: {duration_ms:.2f} ms",
            f"Billed Duration: {int(duration_ms) + 1} ms",
            f"Memory Size: {settings.memory_size} MB",
            *([f"Max Memory Used: {memory_mb} MB"] if memory_mb is not None else []),
            *([f"Init Duration: {self._init_ms:.2f} ms"] if self._init_ms is not None else []),
            *([f"Status: {status}"] if status else []),
        ]
        self._init_ms = None
        self._log.add(f"END RequestId: {request_id}\n" + "\t".join(figures))
        return InvocationResult(
            request_id=request_id,
            payload=body,
            is_error=report.kind != "response" or bool(status),
            logs=self._log.take(),
        )

    def _initialize(self) -> None:
        """Start the child and wait until it asks for its first event, or keep why it did not."""
        seconds = max(INIT_TIMEOUT_S, self.function_version.config.timeout)
        self._process = FunctionProcess(
            os.environ["LAMBDA_PROCESS_PYTHON"], self._environment, self._log
        )
        if self._stopped:  # between the last look and the start
            self._process.kill()
        report, self._init_ms = self._process.wait_until_ready(seconds)
        match report.kind:
            case "ready":
                return
            case "init_error":
                self._failure = report.body
            case "timeout":
                self._failure = _error("Sandbox.Timedout", f"Init timed out after {seconds:.2f} s")
            case _:
                self._failure = _error("Runtime.ExitError", _exit_text(report))
        self._end_process()

    def _run(self, payload: dict[str, str]) -> Report:
        if self._process is None:
            assert self._failure is not None
            failure, self._failure = self._failure, None
            return Report("init_error", body=failure)
        timeout_s = self.function_version.config.timeout
        event = Event(
            payload["invoke-id"],
            {
                "Lambda-Runtime-Invoked-Function-Arn": payload["invoked-function-arn"],
                "Lambda-Runtime-Trace-Id": payload["trace-id"],
                "Lambda-Runtime-Deadline-Ms": str(int((time.time() + timeout_s) * 1000)),
            },
            payload["payload"].encode(),
        )
        return self._process.run(event, timeout_s)

    def _judge(self, report: Report, request_id: str) -> tuple[bytes, str]:
        """Return the result's body and the REPORT's status; a runtime that is lost is ended."""
        timeout_s = self.function_version.config.timeout
        match report.kind:
            case "response" if len(report.body) > RESPONSE_LIMIT_BYTES:
                why = f"Response payload size exceeded {RESPONSE_LIMIT_BYTES} bytes"
                return _error("Function.ResponseSizeTooLarge", why), "error"
            case "timeout":
                self._end_process()
                why = f"Task timed out after {timeout_s:.2f} seconds"
                self._log.add(f"{request_id} {why}")
                why = f"RequestId: {request_id} Error: {why}"
                return _error("Sandbox.Timedout", why), "timeout"
            case "exit":
                self._end_process()
                why = f"RequestId: {request_id} Error: {_exit_text(report)}"
                self._log.add(why)
                return _error("Runtime.ExitError", why), "error"
            case _:
                return report.body, ""

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.kill()
            self._process = None


def _error(kind: str, message: str) -> bytes:
    return json.dumps({"errorType": kind, "errorMessage": message}).encode()


def _exit_text(report: Report) -> str:
    return f"Runtime exited with error: {report.body.decode()}"
