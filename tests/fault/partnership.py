# SPDX-License-Identifier: Apache-2.0
"""A partnership of real processes for the fault tests: made with `cairn`, started, killed, asked over the agents'
sockets. What was submitted, accepted and handed over is written down here, synced, in files that none of the processes
knows. Standard library only, and nothing of Cairn's but its programs."""
import base64
import fcntl
import http.client
import json
import os
import random
import selectors
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

import verify

PATIENCE_S = 60
DATA = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "data")
CHILDREN = [("9994117025", "HV-1"), ("9994117114", "HV-2"), ("9994117335", "HV-3")]


class Broken(Exception):
    """A promise was broken, or the test itself cannot go on."""


def eventually(words, function):
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = function()
        if found:
            return found
        if time.monotonic() > deadline:
            raise Broken(f"waited in vain for {words}")
        time.sleep(0.01)


class Journal:
    """Lines that are on the disk when write() returns."""

    def __init__(self, path):
        self.path = path
        self.file = open(path, "a", encoding="utf-8")
        self.lock = threading.Lock()

    def write(self, *words):
        with self.lock:
            self.file.write(" ".join(str(word) for word in words) + "\n")
            self.file.flush()
            os.fdatasync(self.file.fileno())


class Process:
    """One daemon. It dies with this test; its standard error is a file of its own."""

    def __init__(self, name, command, log, notify, environment):
        self.name, self.log = name, log
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        if os.path.exists(notify):
            os.unlink(notify)
        self.notify.bind(notify)
        self.started = time.monotonic()
        with open(log, "wb") as stderr:
            self.child = subprocess.Popen(["setpriv", "--pdeathsig", "KILL"] + command, stdin=subprocess.DEVNULL,
                                          stdout=subprocess.DEVNULL, stderr=stderr,
                                          env=dict(os.environ, NOTIFY_SOCKET=notify, **environment))
        self.pidfd = os.pidfd_open(self.child.pid)

    def wait_ready(self):
        """True once it said READY=1, false when it ended instead."""
        with selectors.DefaultSelector() as selector:
            selector.register(self.notify, selectors.EVENT_READ)
            selector.register(self.pidfd, selectors.EVENT_READ)
            while True:
                ready = {key.fileobj for key, _ in selector.select(PATIENCE_S)}
                if not ready:
                    raise Broken(f"{self.name} neither starts nor ends: {self.said()}")
                if self.notify in ready and b"READY=1" in self.notify.recv(4096):
                    self.took = time.monotonic() - self.started
                    return True
                if self.pidfd in ready and self.notify not in ready:
                    return False

    def has_ended(self):
        return self.child.poll() is not None

    def wait_ended(self):
        try:
            return self.child.wait(PATIENCE_S)
        except subprocess.TimeoutExpired as error:
            raise Broken(f"{self.name} does not end: {self.said()}") from error

    def kill(self):
        self.child.send_signal(signal.SIGKILL)
        self.child.wait()
        self.close()

    def close(self):
        if self.pidfd >= 0:
            self.notify.close()
            os.close(self.pidfd)
            self.pidfd = -1

    def said(self):
        with open(self.log, encoding="utf-8", errors="replace") as file:
            return file.read()[-2000:]


class Connection(http.client.HTTPConnection):
    def __init__(self, path, patience_s):
        super().__init__("agent", timeout=patience_s)
        self.path = path

    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(self.path)


class Partnership:
    """Folder, port and programs. `binaries` is the build folder; agents are (id, kind)."""

    def __init__(self, binaries, agencies, under=None):
        self.binaries = os.path.abspath(binaries)
        self.folder = tempfile.mkdtemp(prefix="cairn-fault.", dir=under)
        os.chmod(self.folder, 0o700)
        self.processes = {}
        self.patience_s = PATIENCE_S  # with an agent that does not answer
        self.starts = 0
        self.claim_port()
        self.cairn("init", self.path("north"), "--name", "North", "--origin", "cairn.example.org/north",
                   "--endpoint", f"tcp://127.0.0.1:{self.port}")
        self.set_option("north/broker/broker.ini", "memory_limit", "64G")
        for agency, kind in agencies:
            self.cairn("agency", "request", self.path(agency), "--id", agency, "--kind", kind, "--name", agency,
                       "--duty-phone", "01632 960100", "--joining", self.path("north/joining.json"))
            self.cairn("agency", "approve", self.path("north"), self.path(agency, "request.json"))
            self.set_option(f"{agency}/agent.ini", "settle", "0s")

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def claim_port(self):
        """As tests/support/daemons.c does: below the kernel's own, and locked against our other tests."""
        while True:
            self.port = random.randrange(20000, 32000)
            self.claim = f"/tmp/cairn-test-port.{self.port}"
            self.claimed = open(self.claim, "a", encoding="ascii")
            with socket.socket() as probe:
                probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                try:
                    fcntl.flock(self.claimed, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    probe.bind(("127.0.0.1", self.port))
                    return
                except OSError:
                    self.claimed.close()

    def set_option(self, name, key, value):
        with open(self.path(name), encoding="utf-8") as file:
            lines = [line for line in file.read().splitlines() if not line.startswith(f"{key} =")]
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write("\n".join(lines + [f"{key} = {value}", ""]))

    def cairn(self, *words):
        done = subprocess.run([os.path.join(self.binaries, "cairn"), *words], capture_output=True, text=True,
                              check=False, stdin=subprocess.DEVNULL)
        if done.returncode != 0:
            raise Broken(f"cairn {' '.join(words)}: {done.stdout}{done.stderr}")
        return done.stdout

    def launch(self, name, **environment):
        """Starts the broker or the agent of that agency, and does not wait."""
        self.starts += 1
        config = self.path("north/broker/broker.ini") if name == "broker" else self.path(name, "agent.ini")
        program = "cairn-broker" if name == "broker" else "cairn-agent"
        command = [os.path.join(self.binaries, program), "--allow-tmpfs", "--config", config]
        process = Process(name, command, self.path(f"{name}.log"), self.path(f"n.{name}"), environment)
        self.processes[name] = process
        return process

    def start(self, name, **environment):
        """Started and ready."""
        process = self.launch(name, **environment)
        if not process.wait_ready():
            raise Broken(f"{name} does not start: {process.said()}")
        return process

    def kill(self, name):
        self.processes.pop(name).kill()

    def stop(self, name):
        process = self.processes.pop(name)
        process.child.send_signal(signal.SIGTERM)
        status = process.wait_ended()
        process.close()
        if status != 0:
            raise Broken(f"{name} did not end in order ({status}): {process.said()}")

    def ended(self, name):
        """It ends by itself: its status."""
        process = self.processes.pop(name)
        status = process.wait_ended()
        process.close()
        return status

    def read_log(self, name):
        """All that it has said since its start."""
        with open(self.path(f"{name}.log"), encoding="utf-8", errors="replace") as file:
            return file.read()

    def remove(self):
        for name in list(self.processes):
            self.kill(name)
        shutil.rmtree(self.folder, ignore_errors=True)
        os.unlink(self.claim)
        self.claimed.close()

    # --- over the agents' sockets ---

    def ask(self, agency, method, path, body=None, media="application/json", key=None):
        """(status, JSON or text), or None when nobody answers: the agent is down, or died over it."""
        headers = {} if body is None else {"Content-Type": media}
        if key is not None:
            headers["Idempotency-Key"] = key
        connection = Connection(self.path(agency, "agent.sock"), self.patience_s)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            text = answer.read().decode()
        except (OSError, http.client.HTTPException):
            return None
        finally:
            connection.close()
        return answer.status, json.loads(text) if text.startswith("{") else text

    def is_connected(self, agency):
        answer = self.ask(agency, "GET", "/v1/health")
        return answer is not None and answer[0] == 200 and '"connected"' in json.dumps(answer[1])

    def connect(self, *agencies):
        for agency in agencies:
            eventually(f"{agency} to connect", lambda one=agency: self.is_connected(one))


def record(source, urgent):
    nhs, local = CHILDREN[int(source.rsplit('-', 1)[1]) % len(CHILDREN)]
    return json.dumps({
        "format": "cairn-record/v1", "kind": "concern",
        **({"code": "neglect-supervision", "level": 4, "urgency": "immediate"} if urgent
           else {"code": "neglect-physical", "level": 1}),
        "event_date": "2026-11-20",
        "child": {"nhs_number": {"value": nhs, "verified": True}, "local_id": local, "given_name": "Peregrina",
                  "family_name": "Thistledown", "birth_date": "2022-03-14", "postcode": "NM7 4QX"},
        "account": {"summary": f"What happened under {source}.", "evidence": "seen"},
        "source": {"system": "test", "id": source, "version": "1"},
        "lawfulness": {"judged_by": "person", "judge": "Corisande Applegarth, health visitor", "basis": "public-task",
                       "detriment": "not-more-detrimental", "function": "Assessing whether the child needs help.",
                       "family_told": "told"},
    })


def missed(source):
    """An appointment that a child was not brought to, as a practice's system says it: it settles."""
    with open(os.path.join(DATA, "demo", "gp-noshow-1.json"), encoding="utf-8") as file:
        appointment = json.load(file)
    return json.dumps({**appointment, "id": source})


class Work:
    """One agency goes on submitting, another goes on reading its inbox; everything is written down. step() of each is
    what a thread of kills.py repeats, and what other tests call themselves. Promises that show at once are checked at
    once; the rest by judge()."""

    FROM, TO, APPLICATION = "visitors", "hub", "screen"

    def __init__(self, partnership, urgent_every=3):
        self.partnership = partnership
        self.urgent_every = urgent_every
        path = partnership.path
        self.sources = Journal(path("j.sources"))  # SOURCE, before it is submitted
        self.accepted = Journal(path("j.accepted"))  # SOURCE REFERENCE, as answered
        self.acknowledged = Journal(path("j.acknowledged"))
        self.delivered = Journal(path("j.delivered"))
        self.owed = Journal(path("j.owed"))
        self.heads = Journal(path("j.heads"))
        self.proofs = Journal(path("j.proofs"))
        self.number = 0
        self.pending = None  # the source of which it is not known whether it was accepted, and whether it settles
        self.references = {}  # SOURCE -> REFERENCE
        self.urgent = set()  # references
        self.stored = {}  # REFERENCE -> (ID, INDEX)
        self.read = 0  # the inbox is acknowledged up to there
        self.shown = {}  # DELIVERY -> what it said

    # --- submitting ---

    def submit(self, alive=lambda: True, settles=False):
        """The next source, as often as it takes to be accepted, as an integrator would; when nobody is alive, later."""
        if self.pending is None:
            self.number += 1
            self.pending = f"s-{self.number}", settles
            self.sources.write(f"s-{self.number}")
        source, settles = self.pending
        urgent = not settles and self.number % self.urgent_every == 0
        body, media = ((missed(source), "application/fhir+json") if settles
                       else (record(source, urgent), "application/vnd.cairn.record+json"))
        while alive():
            answer = self.partnership.ask(self.FROM, "POST", "/v1/submissions", body, media)
            if answer is not None and answer[0] == 202:
                self.take_answer(source, urgent, answer[1]["items"][0])
                return True
            if answer is not None and answer[0] < 500:
                raise Broken(f"{source} was refused: {answer}")
            time.sleep(0.005)
        return False

    def take_answer(self, source, urgent, item):
        if item["outcome"] not in ("accepted", "known-already"):
            raise Broken(f"{source} was neither accepted nor known: {item}")
        self.note_reference(source, item["reference"])
        self.pending = None
        if urgent:
            self.urgent.add(item["reference"])

    def note_reference(self, source, reference):
        if reference in self.references.values():
            raise Broken(f"{source} has the reference of another source")
        self.accepted.write(source, reference)
        self.references[source] = reference

    # --- asking what became of it ---

    def ask_stored(self, reference):
        answer = self.partnership.ask(self.FROM, "GET", f"/v1/records/{reference}")
        if answer is None or answer[0] >= 500:
            return False
        if answer[0] != 200:
            raise Broken(f"{reference} was accepted and is not known: {answer}")
        if answer[1]["state"] != "stored":
            return False
        entry, index = answer[1]["record"], answer[1]["log_index"]
        self.stored[reference] = (entry, index)
        self.acknowledged.write(entry, "stored", index)
        if reference in self.urgent:
            self.owed.write(self.agency_number, entry)
        return True

    def waiting(self):
        return len(self.references) - len(self.stored)

    def watch(self):
        """Looks at a few of those not known to be stored. True when some were."""
        waiting = [reference for reference in list(self.references.values()) if reference not in self.stored]
        return sum(self.ask_stored(reference) for reference in waiting[:4]) > 0

    def take_head(self):
        answer = self.partnership.ask(self.TO, "GET", "/v1/log/head")
        if answer is not None and answer[0] == 200:
            self.heads.write(base64.b64encode(answer[1].encode()).decode())

    def take_proof(self, reference):
        answer = self.partnership.ask(self.FROM, "GET", f"/v1/records/{reference}/proof")
        if answer is not None and answer[0] == 200:
            self.proofs.write(base64.b64encode(answer[1].encode()).decode())

    # --- the inbox ---

    def take_page(self):
        """One page, acknowledged. True when there was something on it."""
        before = self.read
        page = self.partnership.ask(self.TO, "GET", f"/v1/inbox?application={self.APPLICATION}&limit=100")
        if page is None or page[0] != 200:
            return False
        for item in page[1]["items"]:
            self.take_item(item, before)
        if page[1]["next"] <= before:
            return False
        body = json.dumps({"application": self.APPLICATION, "delivery": page[1]["next"]})
        answer = self.partnership.ask(self.TO, "POST", "/v1/inbox/acknowledgements", body)
        if answer is not None and answer[0] == 200:
            self.read = page[1]["next"]
        return len(page[1]["items"]) > 0

    def take_item(self, item, before):
        delivery = item["delivery"]
        said = json.dumps({name: item.get(name) for name in ("kind", "record", "told_at", "notice")})
        if delivery <= before:
            raise Broken(f"delivery {delivery} was handed over again after {before} was acknowledged")
        if delivery not in self.shown:
            self.shown[delivery] = said
            self.delivered.write(self.agency_number, delivery, item["record"] if item["kind"] == "record" else "")
        if self.shown[delivery] != said:
            raise Broken(f"delivery {delivery} had two meanings")

    # --- deciding ---

    def decide(self):
        """A person at the front door opens the record that came last."""
        came = [json.loads(said)["record"] for said in self.shown.values() if json.loads(said)["kind"] == "record"]
        if not came:
            return
        body = json.dumps({"action": "open", "reason": "To see what was told of the child, and to ring.",
                           "person": {"name": "Ottoline Pemberwick", "role": "screening social worker"}})
        answer = self.partnership.ask(self.TO, "POST", f"/v1/records/{came[-1]}/decisions", body)
        if answer is not None and answer[0] != 202 and answer[0] < 500:
            raise Broken(f"a decision was refused: {answer}")

    # --- judging ---

    def drain(self):
        """Everything that was accepted is stored, everything that was told is read."""
        if self.pending is not None:
            self.submit()
        self.partnership.connect(self.FROM, self.TO)
        while self.watch():
            pass
        eventually("everything accepted to be stored",
                   lambda: len(self.stored) == len(self.references) or (self.watch() and False))
        owed = {self.stored[reference][0] for reference in self.urgent}
        eventually("what is urgent to be delivered", lambda: not self.take_page() and owed <= self.delivered_records())
        self.take_head()
        for reference in list(self.references.values())[-3:]:
            self.take_proof(reference)

    def delivered_records(self):
        return {json.loads(said)["record"] for said in self.shown.values()}

    def judge(self, final):
        """The broker is down. Compares its log with what was written down; `final`: nothing more is to come."""
        partnership = self.partnership
        export = partnership.path("export")
        if os.path.exists(export):
            os.unlink(export)
        partnership.cairn("log", "export", partnership.path("north/broker/data"), export, "--governance",
                          partnership.path("north/governance"))
        journals = {name: [getattr(self, name).path] for name in ("acknowledged", "delivered", "heads", "proofs")}
        if final:
            journals["owed"] = [self.owed.path]
        problems, counts = verify.judge(export, journals, in_order=True)
        if final and counts["records"] != len(self.references):
            problems.append(f"{len(self.references)} sources have {counts['records']} records in the log")
        if problems:
            raise Broken("; ".join(problems[:10]))
        return counts


def make_work(binaries, under=None, more=()):
    partnership = Partnership(binaries, [("visitors", "health-visiting"), ("hub", "mash"), *more], under)
    work = Work(partnership)
    with open(partnership.path("north/governance/directory.json"), encoding="utf-8") as file:
        agencies = json.load(file)["agencies"]
    work.agency_number = next(agency["number"] for agency in agencies if agency["id"] == Work.TO)
    return work
