"""A form (multipart/form-data) with one file, parsed as it arrives and never held as a whole."""

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from ticket_app.errors import FieldProblem, InvalidInputError

MEDIA_TYPE = "multipart/form-data"
FIELD = "file"
BESIDES_MAX = 16 * 1024
"""Bytes of the fields that are no files, which are ignored: components of pages send some."""
NO_FILE = "Send a file, as the part of a form that has a filename."
ONE_FILE = "Send one file at a time."
UNREADABLE = "The form cannot be read. Send it as multipart/form-data, to its end."


class FileForm:
    """The one file of a form: `name` is known once a part of it has arrived.

    Methods raise InvalidInputError for what is no form with one file.
    """

    def __init__(self, content_type: str) -> None:
        """`content_type` is the header, which names the boundary of the parts."""
        self.name: str | None = None
        self._is_file = self._has_ended = False
        self._besides = 0
        self._found: list[bytes] = []
        self._field, self._value = b"", b""
        boundary = parse_options_header(content_type)[1].get(b"boundary", b"")
        if not boundary:
            raise _wrong(UNREADABLE)
        try:
            self._parser = MultipartParser(
                boundary,
                {
                    "on_part_begin": self._begin_part,
                    "on_part_data": self._add_data,
                    "on_header_begin": self._begin_header,
                    "on_header_field": self._add_to_field,
                    "on_header_value": self._add_to_value,
                    "on_header_end": self._end_header,
                    "on_end": self._end,
                },
            )
        except FormParserError:
            raise _wrong(UNREADABLE) from None

    def feed(self, data: bytes) -> bytes:
        """Parse the next bytes of the body; return those of the file among them."""
        self._found.clear()
        try:
            self._parser.write(data)
        except FormParserError:
            raise _wrong(UNREADABLE) from None
        return b"".join(self._found)

    def finish(self) -> str:
        """Return the name of the file, once the body has ended."""
        if not self._has_ended:
            raise _wrong(UNREADABLE)
        if self.name is None:
            raise _wrong(NO_FILE)
        return self.name

    def _begin_part(self) -> None:
        self._is_file = False

    def _begin_header(self) -> None:
        self._field, self._value = b"", b""

    def _add_to_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _add_to_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._field.lower() != b"content-disposition":
            return
        # The parser reads Latin-1; clients send UTF-8.
        options = parse_options_header(self._value.decode("latin-1"))[1]
        name = options.get(b"filename", b"").decode(errors="replace")
        if not name:
            return
        if self.name is not None:
            raise _wrong(ONE_FILE)
        self.name, self._is_file = name, True

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        if self._is_file:
            self._found.append(data[start:end])
            return
        self._besides += end - start
        if self._besides > BESIDES_MAX:
            raise _wrong(NO_FILE)

    def _end(self) -> None:
        self._has_ended = True


def _wrong(sentence: str) -> InvalidInputError:
    return InvalidInputError([FieldProblem(FIELD, sentence)])
