"""The chain over Bedrock, with the unmodified client and Strands' class, against a double on the real wire."""

from __future__ import annotations

import asyncio
import warnings

import pytest

from core.jobs.states import Failure
from core.settings import Settings
from tests.doubles.bedrock import DENIED, END_OF_LIFE, THROTTLED, Break, End, Fail, Refuse, Say, Stall
from workers.context import AgentFailure
from workers.models.answer import Ended, FellBack, Question, Said
from workers.models.chain import ModelChain
from workers.models.circuits import FIRST_LASTING_S, IN_A_ROW

A, B, C = "us.first-v1:0", "us.second-v1:0", "us.third-v1:0"
GOOD = (Say("All is well."), End())

pytestmark = pytest.mark.usefixtures("aws")


@pytest.fixture
def chain(bedrock):
    def make(*models, **settings):
        return ModelChain(
            Settings(models=[f"bedrock:{model}" for model in models], bedrock_endpoint=bedrock.url, **settings)
        )

    return make


async def ask(chain, stop=None):
    return [piece async for piece in chain.stream(Question("Be brief.", "How is it?"), stop or asyncio.Event())]


def fallbacks(pieces):
    return [(piece.from_model, piece.to_model) for piece in pieces if isinstance(piece, FellBack)]


def states(chain):
    return [model["state"] for model in chain.describe()["models"]]


async def test_a_denied_model_is_not_asked_again_and_every_job_is_told(bedrock, chain):
    bedrock.script(A, DENIED)
    bedrock.script(B, *GOOD)
    one = chain(A, B)
    for _ in range(4):
        pieces = await ask(one)
        assert fallbacks(pieces) == [(f"bedrock:{A}", f"bedrock:{B}")]
    assert bedrock.models_asked() == [A, B, B, B, B]
    assert states(one) == ["open", "closed"]


async def test_a_throttled_model_is_left_alone_after_some_failures(bedrock, chain):
    bedrock.script(A, THROTTLED)
    bedrock.script(B, *GOOD)
    one = chain(A, B)
    for _ in range(IN_A_ROW + 3):
        await ask(one)
    assert bedrock.models_asked().count(A) == IN_A_ROW


async def test_after_its_time_one_of_many_questions_tries_it_and_its_answer_closes_the_circuit(bedrock, chain):
    bedrock.script(A, DENIED)
    stall = Stall()
    bedrock.script(A, stall, *GOOD)
    bedrock.script(A, *GOOD)
    bedrock.script(B, *GOOD)
    one = chain(A, B)
    clock = one._pool.circuits.clock
    await ask(one)
    one._pool.circuits.clock = lambda: clock() + FIRST_LASTING_S
    assert states(one) == ["half-open", "closed"]
    probe = asyncio.create_task(ask(one))
    await asyncio.to_thread(stall.reached.wait)
    await asyncio.gather(*(ask(one) for _ in range(5)))
    assert bedrock.models_asked().count(A) == 2
    stall.release.set()
    assert fallbacks(await probe) == []
    assert states(one) == ["closed", "closed"]
    assert fallbacks(await ask(one)) == []


async def test_a_probe_that_is_stopped_leaves_the_circuit_to_the_next(bedrock, chain):
    bedrock.script(A, DENIED)
    stall = Stall()
    bedrock.script(A, stall)
    bedrock.script(A, *GOOD)
    bedrock.script(B, *GOOD)
    one = chain(A, B)
    await ask(one)
    one._pool.circuits.clock = lambda: 10.0**9
    stop = asyncio.Event()
    probe = asyncio.create_task(ask(one, stop))
    await asyncio.to_thread(stall.reached.wait)
    stop.set()
    assert (await probe)[-1].how == "stopped"
    assert fallbacks(await ask(one)) == []


async def test_when_all_circuits_are_open_they_are_tried_all_the_same(bedrock, chain):
    bedrock.script(A, DENIED)
    bedrock.script(A, *GOOD)
    bedrock.script(B, END_OF_LIFE)
    one = chain(A, B)
    with pytest.raises(AgentFailure):
        await ask(one)
    pieces = await ask(one)
    assert fallbacks(pieces) == [(f"bedrock:{A}", f"bedrock:{B}"), (f"bedrock:{B}", f"bedrock:{A}")]
    assert pieces[-1].usage.model == f"bedrock:{A}"
    assert states(one) == ["closed", "open"]


async def test_a_stop_of_the_job_is_no_failure_of_the_model(bedrock, chain):
    one = chain(A)
    stalls = [Stall() for _ in range(IN_A_ROW + 1)]
    for stall in stalls:
        bedrock.script(A, Say("Well"), stall)
    for stall in stalls:
        stop = asyncio.Event()
        asking = asyncio.create_task(ask(one, stop))
        await asyncio.to_thread(stall.reached.wait)
        stop.set()
        await asking
    assert states(one) == ["closed"]


async def test_a_stop_ends_a_wait_that_is_under_way(bedrock, chain):
    bedrock.script(A, Say("Well"), Stall())
    stop = asyncio.Event()
    pieces = chain(A, model_timeout_s=60).stream(Question("Be brief.", "How is it?"), stop)
    while not isinstance(await anext(pieces), Said):
        pass
    waiting = asyncio.ensure_future(anext(pieces))
    for _ in range(20):
        await asyncio.sleep(0)  # until it waits for what does not come
    stop.set()
    ended = await waiting
    assert (type(ended), ended.how) == (Ended, "stopped")


async def test_headers_that_never_come_are_a_silence_too(bedrock, chain):
    bedrock.script(A, Stall(headers=True), *GOOD)
    bedrock.script(B, *GOOD)
    pieces = await ask(chain(A, B, model_timeout_s=0.4))
    assert "silent" in next(piece.reason for piece in pieces if isinstance(piece, FellBack))
    assert bedrock.models_asked() == [A, B]


async def test_a_slow_answer_is_heard_out(bedrock, chain):
    bedrock.script(A, *(Say(f"{number} ", after_s=0.05) for number in range(8)), End())
    pieces = await ask(chain(A, model_timeout_s=0.4))
    assert "".join(piece.text for piece in pieces if isinstance(piece, Said)) == "0 1 2 3 4 5 6 7 "


async def test_the_time_for_the_whole_holds_over_all_candidates(bedrock, chain):
    bedrock.script(A, Say("Well"), Stall())
    bedrock.script(B, *GOOD)
    with pytest.raises(AgentFailure) as caught:
        await ask(chain(A, B, model_timeout_s=60, model_budget_s=0.3))
    assert caught.value.type is Failure.MODEL_UNAVAILABLE
    assert "the time for the whole answer is over" in caught.value.error["detail"]
    # What there was no time for is not held against the next.
    assert [each["model"] for each in caught.value.error["tried"]] == [f"bedrock:{A}"]
    assert B not in bedrock.models_asked()


async def test_three_failures_of_three_kinds_come_out_at_the_fourth(bedrock, chain):
    bedrock.script(A, THROTTLED)
    bedrock.script(B, Say("Half"), Break())
    bedrock.script(C, Say("Half"), Fail("serviceUnavailableException"))
    bedrock.script("d", *GOOD)
    pieces = await ask(chain(A, B, C, "d"))
    assert [to.partition(":")[2] for _, to in fallbacks(pieces)] == [B, C, "d"]
    assert isinstance(pieces[-1], Ended)


async def test_the_same_fault_is_logged_once_until_it_is_over(bedrock, chain, caplog):
    bedrock.script(A, THROTTLED)
    bedrock.script(B, *GOOD)
    one = chain(A, B)
    for _ in range(3):
        await ask(one)
    warned = [record.message for record in caplog.records if record.levelname == "WARNING"]
    assert warned == [
        f"Model bedrock:{A} failed: it is throttled. Try again in a minute, or name more models in ACI_MODELS."
    ]


async def test_an_id_that_nobody_knows_is_told_with_what_to_do(bedrock, chain):
    bedrock.script(A, Refuse(400, "ValidationException", "The provided model identifier is invalid."))
    one = chain(A)
    with pytest.raises(AgentFailure) as caught:
        await ask(one)
    assert "inference profile" in caught.value.error["detail"]
    described = one.describe()
    assert described["status"] == "away"
    assert "inference profile" in described["detail"]
    assert described["models"][0]["last_error"]["kind"] == "unknown"


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ({"temperature": 0.1}, {"inferenceConfig": {"maxTokens": 8192, "temperature": 0.1}}),
        ({"top_p": 0.8, "max_tokens": 9}, {"inferenceConfig": {"maxTokens": 9, "topP": 0.8}}),
        ({"extra": {"top_k": 5}}, {"additionalModelRequestFields": {"top_k": 5}}),
    ],
)
async def test_options_reach_the_wire(bedrock, chain, options, expected):
    bedrock.script(A, *GOOD)
    with warnings.catch_warnings():
        # Strands warns of a name that it does not know, and goes on without it.
        warnings.filterwarnings("error", "Invalid configuration parameters")
        await ask(chain(A, model_options={f"bedrock:{A}": options}))
    (_, body) = bedrock.asked[0]
    assert body | expected == body


async def test_a_guardrail_is_put_before_the_model_and_its_word_is_final(bedrock, chain):
    bedrock.script(A, Say("No."), End("guardrail_intervened"))
    guarded = {"bedrock": {"guardrail_id": "gr-1", "guardrail_version": "3"}}
    with pytest.raises(AgentFailure) as caught:
        await ask(chain(A, B, model_options=guarded))
    assert caught.value.type is Failure.CONTENT_REFUSED
    config = bedrock.asked[0][1]["guardrailConfig"]
    assert (config["guardrailIdentifier"], config["guardrailVersion"]) == ("gr-1", "3")
    assert bedrock.models_asked() == [A]


async def test_prompt_caching_marks_what_requests_have_in_common(bedrock, chain):
    claude = "us.anthropic.claude-x"
    bedrock.script(claude, *GOOD)
    await ask(chain(claude, model_options={"bedrock": {"prompt_caching": True}}))
    assert "cachePoint" in bedrock.asked[0][1]["system"][-1]
    await ask(chain(claude))
    assert "cachePoint" not in str(bedrock.asked[1][1])


async def test_one_client_serves_all_agents_of_a_process(bedrock, chain):
    bedrock.script(A, *GOOD)
    bedrock.script(B, *GOOD)
    one = chain(A, models_solve=[f"bedrock:{B}", f"bedrock:{A}"])
    assert one.of("generate") is one
    assert one.of("solve") is one.of("solve")
    await ask(one.of("solve"))
    await ask(one.of("generate"))
    assert bedrock.models_asked() == [B, A]
    assert one.of("solve")._pool is one._pool


async def test_an_api_key_of_bedrock_signs_the_requests(chain, aws):
    aws.delenv("AWS_ACCESS_KEY_ID")
    aws.delenv("AWS_SECRET_ACCESS_KEY")
    aws.setenv("AWS_BEARER_TOKEN_BEDROCK", "the-key")
    # The key travels over https alone, so the request is looked at on its way out.
    one = chain(A)
    one._settings.bedrock_endpoint = "https://bedrock.invalid"
    (candidate,) = one._chosen().order
    sent = []

    def look(request, **_):
        sent.append(request.headers["Authorization"])
        raise ConnectionError

    (await one._pool.model(candidate)).client.meta.events.register_first("before-send.*", look)
    with pytest.raises(AgentFailure):
        await ask(one)
    assert sent == [b"Bearer the-key"]


async def test_a_profile_signs_the_requests(bedrock, chain, aws, tmp_path):
    aws.delenv("AWS_ACCESS_KEY_ID")
    aws.delenv("AWS_SECRET_ACCESS_KEY")
    keys = tmp_path / "credentials"
    keys.write_text("[work]\naws_access_key_id = AKIDOFWORK\naws_secret_access_key = x\n")
    aws.setenv("AWS_SHARED_CREDENTIALS_FILE", str(keys))
    aws.setenv("AWS_PROFILE", "work")
    bedrock.script(A, *GOOD)
    await ask(chain(A, aws_region="eu-west-1"))
    assert "Credential=AKIDOFWORK/" in bedrock.headers[0]["authorization"]
    assert "/eu-west-1/bedrock/" in bedrock.headers[0]["authorization"]


async def test_a_role_signs_the_requests(bedrock, chain, aws, tmp_path):
    """A profile that assumes a role, as `aws configure` writes it; the token service is a double too."""
    config = tmp_path / "config"
    config.write_text(
        "[profile keys]\naws_access_key_id = AKIDOFWORK\naws_secret_access_key = x\n"
        "[profile role]\nrole_arn = arn:aws:iam::123456789012:role/models\nsource_profile = keys\nregion = eu-west-1\n"
    )
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        aws.delenv(name)
    aws.setenv("AWS_CONFIG_FILE", str(config))
    aws.setenv("AWS_PROFILE", "role")
    aws.setenv("AWS_ENDPOINT_URL_STS", bedrock.url)
    bedrock.script(A, *GOOD)
    await ask(chain(A))
    assert "Credential=ASIAOFTHEROLE/" in bedrock.headers[0]["authorization"]
    assert bedrock.headers[0]["x-amz-security-token"] == "token-of-the-role"


async def test_a_region_that_is_none_is_told(bedrock, chain):
    one = chain(A, aws_region="us west 2")
    with pytest.raises(AgentFailure) as caught:
        await ask(one)
    assert "Check AWS_REGION" in caught.value.error["detail"]
    assert one.describe()["models"][0]["last_error"]["reason"].startswith("it could not be reached (InvalidRegion")


async def test_without_any_credentials_nobody_is_asked_and_the_job_says_what_to_do(bedrock, chain, aws):
    aws.delenv("AWS_ACCESS_KEY_ID")
    aws.delenv("AWS_SECRET_ACCESS_KEY")
    one = chain(A)
    assert "Set up AWS credentials" in one.describe()["detail"]
    with pytest.raises(AgentFailure) as caught:
        await ask(one)
    assert "Set up AWS credentials" in caught.value.error["detail"]
    assert bedrock.asked == []


async def test_what_a_stopped_answer_cost_is_estimated(bedrock, chain):
    bedrock.script(A, Say("x" * 400), Stall())
    stop = asyncio.Event()
    async for piece in chain(A).stream(Question("Be brief.", "How is it?"), stop):
        if isinstance(piece, Said):
            stop.set()
    assert isinstance(piece, Ended)
    assert piece.usage.view()["estimated"] is True
    assert piece.usage.output_tokens == 100
    assert piece.usage.input_tokens > 0
