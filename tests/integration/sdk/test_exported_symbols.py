# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""The libraries show exactly what the public headers declare."""
import os
import pathlib
import re
import subprocess
import unittest

INCLUDE = pathlib.Path(os.environ["PARLEY_SOURCE"]) / "sdk/c/include/parley"
DECLARATION = re.compile(r"PARLEY_API[^;]*?\b(parley_[a-z_]+)\(")


def declared():
    texts = [path.read_text() for pattern in ("*.h", "*.h.in") for path in INCLUDE.glob(pattern)]
    return set(DECLARATION.findall("\n".join(texts)))


def defined(*nm_arguments):
    output = subprocess.run(["nm", "--defined-only", *nm_arguments], capture_output=True, text=True, check=True).stdout
    return {fields[2] for fields in map(str.split, output.splitlines()) if len(fields) == 3}


class ExportedSymbolsTest(unittest.TestCase):
    def test_shared_library_exports_the_headers(self):
        self.assertEqual(defined("-D", os.environ["PARLEY_SHARED"]), declared())

    def test_static_library_exports_the_headers(self):
        self.assertEqual(defined("-g", os.environ["PARLEY_STATIC"]), declared())

    def test_shared_library_is_versioned(self):
        output = subprocess.run(["readelf", "-d", os.environ["PARLEY_SHARED"]], capture_output=True, text=True,
                                check=True).stdout
        self.assertIn("[libparley.so.0]", output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
