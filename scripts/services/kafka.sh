# Apache Kafka, one KRaft node, from Maven Central's jars; sourced by services.sh.

# Debian's packages of what is missing, under root.
kafka_tools() {
  local missing=()
  command -v java >/dev/null || missing+=(default-jre-headless)
  command -v mvn >/dev/null || missing+=(maven)
  [[ ${#missing[@]} != 0 ]] || return 0
  if [[ $EUID == 0 ]] && command -v apt-get >/dev/null; then
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } >&2
  else
    echo "services: Kafka needs Java 17 or newer, and Maven" >&2; return 1
  fi
}

# The folder of the jars. The pom's checksum names it, so that another version is fetched when the pom asks for it.
kafka_jars() {
  local pom=$here/services/kafka/pom.xml jars
  jars=$cache/kafka-$(sha256sum <"$pom" | cut -c1-12)
  if [[ ! -d $jars ]]; then
    mkdir -p "$cache"
    local fetched; fetched=$(mktemp -d "$cache/kafka.XXXXXX")
    mvn -q -B -f "$pom" dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$fetched" >&2
    # Another call may have fetched them meanwhile.
    mv -T "$fetched" "$jars" 2>/dev/null || rm -r "$fetched"
  fi
  echo "$jars"
}

kafka_tool() { java -Xmx128m -XX:TieredStopAtLevel=1 -cp "$jars/*" "$@"; }

kafka_answers() {
  (exec 3<>"/dev/tcp/127.0.0.1/$(port_of kafka)") 2>/dev/null && grep -q 'Kafka Server started' "$dir/kafka.log"
}

# Prints settings for TLS with a certificate of its own, $dir/kafka.crt, and for one user with a password.
secure_kafka() {
  openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext subjectAltName=IP:127.0.0.1 \
    -keyout "$dir/kafka.key" -out "$dir/kafka.crt" 2>/dev/null
  cat "$dir/kafka.key" "$dir/kafka.crt" >"$dir/kafka.pem"
  sed -e "s|@FOLDER@|$dir|" "$here/services/kafka/sasl_ssl.properties.in"
}

start_kafka() {
  local jars data=$dir/kafka properties=$dir/kafka.properties
  kafka_tools
  jars=$(kafka_jars)
  if [[ ! -f $dir/kafka.port ]]; then
    mkdir -p "$data"
    local port; port=$(free_port)
    sed -e "s|@PROTOCOL@|${DATA_INSPECTOR_KAFKA_PROTOCOL:-PLAINTEXT}|g" -e "s|@PORT@|$port|" \
      -e "s|@ADVERTISED@|${DATA_INSPECTOR_KAFKA_ADVERTISED:-127.0.0.1:$port}|" \
      -e "s|@CONTROLLER@|$(free_port)|" -e "s|@DATA@|$data|" \
      "$here/services/kafka/server.properties.in" >"$properties"
    if [[ ${DATA_INSPECTOR_KAFKA_PROTOCOL:-} == SASL_SSL ]]; then secure_kafka >>"$properties"; fi
    kafka_tool kafka.tools.StorageTool format -t "$(kafka_tool kafka.tools.StorageTool random-uuid 2>/dev/null)" \
      -c "$properties" --ignore-formatted >"$dir/kafka.format.log" 2>&1
    echo "$port" >"$dir/kafka.port"
  fi
  java -Xms128m -Xmx256m -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Dorg.slf4j.simpleLogger.defaultLogLevel=warn \
    -Dorg.slf4j.simpleLogger.log.kafka.server.KafkaRaftServer=info \
    -cp "$jars/*" kafka.Kafka "$properties" >"$dir/kafka.log" 2>&1 </dev/null &
  echo $! >"$dir/kafka.pid"
  await 90 "answer of Kafka" kafka_answers
}
