"""A rule enrols itself, is found by name, and comes in from outside packages."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest

from evenwatt.core import rule as registry
from evenwatt.core.errors import RuleError

FIFTEEN = "pro apro cea cel av talmud rtalmud piniles ce ra mo dt aa tal cd".split()


def test_all_fifteen_rules_are_found_by_walking():
    assert set(FIFTEEN) <= set(registry.all("claims"))


def test_every_rule_names_its_source_and_its_promises():
    for rule in registry.all("claims").values():
        assert rule.source, rule.name
        assert "efficiency" in rule.satisfies, rule.name
        assert rule.title, rule.name


def test_a_misspelt_name_suggests_the_nearest():
    with pytest.raises(RuleError, match="unknown rule 'talmut'; did you mean 'talmud'"):
        registry.find("claims", "talmut")


def test_two_rules_of_one_name_raise():
    def first(endowment, claims):
        return claims

    def second(endowment, claims):
        return claims

    enrol = registry.rule("twin", source="none", satisfies=(), kind="tests")
    enrol(first)
    with pytest.raises(RuleError, match=r"two tests rules are named 'twin': .*first and .*second"):
        enrol(second)


def test_enrolling_the_same_function_again_is_no_fault():
    def again(endowment, claims):
        return claims

    enrol = registry.rule("again", source="none", satisfies=(), kind="tests")
    assert enrol(enrol(again)) is again


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("tal:theta=x", "theta 'x' is not a number"),
        ("tal:zeta=1", r"has no parameter 'zeta=1'; it takes theta="),
        ("apro:weights=need", "it takes none"),
        ("Talmud!", "is not a rule"),
        ("", "is not a rule"),
    ],
)
def test_a_bad_spelling_is_named(text, complaint):
    with pytest.raises(RuleError, match=complaint):
        registry.spelled("claims", text)


def test_spelling_is_read_back_as_written():
    for text in ("talmud", "tal:theta=0.25", "cea:weights=need"):
        assert str(registry.spelled("claims", text)) == text


def test_an_unknown_option_is_refused_by_the_rule():
    with pytest.raises(RuleError, match="rule 'apro' takes no parameter 'weights'"):
        registry.find("claims", "apro")(1.0, [1.0, 2.0], weights=[1.0, 1.0])


def test_a_rule_says_why_it_cannot_divide():
    cd = registry.find("claims", "cd")
    assert cd.refusal(2) is None
    assert cd.refusal(3) == "'cd' divides among 2 members, not 3"


OUTSIDE = '''
import numpy as np
from evenwatt.core.rule import rule

@rule("dictator", source="none", satisfies={"efficiency", "claims-bounded", "non-negative"})
def dictator(endowment, claims):
    """The first member takes all it claims, then the second."""
    claims = np.asarray(claims, float)
    before = np.cumsum(claims, axis=-1) - claims
    return np.clip(np.asarray(endowment)[..., None] - before, 0, claims)
'''


def test_an_outside_package_adds_a_rule_by_entry_point(tmp_path: Path):
    wheel = _wheel(tmp_path, "outside_rules", OUTSIDE)
    site = tmp_path / "site"
    _install(wheel, site)
    program = (
        "from evenwatt import claims; print(claims.rule('dictator')(5.0, [3.0, 4.0]).tolist());"
        "from evenwatt.app.rulebook import described; print([r['name'] for r in described('dictator')])"
    )
    answer = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(site)!r}); {program}"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert answer.stdout.splitlines() == ["[3.0, 2.0]", "['dictator']"]


def _wheel(folder: Path, name: str, source: str) -> Path:
    """The smallest installable package: one module and one entry point of the group evenwatt.claims."""
    info = f"{name}-1.0.dist-info"
    files = {
        f"{name}.py": source,
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": f"[evenwatt.claims]\noutside = {name}\n",
    }
    files[f"{info}/RECORD"] = "".join(f"{path},,\n" for path in [*files, f"{info}/RECORD"])
    place = folder / f"{name}-1.0-py3-none-any.whl"
    with zipfile.ZipFile(place, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return place


def _install(wheel: Path, site: Path) -> None:
    quiet = ["--quiet", "--no-index", "--no-deps", "--target", str(site), str(wheel)]
    with_pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "install", *quiet]
    has_pip = (
        subprocess.run([sys.executable, "-c", "import pip"], capture_output=True, check=False).returncode == 0
    )
    subprocess.run(with_pip if has_pip else ["uv", "pip", "install", *quiet], check=True, capture_output=True)


def test_numbers_come_back_whatever_the_shape():
    talmud = registry.find("claims", "talmud")
    assert talmud(np.zeros((2, 3)), np.ones((2, 3, 4))).shape == (2, 3, 4)
