#!/usr/bin/env bash
# What the full tests need, without Docker, on free loopback ports, each with a data folder of its own.
#
#   services.sh start [DIR [NAME...]]      start all or these; print `export NAME=value` lines and nothing else
#   services.sh stop [DIR]                 stop all, keep DIR
#   services.sh kill|restart NAME [DIR]    SIGKILL one (postgres, kafka, azurite); start it again on the same port and data
#   services.sh dump DATABASE [DIR]        print all rows of a database of PostgreSQL as SQL
#
#   eval "$(scripts/services.sh start)" && cargo test --workspace --features services
#
# A service whose address the environment names already is taken from there and not started. Kafka's clients are told to
# come to DATA_INSPECTOR_KAFKA_ADVERTISED (host:port) where that is set: a line with faults, to its port. With
# DATA_INSPECTOR_KAFKA_PROTOCOL=SASL_SSL they need TLS (DIR/kafka.crt) and a password. Under root on
# Debian the packages that are missing are installed; what is downloaded is kept under
# ~/.cache/data-inspector-services.
set -euo pipefail

usage() { sed -n '2,15s/^# \{0,1\}//p' "$0" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
cache=${XDG_CACHE_HOME:-$HOME/.cache}/data-inspector-services
all=(postgres kafka azurite)
is_service() { [[ " ${all[*]} " == *" ${1:-} "* ]]; }
command=${1:-}
case $command in
  start) dir=${2:-/tmp/data-inspector-services}; wanted=("${@:3}"); [[ ${#wanted[@]} != 0 ]] || wanted=("${all[@]}") ;;
  stop) dir=${2:-/tmp/data-inspector-services} ;;
  kill|restart) service=${2:-}; is_service "$service" || usage; dir=${3:-/tmp/data-inspector-services} ;;
  dump) database=${2:-}; [[ -n $database ]] || usage; dir=${3:-/tmp/data-inspector-services} ;;
  *) usage ;;
esac

free_port() { python3 -c 'import socket; s=socket.socket(); s.bind(("127.0.0.1",0)); print(s.getsockname()[1])'; }
port_of() { cat "$dir/$1.port"; }

await() { # seconds, what is awaited, command...
  local until=$((SECONDS + $1)) what=$2; shift 2
  until "$@" >/dev/null 2>&1; do
    if ((SECONDS >= until)); then echo "services: no $what within the time; see $dir" >&2; return 1; fi
    sleep 0.1
  done
}

# The process wrote its folder on the command line: a number that another process got since is not it.
alive() { [[ -f $dir/$1.pid ]] && tr '\0' ' ' 2>/dev/null <"/proc/$(cat "$dir/$1.pid")/cmdline" | grep -qF -- "$dir/$1"; }
ended() { ! alive "$1"; }

# PostgreSQL refuses to run as root: under root it runs as its own user.
as_postgres=()
if [[ $EUID == 0 ]]; then as_postgres=(setpriv --reuid=postgres --regid=postgres --clear-groups); fi

# Debian keeps the server out of PATH, by version.
find_postgres() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1; }

postgres_bin() {
  local found; found=$(find_postgres)
  if [[ -z $found ]] && command -v postgres >/dev/null; then found=$(dirname "$(command -v postgres)"); fi
  if [[ -z $found && $EUID == 0 ]] && command -v apt-get >/dev/null; then
    # Without a cluster of its own: only the programs are wanted.
    mkdir -p /etc/postgresql-common && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends postgresql; } >&2
    found=$(find_postgres)
  fi
  [[ -n $found ]] || { echo "services: PostgreSQL's programs were not found; install postgresql" >&2; return 1; }
  echo "$found"
}

start_postgres() {
  local data=$dir/postgres bin; bin=$(postgres_bin)
  if [[ ! -f $dir/postgres.port ]]; then
    mkdir -p "$data"
    if [[ $EUID == 0 ]]; then chown postgres "$data"; fi
    "${as_postgres[@]}" "$bin/initdb" -D "$data" -U postgres -A trust -E UTF8 --no-sync >"$dir/postgres.log" 2>&1
    free_port >"$dir/postgres.port"
  fi
  await 30 "answer of PostgreSQL" postgres_answers "$data" "$bin"
}

# Whether it answers; it is started if it does not run. One whose predecessor was killed ends at once while that one's
# children live, and has to be started again.
postgres_answers() { # data, programs
  # Without fsync a SIGKILL of the server loses nothing committed, as the page cache survives; a power cut would.
  if ! alive postgres; then
    "${as_postgres[@]}" "$2/postgres" -D "$1" -p "$(port_of postgres)" -c listen_addresses=127.0.0.1 \
      -c unix_socket_directories= -c fsync=off -c max_connections=300 >>"$dir/postgres.log" 2>&1 </dev/null &
    echo $! >"$dir/postgres.pid"
  fi
  "$2/pg_isready" -q -h 127.0.0.1 -p "$(port_of postgres)"
}

. "$here/services/kafka.sh"

# Published with Azurite, the emulator of Azure Blob Storage: the key protects nothing.
azure_account=devstoreaccount1
azure_key='Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=='
azure_endpoint() { echo "http://127.0.0.1:$(port_of azurite)/$azure_account"; }

# Node 20 or later, with npm; Debian's packages if they are missing, under root.
node_tools() {
  if command -v npm >/dev/null; then return; fi
  if [[ $EUID != 0 ]] || ! command -v apt-get >/dev/null; then
    echo "services: Azurite needs Node.js 20 or newer, and npm" >&2; return 1
  fi
  { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends nodejs npm; } >&2
}

start_azurite() {
  local version=3.37.0 modules; modules=$cache/azurite-$version
  node_tools
  if [[ ! -f $modules/.complete ]]; then
    npm install --silent --no-audit --no-fund --prefix "$modules" "azurite@$version" >&2
    touch "$modules/.complete"
  fi
  mkdir -p "$dir/azurite"
  [[ -f $dir/azurite.port ]] || free_port >"$dir/azurite.port"
  node "$modules/node_modules/azurite/dist/src/blob/main.js" --location "$dir/azurite" --blobHost 127.0.0.1 \
    --blobPort "$(port_of azurite)" --disableTelemetry --silent >>"$dir/azurite.log" 2>&1 </dev/null &
  echo $! >"$dir/azurite.pid"
  # The port of one that is being killed may still be open: only an answer counts.
  await 30 "answer of Azurite" node "$here/create-container.mjs" "$(azure_endpoint)/inspector" "$azure_account" "$azure_key"
}

end() { # name, signal
  alive "$1" || return 0
  kill "-$2" "$(cat "$dir/$1.pid")"
  await 30 "end of $1" ended "$1"
  rm -f "$dir/$1.pid"
}

address() { # name
  case $1 in
    postgres) echo "export DATA_INSPECTOR_TEST_POSTGRES=${DATA_INSPECTOR_TEST_POSTGRES:-postgres://postgres@127.0.0.1:$(port_of postgres)/postgres}" ;;
    kafka) echo "export DATA_INSPECTOR_TEST_KAFKA=${DATA_INSPECTOR_TEST_KAFKA:-127.0.0.1:$(port_of kafka)}" ;;
    azurite)
      local connection=${DATA_INSPECTOR_TEST_AZURE:-"AccountName=$azure_account;AccountKey=$azure_key;BlobEndpoint=$(azure_endpoint)"}
      echo "export DATA_INSPECTOR_TEST_AZURE='$connection'" ;;
  esac
}

given() { # name
  case $1 in
    postgres) [[ -n ${DATA_INSPECTOR_TEST_POSTGRES:-} ]] ;;
    kafka) [[ -n ${DATA_INSPECTOR_TEST_KAFKA:-} ]] ;;
    azurite) [[ -n ${DATA_INSPECTOR_TEST_AZURE:-} ]] ;;
  esac
}

# INT is PostgreSQL's fast shutdown.
stop_signal() { if [[ $1 == postgres ]]; then echo INT; else echo TERM; fi; }

case $command in
  start)
    mkdir -p "$dir"; chmod 755 "$dir"
    for name in "${wanted[@]}"; do
      is_service "$name" || usage
      given "$name" || alive "$name" || "start_$name"
      address "$name"
    done ;;
  stop) for name in "${all[@]}"; do end "$name" "$(stop_signal "$name")"; done ;;
  kill) end "$service" KILL ;;
  # Azurite writes down every five seconds what it has, and when it is asked to end: killed, it forgets blobs, which
  # the storage it stands for never does.
  restart) end "$service" "$([[ $service == azurite ]] && echo TERM || echo KILL)"; "start_$service" ;;
  dump) "$(postgres_bin)/pg_dump" --data-only --inserts -h 127.0.0.1 -p "$(port_of postgres)" -U postgres "$database" ;;
esac
