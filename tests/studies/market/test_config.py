"""A market's ``case.toml``: every key has a sensible default, and what is not known is named."""

from __future__ import annotations

import numpy as np
import pytest

from evenwatt.core.errors import CaseError, RuleError
from evenwatt.studies.config import checked_config, json_schema
from evenwatt.studies.market.arrangement import ration, rules
from evenwatt.studies.market.named import mechanism, variant


def checked(**sections):
    return checked_config({"study": "market", "data": {"meters": "m.csv"}, **sections}, "case.toml")


def refused(**sections):
    with pytest.raises(CaseError) as told:
        checked(**sections)
    return str(told.value)


def test_a_case_may_say_nothing():
    config = checked()
    assert (config.rule.local, config.market.scenario, config.policies.consumer) == (
        "uniform-price",
        1,
        "rule",
    )
    assert config.model_validate(config.model_dump(mode="json")) == config


def test_unknown_keys_are_named():
    assert "market.colour: unknown key" in refused(market={"colour": 1})
    assert "language.key: unknown key" in refused(language={"key": "secret"})


def test_an_unknown_mechanism_is_named_with_the_nearest():
    assert "uniform-price" in refused(rule={"local": "uniform-prize"})


def test_options_of_a_mechanism_are_its_own():
    assert checked(rule={"local": "muda", "local_options": {"displaced": "lottery"}}).rule.local == "muda"
    assert "no option 'displacd'; did you mean 'displaced'?" in refused(
        rule={"local": "muda", "local_options": {"displacd": "lottery"}}
    )


def test_an_unknown_claims_rule_is_named():
    assert "talmut" in refused(rule={"ration": "talmut"})


def test_policies_must_know_their_role():
    assert checked(policies={"prosumer": "zip", "consumer": "language"}).policies.prosumer == "zip"
    assert "'zap' is not a policy; did you mean 'zip'?" in refused(policies={"consumer": "zap"})
    assert "policy 'zip' is not for a regulator" in refused(policies={"regulator": "zip"})


def test_parts_of_a_role_are_by_persona_or_by_share():
    parts = [{"policy": "zip", "share": 0.5}, {"policy": "bandit", "personas": ["greedy"]}]
    assert len(checked(policies={"consumer": parts}).policies.consumer) == 2
    assert "either personas or share" in refused(policies={"consumer": [{"policy": "zip"}]})
    assert "shares come to 1.2" in refused(
        policies={"consumer": [{"policy": "zip", "share": 0.6}, {"policy": "rule", "share": 0.6}]}
    )


def test_instruments_have_bounds():
    assert "instruments.quota" in refused(instruments={"quota": 1.3})
    assert "instruments.carbon_per_t" in refused(instruments={"carbon_per_t": 301})


def test_variants_of_a_sweep_are_read():
    assert variant("own") == {}
    assert variant("zip") == {"consumer": "zip", "prosumer": "zip", "producer": "zip"}
    assert variant("prosumer=bandit, producer=zip") == {"prosumer": "bandit", "producer": "zip"}
    for text in ("zap", "mayor=zip", "regulator=zip", "consumer=zap"):
        with pytest.raises(RuleError):
            variant(text)


def test_the_schema_tells_of_markets():
    told = json_schema()
    assert "market" in told["discriminator"]["mapping"]
    assert told["$defs"]["LanguageConfig"]["properties"]["key_env"]["description"]


def test_powers_become_energies_of_a_step():
    config = checked(market={"import_limit_mw": 0.019, "connection_fee": 0.05})
    made = rules(config, 900, intervention=True)
    assert (made.steps_a_day, made.import_limit_wh, made.export_limit_wh) == (96, 4750, 10**12)
    assert made.connection_fee_micro == 50_000
    assert rules(config, 3600, intervention=False).steps_a_day == 24


def test_any_claims_rule_rations():
    for name in ("pro", "cea", "cel", "talmud", "nash-equal"):
        awards = ration(name)(np.asarray(200.0), np.array([100.0, 200.0, 300.0]))
        assert awards.sum() == pytest.approx(200.0)


def test_mechanisms_are_made_with_their_options():
    assert mechanism("pay-as-bid", {"paired": True}).paired
    with pytest.raises(RuleError, match="dutch-flowers"):
        mechanism("dutch-flowers")
