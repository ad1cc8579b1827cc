# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
# shellcheck shell=bash
#
# `up` and `down`: the embedded default on this machine. PARLEY_HOME holds everything: postgres/ the database, log/ the
# logs, operator.key, parleyd.sock, a .pid of each program, demo.env. A .pid is one line: pid, start, its two ports.

up_paths() {
    home=$(realpath -m "${PARLEY_HOME:-$root/.parley}")
    grpc_port=${PARLEY_GRPC_PORT:-50051}
    rest_port=${PARLEY_REST_PORT:-8080}
    metrics_port=${PARLEY_METRICS_PORT:-9090}
    rest_metrics_port=${PARLEY_REST_METRICS_PORT:-9091}
    parleyd=$root/build/release/server/parleyd
    gateway=$root/build/release/gateway/parley-gateway
    parley=$root/build/release/bin/parley
}

# Fails when the port in VARIABLE is not one, is used, or is that of a variable before it.
up_check_ports() {
    local variable port taken=()
    for variable in PARLEY_GRPC_PORT=$grpc_port PARLEY_METRICS_PORT=$metrics_port PARLEY_REST_PORT=$rest_port \
        PARLEY_REST_METRICS_PORT=$rest_metrics_port; do
        port=${variable#*=} variable=${variable%%=*}
        [[ $port =~ ^[0-9]{1,5}$ ]] && ((10#$port >= 1 && 10#$port <= 65535)) ||
            fail "$variable must be a port from 1 to 65535, not '$port'"
        [[ " ${taken[*]} " != *" $((10#$port)) "* ]] || fail "$variable must differ from the other ports: $port"
        ! (: <"/dev/tcp/127.0.0.1/$port") 2>/dev/null ||
            fail "port $port is in use by another program: stop it, or set $variable to a free port"
        taken+=($((10#$port)))
    done
}

up_build() {
    local log=$home/log/build.log
    echo "Building (log: $log)"
    (cd "$root" && cmake --preset release && cmake --build --preset release --target parleyd parley-gateway parley_cli) \
        </dev/null >"$log" 2>&1 || fail "the build failed: see $log"
}

# When a process started that has not ended (what nobody has waited for yet has); with its pid, this names it for ever.
# (/proc tells little else about parleyd, which protects its memory.)
started_at() {
    local stat fields
    stat=$(cat "/proc/$1/stat" 2>/dev/null) && read -ra fields <<<"${stat##*)}" && [[ ${fields[0]} != Z ]] &&
        echo "${fields[19]}"
}

# Prints the pid of our PROGRAM; fails when it does not run.
pid_of() {
    local pid='' start=''
    [[ -e $home/$1.pid ]] && read -r pid start _ <"$home/$1.pid"
    [[ $pid && $(started_at "$pid") == "$start" ]] && echo "$pid"
}

# The socket that the gateway reaches parleyd by: a path of sockets is short, so a long one becomes the TCP port.
upstream() {
    ((${#home} < 90)) && echo "unix:$home/parleyd.sock" || echo "127.0.0.1:$grpc_port"
}

parleyd_environment() {
    [[ -s $home/operator.key ]] ||
        (umask 077 && od -An -N32 -tx1 /dev/urandom | tr -d ' \n' >"$home/operator.key") || exit 1
    export PARLEY_GRPC_LISTEN=127.0.0.1:$grpc_port PARLEY_ADMIN_LISTEN=127.0.0.1:$metrics_port
    [[ $(upstream) != unix:* ]] || PARLEY_GRPC_LISTEN+=,$(upstream)
    export PARLEY_DATABASE=$1 PARLEY_DATABASE_FOLDER=$home/postgres PARLEY_OPERATOR_KEY_FILE=$home/operator.key
}

# start PROGRAM PATH PORT METRICS_PORT: in a session of its own, so that Ctrl-C reaches only this script, which stops
# things in order; waits until it is ready.
start() {
    local name=$1 log=$home/log/$1.log pid deadline=$((SECONDS + 60))
    setsid "$2" </dev/null >>"$log" 2>&1 7>&- &
    pid=$!
    echo "$pid $(started_at "$pid") $3 $4" >"$home/$name.pid"
    until curl -sf --max-time 2 -o /dev/null "http://127.0.0.1:$4/readyz"; do
        kill -0 "$pid" 2>/dev/null ||
            up_fail "$name does not start ($(grep "^$name: " "$log" | tail -n 1)): see $log"
        ((SECONDS < deadline)) || up_fail "$name was not ready within 60 s: see $log"
        sleep 0.1
    done
}

parleyd_start() {
    local log=$home/log/parleyd.log
    timeout 120 "$parleyd" migrate </dev/null >>"$log" 2>&1 || up_fail "the database could not be migrated: see $log"
    start parleyd "$parleyd" "$grpc_port" "$metrics_port"
}

gateway_start() {
    PARLEY_GATEWAY_LISTEN=127.0.0.1:$rest_port PARLEY_GATEWAY_ADMIN_LISTEN=127.0.0.1:$rest_metrics_port \
        PARLEY_GATEWAY_UPSTREAM=$(upstream) start parley-gateway "$gateway" "$rest_port" "$rest_metrics_port"
}

programs_stop() {
    local name pid status=0
    for name in parley-gateway parleyd; do
        if pid=$(pid_of "$name"); then
            kill -TERM "$pid"
            wait_gone "$pid" 15 || { kill -KILL "$pid" && wait_gone "$pid" 5; } || status=1
        fi
        rm -f "$home/$name.pid"
    done
    return $status
}

up_stop() {
    local status=0
    programs_stop || status=1
    (postgres_stop "$home/postgres") || status=1
    return $status
}

# Stops what this run has started.
up_fail() {
    ((running)) || up_stop
    fail "$@"
}

# Waits for Ctrl-C (see the trap in up_main), `./dev down` or the death of a program, then stops what is left.
up_follow() {
    local name pid
    local -A pids=([parleyd]=$(pid_of parleyd) [parley-gateway]=$(pid_of parley-gateway))
    echo "Parley runs until Ctrl-C (logs: $home/log)."
    # `wait -n` would not see one that has ended before it.
    while kill -0 "${pids[parleyd]}" && kill -0 "${pids[parley-gateway]}"; do
        sleep 0.5 &
        wait "$!"
    done 2>/dev/null
    for name in parleyd parley-gateway; do
        pid=${pids[$name]}
        kill -0 "$pid" 2>/dev/null || wait "$pid" 2>/dev/null ||
            up_fail "$name ended by itself: see $home/log/$name.log"
    done
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
    if pid_of parleyd >/dev/null && pid_of parley-gateway >/dev/null; then
        running=1
        read -r _ _ grpc_port metrics_port <"$home/parleyd.pid"
        read -r _ _ rest_port rest_metrics_port <"$home/parley-gateway.pid"
    else
        programs_stop || fail "what is left of an earlier run could not be stopped: see $home/log"
        up_check_ports
        packages_need "$home/log/apt.log" "${run_packages[@]}"
        npm_need "$home/log/npm.log" "${run_npm[@]}"
        up_build
        trap 'echo; echo "Stopping"; up_stop; exit' INT TERM HUP
    fi
    conninfo=$(postgres_start "$home/postgres") || exit 1
    parleyd_environment "$conninfo"
    ((running)) || { parleyd_start && gateway_start; }
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
