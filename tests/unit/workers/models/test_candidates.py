"""Which models are asked, in which order."""

from __future__ import annotations

import pytest

from workers.models.candidates import BEDROCK_DEFAULTS, DEMO, PRESETS, UnknownModel, choose, parse


def names(candidates):
    return [str(candidate) for candidate in candidates]


def test_colons_in_a_model_id_are_part_of_it():
    (candidate,) = parse(["bedrock:us.amazon.nova-pro-v1:0"])
    assert (candidate.provider, candidate.model) == ("bedrock", "us.amazon.nova-pro-v1:0")


def test_the_designs_three_models_are_a_preset():
    assert names(parse(["preset:design"])) == list(PRESETS["design"])
    assert len(PRESETS["design"]) == 3


def test_order_is_kept_and_repeats_are_dropped():
    assert names(parse(["demo", "bedrock:a", "demo:library", "bedrock:a"])) == [DEMO, "bedrock:a"]


def test_a_provider_alone_means_its_defaults():
    assert names(parse(["bedrock"])) == list(BEDROCK_DEFAULTS)


@pytest.mark.parametrize("name", ["gemini:pro", "claude", "", "preset:nothing"])
def test_an_unknown_name_is_told_with_what_there_is(name):
    with pytest.raises(
        UnknownModel, match=r"supported are bedrock:…, ollama:…, .*, demo:…|there are: bedrock, demo, design"
    ):
        parse([name])


def test_a_provider_without_models_of_its_own_needs_a_name():
    with pytest.raises(UnknownModel, match="write ollama: and the model's name"):
        parse(["ollama"])


def test_without_settings_aws_decides():
    assert names(choose((), aws_configured=True)) == list(BEDROCK_DEFAULTS)
    assert names(choose((), aws_configured=False)) == [DEMO]


def test_what_is_set_wins_over_aws():
    assert names(choose(("demo",), aws_configured=True)) == [DEMO]
