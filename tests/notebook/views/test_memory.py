"""``%tfsession memory``, and the memory of one session: what is shown, as text and as HTML."""

import re
import time
from xml.etree import ElementTree as ET

import tfsess_magics
from tests.notebook.conftest import Notebook
from tfsess_magics.core.memory import DeviceMemory, Held, KernelMemory, RunMemory
from tfsess_magics.core.model import RunInfo
from tfsess_magics.core.text import format_bytes
from tfsess_magics.notebook.views.memory import MemoryOverview
from tfsess_magics.notebook.views.plot import memory_plot, text_line
from tfsess_magics.notebook.views.sessions import SessionDetails

MIB = 1 << 20


def device(*held: tuple[str, int], **changes: object) -> DeviceMemory:
    facts = {"name": "CPU", "type": "CPU", "in_use": 40 * MIB, "peak": 80 * MIB} | changes
    parts = tuple(Held(id=number, name=name, nbytes=nbytes) for number, (name, nbytes) in enumerate(held, start=1))
    return DeviceMemory(held=parts, **facts)  # type: ignore[arg-type]


def overview(*devices: DeviceMemory, resident: int | None = 512 * MIB, pooled: int | None = 40 * MIB) -> MemoryOverview:
    return MemoryOverview(KernelMemory(resident=resident, pooled=pooled, devices=devices))


def page(shown: MemoryOverview) -> ET.Element:
    return ET.fromstring(f"<div>{shown._repr_html_()}</div>")


def bars(shown: MemoryOverview) -> list[list[tuple[str, float, str]]]:
    """Return the title, the width and the color of each piece of each bar."""
    return [
        [
            (piece.get("title", ""), *re.findall(r"width:([\d.]+)%;background:(.*)", piece.get("style", ""))[0])
            for piece in bar
        ]
        for bar in page(shown).findall("div")
        if "display:flex" in bar.get("style", "")
    ]


def test_a_kernel_is_shown_with_the_numbers_of_the_api(notebook: Notebook) -> None:
    """As real sessions hold them; the bar of a device is stacked by session."""
    notebook.ok("import tensorflow as tf")
    for name, size in (("a", 8), ("b", 4)):
        v = f"tf.compat.v1.get_variable('v', [{size} * 2**18])"
        notebook.ok(f"%%tfsession {name}\n{v}.initializer.run()")
    out = notebook.ok("%tfsession memory").out
    memory = tfsess_magics.memory()
    assert memory is not None
    cpu = memory.devices[0]
    assert (cpu.in_use, cpu.peak, cpu.other) != (None, None, None)
    assert f"CPU: {format_bytes(cpu.in_use or 0)} in use, peak {format_bytes(cpu.peak or 0)}" in out
    assert f"keeps at least {format_bytes(memory.pooled or 0)} free for reuse (pooled)" in out
    assert re.search(r"^  █ a +8\.0 MiB$", out, re.MULTILINE)
    assert re.search(r"^  ▓ b +4\.0 MiB$", out, re.MULTILINE)
    rest = re.escape(format_bytes(cpu.other or 0))
    assert re.search(rf"^  - other \(temporaries, other modules, rounding\) +{rest}$", out, re.MULTILINE)
    html = MemoryOverview(memory)._repr_html_()
    assert "8.0 MiB</td>" in html
    tfsess_magics.close("a", "b")


def test_each_device_has_a_bar_against_its_limit_or_its_peak() -> None:
    gpu = device(("a", 10 * MIB), name="GPU:0", type="GPU", model="NVIDIA L4", limit=160 * MIB, total=320 * MIB)
    shown = overview(device(("a", 20 * MIB), ("b", 10 * MIB)), gpu)
    text = repr(shown).splitlines()
    assert (
        text[0] == "process: 512.0 MiB in memory, of which TensorFlow keeps at least 40.0 MiB free for reuse (pooled)"
    )
    assert text[2:4] == ["CPU: 40.0 MiB in use, peak 80.0 MiB", "  ██████████▓▓▓▓▓-----····················"]
    assert "GPU:0 (NVIDIA L4): 40.0 MiB of 160.0 MiB in use, peak 80.0 MiB" in text
    cpu_bar, gpu_bar = bars(shown)
    assert [(title, float(width)) for title, width, _ in cpu_bar] == [
        ("a: 20.0 MiB", 25),
        ("b: 10.0 MiB", 12.5),
        ("other (temporaries, other modules, rounding): 10.0 MiB", 12.5),
    ]
    assert [float(width) for _, width, _ in gpu_bar] == [6.25, 18.75]


def test_many_sessions_are_told_apart_and_the_small_ones_drawn_as_one() -> None:
    """No two pieces of a bar look the same, and every session has its row."""
    held = [(f"s{number}", (20 - number) * MIB // 10) for number in range(12)]
    for several in (held, held[:5]):
        shown = overview(device(*several))
        (bar,) = bars(shown)
        colors = [color for _, _, color in bar]
        assert len(set(colors)) == len(colors) == 6
        drawn = repr(shown).splitlines()[3].strip().rstrip("·")
        assert len(re.sub(r"(.)\1*", r"\1", drawn)) == len(set(drawn))
        assert all(re.search(rf"^  [█▓▒░= ] +{name} +\d", repr(shown), re.MULTILINE) for name, _ in several)
        rows = ["".join(row.itertext()) for row in page(shown).iter("tr")]
        assert len(rows) == len(several) + 1 + (len(several) > 5)
    assert re.search(r"^  = 8 other sessions +10\.0 MiB$", repr(overview(device(*held))), re.MULTILINE)


def test_what_is_not_available_has_its_reason() -> None:
    lost = device(("a", MIB), in_use=None, peak=None, unavailable="no oneDNN")
    gpu = device(name="GPU:0", type="GPU", elsewhere_unavailable="nvidia-ml-py is not installed")
    text = repr(overview(lost, gpu, resident=None, pooled=None))
    assert text.startswith(
        "process: size not available (pip install psutil); "
        "not known: how much of it TensorFlow keeps free for reuse (pooled)\n"
    )
    assert "CPU: not available: no oneDNN" in text
    assert re.search(r"^  █ a +1\.0 MiB$", text, re.MULTILINE)
    assert "other processes: not available: nvidia-ml-py is not installed" in text


def test_names_are_text() -> None:
    """Of a session of another module, whatever it is called."""
    shown = overview(device(("<b>&", MIB), model="<i>"))
    assert "<b>&" in "".join(page(shown).itertext())
    assert "CPU (<i>): " in "".join(page(shown).itertext())


def test_a_session_is_shown_with_its_memory_over_time(notebook: Notebook) -> None:
    """Up to what it holds now, whether or not that was noticed already."""
    notebook.ok("import tensorflow as tf")
    notebook.ok("%%tfsession a\nv = tf.compat.v1.get_variable('v', [2**20]); v.initializer.run()")
    out = notebook.ok("%tfsession info a").out
    assert re.search(r"^memory over time +▁?█  at most 4\.0 MiB, now 4\.0 MiB$", out, re.MULTILINE)
    html = SessionDetails(tfsess_magics.get("a").info(), [], [(time.time() - 60, 64 * MIB)])._repr_html_()
    assert ">at most 68.0 MiB, now 4.0 MiB</text></svg>" in html  # the initializer needed four above that
    tfsess_magics.close("a")


def test_the_plot_is_drawn_to_scale() -> None:
    run = RunInfo(started=15.0, duration=1.0, error=None, memory=(RunMemory(device="CPU", nbytes=4 * MIB),))
    svg = ET.fromstring(memory_plot([(0.0, 2 * MIB), (10.0, 4 * MIB)], [run], now=20.0))
    assert svg.find("polyline").get("points") == "0.0,48.0 0.0,36.0 160.0,36.0 160.0,24.0 320.0,24.0"  # type: ignore[union-attr]
    (bar,) = svg.findall("line")
    assert [bar.get(name) for name in ("x1", "y1", "y2")] == ["240.0", "24.0", "0.0"]
    assert "".join(bar.itertext()) == "a run needed 4.0 MiB more"
    assert [text.text for text in svg.findall("text")] == ["20.0 s ago", "at most 8.0 MiB, now 4.0 MiB"]
    assert "at most 0 B, now 0 B" in memory_plot([(19.0, 0)], [], now=20.0)


def test_the_line_of_text_tells_the_numbers_of_the_plot() -> None:
    """Of all that was noticed, also where the line is too short for it; and the peaks of runs."""
    assert text_line([(1.0, 0), (2.0, 5), (3.0, 10)], []) == "▁▅█  at most 10 B, now 10 B"
    assert text_line([(1.0, 0)], []) == "▁  at most 0 B, now 0 B"
    assert text_line([(1.0, 10), (2.0, 5)], [], width=1) == "█  at most 10 B, now 5 B"
    run = RunInfo(started=1.5, duration=1.0, error=None, memory=(RunMemory(device="CPU", nbytes=7),))
    assert text_line([(1.0, 10), (2.0, 5)], [run]) == "█▅  at most 17 B, now 5 B"
