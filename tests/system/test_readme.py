"""A reader types the commands of the README in order, beside `make run`, and gets the output that it shows."""
import os
import re
import shlex
import subprocess
import sys
import time

import pytest

from downlink import BIN, ROOT

README = (ROOT / "README.md").read_text()
NAMESPACES = ["unshare", "--map-root-user", "--net", "--pid", "--fork", "--mount-proc"]
LOOPBACK_UP = """import fcntl, socket, struct
one = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
fcntl.ioctl(one, 0x8914, struct.pack("16sh14x", b"lo", 1))"""  # SIOCSIFFLAGS, IFF_UP
END = "--- end of the answer ---"
UUID = re.compile(r"\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b")


def commands():
    """All commands of the blocks that a reader runs beside the run, each with the output shown under it."""
    for kind, block in re.findall(r"```(console|sh)\n(.*?)```", README, re.DOTALL):
        if kind == "sh" and "curl localhost" in block.replace("http://", ""):
            yield block, '{"status":"accepted","accepted":1}'
        if kind == "console":
            for command, shown in re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n?)*)", block, re.MULTILINE):
                yield command, shown.strip("\n")


def plain(text):
    """Return a text without the parts that differ in every run."""
    text = re.sub(r"\b[0-9a-f]{32}\b", "ID", text)
    text = UUID.sub("UUID", text)
    text = re.sub(r" +[\d.]+ (s|min) +(\d+) +\d+ +\d+  sqlite$", r" \2 partitions", text, flags=re.MULTILINE)
    text = re.sub(r"^localhost:8088 .*$", "localhost:8088", text, flags=re.MULTILINE)
    text = re.sub(r" {2,}", "  ", text)
    text = re.sub(r"^(real|user|sys)\t.*$", r"\1", text, flags=re.MULTILINE)
    text = re.sub(r"^(real|user|sys) +.*$", r"\1", text, flags=re.MULTILINE)
    return text.strip("\n")


def pattern(shown):
    """Return a pattern of the output; a line of three dots stands for any lines."""
    lines = [r"(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in plain(shown).split("\n")]
    return re.compile("".join(lines))


class Reader:
    """A shell with a network, processes and folders of its own, and `make run` beside it."""

    def __init__(self, folder):
        if subprocess.run([*NAMESPACES, "true"], capture_output=True).returncode != 0:
            pytest.skip("no namespaces here")
        (folder / ".curlrc").write_text("silent\n")
        self.log = folder / "log"
        self.shell = subprocess.Popen(
            [*NAMESPACES, "bash"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            cwd=ROOT, text=True, env={
                **os.environ, "DOWNLINK_BIN": str(BIN), "CURL_HOME": str(folder),
                "DOWNLINK_STATE_DIR": str(folder / "state"), "DOWNLINK_JOURNAL_DIR": str(folder / "journal")})
        self.run(f"{shlex.quote(sys.executable)} -c {shlex.quote(LOOPBACK_UP)}")
        self.run(f"scripts/run.sh >{self.log} 2>&1 & run=$!")

    def run(self, command):
        self.shell.stdin.write(f"{command.replace('build/bin', str(BIN))}\necho; echo '{END}'\n")
        self.shell.stdin.flush()
        answer = ""
        while not answer.endswith(END + "\n"):
            line = self.shell.stdout.readline()
            assert line, f"the shell has ended: {answer}"
            answer += line
        return answer.removesuffix(END + "\n")

    def sees(self, command, shown, seconds=60):
        """Repeat a command until it shows that; those that change anything are run once."""
        wanted, deadline = pattern(shown), time.monotonic() + seconds
        is_repeated = " -d " not in command and "kill" not in command
        while True:
            answer = self.run(command)
            if wanted.match(plain(answer) + "\n"):
                return
            assert is_repeated and time.monotonic() < deadline, f"{command}\n{answer}\nis not\n{shown}"
            time.sleep(0.1)

    def end(self):
        self.run("kill $run; wait $run")
        self.shell.stdin.close()
        self.shell.wait(20)


def test_the_chapter_on_an_open_network_works_as_printed(reader, tmp_path):
    chapter = README.split("## On an open network")[1].split("\n## ")[0]
    makers, client = re.findall(r"```sh\n(.*?)```", chapter, re.DOTALL)
    certificate, token, gateway = re.fullmatch(r"(openssl .*?)(build/bin/downlink-keygen .*?)(build/bin/.*)", makers,
                                               re.DOTALL).groups()
    reader.sees(f"grep -o 'Downlink is ready' {reader.log}", "Downlink is ready")
    reader.run(f"cd {tmp_path}; {certificate}")
    made = reader.run(token)
    reader.run(f"{gateway.rstrip()} >{tmp_path}/gateway.log 2>&1 & gateway=$!")
    reader.sees(client.replace("dlk_...", re.search(r"dlk_\S+", made)[0]), '{"rockets":[],"next":null}')
    assert '"status":401' in reader.run(client)
    reader.run("kill $gateway; wait $gateway")


@pytest.fixture
def reader(tmp_path):
    one = Reader(tmp_path)
    yield one
    one.end()


def test_every_command_of_the_readme_shows_what_is_printed_under_it(reader):
    reader.sees(f"grep -o 'Downlink is ready' {reader.log}", "Downlink is ready")
    owners = r"curl localhost:8088/stats | grep -o '\"owner\":\"[0-9a-f]*\"' | sort -u | wc -l"
    done = []
    for command, shown in commands():
        if command.startswith("kill"):
            reader.sees(owners, "2")  # a reader needs longer to get here
        reader.sees(command, shown)
        done.append(command)
    assert len(done) == 8
    for command in re.findall(r"`(curl [^`]*|build/bin/downlink-launch [^`]*)`", README):
        command += " --max-time 1" if " -N " in command else ""
        command += " --max-messages 2000" if "launch" in command else ""
        answer = reader.run(f"{command}; echo status $?")
        assert re.search(r"status (0|28)$", answer, re.MULTILINE), answer  # 28: a stream, which has no end
