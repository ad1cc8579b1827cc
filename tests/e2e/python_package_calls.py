# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""A program that is written with the Python package: makes the call that each line of its input names, and prints the
reply. Lines are the method's name and a request in base64; replies are base64. Arguments: endpoint, and the options of
parley.Client as JSON.
"""
import base64
import json
import sys

import parley
from parley.client import METHODS


def main():
    """Until the end of the input."""
    with parley.Client(sys.argv[1], **json.loads(sys.argv[2])) as client:
        for line in sys.stdin:
            name, _, request = line.rstrip("\n").partition(" ")
            # pylint: disable-next=protected-access
            request = METHODS[name].input_type._concrete_class.FromString(base64.b64decode(request))
            print(base64.b64encode(getattr(client, name)(request).SerializeToString()).decode(), flush=True)


main()
