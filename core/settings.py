"""The one settings object of the service.

Every field is an environment variable: `ACI_` and its name, except the conventional `DATABASE_URL`,
`REDIS_URL` and `AWS_*`. Values are read once, at the start of a process, and never change after.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, Field, SecretStr, StringConstraints, field_validator
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict

from core.access.issuer import OidcIssuer
from core.model_options import ModelOptions

KIB = 1024
MIB = 1024 * KIB


PriceEntry = Annotated[str, StringConstraints(pattern=r"^.+=\s*\d+(\.\d+)?\s*/\s*\d+(\.\d+)?$")]


class SandboxCredentials(BaseModel):
    """The key pair that our own sandbox server checks requests against; not an AWS one."""

    access_key_id: str
    secret_access_key: SecretStr


class Settings(BaseSettings):
    """Where things are and how much is allowed. Times are seconds and sizes bytes unless a name says otherwise."""

    model_config = SettingsConfigDict(env_prefix="ACI_", extra="ignore", populate_by_name=True, env_ignore_empty=True)

    # --- where things are -------------------------------------------------------------------------
    database_url: SecretStr = Field(
        SecretStr("postgresql:///aci"),
        validation_alias="DATABASE_URL",
        description="Postgres, as asyncpg reads it: postgresql://user:password@host/database",
    )
    redis_url: SecretStr = Field(
        SecretStr("redis://127.0.0.1:6379/0"),
        validation_alias="REDIS_URL",
        description="Redis, for Celery's queues and for live events",
    )
    host: str = Field("127.0.0.1", description="Address the API listens on; beyond loopback it needs ACI_AUTH=keys")
    port: int = Field(8000, ge=1, le=65535, description="Port the API listens on")
    allowed_hosts: Annotated[tuple[str, ...], NoDecode] = Field(
        ("127.0.0.1", "localhost", "[::1]"),
        description="Host names a request may be addressed to, separated by commas",
    )
    allowed_origins: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Further origins whose pages may call the API, separated by commas; the API's own always may",
    )
    page_dir: Path | None = Field(None, description="Folder of the built web page; served at / when it exists")

    # --- who may come in --------------------------------------------------------------------------
    auth: Literal["none", "keys"] = Field(
        "none", description="keys: requests need an API key or an issuer's token; none: nobody is asked, loopback only"
    )
    admin_key_file: Path | None = Field(
        None, description="File with an API key that is taken up as an admin's when the API starts"
    )
    oidc_issuers: tuple[OidcIssuer, ...] = Field(
        (), description="OpenID Connect issuers whose tokens are taken, as a JSON list; docs/security.md has the fields"
    )

    # --- the database -----------------------------------------------------------------------------
    database_pool_size: int = Field(10, ge=2, description="Postgres connections a process keeps at most")

    # --- jobs -------------------------------------------------------------------------------------
    lease_s: float = Field(15.0, gt=1, description="How long a worker owns a job without renewing its lease")
    heartbeat_s: float = Field(1.0, gt=0, description="How often a worker renews the leases of its jobs")
    worker_slots: int = Field(16, ge=1, description="Jobs one worker process runs at the same time")
    worker_drain_s: float = Field(10.0, ge=0, description="How long a stopping worker waits for what it still runs")
    worker_deaf_s: float = Field(
        30.0,
        gt=0,
        description="How long a worker may hear nothing, with jobs waiting and room for them, before it ends",
    )
    input_wait_s: float = Field(
        300.0, gt=0, description="How long a program's question waits for its answer; no part of the run's time"
    )
    max_attempts: int = Field(3, ge=1, le=10, description="Attempts a job gets when its submitter names none")
    event_flush_s: float = Field(0.03, ge=0, le=1, description="Longest time events wait to be written in a group")
    event_text_limit: int = Field(1 * MIB, description="Characters of stdout and stderr that one job may stream")
    result_text_limit: int = Field(256 * KIB, description="Characters of stdout (and of stderr) kept in a job's result")

    # --- limits: a tenant has these where nothing else is said of it; empty is unlimited ------------
    limit_requests_per_minute: int | None = Field(None, ge=1, description="Requests a minute of a tenant")
    limit_running_jobs: int | None = Field(None, ge=0, description="Jobs of a tenant under way at once, all agents")
    limit_queued_jobs: int | None = Field(None, ge=0, description="Jobs of a tenant that wait")
    limit_batch_lines: int | None = Field(50_000, ge=0, description="Lines of one batch")
    limit_storage_bytes: int | None = Field(None, ge=0, description="Bytes of a tenant's files and figures")
    limit_tokens_per_day: int | None = Field(None, ge=0, description="Tokens of models a tenant may use in a UTC day")
    limit_cost_per_day_usd: float | None = Field(
        None, ge=0, description="USD a tenant may spend on models in a UTC day"
    )
    backlog_limit: int | None = Field(
        200_000, ge=1, description="Jobs of all tenants that may wait; past it submits are answered 503"
    )

    # --- agents -----------------------------------------------------------------------------------
    agents: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="Further agents, each the dotted path package.module:SPEC of an AgentSpec, separated by commas; "
        "for tests and benchmarks, since an installed package names its own by the entry point aci.agents",
    )
    plugins: bool = Field(True, description="Take agents from installed packages (docs/agents.md)")

    # --- input ------------------------------------------------------------------------------------
    max_request_bytes: int = Field(4 * MIB, description="Largest JSON body of a request")
    send_timeout_s: float = Field(
        30.0,
        gt=0,
        description="A connection whose client takes nothing for so long is ended; streams go on in a new one",
    )
    max_upload_bytes: int = Field(100 * MIB, description="Largest file a session takes, uploaded or made by code")

    # --- models -----------------------------------------------------------------------------------
    models: Annotated[tuple[str, ...], NoDecode] = Field(
        (),
        description="provider:model, tried in order, separated by commas; empty chooses Bedrock's defaults where AWS "
        "credentials are found, else the demo model",
    )
    models_generate: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="The same for the agent generate alone; empty takes ACI_MODELS"
    )
    models_solve: Annotated[tuple[str, ...], NoDecode] = Field(
        (), description="The same for the agent solve alone; empty takes ACI_MODELS"
    )
    model_options: dict[str, ModelOptions] = Field(
        {},
        description="JSON: by provider:model, or by provider for all of its models, any of temperature, top_p, "
        "max_tokens, guardrail_id with guardrail_version, prompt_caching, and extra (further fields of the request)",
    )
    model_timeout_s: float = Field(120.0, gt=0, description="Longest silence of a model before it counts as failed")
    model_budget_s: float = Field(
        240.0, gt=0, description="Longest time one answer may take, over all models that are tried for it"
    )
    model_max_tokens: int = Field(8192, gt=0, description="Tokens one answer of a model may have")
    conversation_tokens: int = Field(
        10_000, ge=0, description="Tokens of a session's conversation that a model is given, the newest; estimated"
    )
    solve_max_tokens: int = Field(400_000, gt=0, description="Tokens, in and out, that one task of the solver may use")
    model_prices: Annotated[tuple[PriceEntry, ...], NoDecode] = Field(
        (),
        description="provider:model=input/output, in USD for a million tokens, separated by commas; what has no price "
        "has no cost",
    )
    budget_tokens_per_job: int | None = Field(
        None,
        gt=0,
        description="Tokens after which a job asks no model again and ends: budget-exceeded; empty: no limit",
    )
    budget_cost_per_job_usd: float | None = Field(None, gt=0, description="The same in USD, where models have prices")
    budget_tokens_per_session: int | None = Field(
        None, gt=0, description="Tokens that all jobs of a session may use together; empty: no limit"
    )
    budget_cost_per_session_usd: float | None = Field(
        None, gt=0, description="The same in USD, where models have prices"
    )
    bedrock_endpoint: str | None = Field(None, description="Another address for Bedrock's runtime API")
    aws_region: str = Field("us-west-2", validation_alias="AWS_REGION", description="Region for Bedrock and AgentCore")
    ollama_host: str = Field(
        "http://127.0.0.1:11434", validation_alias="OLLAMA_HOST", description="Where Ollama is, for ollama:…"
    )
    openai_base_url: str | None = Field(
        None, validation_alias="OPENAI_BASE_URL", description="Any server that speaks OpenAI's API, for openai:…"
    )
    openai_api_key: SecretStr | None = Field(
        None, validation_alias="OPENAI_API_KEY", description="Its key; servers of your own mostly need none"
    )
    anthropic_base_url: str | None = Field(
        None, validation_alias="ANTHROPIC_BASE_URL", description="Another address for Anthropic's API"
    )
    anthropic_api_key: SecretStr | None = Field(
        None, validation_alias="ANTHROPIC_API_KEY", description="Its key, for anthropic:…"
    )

    # --- the sandbox ------------------------------------------------------------------------------
    sandbox_endpoint: str | None = Field(
        None,
        description="Address of our own sandbox server, or of several, separated by commas; empty uses AWS Bedrock "
        "AgentCore",
    )
    sandbox_credentials_file: Path | None = Field(
        None,
        description="JSON file with the access_key_id and secret_access_key our own sandbox server knows",
    )
    sandbox_identifier: str = Field("aws.codeinterpreter.v1", description="Code interpreter to start sessions of")
    sandbox_session_s: int = Field(3600, ge=60, le=28800, description="Lifetime of a sandbox session")
    sandbox_idle_s: float = Field(
        900.0, gt=0, description="A session's sandbox that no job used for so long is stopped; files stay"
    )
    upkeep_every_s: float = Field(
        5.0, gt=0, description="Seconds between two looks for idle and orphaned sandboxes, and for deleted sessions"
    )
    sandbox_patience_s: float = Field(
        45.0,
        ge=0,
        description="How long a run waits for a sandbox that is full or restarts; then it goes back to the queue",
    )

    log_level: str = Field("INFO", description="DEBUG, INFO, WARNING or ERROR")

    @field_validator(
        "allowed_hosts",
        "allowed_origins",
        "agents",
        "models",
        "models_generate",
        "models_solve",
        "model_prices",
        mode="before",
    )
    @classmethod
    def _split(cls, value: object) -> object:
        """Lists arrive as text with commas, the way a shell writes them."""
        if isinstance(value, str):
            return tuple(part.strip() for part in value.split(",") if part.strip())
        return value

    @field_validator("oidc_issuers")
    @classmethod
    def _each_once(cls, value: tuple[OidcIssuer, ...]) -> tuple[OidcIssuer, ...]:
        if len({issuer.issuer for issuer in value}) < len(value):
            raise ValueError("names an issuer twice")
        return value

    def sandbox_credentials(self) -> SandboxCredentials | None:
        """The key pair for our own sandbox server, or None where AWS's is used.

        Raises OSError or ValueError when the file is named and cannot be read.
        """
        if self.sandbox_credentials_file is None:
            return None
        return SandboxCredentials.model_validate(json.loads(self.sandbox_credentials_file.read_text()))

    @classmethod
    @cache
    def load(cls) -> Self:
        """The process's settings, read from its environment the first time."""
        return cls()
