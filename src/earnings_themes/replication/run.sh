#!/usr/bin/env bash
# Makes the environment in .venv, then a panel, and compares it with the one that this package promises.
#   bash run.sh              of the pseudo-calls: anyone can, without a licence for transcripts
#   bash run.sh install      the environment alone
#   TRANSCRIPTS=calls.csv bash run.sh licensed     of your own licensed copy of the transcripts, as in the paper
# PYTHON names a Python 3.11 or newer. On Linux, PIP_EXTRA_INDEX_URL can name PyTorch's index of CPU builds, which spares
# several GB; its own install page has the address.
set -euo pipefail
cd "$(dirname "$0")"
export OMP_NUM_THREADS=1 PIP_DISABLE_PIP_VERSION_CHECK=1 PYTHONDONTWRITEBYTECODE=1
what=${1:-pseudo}
case $what in pseudo | install | licensed) ;; *)
  echo "run.sh: $what is not known; expected nothing, install, or licensed" >&2
  exit 2
  ;;
esac

"${PYTHON:-python3}" check.py files
if [ ! -e .venv/complete ]; then
  # What only some runs need, the settings ask for.
  lists=(workflow)
  ! grep -q '^  model: lda$' config.yaml || lists+=(lda)
  ! grep -qE 's3://|: (s3|dynamodb|sagemaker)$' config.yaml || lists+=(cloud)
  echo "Installing what code/envs pins for: ${lists[*]} …"
  "${PYTHON:-python3}" -m venv .venv
  for list in "${lists[@]}"; do
    .venv/bin/pip install --quiet --require-hashes --no-deps -r "code/envs/$list.txt"
  done
  .venv/bin/pip install --quiet "$(grep -o 'torch==[0-9.]*' code/envs/workflow.yaml)"
  .venv/bin/pip install --quiet --no-deps --no-build-isolation --editable code
  touch .venv/complete
fi
[ "$what" = install ] && exit

if [ "$what" = pseudo ]; then
  .venv/bin/snakemake --snakefile code/Snakefile --cores all --configfile pseudo/config.yaml
  .venv/bin/python check.py panel pseudo/expected_panel.parquet results/pseudo/panel.parquet
else
  : "${TRANSCRIPTS:?names your copy of the transcripts, in the shape that config.yaml says}"
  run=$(sed -n 's/^run: *//p' config.yaml)
  .venv/bin/snakemake --snakefile code/Snakefile --cores all --configfile config.yaml \
    --config "source={path: $TRANSCRIPTS}" "report={labels: null}"
  .venv/bin/python check.py panel output/panel.parquet "results/$run/panel.parquet"
fi
