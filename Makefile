# SPDX-License-Identifier: Apache-2.0
#
#   make demo    build Lorentz, run the study on the bundled samples, write a report
#   make test    build everything and run all tests
#
# Both do all the set-up themselves: scripts/bootstrap fetches what is missing, once.
# More: make help

SHELL := /bin/bash
.DEFAULT_GOAL := help
.PHONY: help demo test bench bench-root build results lint format document setup clean

# What a demo runs with besides its configuration: make demo DEMO_FLAGS='--set study.seeds=1'
DEMO_FLAGS ?=
# Where the demo's results go.
DEMO_RESULTS ?= results/demo
# More for `swift build` and `swift test`: make test SWIFT_FLAGS='-j 2 --filter KinematicsTests'
SWIFT_FLAGS ?=
# What is compared: make bench BENCH_FLAGS='--sizes S --threads 2'
BENCH_FLAGS ?=
# make bench-root BENCH_ROOT_FLAGS='--compressions lz4 --nanoaod my.root'
BENCH_ROOT_FLAGS ?=

demo: build  ## study the bundled samples; the report is results/demo/report.html
	.build/release/lorentz study Configurations/demo.yaml -o $(DEMO_RESULTS) $(DEMO_FLAGS)
	@printf '\nThe report: %s\n' '$(abspath $(DEMO_RESULTS))/report.html'

test: setup  ## run all tests; the last line says how many ran
	swift test --disable-xctest $(SWIFT_FLAGS)

build: setup  ## build the command .build/release/lorentz
	swift build -c release --product lorentz $(SWIFT_FLAGS)

# The studies of Documentation/Results.md. Data of CMS lie beside the project; the tasks' samples are
# made by scripts/simulate.py --tasks --output results/samples/tasks, the events of scaling-simulation
# by scripts/simulate.py --unlabeled 100000 --output results/samples/unlabeled.root.
TASKS := zprime 2hdm-500-400 tth gluino
RESULT_STUDIES := cms-tau-2012 demo $(addprefix tasks/,$(TASKS)) scaling scaling-simulation ablation many-data-sets

results: build  ## run all studies and write Documentation/Results.md, three hours
	for study in $(RESULT_STUDIES); do \
	  .build/release/lorentz study Configurations/$$study.yaml -o results/$${study#tasks/} \
	    $$([ $$study = demo ] && echo --set study.seeds=5) || exit; done
	.build/release/lorentz results $(addprefix results/,$(notdir $(RESULT_STUDIES))) \
	  --preface Documentation/results-preface.md -o Documentation/Results.md

bench: setup .deps/bench/complete  ## compare with peers in Python, an hour; Benchmarks/README.md
	swift build -c release --product lorentz-bench $(SWIFT_FLAGS)
	swift build -c release --product lorentz $(SWIFT_FLAGS)
	.deps/bench/bin/python Benchmarks/bench.py $(BENCH_FLAGS)

bench-root: setup .deps/bench-root/complete  ## compare reading of ROOT files with uproot, five minutes
	swift build -c release --product lorentz-bench $(SWIFT_FLAGS)
	.deps/bench-root/bin/python Benchmarks/bench_root.py $(BENCH_ROOT_FLAGS)

# The peers have a Python of their own. ROOT is there where its wheel is.
.deps/bench-root/complete: Benchmarks/requirements-root.txt
	python3 -m venv .deps/bench-root
	.deps/bench-root/bin/pip install --quiet --disable-pip-version-check -r Benchmarks/requirements-root.txt
	-.deps/bench-root/bin/pip install --quiet --disable-pip-version-check root==0.1a12
	touch $@

.deps/bench/complete: Benchmarks/requirements.txt Benchmarks/requirements-models.txt
	python3 -m venv .deps/bench
	.deps/bench/bin/pip install --quiet --disable-pip-version-check -r Benchmarks/requirements.txt
	.deps/bench/bin/pip install --quiet --disable-pip-version-check --no-deps \
	  -r Benchmarks/requirements-models.txt
	touch $@

lint:  ## check the format of all Swift files
	swift format lint --strict --parallel --recursive Sources Tests Package.swift

format:  ## bring all Swift files into format
	swift format --in-place --parallel --recursive Sources Tests Package.swift

document: setup  ## build the documentation of all public declarations
	scripts/document

setup:  ## check the tools and fetch LibTorch
	@scripts/bootstrap

clean:  ## remove what was built; LibTorch and results stay
	swift package clean

help:  ## show this list
	@printf 'make TARGET, where TARGET is one of:\n\n'
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' Makefile | expand -t 12
	@printf '\nVariables: DEMO_FLAGS, DEMO_RESULTS, SWIFT_FLAGS, BENCH_FLAGS, BENCH_ROOT_FLAGS, LIBTORCH (see scripts/bootstrap)\n'
