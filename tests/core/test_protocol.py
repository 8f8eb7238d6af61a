"""The messages are the same on both sides."""

import json
from pathlib import Path

import msgspec
import pytest

from labextension.generate_protocol import FILE, generate
from tfsess_magics.core.protocol import FromKernel, Order, decode, encode

MESSAGES = Path(__file__).parents[1] / "messages"


def _golden(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.json"))


def test_the_typescript_is_up_to_date() -> None:
    """``protocol.ts`` is what ``python -m labextension.generate_protocol`` writes; it should be this text."""
    assert FILE.read_text("utf-8") == generate(), generate()


@pytest.mark.parametrize("file", _golden(MESSAGES), ids=lambda file: file.stem)
def test_golden_messages_from_the_kernel(file: Path) -> None:
    """Each is what the kernel sends, to the letter."""
    message = json.loads(file.read_text("utf-8"))["message"]
    assert encode(msgspec.convert(message, FromKernel)) == message


@pytest.mark.parametrize("file", _golden(MESSAGES / "orders"), ids=lambda file: file.stem)
def test_golden_orders(file: Path) -> None:
    """Each is an order that the kernel reads."""
    message = json.loads(file.read_text("utf-8"))["message"]
    assert encode(decode(message)) == message  # type: ignore[arg-type]


def test_every_message_has_a_golden_one() -> None:
    """None is forgotten when the protocol grows."""
    tags = {json.loads(file.read_text("utf-8"))["message"]["type"] for file in MESSAGES.rglob("*.json")}
    classes = [*FromKernel.__args__, *Order.__args__]
    assert tags == {message.__struct_config__.tag for message in classes}
