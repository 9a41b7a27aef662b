#!/usr/bin/env bash
# The history of the main branch in a CI job (docs/ci): an A/B as scripts/ci-ab.sh does it, with the same variables, whose run is added
# to a history that lies on a branch of its own, and a search for changes for the worse, whose finding goes where the table of the A/B
# goes. TANDEM_HISTORY_BRANCH is that branch, TANDEM_REMOTE where it is fetched from and pushed to.
# The exit status is 1 where the history became worse, else that of the A/B.
set -euo pipefail

branch=${TANDEM_HISTORY_BRANCH:-tandem-history}
remote=${TANDEM_REMOTE:-origin}
export TANDEM_OUT=${TANDEM_OUT:-tandem-ab}
mkdir -p "$TANDEM_OUT"
tree=$(mktemp -d)/history
trap 'git worktree remove --force "$tree"; rm -rf "$(dirname "$tree")"' EXIT
held=0
git ls-remote --quiet --exit-code "$remote" "refs/heads/$branch" >/dev/null || held=$?
case $held in
0)
    git fetch --quiet "$remote" "refs/heads/$branch"
    git worktree add --quiet --detach "$tree" FETCH_HEAD
    ;;
2)
    echo "ci-history: $remote has no branch $branch yet: it begins here" >&2
    git worktree add --quiet --detach --no-checkout "$tree" HEAD
    git -C "$tree" checkout --quiet --orphan "$branch-begins"
    git -C "$tree" rm -rq --cached .
    ;;
*) exit 2 ;;
esac

status=0
TANDEM_HISTORY=$tree/history.db bash "$(dirname "$0")/ci-ab.sh" || status=$?
case $status in 0 | 1 | 3) ;; *) exit $status ;; esac
tandem=${TANDEM:-$TANDEM_OUT/tandem}
changed=0
"$tandem" history check --db "$tree/history.db" --newest "${TANDEM_NEWEST:-10}" > "$TANDEM_OUT/history.txt" || changed=$?
cat "$TANDEM_OUT/history.txt"
{ echo '```'; cat "$TANDEM_OUT/history.txt"; echo '```'; } >> "${GITHUB_STEP_SUMMARY:-/dev/null}"

cp "$tree/history.db" "$TANDEM_OUT/history.db"
git -C "$tree" add history.db
if ! git -C "$tree" diff --cached --quiet; then
    git -C "$tree" -c user.name=tandem -c user.email=tandem@localhost commit --quiet -m "history: $(git rev-parse --short HEAD)"
    git push --quiet "$remote" "$(git -C "$tree" rev-parse HEAD):refs/heads/$branch"
fi
if [ $changed -ne 0 ]; then exit $changed; fi
exit $status
