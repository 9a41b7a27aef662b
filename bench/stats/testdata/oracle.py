"""Writes oracle.json: what SciPy and statsmodels give for the functions of package stats.

    pip install scipy==1.17.1 statsmodels==0.15.0
    python bench/stats/testdata/oracle.py > bench/stats/testdata/oracle.json
"""
import json
import random

import numpy as np
from scipy import stats
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.proportion import proportion_confint

draw = random.Random(7)
out = {"t": [], "holm": [], "slope": [], "mean": [], "mcnemar": [], "wilson": []}
for value, error, df in [(0.05, 0.02, 4), (-0.3, 0.1, 1), (0.01, 0.02, 57.3), (1e-3, 1e-4, 9), (0.2, 0.05, 2.5)]:
    half = error * stats.t.ppf(0.975, df)
    out["t"].append({"value": value, "error": error, "df": df, "p": 2 * stats.t.sf(abs(value / error), df),
                     "low": float(np.exp(value - half)), "high": float(np.exp(value + half))})
for n in (1, 2, 5, 12):
    p = [round(draw.random() ** 3, 6) for _ in range(n)]
    out["holm"].append({"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()})
for n, slope in ((6, 0.1), (40, 0.0), (200, -0.3)):
    values = [slope * i / (n - 1) + draw.gauss(0, 0.05) for i in range(n)]
    fit = stats.linregress(np.linspace(0, 1, n), values)
    out["slope"].append({"values": values, "slope": fit.slope, "p": fit.pvalue})
for n in (3, 8, 30):
    values = [float(np.exp(draw.gauss(0.02, 0.05))) for _ in range(n)]
    test = stats.ttest_1samp(np.log(values), 0)
    interval = test.confidence_interval(0.95)
    out["mean"].append({"values": values, "p": test.pvalue, "low": float(np.exp(interval.low)), "high": float(np.exp(interval.high))})
for lost, gained in ((0, 0), (1, 0), (5, 1), (12, 3), (40, 37)):
    out["mcnemar"].append({"lost": lost, "gained": gained, "p": float(mcnemar([[0, lost], [gained, 0]], exact=True).pvalue)})
for passed, n in ((0, 10), (7, 10), (163, 164), (50, 100)):
    low, high = proportion_confint(passed, n, method="wilson")
    out["wilson"].append({"passed": passed, "n": n, "low": float(low), "high": float(high)})
print(json.dumps(out, indent=1, default=float))
