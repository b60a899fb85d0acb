#!/usr/bin/env python3
"""Looks at the running containers of a compose project and says where one has more than it should.

    deploy/check_containers.py PROJECT SECRETS_FOLDER

It asks the engine, the kernel (through /proc inside each container) and the network, not the compose file.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

# What the sandbox may be told; anything else in its environment is one thing too many.
SANDBOX_MAY_KNOW = (
    "SANDBOX_", "PYTHON", "PIP_", "GPG_KEY=", "LANG=", "LC_", "PATH=", "HOME=", "HOSTNAME=", "PWD=", "TERM=",
    "NODE_EXTRA_CA_CERTS=",
)  # fmt: skip
PORTS = {"postgres": 5432, "redis": 6379, "api": 8000, "frontend": 8080}

PROC = """
for p in /proc/[0-9]*; do
  [ "$p" = /proc/$$ ] || grep -hE '^(Uid|CapEff|CapBnd|NoNewPrivs|Seccomp):' $p/status 2>/dev/null | tr '\\n\\t' '; '
  echo
done
"""

REACH = """
import json, socket, sys
from concurrent.futures import ThreadPoolExecutor
def reached(host, port):
    try:
        socket.create_connection((host, port), 1.5).close()
        return True
    except OSError:
        return False
targets = json.loads(sys.argv[1])
with ThreadPoolExecutor(len(targets)) as threads:
    answers = list(threads.map(lambda target: reached(*target[1:]), targets))
print(json.dumps([name for (name, *_), answer in zip(targets, answers) if answer]))
"""


def docker(*words: str) -> str:
    """What the command printed; raises CalledProcessError."""
    return subprocess.run(["docker", *words], check=True, capture_output=True, text=True).stdout


def faults_of(container: dict[str, Any], service: str, secrets: list[str]) -> list[str]:
    """Where the engine's word on a container is not what it should be."""
    config, host = container["Config"], container["HostConfig"]
    wanted = {
        "it runs as root": config["User"] not in ("", "root", "0") and not config["User"].startswith("0:"),
        "its root file system can be written": host["ReadonlyRootfs"],
        "it keeps capabilities": host["CapDrop"] == ["ALL"] and not host["CapAdd"],
        "it can gain privileges": "no-new-privileges:true" in (host["SecurityOpt"] or []),
        "it is privileged": not host["Privileged"],
        "its memory is not bounded": host["Memory"] > 0,
        "its processor time is not bounded": host["NanoCpus"] > 0,
        "its processes are not bounded": (host["PidsLimit"] or 0) > 0,
        "it is not restarted": host["RestartPolicy"]["Name"] == "unless-stopped",
        "it has no health check": bool(config.get("Healthcheck", {}).get("Test")),
        "it has the engine's socket": "docker.sock" not in json.dumps(container["Mounts"]),
        "docker inspect shows a secret": not any(secret in json.dumps(container) for secret in secrets),
        "it publishes a port": service == "frontend" or not host["PortBindings"],
    }
    return [fault for fault, well in wanted.items() if not well]


def faults_in_proc(name: str) -> list[str]:
    """What the kernel says of its processes: root, capabilities, the two locks."""
    lines = [line for line in docker("exec", name, "sh", "-c", PROC).splitlines() if "Uid" in line]
    faults = [] if lines else ["its processes can't be seen"]
    for line in lines:
        fields = {
            key: value.split() for key, _, value in (part.strip().partition(":") for part in line.split(";")) if key
        }
        if "0" in fields["Uid"]:
            faults.append("a process of it is root")
        if int(fields["CapEff"][0], 16) and fields["Uid"][0] == "0":
            faults.append("a process of it has capabilities")
        if fields["NoNewPrivs"] != ["1"] or fields["Seccomp"] != ["2"]:
            faults.append("a process of it has no filter")
    return sorted(set(faults))


def faults_of_sandbox(sandbox: dict[str, Any], containers: dict[str, dict[str, Any]], secrets: list[str]) -> list[str]:
    """It knows its own key only, and reaches nobody."""
    name = sandbox["Name"].lstrip("/")
    faults = []
    environment = docker("exec", name, "sh", "-c", "cat /proc/[0-9]*/environ 2>/dev/null; true").split("\0")
    strange = sorted(
        {entry.partition("=")[0] for entry in environment if entry and not entry.startswith(SANDBOX_MAY_KNOW)}
    )
    if strange:
        faults.append(f"its environment has {strange}")
    if any(secret in entry for secret in secrets for entry in environment):
        faults.append("its environment has a secret")
    mounted = sorted(mount["Destination"] for mount in sandbox["Mounts"])
    if mounted != ["/run/secrets/sandbox_key"]:
        faults.append(f"it has {mounted} mounted")
    if len(sandbox["NetworkSettings"]["Networks"]) != 1:
        faults.append("it is in more than one network")
    targets = [
        (f"{service} ({address})", address, PORTS[service])
        for service, container in containers.items()
        if service in PORTS
        for address in addresses(container)
    ]
    targets += [(service, service, port) for service, port in PORTS.items()]
    targets += [("the internet", "1.1.1.1", 443), ("the metadata address", "169.254.169.254", 80)]
    faults += [f"it reaches {target}" for target in reached_from(name, targets)]
    # A test that finds nobody proves something only where it can find somebody.
    own = [("the database", "postgres", PORTS["postgres"])]
    if not reached_from(containers["api"]["Name"].lstrip("/"), own):
        faults.append("(the check itself does not work: it found no way from api to postgres either)")
    return faults


def reached_from(name: str, targets: list[tuple[str, str, int]]) -> list[str]:
    """Those of the targets to which a connection from that container came about."""
    return list(json.loads(docker("exec", name, "python", "-c", REACH, json.dumps(targets))))


def addresses(container: dict[str, Any]) -> list[str]:
    """In all its networks."""
    return [
        network["IPAddress"] for network in container["NetworkSettings"]["Networks"].values() if network["IPAddress"]
    ]


def main() -> int:
    project, folder = sys.argv[1], Path(sys.argv[2])
    secrets = [
        json.loads(file.read_text())["secret_access_key"] if file.name == "sandbox_key" else file.read_text().strip()
        for file in sorted(folder.iterdir())
    ]
    ids = docker("ps", "-q", "--filter", f"label=com.docker.compose.project={project}").split()
    found = json.loads(docker("inspect", *ids)) if ids else []
    containers = {container["Config"]["Labels"]["com.docker.compose.service"]: container for container in found}
    faults = [] if "sandbox" in containers else ["sandbox: it does not run"]
    for container in found:
        service, name = container["Config"]["Labels"]["com.docker.compose.service"], container["Name"].lstrip("/")
        faults += [f"{name}: {fault}" for fault in faults_of(container, service, secrets) + faults_in_proc(name)]
        if service == "sandbox":
            faults += [f"{name}: {fault}" for fault in faults_of_sandbox(container, containers, secrets)]
    for fault in faults:
        print(f"  {fault}", file=sys.stderr)
    if not faults:
        print(f"  {len(found)} containers: not root, no capability, read-only, bounded, no secret shown;")
        print("  the sandbox knows its own key only, and reaches nobody")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
