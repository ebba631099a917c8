"""``completion``: what a shell needs to complete commands and options, made from the parser itself."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from smb.cli.output import PROGRAM

if TYPE_CHECKING:
    from smb.cli.client import Client

BASH = """\
_{program}() {{
    local word=${{COMP_WORDS[COMP_CWORD]}} command= words= number
    for ((number = 1; number < COMP_CWORD; number++)); do
        case ${{COMP_WORDS[number]}} in
            {alternatives}) command=${{COMP_WORDS[number]}}; break ;;
        esac
    done
    COMPREPLY=()
    case $command in
        '') words='{top}' ;;
{cases}
    esac
    if [[ $word == -* || -z $command || $command == completion ]]; then
        COMPREPLY=($(compgen -W "$words" -- "$word"))
    fi
}}
complete -o default -o bashdefault -F _{program} {program}
"""
ZSH = """\
#compdef {program}
_{program}() {{
    local -a commands
    commands=(
{commands}
    )
    if (( CURRENT == 2 )); then
        _describe command commands
        return
    fi
    shift words
    (( CURRENT-- ))
    case $words[1] in
{cases}
    esac
}}
compdef _{program} {program}
"""


class Described:
    """A command and its options, as the parser has them."""

    def __init__(self, name: str, summary: str, parser: argparse.ArgumentParser) -> None:
        self.name = name
        self.summary = summary
        self.options = [action for action in parser._actions if action.option_strings]
        # What its first argument has to be one of
        self.choices = [
            str(choice)
            for action in parser._actions
            if not action.option_strings and not isinstance(action, argparse._SubParsersAction)
            for choice in action.choices or ()
        ]

    @property
    def words(self) -> list[str]:
        """Everything that can stand behind it, but for addresses and files."""
        return [*(word for option in self.options for word in option.option_strings), *self.choices]


def describe(parser: argparse.ArgumentParser) -> tuple[Described, list[Described]]:
    """The program itself, and its commands."""
    subparsers = next(action for action in parser._actions if isinstance(action, argparse._SubParsersAction))
    summaries = {choice.dest: choice.help or '' for choice in subparsers._choices_actions}
    commands = [Described(name, summaries.get(name, ''), command) for name, command in subparsers.choices.items()]
    return Described(PROGRAM, '', parser), commands


def bash(parser: argparse.ArgumentParser) -> str:
    """A script for bash."""
    program, commands = describe(parser)
    names = [command.name for command in commands]
    return BASH.format(
        program=PROGRAM,
        alternatives='|'.join(names),
        top=' '.join([*names, *program.words]),
        cases='\n'.join(f"        {command.name}) words='{' '.join(command.words)}' ;;" for command in commands),
    )


def zsh(parser: argparse.ArgumentParser) -> str:
    """A script for zsh."""
    _, commands = describe(parser)
    cases = []
    for command in commands:
        arguments = [_zsh_option(option) for option in command.options]
        arguments.append(f"':choice:({' '.join(command.choices)})'" if command.choices else "'*:file:_files'")
        cases.append(f'        {command.name}) _arguments {" ".join(arguments)} ;;')
    described = '\n'.join(f"        '{command.name}:{_plain(command.summary)}'" for command in commands)
    return ZSH.format(program=PROGRAM, commands=described, cases='\n'.join(cases))


def _zsh_option(option: argparse.Action) -> str:
    names = option.option_strings
    text = f'[{_plain(option.help or "")}]'
    value = '' if option.nargs == 0 else f':{_plain(str(option.metavar or option.dest))}:'
    if len(names) == 1:
        return f"'{names[0]}{text}{value}'"
    return f"'({' '.join(names)})'{{{','.join(names)}}}'{text}{value}'"


def fish(parser: argparse.ArgumentParser) -> str:
    """A script for fish."""
    _, commands = describe(parser)
    lines = []
    for command in commands:
        lines.append(
            f"complete -c {PROGRAM} -n __fish_use_subcommand -f -a {command.name} -d '{_plain(command.summary)}'"
        )
        condition = f"-n '__fish_seen_subcommand_from {command.name}'"
        for option in command.options:
            names = ' '.join(
                f'-l {name[2:]}' if name.startswith('--') else f'-s {name[1:]}' for name in option.option_strings
            )
            value = '' if option.nargs == 0 else ' -r'
            lines.append(f"complete -c {PROGRAM} {condition} {names}{value} -d '{_plain(option.help or '')}'")
        if command.choices:
            lines.append(f"complete -c {PROGRAM} {condition} -f -a '{' '.join(command.choices)}'")
    return '\n'.join(lines) + '\n'


def _plain(text: str) -> str:
    """A help text without what means something to a shell between quotes, or to zsh between brackets."""
    return ''.join(' ' if character in '\'"[]:$`\\' else character for character in text.replace('%%', '%'))


SHELLS = {'bash': bash, 'zsh': zsh, 'fish': fish}


def completion(client: Client) -> None:
    """Print what makes a shell complete commands and options."""
    from smb.cli.arguments import build_parser

    client.output.line(SHELLS[client.options.shell](build_parser()), end='')
