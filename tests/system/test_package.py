"""The installed files and the Debian package; scripts/package-test.sh installs it for real."""
import os
import pathlib
import re
import shutil
import subprocess

import pytest

from downlink import BIN, ROOT
from flags import flag_of, flags

BUILD = BIN.parent
SYSTEMD = ROOT / "deploy/systemd"
UNITS = sorted(SYSTEMD.glob("*.service"))
PROGRAMS = sorted(path.name for path in BIN.glob("downlink-*"))

pytestmark = pytest.mark.skipif(not (BUILD / "share").exists(),
                                reason="this build makes no manual pages, so it has no package")


def run(*command, **settings):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=100,
                          **settings)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_installed_into_a_folder_programs_run_and_have_their_pages(tmp_path):
    run("cmake", "--install", BUILD, "--prefix", tmp_path)
    installed = {path.name for path in (tmp_path / "bin").iterdir()}
    assert set(PROGRAMS) == installed
    for program in PROGRAMS:
        assert run(tmp_path / "bin" / program, "--version").startswith(program)
        assert (tmp_path / f"share/man/man1/{program}.1.gz").exists()
        assert (tmp_path / f"share/bash-completion/completions/{program}").exists()
    assert not (tmp_path / "lib/systemd").exists(), "that is the package's"


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    folder = tmp_path_factory.mktemp("package")
    run("cpack", "-G", "DEB", "-B", folder, "--config", BUILD / "CPackConfig.cmake", cwd=folder)
    return next(folder.glob("downlink_*.deb"))


def test_the_package_has_all_that_a_system_needs(package):
    held = {line.split()[5] for line in run("dpkg-deb", "--contents", package).splitlines()}
    for path in (*(f"usr/bin/{program}" for program in PROGRAMS),
                 "usr/lib/systemd/system/downlink-gateway.service",
                 "usr/lib/systemd/system/downlink-processor@.service",
                 "usr/lib/sysusers.d/downlink.conf", "etc/downlink/gateway.env",
                 "etc/downlink/processor.env", "usr/share/man/man1/downlink-gateway.1.gz",
                 "usr/share/zsh/vendor-completions/_downlink-query",
                 "usr/share/doc/downlink/operations.md", "usr/share/doc/downlink/copyright"):
        assert f"./{path}" in held
    wanted = run("dpkg-deb", "--field", package, "Depends")
    for library in ("libzmq5", "libmicrohttpd12", "libsqlite3-0"):
        assert library in wanted


def test_the_package_has_no_empty_directory_and_no_link_that_leads_nowhere(package, tmp_path):
    run("dpkg-deb", "--extract", package, tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_dir() and not any(path.iterdir())] == []
    pages = list(tmp_path.rglob("*.md"))
    assert len(pages) >= 7
    links = [(page, link) for page in pages
             for link in re.findall(r"\]\(([^)]*)\)", page.read_text()) if not re.match(r"https?:|#", link)]
    assert len(links) >= 5
    assert [(page.name, link) for page, link in links
            if not (page.parent / link.partition("#")[0]).exists()] == []
    for page in pages:
        assert "<kept>" not in page.read_text()


def test_what_stands_below_etc_is_kept_in_an_upgrade(package, tmp_path):
    run("dpkg-deb", "--control", package, tmp_path / "control")
    kept = (tmp_path / "control/conffiles").read_text().split()
    assert kept == ["/etc/downlink/gateway.env", "/etc/downlink/processor.env"]
    for script in ("postinst", "prerm", "postrm"):
        assert os.access(tmp_path / "control" / script, os.X_OK)
        run("sh", "-n", tmp_path / "control" / script)


def test_lintian_complains_of_nothing_but_whom_to_write_to(package):
    if not shutil.which("lintian"):
        pytest.skip("lintian is not installed")
    done = subprocess.run(["lintian", "--allow-root", "--suppress-tags",
                           "bogus-mail-host,bogus-mail-host-in-debian-changelog,root-in-contact",
                           package], capture_output=True, text=True, timeout=100)
    assert done.stdout == ""


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_starts_a_program_with_flags_that_it_has(unit):
    text = unit.read_text()
    program, *words = re.search(r"^ExecStart=/usr/bin/(.*)$", text, re.MULTILINE).group(1).split()
    known = flags(program)
    for word in words:
        assert not word.startswith("--") or word.removeprefix("--") in known
    for variable in re.findall(r"^Environment=(\w+)=", text, re.MULTILINE):
        assert flag_of(variable) in known
    assert "Type=notify" in text and "WatchdogSec=" in text


@pytest.mark.parametrize("name", ["gateway", "processor"])
def test_a_file_of_flags_names_flags_and_their_defaults(name):
    known = flags(f"downlink-{name}")
    lines = re.findall(r"^#?(DOWNLINK_\w+)=(.*)$", (SYSTEMD / f"{name}.env").read_text(),
                       re.MULTILINE)
    assert len(lines) >= 5
    for variable, value in lines:
        assert known[flag_of(variable)] == value, variable


def systemd_analyze(*arguments):
    if not shutil.which("systemd-analyze"):
        pytest.skip("systemd-analyze is not installed")
    return subprocess.run(["systemd-analyze", *map(str, arguments)], capture_output=True, text=True,
                          timeout=100)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_systemd_finds_no_fault_in_a_unit(unit, tmp_path):
    here = tmp_path / unit.name
    here.write_text(unit.read_text().replace("/usr/bin/", f"{BIN}/"))
    verified = systemd_analyze("verify", "--man=no", here)
    assert verified.returncode == 0 and unit.name not in verified.stderr, verified.stderr


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.name)
def test_a_unit_may_little(unit, tmp_path):
    here = pathlib.Path(shutil.copy(unit, tmp_path))
    judged = systemd_analyze("security", "--offline=true", "--threshold=20", here)
    if "unrecognized option" in judged.stderr:
        pytest.skip("this systemd cannot judge a unit that is not loaded")
    assert judged.returncode == 0, judged.stdout
