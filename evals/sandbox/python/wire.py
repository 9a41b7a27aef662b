"""Plain data as bytes, and calls in both directions over the frames.

A value is a tag, four bytes of size and a body. A scalar's body is so many bytes; a container's is so many values.
Only exact types of the tables below are written, and reading makes nothing else, so that no comparison on this side
ever runs code of the other. Identity does not cross: an object that is passed twice arrives as two, a cycle is
refused. An iterator is drained, and arrives as an iterator. A function arrives as a stub that calls back. Any other
object of the candidate arrives as a Thing, which is true or false, equals nothing and goes home as what it was.

Messages are lists:

    ["call", function, [argument], {name: argument}]     the arguments encoded one by one
    ["return", result, {place or name: argument}]        with the arguments that the call has changed
    ["raise", name of a builtin exception, arguments]
    ["refuse", why]                                      the result was no plain data
    ["load", source]                                     answered by ["loaded", [name]] or ["refused", result, why]

The two sides take turns: each call is answered by one message, which may itself be a call that is answered first.
"""
from _collections import OrderedDict, defaultdict, deque
from _struct import error as misfit, pack, unpack
from itertools import islice

DEEPEST = 100  # containers within containers
MANY = 10_000  # functions and objects that one message offers
LONG = 64  # numbers from which on a list of them is packed
MOST = 100_000  # items that an iterator is drained of


class NotData(Exception):
    """A value that does not cross."""


class Broken(Exception):
    """Bytes that no honest other side sends."""


class Thing:
    """An object of the candidate as the other side sees it."""

    compared = None  # the name of the type of the last one that was compared

    def __init__(self, target, truth, kind):
        self.target, self.truth, self.kind = target, truth, kind

    def __bool__(self):
        return self.truth

    def __eq__(self, other):
        Thing.compared = self.kind
        return self is other

    __hash__ = object.__hash__


def pack_int(value):
    return value.to_bytes(value.bit_length() // 8 + 1, "little", signed=True)


def unpack_int(body):
    return int.from_bytes(body, "little", signed=True)


def pack_complex(value):
    return pack("<2d", value.real, value.imag)


def unpack_complex(body):
    return complex(*unpack("<2d", body))


def pack_range(value):
    return f"{value.start} {value.stop} {value.step}".encode()


def unpack_range(body):
    return range(*map(int, body.split()))


def pack_str(value):
    return value.encode("utf-8", "surrogatepass")


def unpack_str(body):
    return body.decode("utf-8", "surrogatepass")


scalars = {  # type: tag, value to body, body to value
    type(None): (b"N", lambda value: b"", lambda body: None),
    type(Ellipsis): (b"E", lambda value: b"", lambda body: Ellipsis),
    bool: (b"?", lambda value: b"\1" if value else b"", bool),
    int: (b"i", pack_int, unpack_int),
    float: (b"f", lambda value: pack("<d", value), lambda body: unpack("<d", body)[0]),
    complex: (b"c", pack_complex, unpack_complex),
    str: (b"s", pack_str, unpack_str),
    bytes: (b"b", bytes, bytes),
    bytearray: (b"y", bytes, bytearray),
    range: (b"r", pack_range, unpack_range),
}


def pack_numbers(value):
    """A long list or tuple of nothing but floats or small ints as one body, eight bytes a number; None for any other."""
    kinds = set(map(type, value))
    code = {(int,): b"q", (float,): b"d"}.get(tuple(kinds))
    if code is None:
        return None
    try:
        return containers[type(value)][0] + code + pack(f"<{len(value)}{code.decode()}", *value)
    except misfit:
        return None


def unpack_numbers(body):
    kind, code = {b"L": list, b"T": tuple}[body[:1]], {b"q": "q", b"d": "d"}[body[1:2]]
    return kind(unpack(f"<{(len(body) - 2) // 8}{code}", body[2:]))


def flat(mapping):
    return [part for item in mapping.items() for part in item]


def pairs(parts):
    return zip(parts[::2], parts[1::2], **strict)


def counter(parts):
    from collections import Counter
    return Counter(dict(pairs(parts)))


def cut_off(parts):
    yield from parts
    raise RuntimeError(f"an iterator crosses with {MOST} items at most")


factory_named = {kind.__name__: kind for kind in (int, float, complex, bool, str, bytes, list, tuple, set, frozenset, dict)}
factories = {kind: name for name, kind in factory_named.items()}
strict = {"strict": True} if sys.version_info >= (3, 10) else {}
views = [type({}.keys()), type({}.values()), type({}.items())]
containers = {  # type: tag, value to parts, parts to value
    list: (b"L", list, list),
    tuple: (b"T", list, tuple),
    set: (b"S", list, set),
    frozenset: (b"Z", list, frozenset),
    deque: (b"Q", list, deque),
    dict: (b"D", flat, lambda parts: dict(pairs(parts))),
    OrderedDict: (b"O", flat, lambda parts: OrderedDict(pairs(parts))),
    defaultdict: (b"U", lambda value: [factories.get(value.default_factory)] + flat(value),
                  lambda parts: defaultdict(factory_named.get(parts[0]), pairs(parts[1:]))),
    "Counter": (b"#", flat, counter),
    views[0]: (b"k", list, lambda parts: dict.fromkeys(parts).keys()),
    views[1]: (b"v", list, lambda parts: dict(enumerate(parts)).values()),
    views[2]: (b"e", list, lambda parts: dict(parts).items()),
    "iterator": (b"G", lambda value: list(islice(value, MOST)), iter),
    "longer iterator": (b"H", None, cut_off),
}
read_scalar = {tag: read for tag, _, read in scalars.values()}
read_scalar[b"A"] = unpack_numbers
read_container = {tag: read for tag, _, read in containers.values()}

known = {name: value for name, value in vars(builtins).items() if isinstance(value, type) or name in (
    "abs all any ascii bin chr divmod format hash hex len max min oct ord pow repr round sorted sum").split()}
known_names = {id(value): name for name, value in known.items()}
exceptions = {name: value for name, value in known.items() if isinstance(value, type) and issubclass(value, BaseException)
              and not name.startswith(("Stop", "Generator"))}  # which would end a loop of the other side


class Wire:
    """One side of the conversation."""

    def __init__(self):
        self.offered = {}  # functions of this side that the other may call, by name or number
        self.stubs = {}  # functions of the other side: stub to name or number
        self.met = 0  # functions and objects in the message at hand

    def encode(self, value):
        out = []
        self.put(out, value, ())
        return b"".join(out)

    def put(self, out, value, above):
        """Append value's encoding to out; above are the ids of the containers around it."""
        kind = type(value)
        if kind in scalars:
            tag, write, _ = scalars[kind]
            body = write(value)
            out.append(tag + len(body).to_bytes(4, "little") + body)
            return
        if (kind is list or kind is tuple) and len(value) >= LONG:
            body = pack_numbers(value)
            if body is not None:
                out.append(b"A" + len(body).to_bytes(4, "little") + body)
                return
        if kind not in containers:
            if kind.__module__ == "collections" and kind.__qualname__ == "Counter":
                kind = "Counter"
            elif hasattr(kind, "__next__"):
                kind = "iterator"
            elif callable(value):
                return self.put_function(out, value)
            else:
                return self.put_object(out, value)
        if id(value) in above:
            raise NotData("cyclic data")
        if len(above) >= DEEPEST:
            raise RecursionError(f"data nested more than {DEEPEST} deep")
        tag, write, _ = containers[kind]
        parts = write(value)
        if kind == "iterator" and len(parts) == MOST:
            tag = b"H"
        out.append(tag + len(parts).to_bytes(4, "little"))
        above += (id(value),)
        for part in parts:
            self.put(out, part, above)

    def put_function(self, out, value):
        """A function of the other side goes home, a harmless builtin goes by name, any other is offered."""
        if id(value) in known_names:
            tag, body = b"n", known_names[id(value)].encode()
        elif isinstance(value, type) or getattr(value, "__module__", None) == "builtins":
            raise NotData(f"the object {getattr(value, '__qualname__', '?')}")
        elif type(value) is type(pairs) and value in self.stubs:
            tag, body = b"o", str(self.stubs[value]).encode()
        else:
            self.offered[len(self.offered)] = value
            tag, body = b"p", str(len(self.offered) - 1).encode()
        out.append(tag + len(body).to_bytes(4, "little") + body)

    def put_object(self, out, value):
        """An object of the other side goes home; one of this side crosses where a Wire says so."""
        if type(value) is not Thing:
            raise NotData(f"an object of type {type_name(type(value))}")
        body = str(value.target).encode()
        out.append(b"o" + len(body).to_bytes(4, "little") + body)

    def decode(self, data):
        value, end = self.get(data, 0, 0)
        if end != len(data):
            raise Broken("more than a value")
        return value

    def get(self, data, at, depth):
        """The value at data[at:], and where it ends."""
        tag, size = data[at:at + 1], int.from_bytes(data[at + 1:at + 5], "little")
        at += 5
        if at > len(data) or size > len(data) - at:
            raise Broken("a value that is cut off")
        if tag in read_scalar:
            return read_scalar[tag](data[at:at + size]), at + size
        if tag in read_container:
            if depth >= DEEPEST:
                raise Broken("data nested too deep")
            parts = []
            for _ in range(size):
                part, at = self.get(data, at, depth + 1)
                parts.append(part)
            return read_container[tag](parts), at
        self.met += 1
        if self.met > MANY:
            raise Broken("too many functions and objects")
        name = data[at:at + size].decode()
        if tag == b"n":
            return known[name], at + size
        name = int(name) if name.isdigit() else name
        if tag == b"o":
            return self.offered[name], at + size
        if tag == b"p":
            return self.stub(name), at + size
        if tag == b"x" or tag == b"z":
            target, _, kind = name.partition(" ")
            return Thing(int(target), tag == b"x", kind[:99]), at + size
        raise Broken("a tag that does not exist")

    def stub(self, target):
        def remote(*args, **keywords):
            return self.call(target, args, keywords)
        self.stubs[remote] = target
        return remote

    def call(self, target, args, keywords):
        """Call a function of the other side: its result is returned, its exception raised, changes made here too."""
        places = {**dict(enumerate(args)), **keywords}
        self.say(["call", target, [self.encode(arg) for arg in args], {name: self.encode(arg) for name, arg in keywords.items()}])
        while True:
            kind, *rest = self.hear()
            if kind == "call":
                self.serve(*rest)
            elif kind == "return":
                result, changes = rest
                for place, changed in changes.items():
                    assign(places.get(place), changed)
                return result
            elif kind == "raise":
                raise rest[0]
            elif kind == "refuse":
                return self.refused(rest[0])
            else:
                return self.broken(Broken("a message that answers no call"))

    def serve(self, function, args, keywords, before):
        """Answer a call of the other side."""
        deed = "left"
        try:
            result = function(*args, **keywords)
            changes = {place: value for place, value in {**dict(enumerate(args)), **keywords}.items()
                       if self.encode(value) != before[place]}
            deed = "returned"
            reply = self.encode(["return", result, changes])
        except NotData as error:
            reply = self.encode(["refuse", f"{deed} {error.args[0]}" + " in an argument" * (deed == "left")])
        except BaseException as error:
            reply = self.encode(self.portray(error))
        self.post(reply)

    def portray(self, error):
        """An exception as a message: the builtin one that it is, and its arguments where they are data."""
        name = next(known_names[id(kind)] for kind in type(error).__mro__ if id(kind) in known_names)
        try:
            args = list(error.args)
            self.encode(args)
        except Exception:
            args = ["?"]
        return ["raise", name, args]

    def say(self, message):
        self.post(self.encode(message))

    def post(self, data):
        send(data)

    def hear(self):
        """The other side's next message, wholly decoded and of the right form."""
        self.met = 0
        try:
            kind, *rest = self.decode(receive())
            if kind == "call":
                target, args, keywords = rest
                before = {**dict(enumerate(args)), **keywords}
                return ["call", self.offered[target], [self.decode(arg) for arg in args],
                        {name: self.decode(arg) for name, arg in keywords.items()}, before]
            if kind == "return":
                result, changes = rest
                return ["return", result, dict(changes)]
            if kind == "raise":
                name, args = rest
                return ["raise", exception(name, args)]
            if kind in ("refuse", "load", "loaded", "refused") and {type(part) for part in rest} <= {str, list}:
                return [kind, *rest, ""]
            raise Broken("a message that does not exist")
        except MemoryError:
            raise
        except Exception as error:
            return self.broken(error)

    def refused(self, why):
        raise TypeError(f"the function {why}: only plain data crosses")

    def broken(self, error):
        raise error


def exception(name, args):
    """The builtin exception of that name."""
    try:
        return exceptions[name](*args)
    except Exception:
        return RuntimeError(str(name)[:99])


def assign(old, new):
    """Give old the contents of new where both are containers of one mutable type. Containers within keep their identity
    where they have the same place."""
    kind = type(old)
    if kind is not type(new) or old is new:
        return old is new
    if kind is list:
        for i, part in enumerate(old[:len(new)]):
            if assign(part, new[i]):
                new[i] = part
        old[:] = new
    elif kind in (dict, OrderedDict, defaultdict):
        for key, part in old.items():
            if key in new and assign(part, new[key]):
                new[key] = part
        old.clear()
        old.update(new)
    elif kind is tuple and len(old) == len(new):
        same = [assign(a, b) or a == b for a, b in zip(old, new)]
        return all(same)
    elif kind is set or type_name(kind) == "Counter":
        old.clear()
        old.update(new)
    elif kind is bytearray:
        old[:] = new
    elif kind is deque:
        old.clear()
        old.extend(new)
    else:
        return False
    return True
