"""``%%tfsession`` and ``%tfsession`` in a real shell."""

import re
from pathlib import Path

import pytest
from IPython.core.error import UsageError

import tfsess_magics
from tests.notebook.conftest import Notebook
from tfsess_magics.core.options import OPTIONS
from tfsess_magics.notebook.magics.verbs import VERBS

BUILD = "import tensorflow as tf\nv = tf.compat.v1.get_variable('v', [256])\nv.initializer.run()"


def test_a_cell_opens_a_session_and_enters_it_again(notebook: Notebook) -> None:
    """First use opens, later use re-enters; a cell outside stays eager."""
    assert notebook.ok("%%tfsession train\nimport tensorflow as tf\nx = tf.constant(3.0)\nx.eval()").value == 3.0
    assert notebook.ok("%%tfsession train\n(x * 2).eval()").value == 6.0
    assert notebook.ok("tf.executing_eagerly(), tf.constant(2).numpy()").value == (True, 2)
    assert notebook.ok("%%tfsession train\ntf.compat.v1.get_default_session().run(x)").value == 3.0


def test_a_name_like_a_live_one_is_told(notebook: Notebook) -> None:
    """A slip of the pen opens a session, and says so."""
    assert notebook.ok("%%tfsession train\n").out == ""
    assert notebook.ok("%%tfsession prep\n").out == ""
    assert notebook.ok("%%tfsession trian\n").out == (
        "opened trian, a new session. Open already: train, prep. Did you mean 'train'?\n"
    )
    assert notebook.ok("%%tfsession trian\n").out == ""


def test_the_users_names_get_nothing_else(notebook: Notebook) -> None:
    """No ``tf``, no ``session``: what the cell does not assign is not there."""
    before = set(notebook.shell.user_ns)
    notebook.ok("%%tfsession train\ny = 1")
    assert {name for name in set(notebook.shell.user_ns) - before if not name.startswith("_")} == {"y"}


@pytest.mark.parametrize(
    ("header", "message"),
    [
        ("", "a session's name is missing. Usage: %%tfsession NAME [--graph EXPR] [--config EXPR]"),
        ("1a", "'1a' does not start with a letter"),
        ("train x = 1", "one name is wanted, got 4: 'train', 'x', '=', '1'"),
        (
            "train --thread 2",
            (
                "unknown option --thread. Options: --graph, --config, --config-file, --device, --threads, --seed, "
                "--timeout, --on-stop, --trace, --fresh, --reuse, --init, "
                "--eager. Did you mean '--threads'?"
            ),
        ),
        (
            "train --threads two",
            "--threads takes INTRA or INTRA,INTER, whole numbers from 0 (0: TensorFlow chooses); got 'two'.",
        ),
        ("train --seed x", "--seed takes a whole number of at most 64 bits; got 'x'."),
        (
            "train --device /foo",
            "--device takes a device such as /CPU:0, /GPU:1 or /job:worker/task:0/device:GPU:0; got '/foo'.",
        ),
        ("train --config nothing", "--config nothing: NameError: name 'nothing' is not defined"),
        ("train --config 1/0", "--config 1/0: ZeroDivisionError: division by zero"),
        ("train --config 7", "--config takes a tf.compat.v1.ConfigProto; 7 is of type int."),
        ("train --config f(", ") is missing in: train --config f("),
        ("train --config-file nowhere.txt", "--config-file nowhere.txt: No such file or directory."),
    ],
)
def test_a_wrong_header_fails_the_cell_and_runs_no_body(notebook: Notebook, header: str, message: str) -> None:
    """One line: what, the value, what is allowed."""
    outcome = notebook.run(f"%%tfsession {header}\nran = True")
    assert isinstance(outcome.error, UsageError)
    assert outcome.err.startswith(f"UsageError: {message}")
    assert outcome.err.count("\n") == 1
    assert "ran" not in notebook.shell.user_ns
    assert tfsess_magics.sessions() == ()


@pytest.mark.parametrize("above", ["", pytest.param("%%time\n", marks=pytest.mark.needs("IPython>=9"))])
@pytest.mark.parametrize(
    ("header", "line"),
    [
        ("close", "%tfsession close NAME... or %tfsession close --all or %tfsession close --unused [--yes]"),
        ("close train", "%tfsession close train"),
        ("close --all  # why", "%tfsession close --all"),
        ("list", "%tfsession list"),
        ("help", "%tfsession help"),
        ("new", "%tfsession new NAME [options]"),
        ("new prep --seed 7", "%tfsession new prep --seed 7"),
        ("stop train --now", "%tfsession stop train --now"),
        (
            "trace --seed 7",
            "%tfsession trace NAME or %tfsession trace NAME --show or %tfsession trace NAME --save FILE",
        ),
        ("--seed 7 reset", "%tfsession reset NAME"),
        ("{verb} train", "%tfsession close train"),
    ],
)
def test_a_verb_in_the_header_of_a_cell_is_refused_with_the_line_to_type(
    notebook: Notebook, header: str, line: str, above: str
) -> None:
    """No session is opened under its name, the verb is not carried out, and the body does not run."""
    notebook.ok("verb = 'close'")
    notebook.ok("%tfsession new train")
    outcome = notebook.run(f"{above}%%tfsession {header}\nran = True")
    assert isinstance(outcome.error, UsageError)
    name = line.split()[1]
    assert outcome.err == (
        f"UsageError: {name!r} is a verb, and no session has that name. To use the verb, with one %: {line}. "
        "To open a session, give it another name.\n"
    )
    assert "ran" not in notebook.shell.user_ns
    assert [info.name for info in tfsess_magics.sessions()] == ["train"]


@pytest.mark.parametrize(
    "way",
    [
        "%tfsession new {}",
        "%tfsession rename train {}",
        "%tfsession adopt other {}",
        "%tfsession use {}",
        "import tfsess_magics\ntfsess_magics.session('{}')",
        "import tfsess_magics\ntfsess_magics.rename('train', '{}')",
        "import tfsess_magics\ntfsess_magics.adopt(other, '{}')",
    ],
)
def test_no_session_gets_the_name_of_a_verb(notebook: Notebook, way: str) -> None:
    """By no way, so that ``%%tfsession close`` never means two things."""
    notebook.ok("import tensorflow as tf\ngraph = tf.Graph()\nother = tf.compat.v1.Session(graph=graph)")
    notebook.ok("%tfsession new train")
    names = [info.name for info in tfsess_magics.sessions()]
    for verb in (*VERBS, "help"):
        outcome = notebook.run(way.format(verb))
        assert f"{verb!r} is a verb, and no session has that name. " in str(outcome.error)
    assert [info.name for info in tfsess_magics.sessions()] == names
    notebook.ok("other.close()")


def test_options_are_given_once(notebook: Notebook) -> None:
    """Given again with the same value they are accepted, with another one refused with both values."""
    notebook.ok("%%tfsession train --seed 7 --device cpu:0\nimport tensorflow as tf")
    notebook.ok("%%tfsession train --seed=7 --device /device:CPU:0\n")
    notebook.ok("%%tfsession train\n")
    outcome = notebook.run("%%tfsession train --seed 8\nran = True")
    assert "--seed 8 was given, it was opened with 7" in outcome.err
    assert "%tfsession close train" in outcome.err
    assert "ran" not in notebook.shell.user_ns


def test_a_configuration_is_an_expression_of_the_notebook(notebook: Notebook, tmp_path: Path) -> None:
    """With spaces, brackets and quotes as in Python; or a file."""
    notebook.ok("import tensorflow as tf; cpus = 2")
    notebook.ok(
        "%%tfsession a --config tf.compat.v1.ConfigProto(device_count={'CPU': cpus}, log_device_placement=False)\n"
    )
    file = tmp_path / "config.txt"
    file.write_text('device_count { key: "CPU" value: 2 }')
    notebook.ok(f"%%tfsession b --config-file {file}\n")
    assert [len(info.devices) for info in tfsess_magics.sessions()] == [2, 2]
    shown = notebook.ok("%tfsession info a").out
    assert "--config tf.compat.v1.ConfigProto(device_count={'CPU': cpus}, log_device_placement=False)" in shown


def test_names_in_the_header_are_expanded(notebook: Notebook) -> None:
    """``{name}`` and ``$name``, as in other magics; the names are the notebook's."""
    notebook.ok("name = 'train'; n = 7; options = '--seed 7'; line = cell = 'not this'")
    notebook.ok("%%tfsession {name} --seed $n\n")
    notebook.ok("%%tfsession {name.upper()} $options\n")
    assert [(info.name, info.options.seed) for info in tfsess_magics.sessions()] == [("train", 7), ("TRAIN", 7)]
    notebook.ok("%tfsession close {name} TRAIN")
    assert tfsess_magics.sessions() == ()


def test_the_list_is_a_table(notebook: Notebook) -> None:
    """Name, state, devices, operations, runs, variables, origin; `list` is the same as nothing."""
    assert notebook.ok("%tfsession").out == "No session is open. %%tfsession NAME at the top of a cell opens one.\n"
    cell = notebook.shell.execution_count
    notebook.ok(f"%%tfsession train\n{BUILD}")
    notebook.ok("%%tfsession prep\n")
    head, train, prep = notebook.ok("%tfsession").out.splitlines()
    assert re.split(r"\s{2,}", head) == ["name", "state", "devices", "ops", "runs", "variables", "made by"]
    assert re.split(r"\s{2,}", train)[:3] == ["train", "idle", "CPU:0"]
    assert re.split(r"\s{2,}", train)[4:] == ["1", "1.0 KiB (1)", f"cell {cell}"]
    assert re.split(r"\s{2,}", prep) == ["prep", "idle", "CPU:0", "0", "0", "0 B", f"cell {cell + 1}"]
    assert notebook.ok("%tfsession list").out == notebook.ok("%tfsession").out


def test_info_shows_one_session(notebook: Notebook) -> None:
    """Options, devices, runs, last error, variables."""
    notebook.ok(f"%%tfsession train --seed 7\n{BUILD}")
    notebook.run("%%tfsession train\ntf.compat.v1.get_variable('w', [2]).eval()")
    shown = notebook.ok("%tfsession info train").out
    for line in (
        r"options +--seed 7",
        r"devices +CPU:0 \(1\.0 KiB\)",
        r"generation +1",
        r"runs +2",
        r"last error +FailedPreconditionError: Could not find variable w",
        r"variables +1 of 2 initialized, 1\.0 KiB",
        r"v +\(256,\) +float32 +1\.0 KiB +yes +CPU:0",
        r"w +\(2,\) +float32 +8 B +no +CPU:0",
    ):
        assert re.search(f"^{line}", shown, re.MULTILINE), shown


def test_html_has_the_same_facts_and_escapes_them(notebook: Notebook) -> None:
    """Front ends that show HTML get a table; text from errors stays text."""
    notebook.shell.display_formatter.active_types = ["text/plain", "text/html"]
    notebook.ok(f"%%tfsession train\n{BUILD}")
    notebook.run("%%tfsession train\ntf.debugging.Assert(False, ['<b>']).run()")
    session = tfsess_magics.get("train")
    from tfsess_magics.notebook.views.sessions import SessionDetails, SessionTable

    table = SessionTable(tfsess_magics.sessions())._repr_html_()
    assert table.count("<th ") == 7
    assert ">train</td>" in table
    details = SessionDetails(session.info(), [])._repr_html_()
    assert ">(256,)</td>" in details
    assert "&lt;b&gt;" in details
    assert "<b>" not in details


def test_new_opens_without_entering(notebook: Notebook) -> None:
    """With options; a name that is taken is refused."""
    cell = notebook.shell.execution_count
    assert notebook.ok("%tfsession new train --seed 7 # why").out == "opened train\n"
    (info,) = tfsess_magics.sessions()
    assert (info.name, info.options.seed, str(info.origin)) == ("train", 7, f"cell {cell}")
    assert (
        "a session is named 'train' already. Enter it with %%tfsession train"
        in notebook.run("%tfsession new train").err
    )
    said = notebook.run("%tfsession new").err
    assert "a session's name is missing. Usage: %tfsession new NAME [--graph EXPR]" in said
    assert "--trace" not in said


def test_close_says_what_was_freed(notebook: Notebook) -> None:
    """One line for each."""
    notebook.ok(f"%%tfsession train\n{BUILD}")
    notebook.ok("%%tfsession prep\nx = tf.constant(1)")
    operations = tfsess_magics.sessions()[0].operations
    assert notebook.ok("%tfsession close train prep").out == (
        f"closed train: {operations} operations, 1 variable; 1.0 KiB given back to TensorFlow's allocator\n"
        "closed prep: 1 operation, no variables; 0 B given back to TensorFlow's allocator\n"
    )
    notebook.ok("%tfsession new a")
    notebook.ok("%tfsession new b")
    assert notebook.ok("%tfsession close --all").out.count("closed") == 2
    assert notebook.ok("%tfsession close --all").out == "no session is open\n"


def test_reset_says_what_is_gone(notebook: Notebook) -> None:
    """And that the graph is empty."""
    notebook.ok(f"%%tfsession train\n{BUILD}")
    operations = tfsess_magics.sessions()[0].operations
    assert notebook.ok("%tfsession reset train").out == (
        f"reset train: its graph is empty now (generation 2; each reset adds 1). "
        f"Gone: {operations} operations, 1 variable (1.0 KiB); "
        "1.0 KiB given back to TensorFlow's allocator\n"
    )
    info = notebook.ok("%tfsession info train").out
    assert re.search("^operations +none: the graph is empty$", info, re.MULTILINE), info


@pytest.mark.parametrize("order", ["close train", "reset train"])
def test_close_and_reset_are_refused_inside_the_sessions_own_cell(notebook: Notebook, order: str) -> None:
    """With the reason; nothing is lost."""
    cell = notebook.shell.execution_count
    outcome = notebook.run(f"%%tfsession train\n%tfsession {order}")
    assert (
        f"cannot {order.partition(' ')[0]} 'train': cell {cell} is running in it. Wait until that has ended"
        in outcome.err
    )
    assert tfsess_magics.get("train").generation == 1


def test_close_all_leaves_what_is_in_use_and_says_why(notebook: Notebook) -> None:
    """The others are closed."""
    for name in "ac":
        notebook.ok(f"%tfsession new {name}")
    cell = notebook.shell.execution_count
    notebook.ok("%%tfsession e --eager\npass")
    cell += 1
    out = notebook.ok("%%tfsession b\n%tfsession close --all").out
    assert [line.partition(":")[0] for line in out.splitlines()] == ["closed a", "closed c", "closed e", "left b"]
    assert out.splitlines()[-1] == f"left b: cell {cell} is running in it. Wait until that has ended, or interrupt it."
    assert tfsess_magics.process.registry.names == ("b",)
    assert notebook.ok("%tfsession close --all").out.startswith("closed b")


@pytest.mark.parametrize(
    ("line", "message"),
    [
        (
            "clsoe train",
            (
                "%tfsession has no 'clsoe'. It has: list, info, new, close, use, rename, reset, stop, save, restore, "
                "trace, adopt, memory, panel. Did you mean 'close'?"
            ),
        ),
        ("train", "To run a cell in a session: %%tfsession train, with two %."),
        ("close tarin", "no session is named 'tarin'. Live: train. Did you mean 'train'?"),
        ("reset prep", "no session is named 'prep'. Live: train."),
        ("info prep", "no session is named 'prep'. Live: train."),
        ("close", "usage: %tfsession close NAME..., close --all or close --unused [--yes]; got nothing"),
        ("close --al", "usage: %tfsession close NAME..., close --all or close --unused [--yes]; got '--al'"),
        (
            "close --all train",
            "usage: %tfsession close NAME..., close --all or close --unused [--yes]; got '--all train'",
        ),
        ("reset", "usage: %tfsession reset NAME; got nothing"),
        ("reset train prep", "usage: %tfsession reset NAME; got 'train prep'"),
        ("info", "usage: %tfsession info NAME; got nothing"),
        ("list train", "usage: %tfsession list; got 'train'"),
    ],
)
def test_a_wrong_line_says_what_is_right(notebook: Notebook, line: str, message: str) -> None:
    """What, the value, what is allowed, and the nearest right word."""
    notebook.ok("%tfsession new train")
    outcome = notebook.run(f"%tfsession {line}")
    assert isinstance(outcome.error, UsageError)
    assert outcome.err.startswith("UsageError: ")
    assert message in outcome.err
    assert len(tfsess_magics.sessions()) == 1


def test_a_failing_cell_shows_no_frame_of_ours(notebook: Notebook) -> None:
    """Neither when Python fails in it nor when TensorFlow does, in a session's cell and in an ordinary one."""
    notebook.ok(f"%%tfsession train\n{BUILD}")
    for cell in (
        "%%tfsession train\ntf.compat.v1.get_variable('w', [2]).eval()",
        "import tfsess_magics; tfsess_magics.get('train').session.run(7)",
    ):
        outcome = notebook.run(cell)
        assert outcome.error is not None
        shown = outcome.out + outcome.err
        assert "Traceback (most recent call last)" in shown
        assert str(Path(tfsess_magics.__file__).parent) not in shown
        notebook.shell.run_line_magic("tb", "")


def test_an_error_of_ours_keeps_its_frames(notebook: Notebook) -> None:
    """The Python API's errors show where they were raised."""
    outcome = notebook.run("import tfsess_magics\ntfsess_magics.get('nobody')")
    assert isinstance(outcome.error, tfsess_magics.UnknownSessionError)
    assert "registry.py" in outcome.out + outcome.err
    nested = notebook.run("%%time\n%%tfsession train\nimport tfsess_magics\ntfsess_magics.get('nobody')")
    assert "registry.py" in nested.out + nested.err
    assert "magics.py" not in nested.out + nested.err


def test_the_api_knows_the_cell_that_calls_it(notebook: Notebook) -> None:
    """The origin of a session that a cell made in Python is the cell."""
    cell = notebook.shell.execution_count
    notebook.ok("import tfsess_magics\ndef module():\n    return tfsess_magics.session('a')\nmodule();")
    origin = tfsess_magics.sessions()[0].origin
    assert (str(origin), origin.maker, origin.function, origin.line) == (f"cell {cell}", "api", "module", 3)


@pytest.mark.needs("IPython>=9")
def test_under_another_cell_magic_the_body_runs_in_the_session(notebook: Notebook) -> None:
    """``%%time`` above ``%%tfsession``: same value, silenced by a semicolon, errors pass on."""
    notebook.ok("%%time\n%%tfsession train\nimport tensorflow as tf\nx = tf.constant(3.0)")
    outcome = notebook.ok("%%time\n%%tfsession train\ny = x + 1\ny.eval()")
    assert outcome.value == 4.0
    assert "Wall time" in outcome.out
    assert notebook.ok("%%time\n%%tfsession train\nx.eval();").value is None
    assert isinstance(notebook.run("%%time\n%%tfsession train\n1/0").error, ZeroDivisionError)
    assert isinstance(notebook.run("%%time\n%%tfsession 1\nran = True").error, UsageError)
    assert "ran" not in notebook.shell.user_ns
    assert tfsess_magics.get("train").use() is None
    assert notebook.ok("tf.executing_eagerly()").value is True


def test_help_is_there(notebook: Notebook) -> None:
    """``%tfsession?`` shows every verb and option, each with what it does."""
    documentation = " ".join(notebook.shell.find_line_magic("tfsession").__doc__.split())
    assert documentation.startswith("Run a cell in a named TensorFlow graph and session")
    for option in OPTIONS:
        assert f"{option.usage} {option.help}" in documentation
    for verb in VERBS.values():
        for usage, form in zip(verb.usages, verb.forms, strict=True):
            assert f"%tfsession {usage} {form.help}" in documentation


def test_operations_do_not_remember_frames_of_this_package(notebook: Notebook) -> None:
    """The stack that TensorFlow stores with an operation, and prints in errors, is that of the user's code."""
    package = str(Path(tfsess_magics.__file__).parent)
    for above in ("", "%%time\n"):
        notebook.ok(f"{above}%%tfsession train\nimport tensorflow as tf\nop = tf.constant(1).op")
        files = [frame.filename for frame in notebook.shell.user_ns["op"].traceback]
        assert any("ipython-input" in file or "timed exec" in file for file in files)
        assert not [file for file in files if file.startswith(package)]


def test_another_sessions_block_left_open_ends_with_the_cell(notebook: Notebook) -> None:
    """A suspended generator inside it changes neither session, and nothing when it ends later."""
    notebook.ok(
        "%%tfsession a\nimport tensorflow as tf, tfsess_magics\n"
        "def inside():\n    with tfsess_magics.session('b'):\n        yield\n"
        "held = inside(); next(held)"
    )
    a, b = tfsess_magics.get("a"), tfsess_magics.get("b")
    assert (a.generation, b.generation) == (1, 1)
    assert a.graph is not b.graph
    assert (a.use(), b.use()) == (None, None)
    notebook.ok("held.close()")
    assert notebook.ok("tf.executing_eagerly(), tf.compat.v1.get_default_session()").value == (True, None)


def test_reuse_of_variables_stays_as_the_graph_has_it(notebook: Notebook) -> None:
    """What is set on the root variable scope is the graph's, not a scope that was left open."""
    notebook.ok("%%tfsession a\nimport tensorflow as tf\nv = tf.compat.v1.get_variable('v', [2])")
    notebook.ok("%%tfsession a\ntf.compat.v1.get_variable_scope().reuse_variables()")
    assert notebook.ok("%%tfsession a\ntf.compat.v1.get_variable('v', [2]) is v").value is True
