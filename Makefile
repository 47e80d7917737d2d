# make run    the bundled example, judged, on a fresh machine
# make test   every test
# make lint   style, types and layers
# make bench-jf   J&F against vos-benchmark: speed, memory, and every value compared

PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
# What the tests need, in a variable because `call` would part it at its commas.
TESTED := .[test,models,language,litellm,dashboard,export,segmentation]
# Environments of their own for the peers that are compared with.
VOS_PEER := .venvs/vos-benchmark
BFCL_PEER := .venvs/bfcl-eval
LMMS_PEER := .venvs/lmms-eval
# llama.cpp, compiled for the tests, once for each version.
LLAMA_CPP := .venvs/llama-cpp
LLAMA_CPP_VERSION := $(shell sed -n 's/^llama-cpp-python==//p' constraints.txt)
# A worker's environment, with another transformers than the main one.
WORKER_ENV := .venvs/worker
# Built when installing; a change needs another install.
KERNEL := $(wildcard benchmarks/vos/native/*)

# $(call install,WHAT): with uv where it is there, because it is many times faster, else with pip.
define install
if command -v uv >/dev/null 2>&1; then \
	uv pip install --quiet --python $(BIN)/python --constraint constraints.txt $(1); \
else \
	$(BIN)/pip install --quiet --prefer-binary --no-compile --disable-pip-version-check \
		--constraint constraints.txt $(1); \
fi
endef

.PHONY: run test peers llama-cpp lint bench-jf clean
.DELETE_ON_ERROR:

run: $(VENV)/.default-installed
	$(BIN)/judge run

# Tests run beside each other on every core, so that one's numbers must not take them all.
test: export OMP_NUM_THREADS = 1
# What Python compiles is kept, whatever the caller's setting: several processes import it.
test: export PYTHONDONTWRITEBYTECODE =
test: $(VENV)/.test-installed $(VENV)/.llama-cpp-installed peers
	.ci/system-packages chromium
	$(BIN)/pytest -n auto --dist loadfile -m "not slow"
	$(BIN)/pytest -n auto --dist loadfile -m slow

# The environments beside the main one that tests need.
peers: $(BFCL_PEER)/.installed $(LMMS_PEER)/.installed $(WORKER_ENV)/.installed

lint: $(VENV)/.test-installed
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

# vos-benchmark names opencv-python, which needs a display's libraries; the headless one has none.
bench-jf: $(VENV)/.test-installed $(VOS_PEER)/.installed
	$(BIN)/python -m tests.speed.bench_jf --peer $(VOS_PEER)/bin/python

$(VOS_PEER)/.installed:
	$(PYTHON) -m venv $(VOS_PEER)
	$(VOS_PEER)/bin/pip install --quiet --disable-pip-version-check --prefer-binary \
		numpy opencv-python-headless pillow scikit-image tqdm
	$(VOS_PEER)/bin/pip install --quiet --disable-pip-version-check --no-deps vos-benchmark==0.1.0
	touch $@

# What checks calls in bfcl-eval, without the clients of every vendor.
$(BFCL_PEER)/.installed:
	$(PYTHON) -m venv $(BFCL_PEER)
	$(BFCL_PEER)/bin/pip install --quiet --disable-pip-version-check --prefer-binary \
		filelock numpy tenacity \
		tree_sitter==0.21.3 tree-sitter-java==0.21.0 tree-sitter-javascript==0.21.4
	$(BFCL_PEER)/bin/pip install --quiet --disable-pip-version-check --no-deps \
		bfcl-eval==2026.3.23
	touch $@

# Its reading of choices alone is run, which needs nothing else.
$(LMMS_PEER)/.installed:
	$(PYTHON) -m venv $(LMMS_PEER)
	$(LMMS_PEER)/bin/pip install --quiet --disable-pip-version-check --no-deps lmms-eval==0.7.3
	touch $@

# torch and the rest are the main environment's own, which come after its own packages on the path.
$(WORKER_ENV)/.installed: $(VENV)/.test-installed
	$(PYTHON) -m venv $(WORKER_ENV)
	$(WORKER_ENV)/bin/pip install --quiet --disable-pip-version-check --prefer-binary --no-deps \
		transformers==4.57.1 tokenizers==0.22.2 huggingface-hub==0.36.2
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' \
		> "$$($(WORKER_ENV)/bin/python -c \
		'import sysconfig; print(sysconfig.get_path("purelib"))')/main.pth"
	touch $@

llama-cpp: $(LLAMA_CPP)/.compiled-$(LLAMA_CPP_VERSION)

$(LLAMA_CPP)/.compiled-$(LLAMA_CPP_VERSION): .ci/llama-cpp
	.ci/system-packages c++
	PYTHON=$(PYTHON) .ci/llama-cpp $(LLAMA_CPP) $(LLAMA_CPP_VERSION)
	touch $@

# Where nothing could be compiled, there is no wheel to install.
$(VENV)/.llama-cpp-installed: $(LLAMA_CPP)/.compiled-$(LLAMA_CPP_VERSION) $(VENV)/.test-installed
	if ls $(LLAMA_CPP)/*.whl >/dev/null 2>&1; then \
		$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt \
			$(LLAMA_CPP)/*.whl; \
	fi
	touch $@

clean:
	rm -rf $(VENV) .venvs build dist *.egg-info benchmarks/vos/*.so

$(BIN)/python:
	$(PYTHON) -m venv $(VENV)

$(VENV)/.default-installed: pyproject.toml constraints.txt $(KERNEL) | $(BIN)/python
	$(call install,--editable .)
	touch $@

# torch comes by pip, which finds the build for this machine where uv would take another; the tests
# of local models and of litellm need their extras.
$(VENV)/.test-installed: pyproject.toml constraints.txt $(KERNEL) | $(BIN)/python
	$(BIN)/pip install --quiet --prefer-binary --disable-pip-version-check \
		--constraint constraints.txt torch
	$(call install,--editable '$(TESTED)')
	touch $@ $(VENV)/.default-installed
