//  One walk over the table, and three ways to write what it says: a shell is a set of functions.
//  SPDX-License-Identifier: Apache-2.0
#include <glib.h>
#include <string.h>

#include "common/options/options_print.h"

//  What can stand as a value or an argument.
typedef enum { VALUE_NONE, VALUE_ANY, VALUE_WORDS, VALUE_FILE, VALUE_DIRECTORY } value_kind_t;

typedef struct {
    value_kind_t kind;
    char *words;  //  VALUE_WORDS: separated by spaces; ours to free
} value_t;

typedef struct {
    const char *name;
    void (*begin) (const options_t *self);
    void (*flag) (const options_t *self, const char *flag, const value_t *value, const char *help);
    void (*end) (const options_t *self, const value_t *argument);
} shell_t;

static value_t
s_value_of (const char *placeholder)
{
    value_t value = {VALUE_ANY, NULL};
    if (!placeholder)
        value.kind = VALUE_NONE;
    else if (strchr (placeholder, '|')) {
        value.kind = VALUE_WORDS;
        value.words = g_strdelimit (g_strdup (placeholder), "|", ' ');
    }
    else if (strcmp (placeholder, "DIR") == 0)
        value.kind = VALUE_DIRECTORY;
    else if (strcmp (placeholder, "FILE") == 0)
        value.kind = VALUE_FILE;
    return value;
}

//  The first words of what may stand behind the flags: of "ping | get ID | [URL]", ping and get.
static value_t
s_argument_of (const options_t *self)
{
    if (!self->arguments)
        return s_value_of (NULL);
    if (!strchr (self->arguments, '|'))
        return s_value_of (self->arguments);
    GString *words = g_string_new (NULL);
    char **forms = g_strsplit (self->arguments, "|", -1);
    for (char **form = forms; *form; form++) {
        const char *word = g_strchug (*form);
        size_t size = strcspn (word, " ");
        if (g_ascii_islower (*word))
            g_string_append_printf (words, "%s%.*s", words->len ? " " : "", (int) size, word);
    }
    g_strfreev (forms);
    return (value_t){VALUE_WORDS, g_string_free (words, FALSE)};
}

//  The name as a shell's function may have it; the caller frees it.
static char *
s_function (const options_t *self)
{
    return g_strdelimit (g_strconcat ("_", self->program, NULL), "-", '_');
}

//  Text with a backslash before each of these characters, and fit for single quotes of a shell.
static char *
s_escape (const char *text, const char *special)
{
    GString *escaped = g_string_new (NULL);
    for (const char *at = text; *at; at++) {
        if (*at == '\'')
            g_string_append (escaped, "'\\'");
        else if (strchr (special, *at))
            g_string_append_c (escaped, '\\');
        g_string_append_c (escaped, *at);
    }
    return g_string_free (escaped, FALSE);
}

static void
s_bash_begin (const options_t *self)
{
    char *function = s_function (self);
    printf ("#  bash completion of %s, made by itself: to be sourced.\n"
            "%s () {\n"
            "    local current=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}\n"
            "    local flags=()\n"
            "    #  bash takes --flag=value for three words.\n"
            "    if [[ $current == = ]]; then\n"
            "        current=\n"
            "    elif [[ $before == = ]]; then\n"
            "        before=${COMP_WORDS[COMP_CWORD - 2]}\n"
            "    fi\n",
        self->program, function);
    g_free (function);
}

//  Fill COMPREPLY with what fits.
static void
s_bash_reply (const value_t *value)
{
    switch (value->kind) {
    case VALUE_NONE:
    case VALUE_ANY:
        break;
    case VALUE_WORDS:
        printf (" mapfile -t COMPREPLY < <(compgen -W '%s' -- \"$current\");", value->words);
        break;
    case VALUE_FILE:
    case VALUE_DIRECTORY:
        printf (" compopt -o filenames; mapfile -t COMPREPLY < <(compgen -%c -- \"$current\");",
            value->kind == VALUE_FILE ? 'f' : 'd');
        break;
    }
}

static void
s_bash_flag (const options_t *self, const char *flag, const value_t *value, const char *help)
{
    (void) self;
    (void) help;
    printf ("    flags+=(--%s)\n", flag);
    if (value->kind == VALUE_NONE)
        return;
    printf ("    if [[ $before == --%s ]]; then", flag);
    s_bash_reply (value);
    printf (" return; fi\n");
}

static void
s_bash_end (const options_t *self, const value_t *argument)
{
    char *function = s_function (self);
    printf ("    if [[ $current == -* ]]; then\n"
            "        mapfile -t COMPREPLY < <(compgen -W \"${flags[*]}\" -- \"$current\")\n"
            "    else\n       ");
    s_bash_reply (argument);
    printf (" return\n    fi\n}\ncomplete -F %s %s\n", function, self->program);
    g_free (function);
}

static void
s_zsh_begin (const options_t *self)
{
    char *function = s_function (self);
    printf ("#compdef %s\n\n%s () {\n    _arguments", self->program, function);
    g_free (function);
}

static const char *
s_zsh_action (const value_t *value)
{
    return value->kind == VALUE_FILE        ? "_files"
           : value->kind == VALUE_DIRECTORY ? "_files -/"
                                            : " ";
}

static void
s_zsh_flag (const options_t *self, const char *flag, const value_t *value, const char *help)
{
    (void) self;
    char *text = s_escape (help, "[]\\");
    printf (" \\\n        '--%s%s[%s]", flag, value->kind == VALUE_NONE ? "" : "=", text);
    g_free (text);
    if (value->kind == VALUE_WORDS)
        printf (":value:(%s)'", value->words);
    else if (value->kind == VALUE_NONE)
        printf ("'");
    else
        printf (":value:%s'", s_zsh_action (value));
}

static void
s_zsh_end (const options_t *self, const value_t *argument)
{
    char *function = s_function (self);
    if (argument->kind == VALUE_WORDS)
        printf (" \\\n        '1:what to do:(%s)' \\\n        '*:argument: '", argument->words);
    else if (argument->kind != VALUE_NONE)
        printf (" \\\n        '*:argument:%s'", s_zsh_action (argument));
    printf ("\n}\n\n"
            "#  Loaded from a file of fpath it is the function itself; sourced, it announces it.\n"
            "if [[ ${funcstack[1]} == %s ]]; then\n    %s \"$@\"\nelse\n    compdef %s %s\nfi\n",
        function, function, function, self->program);
    g_free (function);
}

static void
s_fish_begin (const options_t *self)
{
    printf ("complete -c %s -f\n", self->program);
}

//  What fish is told of a value; no space at the end.
static void
s_fish_value (const value_t *value)
{
    switch (value->kind) {
    case VALUE_NONE:
        break;
    case VALUE_ANY:
        printf (" -x");
        break;
    case VALUE_WORDS:
        printf (" -x -a '%s'", value->words);
        break;
    case VALUE_FILE:
        printf (" -r -F");
        break;
    case VALUE_DIRECTORY:
        printf (" -x -a '(__fish_complete_directories)'");
        break;
    }
}

static void
s_fish_flag (const options_t *self, const char *flag, const value_t *value, const char *help)
{
    char *text = s_escape (help, "\\");
    printf ("complete -c %s -l %s -d '%s'", self->program, flag, text);
    g_free (text);
    s_fish_value (value);
    printf ("\n");
}

static void
s_fish_end (const options_t *self, const value_t *argument)
{
    if (argument->kind == VALUE_NONE || argument->kind == VALUE_ANY)
        return;
    printf ("complete -c %s", self->program);
    if (argument->kind == VALUE_WORDS)
        printf (" -n 'not __fish_seen_subcommand_from %s'", argument->words);
    s_fish_value (argument);
    printf ("\n");
}

static const shell_t s_shells[] = {{"bash", s_bash_begin, s_bash_flag, s_bash_end},
    {"zsh", s_zsh_begin, s_zsh_flag, s_zsh_end}, {"fish", s_fish_begin, s_fish_flag, s_fish_end}};

static void
s_print (const options_t *self, const shell_t *shell)
{
    shell->begin (self);
    for (size_t index = 0; index < self->count; index++) {
        const option_t *option = &self->options[index];
        //  A switch stands alone: that it can be said no to is for the environment and for scripts.
        bool is_alone = option->kind == OPTION_SWITCH;
        value_t value = s_value_of (is_alone ? NULL : option_placeholder (option));
        shell->flag (self, option->name, &value, option->help);
        g_free (value.words);
    }
    for (size_t index = 0; index < ASKINGS; index++) {
        const asking_t *asking = &options_askings[index];
        value_t value = s_value_of (asking->value);
        shell->flag (self, asking->name, &value, asking->help);
        g_free (value.words);
    }
    value_t argument = s_argument_of (self);
    shell->end (self, &argument);
    g_free (argument.words);
}

bool
options_print_completion (const options_t *self, const char *shell)
{
    for (size_t index = 0; index < G_N_ELEMENTS (s_shells); index++) {
        if (strcmp (s_shells[index].name, shell) == 0) {
            s_print (self, &s_shells[index]);
            return true;
        }
    }
    return false;
}
