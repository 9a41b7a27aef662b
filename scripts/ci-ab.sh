#!/usr/bin/env bash
# A/B of two builds in a CI job: action.yml and docs/ci/gitlab.yml call it. Its inputs are the TANDEM_ variables of action.yml. The table
# goes to the job summary of GitHub where there is one and to standard output, annotations to standard output, results to TANDEM_OUT.
# The exit status is that of `tandem ab`, of which 3, undecided, is none where no gate says that it must be.
set -euo pipefail

out=${TANDEM_OUT:-tandem-ab}
if [ -z "${TANDEM_BASE:-}" ]; then echo "ci-ab: TANDEM_BASE is not set: name the commit or the binary to compare with" >&2; exit 2; fi
tandem=${TANDEM:-}
if [ -z "$tandem" ]; then # built from the sources that this script belongs to
    mkdir -p "$out"
    tandem=$(cd "$out" && pwd)/tandem
    (cd "$(dirname "$0")/.." && go build -trimpath -o "$tandem" ./cmd/tandem)
fi

status=0
"$tandem" ab --base "$TANDEM_BASE" --head "${TANDEM_HEAD:-.}" ${TANDEM_ANCHOR:+--anchor "$TANDEM_ANCHOR"} ${TANDEM_GATES:+--gate "$TANDEM_GATES"} \
    --suite "${TANDEM_SUITE:-basics}" --model "${TANDEM_MODEL:-embedded}" --decoders "${TANDEM_DECODERS:-ar,diffusion}" \
    --limit "${TANDEM_LIMIT:-40}" --budget "${TANDEM_BUDGET:-10m}" --out "$out" || status=$?

case $status in
0) verdict=passed ;;
1) verdict=failed ;;
3) verdict=undecided ;;
*) exit $status ;;
esac
cat "$out/changes.md" >> "${GITHUB_STEP_SUMMARY:-/dev/null}"
echo "verdict=$verdict" >> "${GITHUB_OUTPUT:-/dev/null}"
if [ -n "${GITHUB_ACTIONS:-}" ]; then cat "$out/annotations.txt"; fi
if [ -n "${TANDEM_HISTORY:-}" ]; then
    "$tandem" history add --db "$TANDEM_HISTORY" "$out"
fi
exit $status
