"""What must stay true of docker-compose.yml whoever edits it: who is locked in, who reaches whom, who knows what."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROCFILE = dict(line.split(": ", 1) for line in (ROOT / "Procfile").read_text().splitlines() if line)
ENDS_BY_ITSELF = {"migrate"}

every_service = pytest.mark.parametrize("name", sorted(SERVICES))


def members(network: str) -> set[str]:
    return {name for name, service in SERVICES.items() if network in service["networks"]}


def test_every_process_of_the_procfile_runs_with_the_same_command() -> None:
    assert {name: SERVICES[name]["command"] for name in PROCFILE} == {
        name: shlex.split(command) for name, command in PROCFILE.items()
    }


@every_service
def test_a_service_is_locked_in(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not {"privileged", "cap_add", "devices", "pid", "ipc", "network_mode", "userns_mode"} & set(service)
    user = str(service["user"]).partition(":")[0]
    assert user not in {"0", "root", ""}


@every_service
def test_a_service_is_bounded(name: str) -> None:
    limits = SERVICES[name]["deploy"]["resources"]["limits"]
    assert set(limits) == {"cpus", "memory", "pids"}
    assert SERVICES[name]["stop_grace_period"]
    assert SERVICES[name]["stop_signal"]
    assert SERVICES[name]["logging"]["options"]["max-size"]


@every_service
def test_a_service_is_checked_and_restarted(name: str) -> None:
    if name in ENDS_BY_ITSELF:
        assert SERVICES[name]["restart"] == "no"
    else:
        assert SERVICES[name]["healthcheck"]["test"]
        assert SERVICES[name]["restart"] == "unless-stopped"


@every_service
def test_a_service_can_be_scaled(name: str) -> None:
    assert "container_name" not in SERVICES[name]
    assert "hostname" not in SERVICES[name]


def test_only_the_frontend_publishes_a_port_and_on_loopback_unless_told_otherwise() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == {"frontend"}
    assert SERVICES["frontend"]["ports"] == ["${ACI_BIND:-127.0.0.1}:${ACI_PORT:-8080}:8080"]


def test_the_sandbox_has_nothing_but_its_own_key_and_settings() -> None:
    sandbox = SERVICES["sandbox"]
    assert sandbox["secrets"] == ["sandbox_key"]
    assert {name.partition("_")[0] for name in sandbox["environment"]} == {"SANDBOX"}
    assert "volumes" not in sandbox
    assert "env_file" not in sandbox
    assert "depends_on" not in sandbox


def test_only_executors_reach_the_sandbox_and_it_reaches_nobody_else() -> None:
    assert SERVICES["sandbox"]["networks"] == ["sandbox"]
    assert members("sandbox") == {"sandbox", "worker-execute", "worker-solve", "worker-plugins"}
    assert COMPOSE["networks"]["sandbox"] == {"internal": True}


def test_postgres_and_redis_are_reached_by_those_who_need_them() -> None:
    workers = {name for name in PROCFILE if name.startswith("worker-")}
    assert members("database") == {"postgres", "migrate", "api", "dispatcher", *workers}
    assert members("broker") == {"redis", "api", "dispatcher", *workers}
    assert SERVICES["postgres"]["networks"] == ["database"]
    assert SERVICES["redis"]["networks"] == ["broker"]


def test_no_network_leads_out_but_the_published_one_and_the_models() -> None:
    open_networks = {name for name, network in COMPOSE["networks"].items() if not network.get("internal")}
    assert open_networks == {"edge", "outside"}
    assert members("edge") == {"frontend"}
    assert members("outside") == {"worker-generate", "worker-solve", "worker-plugins"}


def test_secrets_are_files_and_no_setting_holds_one() -> None:
    assert all(set(secret) == {"file"} for secret in COMPOSE["secrets"].values())
    for name, service in SERVICES.items():
        for variable, value in (service.get("environment") or {}).items():
            if re.search(r"PASSWORD|SECRET|KEY|TOKEN|CREDENTIALS", variable):
                assert value is None or str(value).startswith("/run/secrets/"), f"{name}: {variable}"
            assert not re.search(r"//[^/@]*:[^/@]+@", str(value)), f"{name}: {variable} holds a password"


def test_only_those_who_call_models_are_given_aws_credentials() -> None:
    knowing = {
        name for name, service in SERVICES.items() if "AWS_SECRET_ACCESS_KEY" in (service.get("environment") or {})
    }
    assert knowing == {"worker-generate", "worker-solve", "worker-plugins"}


def test_everything_with_a_database_waits_for_its_schema() -> None:
    for name in members("database") - {"postgres", "migrate"}:
        assert SERVICES[name]["depends_on"]["migrate"] == {"condition": "service_completed_successfully"}
    assert SERVICES["migrate"]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_workers_get_the_time_that_handing_back_takes() -> None:
    from core.settings import Settings
    from workers.job_run import STOP_GRACE_S

    drain = Settings.model_fields["worker_drain_s"].default
    for name in (name for name in PROCFILE if name.startswith("worker-")):
        assert float(SERVICES[name]["stop_grace_period"].removesuffix("s")) >= drain + 2 * STOP_GRACE_S


def test_settings_are_such_as_the_programs_know() -> None:
    from core.settings import Settings as Service
    from sandbox.settings import Settings as Sandbox

    service = {f"ACI_{name.upper()}" for name in Service.model_fields}
    sandbox = {f"SANDBOX_{name.upper()}" for name in Sandbox.model_fields}
    used = {variable for one in SERVICES.values() for variable in one.get("environment") or {}}
    assert {variable for variable in used if variable.startswith("ACI_")} <= service
    assert {variable for variable in used if variable.startswith("SANDBOX_")} <= sandbox


def test_on_aws_no_sandbox_runs_and_executors_ask_agentcore() -> None:
    override = yaml.safe_load((ROOT / "deploy" / "aws.yml").read_text())["services"]
    assert override["worker-execute"]["environment"]["ACI_SANDBOX_ENDPOINT"] == ""
    assert override["sandbox"]["profiles"]
    profile = yaml.safe_load((ROOT / "deploy" / "aws-profile.yml").read_text())["services"]
    assert set(override) | set(profile) <= set(SERVICES)
    assert "sandbox" not in profile


def test_the_way_out_for_tokens_of_issuers_is_the_apis_alone() -> None:
    override = yaml.safe_load((ROOT / "deploy" / "oidc.yml").read_text())["services"]
    assert set(override) == {"api"}
    assert set(override["api"]["networks"]) == {*SERVICES["api"]["networks"], "outside"}


def test_the_api_asks_who_is_there() -> None:
    assert SERVICES["api"]["environment"]["ACI_AUTH"] == "keys"


# --- the sandbox's system call profile -----------------------------------------------------------------

PROFILE: dict[str, Any] = json.loads((ROOT / "deploy" / "sandbox-seccomp.json").read_text())


def allowed(*, plainly: bool) -> set[str]:
    return {
        name
        for rule in PROFILE["syscalls"]
        if rule["action"] == "SCMP_ACT_ALLOW" and ("args" not in rule) is plainly
        for name in rule["names"]
    }


def test_what_the_profile_does_not_name_is_refused() -> None:
    assert PROFILE["defaultAction"] == "SCMP_ACT_ERRNO"
    assert {rule["action"] for rule in PROFILE["syscalls"]} == {"SCMP_ACT_ALLOW", "SCMP_ACT_ERRNO"}
    names = [name for rule in PROFILE["syscalls"] for name in rule["names"] if name != "personality"]
    assert len(names) == len(set(names))


def test_the_profile_allows_what_namespaces_need_and_nothing_that_reaches_past_them() -> None:
    assert {"clone", "unshare", "mount", "umount2", "pivot_root", "mount_setattr", "sethostname"} <= allowed(
        plainly=True
    )
    never = {
        "bpf", "chroot", "delete_module", "finit_module", "fsmount", "fsopen", "init_module", "io_uring_setup", "kcmp",
        "kexec_load", "keyctl", "add_key", "request_key", "move_mount", "name_to_handle_at", "open_by_handle_at",
        "open_tree", "perf_event_open", "process_vm_readv", "process_vm_writev", "ptrace", "quotactl", "reboot",
        "setns", "settimeofday", "swapon", "syslog", "userfaultfd", "clone3",
    }  # fmt: skip
    assert not never & (allowed(plainly=True) | allowed(plainly=False))
    assert {"SCMP_ARCH_X86_64", "SCMP_ARCH_AARCH64"} == set(PROFILE["architectures"])


def test_the_profile_covers_all_that_the_sessions_own_filter_allows() -> None:
    """Sessions run under both: what only theirs allows would fail in a container and nowhere else."""
    from sandbox.confinement import syscall_numbers

    inside = set(syscall_numbers.X86_64) - {"clone3"}
    assert not inside - allowed(plainly=True) - allowed(plainly=False)
