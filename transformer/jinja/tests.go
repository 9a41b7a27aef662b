package jinja

// testTable is the table of tests.
var testTable = map[string]func(v any, c *call) any{
	"defined":   func(v any, _ *call) any { return !isUndefined(v) },
	"undefined": func(v any, _ *call) any { return isUndefined(v) },
	"none":      func(v any, _ *call) any { return v == nil },
	"string":    func(v any, _ *call) any { return is[string](v) || is[markup](v) },
	"mapping":   func(v any, _ *call) any { return is[*dict](v) },
	"boolean":   func(v any, _ *call) any { return is[bool](v) },
	"integer":   func(v any, _ *call) any { return is[int64](v) },
	"float":     func(v any, _ *call) any { return is[float64](v) },
	"number":    func(v any, _ *call) any { _, _, ok := numeric(v); return ok },
	"true":      func(v any, _ *call) any { return v == true },
	"false":     func(v any, _ *call) any { return v == false },
	"callable":  func(v any, _ *call) any { return is[function](v) },
	"sequence": func(v any, _ *call) any {
		return is[string](v) || is[[]any](v) || is[tuple](v) || is[*dict](v) || isUndefined(v)
	},
	"iterable":    iterable,
	"in":          func(v any, c *call) any { return contains(c.optional("seq", nil), v) },
	"odd":         func(v any, _ *call) any { return operate("%", v, int64(2)) == int64(1) },
	"even":        func(v any, _ *call) any { return operate("%", v, int64(2)) == int64(0) },
	"divisibleby": func(v any, c *call) any { return operate("%", v, c.optional("num", nil)) == int64(0) },
	"eq":          compares("=="),
	"equalto":     compares("=="),
	"ne":          compares("!="),
	"lt":          compares("<"),
	"lessthan":    compares("<"),
	"le":          compares("<="),
	"gt":          compares(">"),
	"greaterthan": compares(">"),
	"ge":          compares(">="),
}

func is[T any](v any) bool { _, ok := v.(T); return ok }

func isUndefined(v any) bool { return is[undefined](v) }

func iterable(v any, _ *call) any {
	return is[string](v) || is[[]any](v) || is[tuple](v) || is[series](v) || is[*dict](v) || is[*generator](v) || isUndefined(v)
}

func compares(operator string) func(v any, c *call) any {
	return func(v any, c *call) any { return compare(operator, v, c.optional("other", nil)) }
}
