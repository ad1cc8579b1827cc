# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
# shellcheck shell=bash
#
# The Debian 12 packages that Parley is built from, run and tested with, those of npm, and their installation.

run_packages=(
    build-essential cmake ninja-build pkg-config
    libgrpc-dev libprotobuf-c-dev protobuf-c-compiler libprotobuf-dev protobuf-compiler python3-protobuf
    grpc-proto golang-github-grpc-ecosystem-grpc-gateway-dev
    libpq-dev libssl-dev libsodium-dev libjansson-dev libmicrohttpd-dev libnghttp2-dev libwslay-dev zlib1g-dev uthash-dev
    postgresql-15 curl python3 python3-grpcio
)
test_packages=(
    libcmocka-dev python3-pytest python3-jwt python3-cryptography python3-pip python3-setuptools python3-wheel
    python3-yaml
)
bench_packages=(wrk nginx-light)
lint_packages=(git clang-format clang-tidy shellcheck)

# Of npm, in build/npm: the reference page that the gateway serves, and what the OpenAPI file is tested with.
run_npm=(swagger-ui-dist@5.35.0)
test_npm=(@redocly/cli@1.34.7 openapi-typescript@7.13.0 openapi-fetch@0.17.0 typescript@5.9.3
    ws@8.18.3)

# With root's rights or sudo.
apt_get() {
    local as=()
    if ((EUID)); then
        command -v sudo >/dev/null || fail "as root, run: apt-get $*"
        as=(sudo)
    fi
    "${as[@]}" env DEBIAN_FRONTEND=noninteractive apt-get -q -y -o DPkg::Lock::Timeout=120 -o Acquire::Retries=3 "$@"
}

# Installs what is missing of PACKAGE...; what apt says goes to LOG.
packages_need() {
    local log=$1 package missing=()
    shift
    for package; do
        [[ $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null) == installed ]] || missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    command -v apt-get >/dev/null || fail "these Debian packages are needed, and there is no apt-get: ${missing[*]}"
    echo "Installing ${missing[*]}"
    apt_get update </dev/null >>"$log" 2>&1 || fail "apt-get update failed: see $log"
    apt_get install --no-install-recommends "${missing[@]}" </dev/null >>"$log" 2>&1 ||
        fail "the packages could not be installed: see $log"
}

# Fetches promtool into build/promtool, out of the Debian package prometheus, which is not installed: it would start a
# server, on the port of our metrics.
promtool_need() {
    local log=$1 folder=$root/build/promtool
    ! [[ -x $folder/usr/bin/promtool ]] && ! command -v promtool >/dev/null || return 0
    echo "Fetching promtool into build/promtool"
    mkdir -p "$folder" || exit 1
    (cd "$folder" && { apt_get download prometheus || { apt_get update && apt_get download prometheus; }; } &&
        dpkg-deb --fsys-tarfile prometheus_*.deb | tar -x ./usr/bin/promtool) </dev/null >>"$log" 2>&1 ||
        fail "promtool, which tests the alert rules, could not be fetched: see $log"
    rm -f "$folder"/prometheus_*.deb
}

# Installs what is missing of NAME@VERSION... into build/npm, from the registry that npm is set up for. Scripts of
# packages do not run. What npm says goes to LOG.
npm_need() {
    local log=$1 package missing=()
    shift
    for package; do
        grep -qsF "\"version\": \"${package##*@}\"" "$root/build/npm/node_modules/${package%@*}/package.json" ||
            missing+=("$package")
    done
    ((${#missing[@]})) || return 0
    command -v node >/dev/null && command -v npm >/dev/null || packages_need "$log" nodejs npm
    echo "Installing ${missing[*]} into build/npm"
    mkdir -p "$root/build/npm" || exit 1
    npm install --prefix "$root/build/npm" --save-exact --ignore-scripts --no-audit --no-fund "${missing[@]}" \
        </dev/null >>"$log" 2>&1 || fail "the npm packages could not be installed: see $log"
}
