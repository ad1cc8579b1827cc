# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
"""What is installed is enough to build on: by CMake package and by pkg-config, shared and static."""
import os
import pathlib
import subprocess
import tempfile
import unittest

EXAMPLES = pathlib.Path(os.environ["PARLEY_SOURCE"]) / "sdk/c/examples"
PROGRAM = """
#include <parley/parley.h>
int main(void)
{
    char id[PARLEY_ID_BYTES];
    parley_id_make(id);
    return parley_version()[0] == '0' && id[14] == '7' ? 0 : 1;
}
"""
PROJECT = """
cmake_minimum_required(VERSION 3.25)
project(consumer C)
find_package(parley 0.1 REQUIRED)
add_executable(consumer consumer.c)
target_link_libraries(consumer PRIVATE parley::parley)
"""


def run(*command, **more):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **more)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


class InstallTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        cls.addClassCleanup(cls.folder.cleanup)
        cls.prefix = pathlib.Path(cls.folder.name) / "prefix"
        cls.source = pathlib.Path(cls.folder.name) / "source"
        cls.source.mkdir()
        (cls.source / "consumer.c").write_text(PROGRAM)
        (cls.source / "CMakeLists.txt").write_text(PROJECT)
        run("cmake", "--install", os.environ["PARLEY_BUILD"], "--prefix", cls.prefix, "--component", "sdk")
        cls.libraries = next(cls.prefix.rglob("libparley.a")).parent
        cls.flags = os.environ["PARLEY_C_FLAGS"].split()
        cls.compiler = os.environ["PARLEY_C_COMPILER"]

    def test_cmake_package(self):
        build = self.source / "build"
        run("cmake", "-S", self.source, "-B", build, f"-DCMAKE_PREFIX_PATH={self.prefix}",
            f"-DCMAKE_C_COMPILER={self.compiler}", f"-DCMAKE_C_FLAGS={' '.join(self.flags)}")
        run("cmake", "--build", build)
        run(build / "consumer")

    def pkg_config(self, *arguments):
        text = (self.libraries / "pkgconfig/parley.pc").read_text().splitlines()
        moved = "\n".join(f"prefix={self.prefix}" if line.startswith("prefix=") else line for line in text)
        (self.libraries / "pkgconfig/parley.pc").write_text(moved + "\n")
        environment = {**os.environ, "PKG_CONFIG_PATH": str(self.libraries / "pkgconfig")}
        return run("pkg-config", *arguments, "parley", env=environment).split()

    def test_pkg_config_shared(self):
        program = self.source / "shared"
        run(self.compiler, *self.flags, self.source / "consumer.c", "-o", program,
            *self.pkg_config("--cflags", "--libs"), f"-Wl,-rpath,{self.libraries}")
        run(program)

    def test_examples_are_built_by_the_command_of_the_readme(self):
        readme = (EXAMPLES.parent / "README.md").read_text()
        self.assertIn("cc -o send_one send_one.c $(pkg-config --cflags --libs parley)", readme)
        words = self.pkg_config("--cflags", "--libs")
        examples = sorted(EXAMPLES.glob("*.c"))
        self.assertTrue(examples)
        for example in examples:
            self.assertIn(f"examples/{example.name}", readme)
            run(self.compiler, *self.flags, example, "-o", self.source / example.stem, *words)

    def test_pkg_config_static(self):
        program = self.source / "static"
        words = [word for word in self.pkg_config("--cflags", "--libs", "--static") if word != "-lparley"]
        run(self.compiler, *self.flags, self.source / "consumer.c", "-o", program, self.libraries / "libparley.a",
            *words)
        run(program)


if __name__ == "__main__":
    unittest.main(verbosity=2)
