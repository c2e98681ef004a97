# The commands a user types. Each sets itself up first; a second call reinstalls nothing,
# because the two stamp files in .venv are newer than the lock files they were made from.

SHELL := /bin/bash
PYTHON ?= python3
CORES ?= all
BIN := .venv/bin
TORCH := torch==2.13.0
# What a user would miss most, in minutes: the library and the rules' scripts.
CORE := tests/unit tests/integration/test_scripts.py
# One thread per BLAS call: Snakemake runs one job per core, and nested thread pools slow each other down.
export OMP_NUM_THREADS ?= 1
# Python keeps what it compiles of the packages: where this variable forbids it, each job compiles anew what it imports, for 5
# to 10 seconds. The whole static run of 159 firms took 170 s with the variable set and 116 s without, one run of each.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: run slurm cloud lda student reference evaluate-time notebook test test-all test-workflow test-notebooks test-slurm test-cloud test-containers test-runbook lint audit advisories sbom compare bench simulate docs fuzz check-rows check-wrds faults soak cloud-settings cloud-demo test-terraform lint-terraform \
  deploy destroy images lock clean

run: .venv/run.stamp
	$(BIN)/snakemake --profile config/profiles/default --cores $(CORES)
	$(BIN)/earnings-themes themes --run sample
	@echo; echo "The report: results/sample/report.html"

# The executor of clusters with SLURM; docs/operating/slurm.md.
slurm: .venv/slurm.stamp

# What only AWS needs: s3:// addresses, the DynamoDB store, the profiles aws-*.
cloud: .venv/cloud.stamp

# What topics.model: lda needs.
lda: .venv/lda.stamp

# docs/notebooks: the sample over four quarters, two runs of it, and Jupyter.
notebook: .venv/notebook.stamp
	mkdir -p results
	test -e results/quarters_calls.csv || $(BIN)/python data/make_sample.py --quarters 4 --out results
	for run in found tested; do \
	  $(BIN)/snakemake --profile config/profiles/default --cores $(CORES) --configfile docs/notebooks/$$run.yaml || exit 1; \
	done
	$(BIN)/jupyter lab docs/notebooks

# One process per core, a file of tests to one of them: what a file's tests share is then made once.
test: .venv/dev.stamp
	$(BIN)/python -m pytest --numprocesses auto --dist loadfile --cov-fail-under=0 $(CORE)

# The rest: the real snakemake command, the offline AWS, Terraform, the documents, browsers, PostgreSQL; with it the coverage of all tests is judged.
# One process more than cores, because many of these wait for a server's answer: 14 minutes instead of 19 on two cores.
test-all: test
	$(BIN)/python -m pytest --numprocesses $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist loadfile --cov-append $(addprefix --ignore=,$(CORE))

# Of these what CI runs: the real snakemake command, and what users' scripts depend on. A test at a time goes to a free process,
# because one file has most of them.
test-workflow: .venv/dev.stamp
	$(BIN)/python -m pytest --no-cov --numprocesses auto tests/workflow/test_golden.py tests/workflow/test_workflow.py

# The notebooks, executed; their packages are not among those of the other tests.
test-notebooks: .venv/dev.stamp .venv/notebook.stamp
	$(BIN)/python -m pytest --no-cov tests/docs/test_notebooks.py

# Every command of docs/operating/runbook.md, on an offline AWS: a run in the cloud from the upload to the cleaning up.
test-runbook: .venv/dev.stamp
	$(BIN)/python -m pytest --no-cov tests/docs/runbook_quarter.py

# What goes wrong in the cloud, one scenario after the other, on an AWS in this process: minutes, hence its own target.
test-cloud: .venv/dev.stamp
	$(BIN)/python -m pytest --no-cov -s tests/cloud/batch_scenarios.py tests/cloud/batch_costs.py

# A real SLURM of one node on this machine's loopback: a quarter, a firm that fails, a second call. Linux, as root, with
# Debian's slurmctld, slurmd, slurm-client and munge.
test-slurm: .venv/dev.stamp .venv/slurm.stamp
	$(BIN)/python -m tests.longer.slurm

# Builds both images with buildah (and their base with debootstrap, where it cannot be pulled) and runs them.
test-containers: export IMAGES ?= firm-topic-processor theme-aggregator
test-containers: .venv/dev.stamp
	$(BIN)/python -m pytest --no-cov -s containers/tests

lint: .venv/dev.stamp
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/snakefmt --check Snakefile rules
	$(BIN)/snakemake --lint
	$(BIN)/python -m docs.generate lines

# Code, secrets, images, scripts, infrastructure and dependencies, each by a program of its own; see security/audit.py.
audit: .venv/dev.stamp .venv-audit/stamp
	$(BIN)/python -m security.audit

# Renews the advisories that `make audit` compares with where no service answers; commit the result.
advisories: .venv/dev.stamp
	$(BIN)/python -m security.dependencies

# What both images are made of, in the CycloneDX format, in build/sbom/.
sbom: .venv/dev.stamp .venv-audit/stamp
	$(BIN)/python -m security.sbom

# The prototype's method (BERTopic's defaults, all sentences at once) on a finished run's sentences, as a table that the same
# rating sheet takes; docs/rating.md.
RUN ?= results/sample
compare: .venv/compare.stamp
	$(BIN)/python -m evaluation.prototype $(RUN) $(RUN)/prototype.csv
	@echo "To judge both blind: $(BIN)/earnings-themes sheet $(RUN) prototype=$(RUN)/prototype.csv --out rating"

# Coverage-guided fuzzing of the CSV's path; what it finds lies in tests/fuzz/found/. Linux only.
SECONDS_OF_FUZZING ?= 60
fuzz: .venv/dev.stamp
	mkdir -p .venv/fuzz
	$(BIN)/python -m tests.fuzz.csv_target -max_total_time=$(SECONDS_OF_FUZZING) -max_len=4000 \
	  -print_final_stats=1 .venv/fuzz tests/fuzz/corpus

# A CSV of that many rows, made and read: the time, the memory, and every row accounted for.
ROWS ?= 5000000
check-rows: .venv/dev.stamp
	$(BIN)/python -m tests.longer.many_rows --rows $(ROWS)

# TURNS turns in a PostgreSQL server of its own (Debian: postgresql): pulled, read, and the same bytes as from a CSV.
TURNS ?= 1000000
check-wrds: .venv/dev.stamp
	$(BIN)/python -m tests.longer.wrds_turns --turns $(TURNS)

# Snakemake, its jobs and the warm process killed at random moments, until KILLS are survived; docs/contributing/faults.md. Linux only.
KILLS ?= 50
SEED ?= 1
faults: .venv/dev.stamp
	$(BIN)/python -m tests.longer.faults --kills $(KILLS) --seed $(SEED)

# FIRMS firms on an AWS in this process where machines, workers, publishers and heads are killed and requests throttled;
# docs/contributing/faults.md.
FIRMS ?= 200
soak: .venv/dev.stamp
	$(BIN)/python -m tests.cloud.soak --firms $(FIRMS) --seed $(SEED)

# Learns the packaged subject space anew; DATA is a folder with rev_large.csv.gz and maec_quarters.csv.gz (NOTICE says where
# they come from). The same input gives the same digest.
student: .venv/dev.stamp
	$(BIN)/python -m evaluation.learn_space --calls $(DATA)

# Makes the registry that ships with the package anew, from the same folder and evaluation/reference/decisions.yaml.
reference: .venv/dev.stamp
	$(BIN)/snakemake --profile config/profiles/default --configfile evaluation/reference/founding.yaml --until themes \
	  --config "source={path: [$(DATA)/rev_large.csv.gz, $(DATA)/maec_quarters.csv.gz]}"
	$(BIN)/python -m evaluation.reference.make

# Planted and real quarters through a registry, a line of JSON each (evaluation.time.report.py); DATA is a CSV of calls of several
# quarters, such as maec_quarters.csv.gz.
evaluate-time: .venv/dev.stamp
	$(BIN)/python -m evaluation.time.report --calls $(DATA) $(if $(LATER),--later $(LATER))

# Rewrites what in docs/ comes from code and schemas; a test fails when that is stale.
docs: .venv/dev.stamp
	$(BIN)/python -m docs.generate

# What Terraform built becomes config/cloud/, which the profiles aws-batch and aws-basic-batch read; git ignores it.
cloud-settings: .venv/cloud.stamp
	terraform -chdir=terraform output -json | $(BIN)/earnings-themes cloud-settings

# The whole cloud path on this machine, without an account: apply, an execution over the sample's 24 firms, a query, one over
# five made firms of which one fails, destroy. 7.2 minutes by the clock on two cores that others used as well; 5.4 without the
# sample (CALLS=). CALLS=data/... runs the first execution on transcripts of yours.
cloud-demo: CALLS ?= data/sample_calls.csv
cloud-demo: .venv/dev.stamp
	$(BIN)/python -m tests.terraform.demo $(CALLS)

# The same path as tests, with what each step has to leave behind.
test-terraform: .venv/dev.stamp
	EARNINGS_THEMES_WHOLE_PATH=1 $(BIN)/python -m pytest --no-cov tests/terraform tests/offline_aws

# What is wrong with terraform/ and the images' recipes before anything runs; each skip of checkov's has its reason beside
# the resource. The state machine is parsed twice: here by the validator of AWS Labs' origin, in the tests by moto's parser.
# Where the registry cannot be reached, TF_CLI_ARGS_init=-plugin-dir=FOLDER names a folder that holds the provider. CI has
# each part of it: the audit, and tests/terraform/test_static.py.
lint-terraform: .venv/dev.stamp .venv-audit/stamp node_modules/.bin/asl-validator
	terraform -chdir=terraform init -backend=false -input=false >/dev/null
	terraform -chdir=terraform validate
	terraform -chdir=terraform fmt -check -recursive
	$(BIN)/python -m security.audit checkov hadolint
	node_modules/.bin/asl-validator --json-definition \
	  "$$(sed 's/$${partition}/aws/' terraform/modules/orchestration/pipeline.asl.json)"

node_modules/.bin/asl-validator: package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund --silent
	touch $@

# ENV is dev or prod. Both refuse where an account, a state bucket, a region or an address is missing, and say which, and
# tell the account's quotas; docs/operating/runbook.md has the sequence. Each asks before it changes anything.
VARIABLES = -var-file=environments/$(ENV).tfvars $(if $(wildcard terraform/environments/$(ENV).images.tfvars.json),-var-file=environments/$(ENV).images.tfvars.json)
deploy: .venv/cloud.stamp
	$(BIN)/python terraform/deploy.py check $(ENV)
	terraform -chdir=terraform init -input=false -reconfigure -backend-config=key=earnings-themes/$(ENV).tfstate
	terraform -chdir=terraform apply $(VARIABLES)

# Builds both images, pushes them, looks at what was pushed, and keeps their digests for the next `make deploy`.
images: .venv/cloud.stamp
	$(BIN)/python terraform/images.py $(ENV)

destroy: .venv/cloud.stamp
	$(BIN)/python terraform/deploy.py check $(ENV)
	terraform -chdir=terraform init -input=false -reconfigure -backend-config=key=earnings-themes/$(ENV).tfstate
	terraform -chdir=terraform destroy $(VARIABLES)

# The workflow against the bare encoder on DATA, a CSV of transcripts, and what else docs/contributing/benchmarks.md has in its first
# table, which it rewrites. ONLY="dag firm" measures a part.
bench: DATA ?= data/sample_calls.csv
REPEATS ?= 5
ONLY ?= whole dag firm
bench: .venv/run.stamp
	$(BIN)/python benchmarks/bench.py --data $(DATA) --repeats $(REPEATS) --only $(ONLY) --page docs/contributing/benchmarks.md

# The queue's simulation: its table stands in docs/contributing/benchmarks.md as well.
simulate: .venv/run.stamp
	$(BIN)/python -m benchmarks.simulate --page docs/contributing/benchmarks.md

# Rewrites the lock files from envs/*.in; commit the result.
lock: .venv/dev.stamp
	for name in workflow dev audit notebook; do \
	  $(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --override envs/overrides.txt \
	    --no-header --no-annotate --quiet --output-file envs/$$name.txt envs/$$name.in; \
	done
	for name in compare slurm cloud lda; do \
	  $(BIN)/uv pip compile --universal --generate-hashes --python-version 3.11 --no-deps --constraint envs/dev.txt \
	    --no-header --no-annotate --quiet --output-file envs/$$name.txt envs/$$name.in; \
	done

clean:
	rm -rf .venv .venv-audit .snakemake results

# uv installs the locks; it comes itself by version and hash,
# and from the index that pip is set up for, where there is one.
UV := UV_HTTP_RETRIES=1 $(BIN)/uv pip install --quiet --python $(BIN)/python
INDEX := $(or $(PIP_INDEX_URL),$(shell $(PYTHON) -m pip config get global.index-url 2>/dev/null))
ifneq ($(INDEX),)
export UV_DEFAULT_INDEX ?= $(INDEX)
endif
$(BIN)/uv:
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	sed -n '/^uv==/,/[^\\]$$/p' envs/dev.txt > .venv/uv.txt
	$(BIN)/pip install --quiet --require-hashes --no-deps -r .venv/uv.txt

# The lock is complete, so --no-deps installs exactly it. torch is named by version, because its builds differ by index:
# without a GPU its CPU build, which brings no CUDA, from PyTorch's own index; where that does not answer, or what
# came from it does not load, the ordinary one. By pip, which knows the indexes that a user has set up for such large files.
TORCH_CPU := https://download.pytorch.org/whl/cpu
.venv/run.stamp: envs/workflow.txt pyproject.toml | $(BIN)/uv
	$(UV) --require-hashes --no-deps -r envs/workflow.txt
	@if [ "$$(uname)" = Linux ] && ! command -v nvidia-smi >/dev/null \
	&& $(BIN)/pip install --quiet --no-deps --retries 1 --index-url $(TORCH_CPU) $(TORCH) 2>/dev/null && $(BIN)/python -c "import torch" 2>/dev/null; \
	then echo "PyTorch: its CPU build, from $(TORCH_CPU)"; \
	else echo "PyTorch: as pip is set up; on Linux that may bring CUDA, several GB"; $(BIN)/pip install --quiet $(TORCH); fi
	$(UV) --no-deps --no-build-isolation --editable .
	touch $@

# What one adds to it, a list each.
MORE := dev slurm cloud lda notebook compare
$(MORE:%=.venv/%.stamp): .venv/%.stamp: envs/%.txt .venv/run.stamp
	$(UV) --require-hashes --no-deps -r $<
	touch $@

# The static checks' own environment; envs/audit.in says why it is apart.
.venv-audit/stamp: envs/audit.txt
	test -x .venv-audit/bin/python || $(PYTHON) -m venv .venv-audit
	.venv-audit/bin/pip install --quiet --require-hashes --no-deps -r envs/audit.txt
	touch $@
