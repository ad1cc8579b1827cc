# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
# shellcheck shell=bash
#
# `test`, `bench`, `chaos`, `fmt`, `lint` and `openapi`.

c_sources() {
    git -C "$root" ls-files -- '*.c' '*.h' '*.cpp' '*.hpp'
}

# Unit tests, integration tests and the fuzz corpora run with sanitizers; the e2e tests of the same run use the release
# programs (see the preset asan), so that there is one summary.
test_main() {
    cd "$root" && mkdir -p build || exit 1
    packages_need build/apt.log "${run_packages[@]}" "${test_packages[@]}"
    npm_need build/npm.log "${run_npm[@]}" "${test_npm[@]}"
    promtool_need "$root/build/apt.log"
    local preset
    for preset in release asan; do
        cmake --preset "$preset" && cmake --build --preset "$preset" || fail "the $preset build failed"
    done
    ctest --preset asan --parallel "$(nproc)"
}

bench_main() {
    cd "$root" && mkdir -p build || exit 1
    packages_need build/apt.log "${run_packages[@]}" "${test_packages[@]}" "${bench_packages[@]}"
    npm_need build/npm.log "${run_npm[@]}"
    exec tests/bench/run "$@"
}

chaos_main() {
    cd "$root" && mkdir -p build || exit 1
    packages_need build/apt.log "${run_packages[@]}" "${test_packages[@]}"
    npm_need build/npm.log "${run_npm[@]}"
    { cmake --preset release && cmake --build --preset release --target parleyd parley-gateway pl_api_python; } \
        >build/chaos.log 2>&1 || fail "the release build failed: see build/chaos.log"
    export PARLEY_BUILD=$root/build/release PARLEY_DEV=$root/dev PARLEY_PYTHON_STUBS=$root/build/release/python
    exec tests/chaos/run.py "$@"
}

fmt_main() {
    cd "$root" && mkdir -p build || exit 1
    packages_need build/apt.log "${lint_packages[@]}"
    c_sources | xargs clang-format -i
}

# Each header compiles alone, as C and with our warnings.
lint_headers() {
    local header flags failed=0
    flags=$(pkg-config --cflags grpc libprotobuf-c libpq libcrypto libsodium jansson libmicrohttpd cmocka)
    while read -r header; do
        # shellcheck disable=SC2086 # flags are words
        gcc -std=gnu17 -D_GNU_SOURCE -fsyntax-only -Wall -Wextra -Werror -x c -include "$header" \
            -I. -Iserver -Iapi -Itests -Isdk/c/include -isystem build/debug/api/c -Ibuild/debug \
            -Ibuild/debug/sdk/c/include -isystem build/debug/tests/unit/api -I"$(dirname "$header")" \
            $flags /dev/null || failed=1
    done < <(git ls-files -- '*.h')
    return $failed
}

# clang-tidy over the sources that the debug build compiles; generated code is not looked at.
lint_tidy() {
    local sources
    sources=$(sed -n "s|^ *\"file\": \"$root/\(.*\.c\)\",\?$|\1|p" build/debug/compile_commands.json |
        sort -u | comm -12 - <(git ls-files -- '*.c' | sort))
    xargs -r -n 4 -P "$(nproc)" clang-tidy -p build/debug --quiet --warnings-as-errors='*' <<<"$sources" \
        2> >(grep -v 'warnings\? generated\|^Suppressed\|^Use -header' >&2)
}

lint_main() {
    cd "$root" && mkdir -p build || exit 1
    packages_need build/apt.log "${run_packages[@]}" "${test_packages[@]}" "${lint_packages[@]}"
    npm_need build/npm.log "${run_npm[@]}"
    { cmake --preset debug && cmake --build --preset debug; } >build/lint.log 2>&1 ||
        fail "the debug build failed: see build/lint.log"
    local failed=0
    c_sources | xargs clang-format --dry-run -Werror || failed=1
    shellcheck -x -a dev || failed=1
    lint_headers || failed=1
    lint_tidy || failed=1
    ((failed == 0)) || fail "lint found something, see above"
}

# Writes openapi/openapi.yaml anew, from the protos and the table of errors.
openapi_main() {
    cd "$root" && mkdir -p build || exit 1
    packages_need build/apt.log "${run_packages[@]}" "${test_packages[@]}"
    npm_need build/npm.log "${run_npm[@]}"
    { cmake --preset debug && cmake --build --preset debug --target openapi; } >build/openapi.log 2>&1 ||
        fail "openapi/openapi.yaml could not be made: see build/openapi.log"
}
