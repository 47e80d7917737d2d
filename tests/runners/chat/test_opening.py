"""Which endpoint and key a model spec stands for, and what the config file may say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from results.errors import InputError, MissingExtra
from runners.models.chat import ChatClient, ChatError, load_settings, open_chat
from runners.models.chat.redaction import Redactor, without_credentials
from tests.runners.chat.opening import QUESTION
from tests.support.chat_server import ChatServer, fails

CONFIG = """
[chat]
endpoint = "lab"
cache_max_mb = 0
retries = 0

[endpoints.lab]
base_url = "{lab}"
api_key_env = "LAB_KEY"
max_concurrent = 1

[endpoints.home]
base_url = "{home}"
api_key = "sk-home-0123456789abcdef"

[prices.m]
input = 1.0
output = 2.0
"""


@pytest.fixture
def home(chat_server: ChatServer) -> ChatServer:
    return chat_server


def opened(spec: str, config: Path, **environment: str) -> ChatClient:
    environment = {"JUDGE_CONFIG": str(config), **environment}
    return open_chat(spec, settings=load_settings(environment), environment=environment)


def test_a_key_goes_only_to_the_endpoint_that_it_was_given_for(
    home: ChatServer, tmp_path: Path
) -> None:
    with ChatServer() as lab, ChatServer() as other:
        config = tmp_path / "config.toml"
        config.write_text(CONFIG.format(lab=lab.url, home=home.url))
        keys = {"LAB_KEY": "sk-lab-0123456789abcdef", "OPENAI_API_KEY": "sk-env-0123456789abcdef"}
        opened("openai:m", config, **keys).complete(QUESTION)
        opened("openai:m@lab", config, **keys).complete(QUESTION)
        opened("openai:org/m@home", config, **keys).complete(QUESTION)
        opened("openai:m@v2", config, **keys, OPENAI_BASE_URL=other.url).complete(QUESTION)
        found = {
            name: [(a.body["model"], a.headers["authorization"]) for a in server.requests]
            for name, server in (("lab", lab), ("home", home), ("other", other))
        }
    assert found == {
        "lab": [("m", "Bearer sk-lab-0123456789abcdef")] * 2,
        "home": [("org/m", "Bearer sk-home-0123456789abcdef")],
        "other": [("m@v2", "Bearer sk-env-0123456789abcdef")],
    }


def test_credentials_in_an_address_are_sent_and_never_shown(home: ChatServer) -> None:
    address = home.url.replace("://", "://me:hunter2hunter2@") + "?token=abcdef123456"
    client = open_chat(
        "openai:m", environment={"OPENAI_BASE_URL": address, "JUDGE_CACHE_MAX_MB": "0"}
    )
    assert client.address == home.url
    home.rule = lambda asked: fails(400, f"bad: {address} hunter2hunter2 abcdef123456")
    with pytest.raises(ChatError, match="bad: http") as caught:
        client.complete(QUESTION)
    assert home.requests[0].path == "/v1/chat/completions?token=abcdef123456"
    assert "hunter2" not in str(caught.value) and "abcdef123456" not in str(caught.value)


@pytest.mark.parametrize(
    ("spec", "environment", "words"),
    [
        ("gpt-4o", {}, "name it openai:<model>"),
        ("openai:", {}, "is not a chat model"),
        ("torchscript:some.pt", {}, "is not a chat model"),
        ("onnx:some.onnx", {}, "There is no folder 'some.onnx'"),
        ("openai:m", {}, "set OPENAI_API_KEY"),
        ("openai:m", {"OPENAI_BASE_URL": "localhost:8000"}, "OPENAI_BASE_URL is not an http"),
        ("openai:m", {"OPENAI_BASE_URL": "http://["}, "OPENAI_BASE_URL is not an http"),
        ("openai:m", {"OPENAI_API_KEY": "sk-ключ"}, "key in OPENAI_API_KEY holds characters"),
    ],
)
def test_what_cannot_be_opened_is_said_in_one_sentence(
    spec: str, environment: dict[str, str], words: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError, match=words) as caught:
        open_chat(spec, environment={**environment, "JUDGE_CACHE_DIR": str(tmp_path)})
    assert "ключ" not in str(caught.value)


def test_an_endpoint_whose_key_is_not_set_is_named(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(CONFIG.format(lab="http://127.0.0.1:1/v1", home="http://127.0.0.1:1/v1"))
    with pytest.raises(InputError, match="endpoint lab takes its key from LAB_KEY"):
        opened("openai:m", config)


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("[chat", "is not valid TOML"),
        ("[chat]\nretries = -1", "chat.retries: Input should be greater than or equal to 0"),
        ("[chat]\nretry = 1", "chat.retry: Extra inputs"),
        ("[chat]\nendpoint = 'lab'", r"no \[endpoints.lab\] section"),
        ("[endpoints.a]\nbase_url = 'ftp://x'", "endpoints.a.base_url: String should match"),
        ("[endpoints.a]\nbase_url = 'http://x'\napi_key = 12345678", "endpoints.a.api_key"),
        ("[chat]\ntimeout_seconds = nan", "chat.timeout_seconds"),
    ],
)
def test_a_fault_of_the_config_file_names_its_place_and_no_value(
    tmp_path: Path, content: str, words: str
) -> None:
    config = tmp_path / "config.toml"
    config.write_text(content)
    with pytest.raises(InputError, match=words) as caught:
        load_settings({"JUDGE_CONFIG": str(config)})
    assert str(config) in str(caught.value) and "12345678" not in str(caught.value)


def test_the_environment_goes_before_the_file(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text(f"[chat]\ncache_dir = '{tmp_path}/a'\ncache_max_mb = 7\n[other]\nx = 1\n")
    environment = {"JUDGE_CONFIG": str(config)}
    found = load_settings(environment)
    assert (found.cache_dir, found.cache_max_bytes) == (tmp_path / "a", 7 << 20)
    environment |= {"JUDGE_CACHE_DIR": str(tmp_path / "b"), "JUDGE_CACHE_MAX_MB": "0"}
    found = load_settings(environment)
    assert (found.cache_dir, found.cache_max_bytes) == (tmp_path / "b", 0)
    with pytest.raises(InputError, match="JUDGE_CACHE_MAX_MB"):
        load_settings({**environment, "JUDGE_CACHE_MAX_MB": "much"})
    with pytest.raises(InputError, match="does not exist"):
        load_settings({"JUDGE_CONFIG": str(tmp_path / "none.toml")})


def test_without_litellm_its_models_name_the_extra() -> None:
    try:
        import litellm  # noqa: F401
    except ImportError:
        with pytest.raises(MissingExtra, match=r"pip install 'agent-judge\[litellm\]'"):
            open_chat("litellm:anthropic/claude", environment={"JUDGE_CACHE_MAX_MB": "0"})
    else:
        pytest.skip("litellm is installed here")


def test_the_package_is_imported_without_the_slow_client() -> None:
    code = "import sys, runners.models.chat as c; c.Message; print('openai' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_redactor_hides_forms_of_a_secret_and_what_looks_like_one() -> None:
    redactor = Redactor(["pass/word+1234"], ["hunter2"])
    said = "pass/word+1234 pass%2Fword%2B1234 hunter2 sk-abcdefgh12345 http://u:p@h/ Bearer xyz"
    hidden = redactor.redact(said)
    assert not any(word in hidden for word in ("word", "hunter2", "sk-abc", "u:p", "xyz"))
    assert redactor.without_keys("hunter2 sk-abcdefgh12345") == "hunter2 sk-abcdefgh12345"
    assert "hunter2" not in repr(redactor)
    assert without_credentials("https://u:p@h:1/v1?k=1#f") == "https://h:1/v1"
