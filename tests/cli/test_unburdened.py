import os
import subprocess
import sys

BEGIN = "import sys; from bellwire.cli.unburdened import unburden; unburden()\n"


def said(code: str) -> str:
    """What a process of its own prints, which begins as a speaker's does."""
    # Compiled code is kept, as on a speaker: to compile it takes modules that are looked for here.
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-c", BEGIN + code]
    run = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60, env=kept)
    assert run.returncode == 0, run.stderr
    return run.stdout.strip()


def test_what_a_speaker_does_not_use_is_not_there() -> None:
    said("import bellwire.cli.speaker_process")  # the first start compiles it
    heavy = {"_ast", "dis", "_pickle", "_decimal", "email", "http.client", "shutil", "unicodedata"}
    heavy |= {"structlog.stdlib", "msgspec.yaml"}
    loaded = said(
        "import bellwire.cli.speaker_process\n'localhost'.encode('idna')\n"
        "print(*(name for name, module in sys.modules.items() if type(module).__name__ != '_Later'))"
    )
    assert set(loaded.split()).isdisjoint(heavy)


def test_what_is_used_all_the_same_is_there_then() -> None:
    assert said("import asyncio, inspect\ndef f(a, b=2): ...\nprint(inspect.signature(f))") == "(a, b=2)"
    assert said("import subprocess\nprint(subprocess.run(['echo', 'a'], capture_output=True).stdout)") == "b'a\\n'"
    assert said("import pickle\nprint(pickle.loads(pickle.dumps([1])))") == "[1]"
    assert said("import wave, html, urllib.request\nprint(wave.Error.__name__, html.escape('<'))") == "Error &lt;"
    assert said("import structlog\nprint(structlog.stdlib.BoundLogger.__name__)") == "BoundLogger"
    assert said("import msgspec\nprint(msgspec.msgpack.encode(1))") == "b'\\x01'"
    assert said("from tokenize import tokenize\nprint(tokenize.__name__)") == "tokenize"


def test_a_mistake_is_told_in_full() -> None:
    told = said("import traceback\ntry:\n    [].missing\nexcept AttributeError:\n    print(traceback.format_exc())")
    assert told.endswith("AttributeError: 'list' object has no attribute 'missing'")


def test_a_handler_of_signals_can_be_a_function_and_no_coroutine() -> None:
    scene = """
import asyncio, signal
async def main():
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, print)
    async def wrong(): ...
    try:
        loop.add_signal_handler(signal.SIGTERM, wrong)
    except TypeError as error:
        print(error)
asyncio.run(main())
"""
    assert said(scene) == "coroutines cannot be used with add_signal_handler()"


def test_names_of_hosts_are_written_as_ever() -> None:
    assert said("print('localhost'.encode('idna'), 'a.example.'.encode('idna'))") == "b'localhost' b'a.example.'"
    assert said("print('bücher.example'.encode('idna'))") == "b'xn--bcher-kva.example'"
    assert said("print(b'xn--bcher-kva.example'.decode('idna'))") == "bücher.example"
    for wrong in ("a..b", "x" * 64):
        assert "label" in said(f"try:\n    {wrong!r}.encode('idna')\nexcept UnicodeError as error:\n    print(error)")
