"""The official CycloneDX schema as the judge of a bill of materials."""

import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

with open(sys.argv[1], encoding="utf-8") as document:
    error = JsonStrictValidator(SchemaVersion.V1_6).validate_str(document.read())
if error:
    sys.exit(f"{sys.argv[1]}: {error}")
