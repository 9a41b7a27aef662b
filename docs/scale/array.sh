#!/bin/bash
# A run in eight shards as a Slurm job array, against a serving cluster behind one URL (docs/SCALE.md).
#
#   SERVING_KEY=... STORE=/scratch/run ENDPOINTS=endpoints.yaml sbatch array.sh
#   tandem merge --check $STORE/shard-*        # prints the shards that are missing or unfinished
#   sbatch --array=$(tandem merge --check $STORE/shard-* | cut -f1 | paste -sd,) array.sh        # runs those again
#
#SBATCH --job-name=tandem
#SBATCH --array=0-7
#SBATCH --cpus-per-task=1
#SBATCH --mem=1G
#SBATCH --requeue
set -euo pipefail
shards=8        # not SLURM_ARRAY_TASK_COUNT, which is smaller when lost shards are run again
exec tandem run --endpoints "$ENDPOINTS" --decoders endpoint/cluster/concurrency=8 --suite basics --repeats 5 --judge none \
    --shard "$SLURM_ARRAY_TASK_ID/$shards" --out "$STORE/shard-$SLURM_ARRAY_TASK_ID"
