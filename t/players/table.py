#!/usr/bin/python3 -B

"""Writes measured results to docs/players.md, for util/players.

    t/players/table.py MEASURED PAGE

MEASURED has one line of JSON per player and file: "player", "version", "file",
"before" and "after" (the displayed seconds), "seek" (its error in seconds),
"resume" and "note", or only some of them.
"""

import json
import sys
from pathlib import Path
from typing import Any

BEGIN, END = '<!-- measured -->\n', '<!-- end -->\n'
HEAD = (
    '| player | file | shown before | after | seek off by | after a cut | |\n'
    '|---|---|--:|--:|--:|---|---|\n')


def main() -> None:
    measured, page = map(Path, sys.argv[1:])
    rows = [json.loads(line) for line in measured.read_text().splitlines()]
    rows.sort(key=lambda row: (reads_only(row), row['player'].lower(),
                              row.get('file', '')))

    before, _, rest = page.read_text().partition(BEGIN)
    _, _, after = rest.partition(END)
    page.write_text(before + BEGIN + '\n' + HEAD + ''.join(map(line, rows))
                    + '\n' + END + after)
    for row in rows:
        if 'file' not in row:
            print(f'{row["player"]}: {row["note"]}', file=sys.stderr)


def reads_only(row: dict[str, Any]) -> bool:
    return 'after' not in row


def line(row: dict[str, Any]) -> str:
    resume = row.get('resume')
    return '| ' + ' | '.join((
        f'{row["player"]} {row.get("version", "")}'.strip(),
        row.get('file', ''),
        seconds(row.get('before')),
        seconds(row.get('after')),
        seconds(row.get('seek')),
        '' if resume is None else 'goes on' if resume else 'does not',
        row.get('note', ''))) + ' |\n'


def seconds(value: float | None) -> str:
    return '' if value is None else f'{value:.2f}'


if __name__ == '__main__':
    main()
