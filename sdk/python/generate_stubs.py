# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""From protos to the Python modules of the package.

The options of methods (HTTP rules, scopes) are for servers and gateways. They are left out, so that the package needs
no google.api and cannot clash with another package that has it.
"""
import os
import subprocess
import tempfile

from google.protobuf import descriptor_pb2

LEFT_OUT = ("google/api/annotations.proto", "parley/v1/options.proto")


def _without_options(file):
    """Takes method options and their imports out of a FileDescriptorProto."""
    kept = [name for name in file.dependency if name not in LEFT_OUT]
    del file.dependency[:]
    file.dependency.extend(kept)
    for service in file.service:
        for method in service.method:
            method.ClearField("options")


def _protoc(*arguments):
    subprocess.run([os.environ.get("PARLEY_PROTOC", "protoc"), *map(str, arguments)], check=True)


def generate(api, own_protos, proto_paths, out):
    """Writes parley/v1/*_pb2.py and parley/error_details_pb2.py, each with its .pyi, below the folder `out`."""
    services = sorted(path.relative_to(api).as_posix() for path in (api / "parley" / "v1").glob("*_service.proto"))
    files = services + ["parley/error_details.proto"]
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        described = os.path.join(scratch, "api.fds")
        includes = [f"-I{path}" for path in (api, own_protos, *proto_paths)]
        _protoc(*includes, "--include_imports", f"--descriptor_set_out={described}", *files)
        with open(described, "rb") as source:
            whole = descriptor_pb2.FileDescriptorSet.FromString(source.read())
        kept = descriptor_pb2.FileDescriptorSet()
        for file in whole.file:
            _without_options(file)
            if file.name not in LEFT_OUT:
                kept.file.append(file)
        with open(described, "wb") as target:
            target.write(kept.SerializeToString())
        _protoc(f"--descriptor_set_in={described}", f"--python_out={out}", f"--pyi_out={out}", *files)
    (out / "parley" / "v1" / "__init__.py").touch()
