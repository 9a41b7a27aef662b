"""Writes beside each series-N.csv what Apache Otava says of its columns, read by Otava's own importer:

    python3 -m venv .venv && .venv/bin/pip install apache-otava==0.8.0
    UPDATE_GOLDEN=1 go test -run TestOtava ./bench/changepoint      # series-N.csv
    .venv/bin/python bench/changepoint/testdata/findings.py            # series-N.json

With names of files, it only prints what the importer reads of them: python findings.py FILE.csv
"""
import csv
import importlib.metadata
import json
import pathlib
import sys

import numpy as np
from otava.analysis import TTestSignificanceTester, compute_change_points
from otava.change_point_divisive.calculator import PairDistanceCalculator
from otava.change_point_divisive.detector import ChangePointDetector
from otava.change_point_divisive.significance_test import PermutationsSignificanceTester
from otava.csv_options import CsvOptions
from otava.importer import CsvImporter
from otava.data_selector import DataSelector
from otava.test_config import CsvMetric, CsvTestConfig
from otava.util import parse_datetime

VERSION = "0.8.0"


def read(path):
    """The series of a file, by Otava's importer; the columns before the first metric are attributes."""
    header = next(csv.reader(open(path, newline="")))
    attributes = [c for c in header[1:] if c in ("commit", "machine", "suite", "model", "plan")]
    metrics = [CsvMetric(c, 1, 1.0, c) for c in header[1:] if c not in attributes]
    config = CsvTestConfig("series", str(path), csv_options=CsvOptions(), time_column="time", metrics=metrics, attributes=attributes)
    selector = DataSelector()
    selector.since_time, selector.last_n_points = parse_datetime("2000-01-01"), 1000
    selector.until_time = parse_datetime("2100-01-01")
    return CsvImporter().fetch_data(config, selector)


class Counting(PermutationsSignificanceTester):
    """Otava's permutation test, which also keeps how many shuffles reached the cut."""

    def __init__(self, *args):
        super().__init__(*args)
        self.reached = []

    def change_point(self, candidate, series, intervals):
        point = super().change_point(candidate, series, intervals)
        self.reached.append(int(point.stats.extreme_qhat_perm))
        return point


def finding(values):
    series = np.array(values, dtype=np.float64)
    cut = PairDistanceCalculator(series).get_candidate_change_point(slice(0, None))
    points, _ = compute_change_points(list(values), window_len=50, max_pvalue=0.001, min_magnitude=0.0)
    # Otava 0.8.0 leaves the change before a merged one with the levels that it had (merge recomputes the two after it), so its
    # own t-test gives them anew, over the pieces that it ends with.
    student = TTestSignificanceTester(0.001)
    pieces = student.get_intervals(points)
    points = [student.change_point(p.to_candidate(), list(values), pieces) for p in points]
    tester = Counting(0.05, 999, PairDistanceCalculator, 1)
    permutation = ChangePointDetector(significance_tester=tester, calculator=PairDistanceCalculator).get_change_points(list(values))
    return {
        "cut": int(cut.index),
        "q": float(cut.qhat),
        "hunter": [{"index": int(p.index), "p": float(p.stats.pvalue), "before": float(p.stats.mean_1), "after": float(p.stats.mean_2)}
                   for p in points],
        "permutation": [int(p.index) for p in permutation],
        "reached": tester.reached,
    }


def main():
    assert importlib.metadata.version("apache-otava") == VERSION, f"want apache-otava=={VERSION}"
    if sys.argv[1:]:
        for name in sys.argv[1:]:
            s = read(name)
            print(json.dumps({"time": s.time, "attributes": s.attributes, "data": s.data}, indent=1))
        return
    for path in sorted(pathlib.Path(__file__).parent.glob("series-*.csv")):
        findings = {name: finding(values) for name, values in read(path).data.items()}
        path.with_suffix(".json").write_text(json.dumps(findings, indent=1) + "\n")


if __name__ == "__main__":
    main()
