package metric

import "slices"

// Ks are the k of pass@k that are reported where the samples allow it.
var Ks = []int{1, 10, 100}

// passAtK is the unbiased estimate of the chance that of k samples of a task at least one passes, from n samples of
// which c passed: 1 - C(n-c,k)/C(n,k) = 1 - prod over i in n-c+1..n of (1 - k/i) (Chen et al. 2021, arXiv 2107.03374,
// figure 3). It applies for 0 <= c <= n and 1 <= k <= n.
func passAtK(n, c, k int) (share float64, ok bool) {
	if k < 1 || k > n || c < 0 || c > n {
		return 0, false
	}
	if n-c < k {
		return 1, true
	}
	none := 1.0
	for i := n - c + 1; i <= n; i++ {
		none *= 1 - float64(k)/float64(i)
	}
	return 1 - none, true
}

// MeanPassAtK is the mean of pass@k over tasks with n and c samples each; it applies where every task has k samples.
// The sum runs over sorted shares, so that it does not depend on the order of the tasks.
func MeanPassAtK(n, c []int, k int) (share float64, ok bool) {
	var shares []float64
	for i := range n {
		s, ok := passAtK(n[i], c[i], k)
		if !ok {
			return 0, false
		}
		shares = append(shares, s)
	}
	slices.Sort(shares)
	return mean(shares)
}
