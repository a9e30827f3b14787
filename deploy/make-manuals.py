#!/usr/bin/python3
"""Make the manual page and the shell completion of each program from its table of options.

  make-manuals.py SHARE PROGRAM...

Each program prints its table with --dump-options. The files go to the places below SHARE where man, bash,
zsh and fish look for them.
"""
# SPDX-License-Identifier: Apache-2.0
import gzip
import json
import pathlib
import subprocess
import sys


def roff(text):
    """Escape text: dashes that can be copied, no macro at the start of a line."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").split("\n")
    return "\n".join("\\&" + line if line[:1] in (".", "'") else line for line in lines)


def manual_option(option):
    value = f" \\fI{roff(option['value'])}\\fR" if option.get("value") else ""
    letter = f", \\fB\\-{option['letter']}\\fR" if option.get("letter") else ""
    yield f".TP\n\\fB\\-\\-{roff(option['name'])}\\fR{letter}{value}\n{roff(option['help'])}.\n"
    if option.get("default"):
        yield f"Default: \\fB{roff(option['default'])}\\fR.\n"
    if "max" in option:
        yield f"At least {option['min']}, at most {option['max']}.\n"
    if "variable" in option:
        yield f"Environment: \\fB{roff(option['variable'])}\\fR.\n"


def manual(table, names):
    """Yield the pieces of a manual page, in man's macros."""
    name = roff(table["program"])
    yield f'.TH {name.upper()} 1 "" "downlink {table["version"]}" "Downlink"\n'
    yield f".SH NAME\n{name} \\- {roff(table['summary'])}\n"
    arguments = " " + roff(table["arguments"]) if table["arguments"] else ""
    yield f".SH SYNOPSIS\n\\fB{name}\\fR [\\fIflags\\fR]{arguments}\n"
    if table["description"]:
        paragraphs = table["description"].split("\n\n")
        yield ".SH DESCRIPTION\n" + ".PP\n".join(roff(one) + "\n" for one in paragraphs)
    yield (".SH OPTIONS\nA flag is written \\fB\\-\\-name\\fR \\fIvalue\\fR or "
           "\\fB\\-\\-name=\\fR\\fIvalue\\fR; it wins over the environment, where an empty value "
           "counts as not set.\n")
    for option in table["options"]:
        yield from manual_option(option)
    yield (".SH EXIT STATUS\n.TP\n0\nDone.\n.TP\n1\nIt failed at run time; standard error says why.\n"
           ".TP\n2\nWrong usage.\n")
    if table["examples"]:
        yield f".SH EXAMPLES\n.nf\n{roff(table['examples'])}.fi\n"
    yield ".SH SEE ALSO\n"
    yield ",\n".join(f"\\fB{roff(one)}\\fR(1)" for one in names if one != table["program"]) + "\n"


def value_of(placeholder, words=None):
    """Return the kind of a value, "none", "any", "words", "file" or "directory", and its words."""
    if words:
        return "words", " ".join(words)
    if placeholder is None:
        return "none", ""
    if "|" in placeholder:
        return "words", placeholder.replace("|", " ")
    return {"DIR": "directory", "FILE": "file"}.get(placeholder, "any"), ""


def argument_of(table):
    """Likewise of the first argument: of "ping | get ID | [URL]", the words ping and get."""
    arguments = table["arguments"]
    if not arguments or "|" not in arguments:
        return value_of(arguments)
    words = [form.split()[0] for form in arguments.split("|")]
    return "words", " ".join(word for word in words if word[0].islower())


def flags_of(table):
    """Yield name, help, kind and words of each flag. A switch needs no value on a command line."""
    for option in table["options"]:
        value = None if option.get("isSwitch") else option.get("value")
        kind, words = value_of(value, option.get("words"))
        yield option["name"], option["help"], kind, words


def letters_of(table):
    """Yield letter and help of each flag that has a short form."""
    for option in table["options"]:
        if option.get("letter"):
            yield option["letter"], option["help"]


def function_of(table):
    return "_" + table["program"].replace("-", "_")


def escape(text, special):
    """Put a backslash before each special character; make the text fit for a shell's single quotes."""
    return "".join("'\\''" if one == "'" else "\\" + one if one in special else one for one in text)


def bash_reply(kind, words):
    if kind == "words":
        return f" mapfile -t COMPREPLY < <(compgen -W '{words}' -- \"$current\");"
    if kind in ("file", "directory"):
        return (" compopt -o filenames; "
                f"mapfile -t COMPREPLY < <(compgen -{kind[0]} -- \"$current\");")
    return ""


def bash(table):
    yield f"""#  bash completion of {table["program"]}: source it.
{function_of(table)} () {{
    local current=${{COMP_WORDS[COMP_CWORD]}} before=${{COMP_WORDS[COMP_CWORD - 1]}}
    local flags=()
    #  bash takes --flag=value for three words.
    if [[ $current == = ]]; then
        current=
    elif [[ $before == = ]]; then
        before=${{COMP_WORDS[COMP_CWORD - 2]}}
    fi
"""
    for name, _, kind, words in flags_of(table):
        yield f"    flags+=(--{name})\n"
        if kind != "none":
            yield f"    if [[ $before == --{name} ]]; then{bash_reply(kind, words)} return; fi\n"
    for letter, _ in letters_of(table):
        yield f"    flags+=(-{letter})\n"
    yield f"""    if [[ $current == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "${{flags[*]}}" -- "$current")
    else
       {bash_reply(*argument_of(table))} return
    fi
}}
complete -F {function_of(table)} {table["program"]}
"""


ZSH_ACTIONS = {"file": "_files", "directory": "_files -/", "any": " "}


def zsh(table):
    name = function_of(table)
    yield f"#compdef {table['program']}\n\n{name} () {{\n    _arguments"
    for flag, text, kind, words in flags_of(table):
        equals = "" if kind == "none" else "="
        action = {"none": "", "words": f":value:({words})"}.get(
            kind, f":value:{ZSH_ACTIONS.get(kind)}")
        flag_help = escape(text, "[]\\")
        yield f" \\\n        '--{flag}{equals}[{flag_help}]{action}'"
    for letter, text in letters_of(table):
        flag_help = escape(text, "[]\\")
        yield f" \\\n        '-{letter}[{flag_help}]'"
    kind, words = argument_of(table)
    if kind == "words":
        yield f" \\\n        '1:what to do:({words})' \\\n        '*:argument: '"
    elif kind != "none":
        yield f" \\\n        '*:argument:{ZSH_ACTIONS[kind]}'"
    yield f"""
}}

#  Loaded from a file of fpath it is the function itself; sourced, it announces it.
if [[ ${{funcstack[1]}} == {name} ]]; then
    {name} "$@"
else
    compdef {name} {table["program"]}
fi
"""


def fish_value(kind, words):
    return {"none": "", "any": " -x", "words": f" -x -a '{words}'", "file": " -r -F",
            "directory": " -x -a '(__fish_complete_directories)'"}[kind]


def fish(table):
    start = f"complete -c {table['program']}"
    yield f"{start} -f\n"
    for name, text, kind, words in flags_of(table):
        flag_help = escape(text, "\\")
        yield f"{start} -l {name} -d '{flag_help}'{fish_value(kind, words)}\n"
    for letter, text in letters_of(table):
        flag_help = escape(text, "\\")
        yield f"{start} -s {letter} -d '{flag_help}'\n"
    kind, words = argument_of(table)
    if kind == "words":
        yield f"{start} -n 'not __fish_seen_subcommand_from {words}'{fish_value(kind, words)}\n"
    elif kind in ("file", "directory"):
        yield f"{start}{fish_value(kind, words)}\n"


def write(path, pieces):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(pieces))


def main():
    share, *programs = map(pathlib.Path, sys.argv[1:])
    names = [program.name for program in programs]
    for program in programs:
        dump = subprocess.run([program.resolve(), "--dump-options"], check=True, stdout=subprocess.PIPE)
        table = json.loads(dump.stdout)
        name = program.name
        page = share / f"man/man1/{name}.1.gz"
        page.parent.mkdir(parents=True, exist_ok=True)
        #  No time in it: the same table makes the same file.
        page.write_bytes(gzip.compress("".join(manual(table, names)).encode(), 9, mtime=0))
        write(share / f"bash-completion/completions/{name}", bash(table))
        write(share / f"zsh/vendor-completions/_{name}", zsh(table))
        write(share / f"fish/vendor_completions.d/{name}.fish", fish(table))


if __name__ == "__main__":
    main()
