"""Make `safety`, which these tests share, importable; `app` itself would be too common a name."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))
