"""The candidate's side: loads the candidate and answers the calls of its functions.

Nothing here is to be trusted, for the candidate can change all of it. Nor need it be: the test, the values that it
expects and every comparison are in another process, which takes from this one plain data or an exception.
"""


class Guest(Wire):
    def put_object(self, out, value):
        """Offer the object, and say whether it is true and of which type; a named tuple crosses as the tuple that it is."""
        if isinstance(value, tuple):
            return self.put(out, tuple(value), ())
        self.offered[len(self.offered)] = value
        body = f"{len(self.offered) - 1} {type_name(type(value))}".encode()
        out.append((b"x" if value else b"z") + len(body).to_bytes(4, "little") + body)


def main():
    bound()
    send(b"ready")
    out_of_memory = Wire().encode(["raise", "MemoryError", []])
    wire = Guest()
    try:
        _, source, *_ = wire.hear()
        try:
            names = load(source)
        except Refusal as error:
            wire.say(["refused", *error.args])
            receive()  # nothing more comes: the judge ends this process
        wire.offered.update({name: value for name, value in names.items() if callable(value)})
        wire.say(["loaded", list(wire.offered)])
        while True:
            try:
                _, *call = wire.hear()
                wire.serve(*call)
            except MemoryError:
                send(out_of_memory)
    except BaseException:
        leave(1)


main()
