# Every target works on a fresh clone with nothing but a Python: what it needs is installed first, and only when it is
# not there yet. `make` alone lists the targets.

# A Python of your choice, 3.11 or newer; without one the first fit one is looked up.
PYTHON ?=

# Words added to the command of run and test: make test ARGS="-k postgres".
ARGS ?=

# For chaos: how long, and which faults to repeat (another seed is drawn and printed each time).
MINUTES ?= 10
SEED ?=

# Builds the environments that are needed, then goes on as the Python of the first.
IN = @PYTHON="$(PYTHON)" exec sh embedded/python.sh -m embedded.bootstrap

.PHONY: help run dev test bench eval test-aws chaos attack screenshots lint format lock hooks clean reset

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-11s %s\n", $$1, $$2 }' Makefile
	@echo
	@echo "  Settings go before it: ACI_PORT=8001 make run. See docs/running.md."

run: ## start everything on this machine and say where the page is; Ctrl-C stops it
	$(IN) --need service --need sandbox --need node -- -m embedded $(ARGS)

dev: ## the same, with the page served by Vite on port 3000, anew whenever its sources change
	$(IN) --need service --need sandbox --need node -- -m embedded --procfile Procfile.dev $(ARGS)

# Whatever the environment says: hundreds of Pythons are started, and each would compile all that it imports.
test: export PYTHONDONTWRITEBYTECODE =
test: ## run all tests, on a Postgres and a Redis of their own
	$(IN) --need dev --need sandbox --need node -- -m pytest $(ARGS)

bench: ## measure the service beside bare floors: make bench ARGS="submit latency"
	$(IN) --need dev --need sandbox -- -m benchmarks $(ARGS)

eval: ## have the models that are set do some dozens of tasks, run what they write, and print a table of scores
	$(IN) --need dev --need sandbox -- -m evaluation $(ARGS)

test-aws: ## a short test against your account of AWS: a model of Bedrock, a session of AgentCore
	$(IN) --need dev -- -m evaluation.aws $(ARGS)

screenshots: ## renew docs/screenshots from the running page
	@export PYTHONPATH=tests:tests/e2e:.; PYTHON="$(PYTHON)" exec sh embedded/python.sh -m embedded.bootstrap \
		--need dev --need sandbox --need node -- tests/e2e/screenshots.py

chaos: ## break the running service for MINUTES and look whether every promise held
	$(IN) --need dev -- -m tests.chaos --minutes $(MINUTES) $(if $(SEED),--seed $(SEED))
	$(IN) --need dev -- -m tests.chaos.mutants

attack: ## try to break out of the sandbox in every way known, on every kind of server, and to upset the API, for some minutes
	@export ATTACK=long; PYTHON="$(PYTHON)" exec sh embedded/python.sh -m embedded.bootstrap --need dev --need sandbox \
		-- -m pytest tests/integration/sandbox tests/unit/sandbox tests/integration/service/test_bad_input.py $(ARGS)

lint: ## check style and types, as CI does
	$(IN) --need dev --need node -- .ci/lint.py

format: ## put the code into the agreed form
	$(IN) --need dev -- -m ruff format .

lock: ## bring requirements/*.txt to the newest packages that pyproject.toml allows
	$(IN) --need dev -- .ci/locks.py --upgrade

hooks: ## have git run the checks before each commit
	$(IN) --need dev -- -m pre_commit install

clean: ## remove environments and caches; the data in var/ stays
	rm -rf .venv .venv-sandbox .venv-node frontend/node_modules frontend/dist .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -not -path './var/*' -prune -exec rm -rf {} +

reset: ## remove the database, the secrets and the logs in var/
	@sh .ci/reset
