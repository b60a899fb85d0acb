"""The front door serves the page exactly as the API does where there is no nginx."""

from __future__ import annotations

import re
from pathlib import Path

from api.page import CONTENT_SECURITY_POLICY, FOREVER, FRESH

ROOT = Path(__file__).resolve().parents[3]
NGINX = (ROOT / "deploy" / "nginx.conf").read_text()


def test_the_page_has_the_policy_that_the_api_would_give_it() -> None:
    [policy] = re.findall(r'add_header Content-Security-Policy "([^"]+)" always;', NGINX)
    assert policy == CONTENT_SECURITY_POLICY


def test_files_with_a_digest_are_kept_for_good_and_the_page_is_asked_for_anew() -> None:
    assert f'~^/assets/  "{FOREVER}";' in NGINX
    assert f'default     "{FRESH}";' in NGINX


def test_the_api_sees_the_browsers_own_host_and_nothing_is_buffered() -> None:
    assert "proxy_set_header Host $http_host;" in NGINX
    assert "proxy_buffering off;" in NGINX
    assert "proxy_request_buffering off;" in NGINX
    assert "proxy_set_header Upgrade $http_upgrade;" in NGINX


def test_the_api_is_looked_up_again_while_nginx_runs() -> None:
    assert "resolver 127.0.0.11 " in NGINX
    passed = re.findall(r"proxy_pass (\S+);", NGINX)
    assert passed
    assert set(passed) == {"http://$api"}
