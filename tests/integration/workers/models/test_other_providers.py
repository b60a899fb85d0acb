"""Ollama, OpenAI's API and Anthropic's, by their unmodified clients and Strands' classes, against doubles."""

from __future__ import annotations

import asyncio
import warnings

import pytest
from strands import Agent, tool

from core.jobs.states import Failure
from core.settings import Settings
from tests.doubles.bedrock import Break, End, Refuse, Say, Stall, Use, Vanish
from tests.doubles.model_servers import running_model_servers
from workers.context import AgentFailure
from workers.models import candidates
from workers.models.agent_model import AgentModel
from workers.models.answer import Ended, FellBack, Question, Said
from workers.models.chain import ModelChain
from workers.models.providers import making

PROVIDERS = ["ollama", "openai", "anthropic"]
NEXT = {"ollama": "openai:b", "openai": "anthropic:b", "anthropic": "ollama:b"}
"""Who is asked after a model of a provider has failed."""
GOOD = (Say("All "), Say("is well."), End())


@pytest.fixture
def server():
    with running_model_servers() as double:
        double.script("b", *GOOD)
        yield double


@pytest.fixture(autouse=True)
def no_account(aws):
    for name in ("OPENAI_API_KEY", "OPENAI_BASE_URL", "ANTHROPIC_API_KEY", "ANTHROPIC_BASE_URL", "OLLAMA_HOST"):
        aws.delenv(name, raising=False)


@pytest.fixture
def chain(server):
    def make(*models, **settings):
        return ModelChain(
            Settings(
                models=models,
                ollama_host=server.url,
                openai_base_url=f"{server.url}/v1",
                openai_api_key="sk-secret",
                anthropic_base_url=server.url,
                anthropic_api_key="sk-secret",
                **settings,
            )
        )

    return make


async def ask(chain, stop=None):
    pieces = chain.stream(Question("Be brief.", "How is it?"), stop or asyncio.Event())
    return [piece async for piece in pieces]


def said(pieces):
    return "".join(piece.text for piece in pieces if isinstance(piece, Said))


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_answer_comes_with_its_usage(server, chain, provider):
    server.script("m:1", *GOOD)
    pieces = await ask(chain(f"{provider}:m:1"))
    assert said(pieces) == "All is well."
    ended = pieces[-1]
    assert isinstance(ended, Ended)
    assert ended.how == "complete"
    assert (ended.usage.input_tokens, ended.usage.output_tokens) == (11, 7)
    assert ended.usage.model == f"{provider}:m:1"


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_an_answer_cut_at_its_longest_length_is_known(server, chain, provider):
    server.script("m", Say("All"), End("max_tokens"))
    assert (await ask(chain(f"{provider}:m")))[-1].how == "cut"


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize(
    ("fault", "reason"),
    [
        (Refuse(429, "rate_limit"), "throttled"),
        (Refuse(401, "authentication_error"), "credentials"),
        (Refuse(403, "permission"), "denied"),
        (Refuse(404, "not_found"), "does not exist"),
        (Refuse(500, "api_error"), "unavailable"),
        (Refuse(503, "overloaded"), "unavailable"),
        (Refuse(400, "invalid_request"), "rejected"),
    ],
)
async def test_a_refused_request_goes_to_the_next_and_is_sent_once(server, chain, provider, fault, reason):
    server.script("m", fault)
    pieces = await ask(chain(f"{provider}:m", NEXT[provider]))
    (fell,) = [piece for piece in pieces if isinstance(piece, FellBack)]
    assert reason in fell.reason
    assert fell.to_model == NEXT[provider]
    assert [body["model"] for _, body, _ in server.asked] == ["m", "b"]


@pytest.mark.parametrize("provider", PROVIDERS)
@pytest.mark.parametrize("fault", [Break(), Vanish()])
async def test_an_answer_that_breaks_off_or_just_ends_is_no_answer(server, chain, provider, fault):
    server.script("m", Say("All is"), fault)
    pieces = await ask(chain(f"{provider}:m", NEXT[provider]))
    (fell,) = [piece for piece in pieces if isinstance(piece, FellBack)]
    assert "broke off" in fell.reason or "reached" in fell.reason


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_silent_one_is_given_up(server, chain, provider):
    server.script("m", Say("All"), Stall())
    pieces = await ask(chain(f"{provider}:m", NEXT[provider], model_timeout_s=0.4))
    (fell,) = [piece for piece in pieces if isinstance(piece, FellBack)]
    assert "silent" in fell.reason


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_a_stop_ends_it_while_the_server_still_holds_back(server, chain, provider):
    stall = Stall()
    server.script("m", Say("All"), stall)
    stop = asyncio.Event()
    asking = asyncio.create_task(ask(chain(f"{provider}:m"), stop))
    await asyncio.to_thread(stall.reached.wait)
    stop.set()
    assert (await asking)[-1].how == "stopped"
    assert not stall.release.is_set()


@pytest.mark.parametrize("provider", ["ollama", "openai"])
async def test_an_agent_calls_its_tool(server, chain, provider):
    server.script("m", Use("double_it", {"number": 21}), End("tool_use"))
    server.script("m", *GOOD)
    given = []

    @tool
    def double_it(number: int) -> str:
        """Doubles.

        Args:
            number: What is doubled.
        """
        given.append(number)
        return str(2 * number)

    model = AgentModel(chain(f"{provider}:m"), asyncio.Event(), lambda piece: None)
    result = await Agent(model=model, tools=[double_it], callback_handler=None).invoke_async("21 doubled?")
    assert given == [21]
    assert str(result).strip() == "All is well."
    assert any(message["role"] == "tool" and "42" in str(message) for message in server.asked[-1][1]["messages"])


async def test_a_filter_of_openai_is_a_refusal(server, chain):
    server.script("m", Say("I"), End("content_filter"))
    with pytest.raises(AgentFailure) as caught:
        await ask(chain("openai:m", "demo"))
    assert caught.value.type is Failure.CONTENT_REFUSED


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("ollama", {"options": {"num_predict": 50, "temperature": 0.5, "top_p": 0.9, "seed": 3}}),
        ("openai", {"max_tokens": 50, "temperature": 0.5, "top_p": 0.9, "seed": 3}),
        ("anthropic", {"max_tokens": 50, "temperature": 0.5, "top_p": 0.9, "seed": 3}),
    ],
)
async def test_options_reach_the_wire(server, chain, provider, expected):
    server.script("m", *GOOD)
    options = {f"{provider}:m": {"temperature": 0.5, "top_p": 0.9, "extra": {"seed": 3}}, provider: {"max_tokens": 50}}
    with warnings.catch_warnings():
        # Strands warns of a name that it does not know, and goes on without it.
        warnings.filterwarnings("error", "Invalid configuration parameters")
        await ask(chain(f"{provider}:m", model_options=options))
    (_, body, _) = server.asked[0]
    assert body | expected == body


@pytest.mark.parametrize("provider", PROVIDERS)
async def test_without_options_no_sampling_is_sent(server, chain, provider):
    server.script("m", *GOOD)
    await ask(chain(f"{provider}:m"))
    assert "temperature" not in str(server.asked[0][1])
    assert "top_p" not in str(server.asked[0][1])


async def test_connections_are_kept_for_the_next_question(server, chain):
    for provider in ("openai", "anthropic"):
        one = chain(f"{provider}:m")
        server.script("m", *GOOD)
        await ask(one)
        model = await one._pool.model(candidates.parse([f"{provider}:m"])[0])
        await ask(one)
        assert await one._pool.model(candidates.parse([f"{provider}:m"])[0]) is model


@pytest.mark.parametrize(
    ("provider", "what"), [("openai", "Set OPENAI_API_KEY"), ("anthropic", "Set ANTHROPIC_API_KEY")]
)
async def test_a_missing_key_is_told_before_anybody_is_asked(provider, what):
    chain = ModelChain(Settings(models=(f"{provider}:m",)))
    described = chain.describe()
    assert described["status"] == "away"
    assert what in described["detail"]
    assert described["models"][0]["state"] == "open"
    assert what in described["models"][0]["last_error"]["advice"]
    with pytest.raises(AgentFailure) as caught:
        await ask(chain)
    assert what in caught.value.error["detail"]


async def test_a_package_that_is_not_there_is_told_with_how_to_get_it(chain, monkeypatch, caplog):
    found = making.importlib.util.find_spec
    monkeypatch.setattr(making.importlib.util, "find_spec", lambda name: None if name == "litellm" else found(name))
    one = chain("litellm:gpt", "ollama:b")
    described = one.describe()
    assert described["status"] == "degraded"
    assert "pip install 'strands-agents[litellm]'" in described["detail"]
    for _ in range(3):
        pieces = await ask(one)
        assert [piece.reason for piece in pieces if isinstance(piece, FellBack)] == [
            "it failed a moment ago: the package litellm is not installed"
        ]
    assert sum("litellm is not installed" in record.message for record in caplog.records) == 1
    assert not any(record.exc_info for record in caplog.records)


async def test_an_option_that_a_provider_does_not_have_is_told(server, chain):
    described = chain("ollama:m", model_options={"ollama:m": {"prompt_caching": True}}).describe()
    assert "prompt_caching, which ollama does not have" in described["detail"]
    assert "knows: extra, max_tokens, temperature, top_p" in described["detail"]


async def test_keys_are_in_no_error(server, chain):
    server.script("m", Refuse(401, "authentication_error", "Incorrect API key provided: sk-secret"))
    with pytest.raises(AgentFailure) as caught:
        await ask(chain("openai:m"))
    assert "sk-secret" not in str(caught.value.error)


async def test_litellm_answers_where_it_is_installed(server, chain, aws):
    pytest.importorskip("litellm", reason="litellm is large, and is not among the packages for development")
    aws.setenv("OPENAI_API_KEY", "sk-secret")
    server.script("m", *GOOD)
    options = {"litellm": {"extra": {"api_base": f"{server.url}/v1"}}}
    assert said(await ask(chain("litellm:openai/m", model_options=options))) == "All is well."
