"""Writes golden.json: what Jinja makes of small templates in the environment that transformers gives chat templates.

    pip install transformers==5.24.0 jinja2==3.1.6
    python golden.py
"""
import datetime
import json
import pathlib

from transformers.utils import chat_template_utils as chat

VARIABLES = {"text": "  Héllo 日本 🙂\n", "n": 7, "f": 2.5, "none": None, "yes": True, "empty": "", "items": [1, "two", None, 2.0, True],
             "dict": {"b": 1, "a": {"c": [1, 2]}, "items": "own"}, "people": [{"name": "Zoe", "age": 3}, {"name": "adam", "age": 10}, {"name": "Bob"}],
             "odd": "a'b\"c\\d\te\u00a0<&>\x01", "one": [{"role": "user"}], "words": "a,b,,c", "big": 1e16, "small": 0.00001}

BLANKS = ["a\n  {% if yes %}\n  b\n  {% endif %}\nc\n", "a\n  {%- if yes -%}\n  b\n  {%- endif -%}\n c\n\n", "  {{ n }}  \n  {{- n -}}  \n x",
          "  {# c #}\nx\n  {#- c -#}  \n y", "a {%+ if yes %} b {% endif +%}\n c", "x\n\t {%+ if yes +%}\n y {% endif %}\n\n", "\n\n", "a\r\nb\r{% if yes %}\r\nc{% endif %}",
          "{% set x = 1 %}\n\n{% set y = 2 %}\n{{ x }}\n{{ y }}\n", "{{ n }}\n{{ n }}\n", "a{% if yes %} {% endif %}b", "{#- a -#}\n\nb{# c #} \n d", "{{- n }}\n {{ n -}}\n",
          "x {% if yes -%} \n\n y {%- endif %} z", " {%- for i in items %} {{ i }}\n {%- endfor %}\n", "\t{% if yes %}\t{% endif %}\tx", "{{ '{%' }}{{ '}}' }}{{ {'a': {'b': 1}} }}"]

SCOPES = ["{% set x = 1 %}{% for i in [1,2] %}{{ x }}{% set x = i + 5 %}{{ x }}{% endfor %}{{ x }}", "{% if yes %}{% set x = 3 %}{% endif %}{{ x }}",
          "{% set ns = namespace(a=1) %}{% for i in [1,2] %}{% set ns.a = ns.a + i %}{% endfor %}{{ ns.a }}{{ ns.b is defined }}",
          "{% for i in items if i %}{{ loop.index }}/{{ loop.length }}{{ loop.first }}{{ loop.last }}{{ loop.previtem }}{{ loop.nextitem }};{% endfor %}",
          "{% for i in [] %}x{% else %}none{% endfor %}", "{% for k, v in dict.items() %}{{ k }}={{ v }};{% endfor %}{% for k in dict %}{{ k }}{% endfor %}",
          "{% for i in range(9) %}{% if i == 2 %}{% continue %}{% endif %}{% if i > 4 %}{% break %}{% endif %}{{ i }}{% endfor %}",
          "{% macro m(a, b=2, c=a) %}{{ a }}{{ b }}{{ c }}{% endmacro %}{{ m(1) }}|{{ m(1, c=3) }}|{{ m('x') ~ 'y' }}", "{% macro m(a) %}{{ a }}{{ varargs }}{{ kwargs }}{% endmacro %}{{ m(1, 2, x=3) }}",
          "{% macro m() %}{{ x }}{% endmacro %}{% set x = 5 %}{{ m() }}", "{% set x %}a{{ n }}{% endset %}{{ x | length }}{{ x }}", "{% set x | upper %}ab{% endset %}{{ x }}", "{% set a, b = 1, 2 %}{{ b }}{{ a }}",
          "{% filter upper %}a{{ n }}b{% endfilter %}", "{% generation %}{% set x = 1 %}a{% endgeneration %}{{ x is defined }}", "{% for i in [1,2] %}{% for j in [3] %}{{ loop.depth }}{{ loop.index }}{% endfor %}{{ loop.cycle('a','b') }}{% endfor %}",
          "{% for a, b in [[1,2],[3,4]] %}{{ a }}{{ b }}{% endfor %}", "{% for c in text %}{{ c }}.{% endfor %}", "{% macro f(n) %}{{ n }}{% if n > 0 %}{{ f(n - 1) }}{% endif %}{% endmacro %}{{ f(3) }}"]

VALUES = """none|undefined_name|n + 1|n - 10|-n|n * 2|n / 2|n // 2|-7 // 2|n % 3|-7 % 3|2 ** 3|2 ** 3 ** 2|f + 1|f * 2|1 + 2 * 3 - 4|'a' ~ n ~ none ~ undefined_name|'a' + 'b'|'ab' * 2|'a' 'b'|not yes|not not yes|yes and n|empty or 'x'|none or 0
n if yes else 2|(n if not yes else 'b')|'a' if not yes|(1 if yes else 2) + 1|'x' + ('y' if n == 7 else 'z') + 'w'|n == 7|n == 7.0|yes == 1|n != 7|1 < n < 9|1 < n < 3|'a' < 'b'|'a' in 'abc'|'z' not in 'abc'|'two' in items|'b' in dict|'x' in undefined_name|'TWO' | lower in items|'a' in 'ABC' | lower
not 'a' in 'abc'|n is defined|undefined_name is defined|none is none|undefined_name is none|undefined_name is not none|dict.zzz is not none|none is defined|text is string|n is number|yes is number|yes is integer|f is float|dict is mapping|items is sequence|text is sequence|dict is sequence|n is iterable|undefined_name is iterable
yes is true|n is true|none is false|n is odd|n is even|n is divisibleby 7|n is divisibleby(3)|n is eq 7|n is equalto(7)|n is in [7]|n is not string and yes|n is string or yes|yes is boolean|f is number|items is string|range is callable|text is undefined
text|text.strip()|text.strip() | length|text | trim | length|text.lstrip()|text.rstrip()|'xxaxx'.strip('x')|'xxa'.lstrip('x')|words.split(',')|words.split(',', 1)|words.split(',')[-1]|words.split(',')[0].upper()|' a  b '.split()|' a b c '.split(none, 1)|words.rsplit(',', 1)|text.startswith('  H')|text.startswith(('x', '  '))|text.endswith('\\n')
'abc'.replace('b', 'x')|'aaa'.replace('a', 'b', 2)|'abcabc'.find('c')|'日本a'.find('a')|'abc'.rfind('z')|'abab'.count('a')|'aXb'.lower()|'straße'.upper()|'hELLO wORLD'.capitalize()|'a\\nb\\r\\nc\\n\\n'.splitlines()|','.join(['a', 'b'])|'12'.isdigit()|'{}-{}'.format(1, 'b')|'{0}{1}{0}'.format('a', 2)|'{x}{{}}'.format(x=n)|'abc'.removeprefix('a')|'a=b=c'.partition('=')|'AB'.isupper()
text[2]|text[-2]|text[2:5]|text[:-1]|text[::-1]|text[99] is defined|items[0]|items[-1]|items[-5]|items[-6] is defined|one[-1].role|one[-1]['role']|items[1:]|items[:2]|items[1:-1]|items[::2]|items[::-1]|items[3:1]|items[-99:2]|dict['b']|dict.b|dict['a']['c'][1]|dict.a.c[0]|dict['items']|dict.get('b')|dict.get('z')|dict.get('z', 5)|dict['zz'] is defined|none.foo is defined|n.foo is defined|text.foo is defined
dict.items() | list|dict.keys() | list|dict.values() | list|dict | length|dict|items|odd|[odd]|(1,)|(1, 2)|()|[]|{}|{'a': 1, 'b': [true, none]}|[1.0, 2.5, 1e20, 1e-7, 123456789.0]|big|small|1e15|100000000000000000000.0|0.1 + 0.2|1_000|[1, 2] + [3]|(1, 2) + (3,)|[1, [2]] == [1, [2]]|{'a': 1} == {'a': 1.0}|[1] == (1,)
dict | tojson|items | tojson|odd | tojson|text | tojson|text | tojson(ensure_ascii=true)|odd | tojson(ensure_ascii=true)|dict | tojson(indent=2)|[[], {}] | tojson(indent=4)|dict | tojson(separators=(',', ':'))|dict | tojson(sort_keys=true)|[1.0, 1e16, 1e-5, -0.0, 3] | tojson|none | tojson|yes | tojson|'<a href="x">&\\'' | tojson|big | tojson|'\\u2028\\x7f' | tojson|undefined_name | tojson
items | length|text | upper|text | lower|'ß' | upper|'ab' | capitalize|n | string|none | string|items | string|undefined_name | string|items | join|items | join(', ')|people | map(attribute='name') | join('-')|people | map(attribute='age', default=0) | list|['a', 'b'] | map('upper') | list|people | selectattr('age') | list|people | selectattr('age', 'equalto', 3) | list|people | rejectattr('age', 'defined') | list|items | select('string') | list|items | reject('none') | list|items | select | list
none | selectattr('x') | list|people | selectattr('age') | map(attribute='name') | list|undefined_name | default('d')|none | default('d')|none | default('d', true)|empty | d('e', boolean=true)|items | first|items | last|[] | first is defined|text | list|dict | dictsort|{'B': 1, 'a': 2} | dictsort|dict | items | list|'abab' | replace('a', 'x')|'aaa' | replace('a', 'b', 1)|'a\\n\\nb' | indent|'a\\nb' | indent(2, true)|'a\\n\\nb' | indent(2, blank=true)|'a\\nb' | indent(first=true, width=1)
'12' | int|'1.9' | int|'x' | int|'x' | int(5)|f | int|'2.5' | float|'x' | float|-3 | abs|[3, 1, 2] | sort|['b', 'A', 'c'] | sort|['b', 'A'] | sort(reverse=true)|people | sort(attribute='name') | map(attribute='name') | list|['a', 'A', 'b'] | unique | list|[3, 1] | min|[3, 1] | max|'<a>' | safe|('<a>' | safe) + '<b>'|'<' + ('>' | safe)|items | count
range(3)|range(1, 7, 2) | list|range(3, 0, -1) | list|range(0) | list|namespace(a=1).a|dict(a=1) | default('x')|strftime_now('%d %b %Y')|strftime_now('%Y-%m-%d %H:%M:%S %A %B %j %%')|raise_exception('no')|undefined_name.x|undefined_name['x']|undefined_name + 'a'|'a' + none|'a' + 1|items + 'a'|none + 1|1 in 'abc'|none | length|5 | length|undefined_name | length|undefined_name()|n()|none < 1|'a' < 1|1 / 0|items.append(1)|dict.pop('b')|dict.update({})
'a\\qb'|'\\'' ~ "\\""|'\\\\n'|'\\x41\\u00e9\\101'|"tab\\there"|-n | abs|(-n) | abs|n | string | length|1 if 2 else 3 if 4 else 5|[1, 2, 3,]|{'a': 1,}|(1 if 0)|[n for n in items]|n.x.y|text[none]|text['x'] is defined|items['x'] is defined|items.index(1)|text.zfill(3)|n | nosuch|n is nosuch|loop is defined|self is defined|none[1:] is defined|dict[1] is defined|yes + yes|yes ~ ''|items[yes]|f // 1|f % 2|'%s' % n|2 ** -1|10 ** 20|9223372036854775807 + 1|'a' * 3 + 'b'|n|-2 ** 2|(n, 1)[0]|{'a': n}['a']|[n][0]|'abc'[1]|'a'.b.c is defined|one[0].items() | list"""


class Fixed(datetime.datetime):
    @classmethod
    def now(cls, tz=None):
        return cls(2025, 3, 7, 9, 5, 1)


chat.datetime = Fixed
sources = BLANKS + SCOPES
for line in VALUES.replace("| ", "\x01").replace(" |", "\x01").split("\n"):
    sources += ["{{ " + v.replace("\x01", " | ") + " }}" for v in line.split("|")]
cases = []
for source in sources:
    case = {"source": source}
    try:
        case["want"] = chat._compile_jinja_template(source).render(**VARIABLES)
    except Exception as e:  # the kinds of errors are many; that there is one is what counts
        case["error"] = f"{type(e).__name__}: {e}"[:100]
    cases.append(case)
pathlib.Path(__file__).with_name("golden.json").write_text(
    json.dumps({"variables": VARIABLES, "cases": cases}, ensure_ascii=False, indent=1) + "\n", encoding="utf-8", newline="")
print(len(cases), sum("error" in c for c in cases))
