# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
# shellcheck shell=bash
#
# `up` and `down`: the embedded default on this machine. PARLEY_HOME holds everything: postgres/ the database, log/ the
# logs, operator.key, parleyd.pid, demo.env.

up_paths() {
    home=$(realpath -m "${PARLEY_HOME:-$root/.parley}")
    grpc_port=${PARLEY_GRPC_PORT:-50051}
    rest_port=${PARLEY_REST_PORT:-8080}
    metrics_port=${PARLEY_METRICS_PORT:-9090}
    parleyd=$root/build/release/server/parleyd
    parley=$root/build/release/bin/parley
}

up_check_ports() {
    local variable port
    for variable in PARLEY_GRPC_PORT PARLEY_METRICS_PORT; do
        [[ $variable == PARLEY_GRPC_PORT ]] && port=$grpc_port || port=$metrics_port
        [[ $port =~ ^[0-9]{1,5}$ ]] && ((10#$port >= 1 && 10#$port <= 65535)) ||
            fail "$variable must be a port from 1 to 65535, not '$port'"
        ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null ||
            fail "port $port is in use by another program: stop it, or set $variable to a free port"
    done
    ((10#$grpc_port != 10#$metrics_port)) || fail "PARLEY_GRPC_PORT and PARLEY_METRICS_PORT must differ"
}

up_build() {
    local log=$home/log/build.log
    echo "Building (log: $log)"
    (cd "$root" && cmake --preset release && cmake --build --preset release --target parleyd parley_cli) \
        </dev/null >"$log" 2>&1 || fail "the build failed: see $log"
}

# When a process started; with its pid, this names it for ever. (/proc tells little else about parleyd, which protects
# its memory.)
started_at() {
    local stat fields
    stat=$(cat "/proc/$1/stat" 2>/dev/null) && read -ra fields <<<"${stat##*)}" && echo "${fields[19]}"
}

# Prints the pid of our parleyd; fails when it does not run.
parleyd_pid() {
    local pid='' start=''
    [[ -e $home/parleyd.pid ]] && read -r pid start _ <"$home/parleyd.pid"
    [[ $pid && $(started_at "$pid") == "$start" ]] && echo "$pid"
}

parleyd_environment() {
    [[ -s $home/operator.key ]] ||
        (umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$home/operator.key") || exit 1
    export PARLEY_GRPC_LISTEN=127.0.0.1:$grpc_port PARLEY_ADMIN_LISTEN=127.0.0.1:$metrics_port
    export PARLEY_DATABASE=$1 PARLEY_OPERATOR_KEY_FILE=$home/operator.key
}

# Starts parleyd in a session of its own, so that Ctrl-C reaches only this script, which stops things in order.
parleyd_start() {
    local log=$home/log/parleyd.log pid deadline=$((SECONDS + 60))
    timeout 120 "$parleyd" migrate </dev/null >>"$log" 2>&1 || up_fail "the database could not be migrated: see $log"
    setsid "$parleyd" </dev/null >>"$log" 2>&1 7>&- &
    pid=$!
    echo "$pid $(started_at "$pid") $grpc_port $metrics_port" >"$home/parleyd.pid"
    until curl -sf --max-time 2 -o /dev/null "http://127.0.0.1:$metrics_port/readyz"; do
        kill -0 "$pid" 2>/dev/null ||
            up_fail "parleyd does not start ($(grep '^parleyd: ' "$log" | tail -n 1)): see $log"
        ((SECONDS < deadline)) || up_fail "parleyd was not ready within 60 s: see $log"
        sleep 0.1
    done
}

up_stop() {
    local pid status=0
    if pid=$(parleyd_pid); then
        kill -TERM "$pid"
        wait_gone "$pid" 15 || { kill -KILL "$pid" && wait_gone "$pid" 5; } || status=1
    fi
    rm -f "$home/parleyd.pid"
    (postgres_stop "$home/postgres") || status=1
    return $status
}

# Stops what this run has started.
up_fail() {
    ((running)) || up_stop
    fail "$@"
}

# Waits for Ctrl-C (see the trap in up_main), `./dev down` or the death of parleyd, then stops what is left.
up_follow() {
    echo "Parley runs until Ctrl-C (logs: $home/log)."
    wait "$(parleyd_pid)" 2>/dev/null || up_fail "parleyd ended by itself: see $home/log/parleyd.log"
    up_stop
}

up_main() {
    local detach=0 conninfo running=0 # running: since before
    case ${1-} in
        --detach) detach=1 ;;
        '') ;;
        *) fail "unknown option '$1': ./dev up [--detach]" ;;
    esac
    up_paths
    mkdir -p "$home/log" || exit 1
    exec 7>"$home/lock"
    flock -n 7 || fail "another ./dev up or down is at work in $home"
    if parleyd_pid >/dev/null; then
        running=1
        read -r _ _ grpc_port metrics_port <"$home/parleyd.pid"
    else
        up_check_ports
        packages_need "$home/log/apt.log" "${run_packages[@]}"
        npm_need "$home/log/npm.log" "${run_npm[@]}"
        up_build
        trap 'echo; echo "Stopping"; up_stop; exit' INT TERM HUP
    fi
    conninfo=$(postgres_start "$home/postgres") || exit 1
    parleyd_environment "$conninfo"
    ((running)) || parleyd_start
    demo_write || up_fail "the demo app could not be made: see $home/log/demo.log"
    exec 7>&-
    ((running)) && echo "Parley is running already in $home."
    demo_print
    ((running || detach)) || up_follow
}

down_main() {
    up_paths
    [[ -d $home ]] || return 0
    exec 7>"$home/lock"
    flock -w 60 7 || fail "a ./dev up is at work in $home"
    up_stop || fail "not everything could be stopped: see $home/log"
}
