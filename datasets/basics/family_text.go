package basics

import "strings"

// drawChars: filter a text's characters, map them, finish the string.
func drawChars(d *dice) draft {
	p, m, r := pick(d, charTests), pick(d, charMaps), pick(d, textFinishes)
	for m.group != "" && (p.group == m.group || p.group == "plain") {
		m = pick(d, charMaps)
	}
	return draft{[]string{p.name, m.name, r.name}, func(d *dice) source {
		a := one(d, textNames)
		about := expand(one(d, []string{
			"Keep the characters of {a} that {are}, {each}, and join them.\nReturn {r}.",
			"For each character in {a} that {is}, {it}.\nJoin the pieces and return {r}.",
			"Build a string from {a}: take every character that {is} and {it}.\nReturn {r}.",
		}), "a", a, "are", p.are(d), "is", p.is(d), "each", m.say(d, "each"), "it", m.say(d, "it"), "r", r.say(d, ""))
		return source{
			names: []string{"rewrite", "convert_text", "clean", "encode", "pick_characters"},
			about: about, args: []arg{text(a)},
			body: expand(`    result = ""
    for c in {a}:
        if {p}:
            result += {m}
    return {r}
`, "a", a, "p", p.in("c"), "m", m.in("c"), "r", r.in("result")),
			eval: func(args []any) any {
				var out strings.Builder
				for _, c := range args[0].(string) {
					if p.eval(c) {
						out.WriteString(m.eval(c, m.n))
					}
				}
				return r.eval(out.String(), r.n)
			},
		}
	}}
}

// drawWords: filter a sentence's words, map them, fold the list.
func drawWords(d *dice) draft {
	p, m, r := pick(d, wordTests), pick(d, wordMaps), pick(d, wordFinishes)
	return draft{[]string{p.name, m.name, r.name}, func(d *dice) source {
		a := one(d, phraseNames)
		about := expand(one(d, []string{
			"Keep the words of {a} that {are}, {each}, and return {r}.",
			"Split {a} into words. For each word that {is}, {it}.\nReturn {r}.",
			"Take every word in {a} that {is} and {it}.\nReturn {r}.",
		}), "a", a, "are", p.are(d), "is", p.is(d), "each", m.say(d, "each"), "it", m.say(d, "it"), "r", r.say(d, ""))
		return source{
			names: []string{"edit_words", "word_list", "pick_words", "transform_words", "words"},
			about: about, args: []arg{phrase(a)},
			body: expand(`    result = []
    for word in {a}.split():
        if {p}:
            result.append({m})
    return {r}
`, "a", a, "p", p.in("word"), "m", m.in("word"), "r", r.in("result")),
			eval: func(args []any) any {
				out := []string{}
				for _, w := range strings.Fields(args[0].(string)) {
					if p.eval(w, p.n) {
						out = append(out, m.eval(w, m.n))
					}
				}
				return r.eval(out, r.n)
			},
		}
	}}
}
