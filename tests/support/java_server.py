"""Servers of jars that the scripts of this project got from Maven Central."""
# SPDX-License-Identifier: Apache-2.0
import os
import pathlib
import shutil

from server_process import Missing

CACHE = pathlib.Path(os.environ.get("XDG_CACHE_HOME") or "~/.cache").expanduser() / "downlink"
CLASSES = "classes.jsa"  # beside the jars; another Java passes over it
#  The quickest start; the rest of the speed comes from the machine, not from the compiler.
JVM = ("-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.net.preferIPv4Stack=true")


def newest_jars(pattern, lacking):
    """Return the folder of the newest jar with this pattern. lacking: what to say where there is none."""
    if not shutil.which("java"):
        raise Missing("java is not installed (Debian package default-jre-headless)")
    found = list(CACHE.glob(pattern))
    if not found:
        raise Missing(lacking)
    return max(found, key=lambda jar: [int(part) for part in jar.stem.split("-")[-1].split(".")]).parent


def has_archive(jars):
    return (jars / CLASSES).exists()


def java(jars, *flags):
    """Return the beginning of a command that runs a class of these jars."""
    shared = [f"-XX:SharedArchiveFile={jars / CLASSES}"] if has_archive(jars) else []
    return ["java", *JVM, *shared, *flags, "-cp", f"{jars}/*"]


def archive_flag(folder):
    """Return the flag of Java with which a server writes the archive of its classes into a folder when it ends."""
    return f"-XX:ArchiveClassesAtExit={folder / CLASSES}"


def keep_archive(jars, folder):
    """Put the archive in a folder beside the jars, whole or not at all."""
    own = jars / f"classes.{os.getpid()}"
    shutil.copy(folder / CLASSES, own)
    own.rename(jars / CLASSES)
