package changes

import (
	"bytes"
	"fmt"
	"slices"

	"tandem/bench/compare"
)

// benchfmt is Go's benchmark format: a line for each side and decoder, so that `benchstat -col side` sets them beside each other. It has
// no repeats, and so no intervals; those of a run's decodings are in what `tandem export` writes.
func benchfmt(r compare.Result, _ int) ([]byte, error) {
	var b bytes.Buffer
	fmt.Fprintf(&b, "suite: %s\nmodel: %s\n", r.Base.Suite, r.Base.Model)
	var exact, seen []string
	var base []compare.Row
	for _, row := range r.Rows {
		if row.Exact && !slices.Contains(exact, row.Metric) {
			exact = append(exact, row.Metric)
			fmt.Fprintf(&b, "Unit %s assume=exact\n", row.Metric)
		}
		if key := row.Decoder + " " + row.Metric; !slices.Contains(seen, key) { // each head has rows with the base's values
			seen, base = append(seen, key), append(base, row)
		}
	}
	benchmarks(&b, r.Base.Name, base, func(row compare.Row) float64 { return row.Base })
	for i, head := range r.Heads {
		rows := slices.DeleteFunc(slices.Clone(r.Rows), func(row compare.Row) bool { return row.Head != i })
		benchmarks(&b, head.Name, rows, func(row compare.Row) float64 { return row.HeadValue })
	}
	return b.Bytes(), nil
}

// benchmarks writes a side's lines, one for each decoder.
func benchmarks(b *bytes.Buffer, side string, rows []compare.Row, value func(compare.Row) float64) {
	fmt.Fprintf(b, "side: %s\n", side)
	var decoders []string
	for _, row := range rows {
		if !slices.Contains(decoders, row.Decoder) {
			decoders = append(decoders, row.Decoder)
		}
	}
	for _, d := range decoders {
		fmt.Fprintf(b, "BenchmarkCompare/decoder=%s 1", d)
		for _, row := range rows {
			if row.Decoder == d {
				fmt.Fprintf(b, " %.6g %s", value(row), row.Metric)
			}
		}
		fmt.Fprintln(b)
	}
}
