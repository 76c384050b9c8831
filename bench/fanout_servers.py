"""The servers that are compared, and the PostgreSQL and Kafka they share."""

import json
import os
import re
import subprocess
import time
import urllib.request
from pathlib import Path

WORKSPACE = "bench"
PEERS = Path(__file__).parent / "fanout/peers"


class Services:
    """PostgreSQL and Kafka of our own, with our tables and somebody who may ask."""

    workspace = WORKSPACE

    def __init__(self, root, folder, ours):
        self.script, self.folder, self.ours = root / "scripts/services.sh", folder, ours

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def start(self):
        # PostgreSQL runs as somebody else under root.
        self.folder.chmod(0o755)
        command = [self.script, "start", self.folder / "services", "postgres", "kafka"]
        exports = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout
        named = dict(re.findall(r"^export (\w+)=['\"]?([^'\"\n]*)", exports, re.MULTILINE))
        self.kafka = named["DATA_INSPECTOR_TEST_KAFKA"]
        self.database = named["DATA_INSPECTOR_TEST_POSTGRES"]
        self.program("migrate")
        scopes = ["--scope=read", "--scope=write"]
        self.token = self.program("token", "create", f"--workspace={WORKSPACE}", "--name=bench", *scopes).strip()
        self.file_id = self.announce_file()

    def __exit__(self, *_):
        subprocess.run([self.script, "stop", self.folder / "services"], check=False)

    def program(self, *arguments):
        command = [self.ours, *arguments, "--set", f"store.url={self.database}"]
        return subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True).stdout

    def announce_file(self):
        """A file, and inspections for the nested query."""
        create = """mutation($input: CreateUploadInput!) { createUpload(input: $input) { file { id } } }"""
        inspect = """mutation($input: CreateInspectionInput!) { createInspection(input: $input) { inspection { id } } }"""
        with Ours(self) as server:
            made = server.ask(create, {"name": "a.csv", "sizeBytes": 10, "idempotencyKey": "file"})
            file_id = made["createUpload"]["file"]["id"]
            for number in range(30):
                server.ask(inspect, {"fileId": file_id, "idempotencyKey": f"inspection {number}"})
        return file_id

    def sql(self, text):
        versions = Path("/usr/lib/postgresql").glob("*/bin/psql")
        psql = max(versions, key=lambda path: int(path.parts[-3]), default="psql")
        subprocess.run([psql, "-q", self.database, "-c", text], stdout=subprocess.DEVNULL, check=True)

    def statements(self):
        return Statements(self)


class Statements:
    """Counts the statements that PostgreSQL is sent meanwhile, by its log; without those around a transaction."""

    def __init__(self, services):
        self.services, self.log = services, services.folder / "services/postgres.log"

    def set(self, value):
        self.services.sql(f"ALTER SYSTEM SET log_statement = '{value}'")
        self.services.sql("SELECT pg_reload_conf()")
        time.sleep(0.5)

    def __enter__(self):
        self.set("all")
        self.start = self.log.stat().st_size
        return self

    def __exit__(self, *_):
        text = self.log.read_bytes()[self.start :].decode(errors="replace")
        logged = re.findall(r"LOG:  (?:statement|execute [^:]*): (\w+)", text)
        self.statements = sum(word.upper() not in ("BEGIN", "COMMIT", "ROLLBACK", "SET", "ALTER") for word in logged)
        self.set("none")


class Server:
    """A process that serves, until the block ends."""

    socket_path = "/graphql"
    ready = re.compile(r"ready (\d+)")

    def __init__(self, services):
        self.services = services

    def __enter__(self):
        self.process = subprocess.Popen(self.command(), stdout=subprocess.PIPE, text=True, env=self.environment())
        self.pid = self.process.pid
        for line in self.process.stdout:
            if found := self.ready.search(line):
                self.address = f"127.0.0.1:{found[1]}"
                return self
        self.__exit__()
        raise SystemExit(f"{type(self).__name__} did not start")

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def environment(self):
        return {
            **os.environ,
            "NODE_ENV": "production",
            "DATABASE": self.services.database,
            "BROKERS": self.services.kafka,
            "TOPIC": "inspector.updates",
        }

    def command(self):
        raise NotImplementedError


class Ours(Server):
    socket_path = "/graphql/ws"
    ready = re.compile(r"http://127\.0\.0\.1:(\d+)")
    # As many as the peers let in.
    settings = {
        "api.listen": "127.0.0.1:0",
        "bus.kind": "kafka",
        "api.grant_secret": "07" * 32,
        "api.transport.rate.burst": "0",
        "api.transport.streams.connections_per_caller": "10000",
    }

    def command(self):
        settings = {
            **self.settings,
            "store.url": self.services.database,
            "bus.kafka.brokers": self.services.kafka,
            "blobs.folder": str(self.services.folder / "blobs"),
        }
        sets = [part for key, value in settings.items() for part in ("--set", f"{key}={value}")]
        return [self.services.ours, "api", *sets]

    def ask(self, query, given):
        body = json.dumps({"query": query, "variables": {"input": given}}).encode()
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self.services.token}"}
        request = urllib.request.Request(f"http://{self.address}/graphql", body, headers)
        with urllib.request.urlopen(request) as answer:
            return json.load(answer)["data"]


class Mercurius(Server):
    def command(self):
        return ["node", PEERS / "mercurius.mjs"]


class Yoga(Server):
    def command(self):
        return ["node", PEERS / "yoga.mjs"]


SERVERS = {"ours": Ours, "mercurius": Mercurius, "yoga": Yoga}
