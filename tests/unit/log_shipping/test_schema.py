"""The JSON Schema."""

from __future__ import annotations

import json
from pathlib import Path

from log_shipping.schema import json_schema

SHIPPED = Path(__file__).parents[3] / "docs" / "records.schema.json"


def test_the_shipped_schema_is_the_one_that_the_code_describes() -> None:
    # To make it anew: json.dumps(json_schema(), indent=2)
    assert json.loads(SHIPPED.read_text()) == json_schema()
