"""The SAM CLI's own word on the template, lint included."""

import os
import subprocess

from haetae_local.folders import REGION, ROOT, SAM


def test_sam_finds_the_template_valid() -> None:
    done = subprocess.run(
        [str(SAM), "validate", "--lint", "--region", REGION],
        cwd=ROOT,
        env=os.environ | {"SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "is a valid SAM Template" in done.stdout
