#!/usr/bin/python3
"""Count "what", "who" and "whoever" in comments and documents; fail above MAX per 1,000 words.

Sentences built around these words hide their subject. Name the thing instead.

  scripts/check-words.py          fail if all files together are above the limit
  scripts/check-words.py --files  also list the files with most of them
"""
# SPDX-License-Identifier: Apache-2.0
import pathlib
import re
import subprocess
import sys

MAX_PER_1000 = 2.0
ROOT = pathlib.Path(__file__).resolve().parent.parent
WORD = re.compile(r"[A-Za-z][A-Za-z'-]*")
RIDDLE = re.compile(r"\b(what|who|whoever|whatever)\b", re.IGNORECASE)
HASH_COMMENT = re.compile(r"^\s*#(?!!)\s(.*)", re.MULTILINE)
DOCSTRING = re.compile(r'"""(.*?)"""', re.DOTALL)
CODE_BLOCK = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)


def read_c(text):
    """Return the comments of C source, without strings that look like them."""
    found = []
    for line in text.split("\n"):
        for match in re.finditer(r"//(.*)|\"(?:\\.|[^\"\\])*\"", line):
            if match[1] is not None:
                found.append(match[1])
                break
    return "\n".join(found)


def read_words(path):
    """Return the prose of a file: comments of sources, the text of documents."""
    text = path.read_text()
    if path.suffix in (".c", ".h", ".cpp", ".hpp", ".js"):
        return read_c(text)
    if path.suffix == ".py":
        return "\n".join(HASH_COMMENT.findall(text) + DOCSTRING.findall(text))
    if path.suffix == ".md":
        return CODE_BLOCK.sub(" ", text)
    return "\n".join(HASH_COMMENT.findall(text))


def list_files():
    patterns = ["*.c", "*.h", "*.cpp", "*.hpp", "*.js", "*.py", "*.sh", "*.md", "*CMakeLists.txt", "*.cmake"]
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard",
                             *patterns], cwd=ROOT, check=True, capture_output=True, text=True)
    names = listed.stdout.split("\n")
    return [ROOT / name for name in names if name and name != "scripts/check-words.py"
            and (ROOT / name).is_file()]


def main():
    counts = []
    for path in list_files():
        prose = read_words(path)
        counts.append((len(RIDDLE.findall(prose)), len(WORD.findall(prose)), path))
    riddles = sum(count[0] for count in counts)
    words = sum(count[1] for count in counts)
    rate = 1000 * riddles / words
    if "--files" in sys.argv[1:]:
        for found, of, path in sorted(counts, key=lambda count: -count[0]):
            if found:
                print(f"{found:4} of {of:6}  {path.relative_to(ROOT)}")
    print(f"what, who and their kin: {riddles} of {words} words, {rate:.2f} per 1,000")
    if rate > MAX_PER_1000:
        print(f"more than {MAX_PER_1000} per 1,000: see --files", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
