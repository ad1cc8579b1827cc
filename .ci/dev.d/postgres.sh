# SPDX-License-Identifier: Apache-2.0
# Copyright (c) the Parley authors.
# shellcheck shell=bash
#
# A private PostgreSQL in one folder: DIR/data is the cluster, DIR/log its log, DIR/socket_dir names the folder of its
# unix socket. It listens nowhere else, and the socket's folder (mode 0700) is the whole access control. Commits are
# durable (fsync is on), unless its caller says otherwise. Values of rows never reach the log.

# PARLEY_POSTGRES_PORT=N lets it listen on 127.0.0.1, too, for a bench whose peer knows no unix sockets: everybody on this
# machine may connect then.

pg_wait_s=120 # crash recovery of a loaded cluster takes a while

pg_settings=(
    -c listen_addresses= -c max_connections=100 -c shared_buffers=256MB
    -c wal_compression=lz4 -c checkpoint_timeout=15min -c max_wal_size=8GB
    -c logging_collector=off -c log_destination=stderr -c "log_line_prefix=%m [%p] "
    -c log_error_verbosity=terse -c log_min_error_statement=panic
)

pg_port=${PARLEY_POSTGRES_PORT:-5432}
[[ ${PARLEY_POSTGRES_PORT-} ]] && pg_settings+=(-c listen_addresses=127.0.0.1 -c "port=$pg_port")

# Prints the folder of PostgreSQL's programs: of the version that made the cluster, or else the newest.
pg_bin() {
    local dir=$1 version='*' found
    [[ -e $dir/data/PG_VERSION ]] && version=$(<"$dir/data/PG_VERSION")
    found=$(compgen -G "/usr/lib/postgresql/$version/bin/postgres" | sort -V | tail -n 1)
    [[ $found ]] || fail "PostgreSQL${version/#[0-9]/ &} is not installed (sudo apt-get install postgresql)"
    dirname "$found"
}

# Prints the user that runs the cluster: whoever owns it, else the caller, else (PostgreSQL refuses root) `postgres`.
pg_user() {
    local dir=$1 owner
    owner=$(id -un)
    [[ -e $dir/data ]] && owner=$(stat -c %U "$dir/data")
    if ((EUID == 0)); then
        [[ $owner == root ]] && owner=postgres
        id "$owner" >/dev/null 2>&1 || fail "the user '$owner' that runs PostgreSQL does not exist"
    elif [[ $owner != "$(id -un)" ]]; then
        fail "$dir/data belongs to '$owner': run this as that user or as root, or set PARLEY_HOME to another folder"
    fi
    echo "$owner"
}

# Becomes a program of PostgreSQL that runs as USER with the folder DATA open as descriptor 9. The folder is named by
# that descriptor, not by its path, because a folder above it (/root, say) may be closed to USER. Called in a subshell.
pg_exec() {
    local user=$1 data=$2 as=()
    shift 2
    ((EUID == 0)) && as=(setpriv "--reuid=$user" "--regid=$(id -g "$user")" --init-groups)
    exec 9<"$data" 7>&- 8>&-
    cd / && exec env -i PATH="$PATH" LC_ALL=C PGDATA=/proc/self/fd/9 setsid "${as[@]}" "$@"
}

# Prints the pid of the postmaster that runs on DIR/data; fails when none does.
pg_pid() {
    local dir=$1 pid
    pid=$(head -n 1 "$dir/data/postmaster.pid" 2>/dev/null) && [[ $pid && /proc/$pid/cwd -ef $dir/data ]] && echo "$pid"
}

# Makes the cluster. It appears under its name only when it is complete.
pg_init() {
    local dir=$1 user=$2 bin=$3 sync=()
    [[ -e $dir/data ]] && return
    [[ " ${pg_settings[*]} " != *" fsync=off "* ]] || sync=(--no-sync)
    rm -rf "$dir/data.new"
    install -d -m 0700 -o "$user" "$dir/data.new"
    (pg_exec "$user" "$dir/data.new" timeout 120 "$bin/initdb" --username=parley --encoding=UTF8 --locale=C \
        --auth=trust --no-instructions "${sync[@]}") >>"$dir/log" 2>&1 ||
        fail "PostgreSQL could not make a cluster in $dir: see $dir/log"
    mv "$dir/data.new" "$dir/data"
}

# Prints the folder of the socket. It stays the same over restarts, so that clients find the server again, and it is not
# below DIR because the path of a socket is limited to 107 bytes.
pg_socket_dir() {
    local dir=$1 user=$2 socket_dir=
    [[ -e $dir/socket_dir ]] && socket_dir=$(<"$dir/socket_dir")
    if [[ ! -d $socket_dir || -L $socket_dir || $(stat -c %U:%a "$socket_dir") != "$user:700" ]]; then
        socket_dir=$(mktemp -d /tmp/parley-postgres.XXXXXX) || return
        chown "$user:" "$socket_dir"
        echo "$socket_dir" >"$dir/socket_dir"
    fi
    echo "$socket_dir"
}

# Starts the server and waits until it is ready. A server that was killed is there for a moment still, and so are its
# children, which hold its memory; the next one gives up while they are there: that is tried again.
pg_launch() {
    local dir=$1 user=$2 bin=$3 socket_dir=$4 server=0 log_bytes deadline=$((SECONDS + pg_wait_s))
    until "$bin/pg_isready" -q -h "$socket_dir" -p "$pg_port" -U parley -d postgres -t 1; do
        if ! pg_alive "$server"; then
            ((server == 0)) || pg_old_one_lingers "$dir" "$log_bytes" ||
                fail "PostgreSQL does not start on $dir/data ($(pg_last_error "$dir")): see $dir/log"
            log_bytes=$(stat -c %s "$dir/log")
            pg_exec "$user" "$dir/data" "$bin/postgres" "${pg_settings[@]}" \
                -c unix_socket_directories="$socket_dir" </dev/null >>"$dir/log" 2>&1 &
            server=$!
        fi
        ((SECONDS < deadline)) || fail "PostgreSQL was not ready within $pg_wait_s s: see $dir/log"
        sleep 0.1
    done
}

pg_alive() {
    (($1)) && kill -0 "$1" 2>/dev/null
}

pg_old_one_lingers() {
    tail -c "+$(($2 + 1))" "$1/log" | grep -qE 'pre-existing shared memory block|lock file .* already exists'
}

pg_last_error() {
    grep -oE '(FATAL|PANIC|postgres): .*' "$1/log" | tail -n 1
}

# Holds DIR against other starts and stops, as descriptor 8.
pg_lock() {
    exec 8>"$1/lock" || fail "$1 cannot be written"
    flock -w "$pg_wait_s" 8 || fail "another start or stop is at work in $1"
}

# Starts the server in DIR unless it runs, with these settings (NAME=VALUE), and prints its conninfo.
postgres_start() {
    local dir user bin socket_dir setting
    mkdir -p "$1" || exit 1
    dir=$(cd "$1" && pwd -P) || exit 1
    for setting in "${@:2}"; do
        pg_settings+=(-c "$setting")
    done
    pg_lock "$dir"
    bin=$(pg_bin "$dir") && user=$(pg_user "$dir") || exit 1
    touch "$dir/log"
    pg_init "$dir" "$user" "$bin"
    socket_dir=$(pg_socket_dir "$dir" "$user") || fail "no folder for PostgreSQL's socket can be made in /tmp"
    pg_pid "$dir" >/dev/null || pg_launch "$dir" "$user" "$bin" "$socket_dir"
    exec 8>&-
    echo "host=$socket_dir${PARLEY_POSTGRES_PORT:+ port=$pg_port} user=parley dbname=postgres"
}

# Stops the server in DIR if it runs. Its clients are disconnected.
postgres_stop() {
    local dir=$1 pid
    [[ -e $dir/data ]] || return 0
    pg_lock "$dir"
    if pid=$(pg_pid "$dir"); then
        kill -INT "$pid"
        wait_gone "$pid" 30 || kill -QUIT "$pid"
        wait_gone "$pid" 10 || fail "PostgreSQL (process $pid) does not stop: see $dir/log"
    fi
    [[ -e $dir/socket_dir ]] && rm -rf "$(<"$dir/socket_dir")" "$dir/socket_dir"
    exec 8>&-
}

postgres_main() {
    case ${1-} in
        start | stop) [[ ${2-} ]] || fail "the folder is missing: ./dev postgres $1 DIR" ;;
        *) fail "usage: ./dev postgres start|stop DIR" ;;
    esac
    "postgres_$1" "${@:2}"
}
