"""Checks Vega-Lite specifications with altair's JSON schema of version 5, and draws each with vl-convert: vega.py FILE..."""
import json
import sys

import altair
import vl_convert

for name in sys.argv[1:]:
    spec = json.load(open(name))
    kind = altair.HConcatChart if "hconcat" in spec else altair.LayerChart
    kind.from_dict(spec)
    svg = vl_convert.vegalite_to_svg(json.dumps(spec), vl_version="5.20")
    print(name, svg.count("aria-roledescription=\"point\""), svg.count("<text"))
