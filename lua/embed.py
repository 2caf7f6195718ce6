#!/usr/bin/env python3
"""embed.py: Lua files -> a C file that holds them: embed.py OUT IN..."""
import pathlib
import sys

out = ["/* embedded.c: made by lua/embed.py. */", '#include "lua/embedded.h"']
rows = []
for number, name in enumerate(sys.argv[2:]):
    data = pathlib.Path(name).read_bytes()
    body = "\n".join(",".join(map(str, data[at:at + 24])) + ","
                     for at in range(0, len(data), 24))
    out.append(f"static const char file_{number}[] = {{\n{body}0}};")
    rows.append(f'    {{"@spred/{pathlib.Path(name).name}", file_{number}, '
                f"{len(data)}}},")
out += ["const struct embedded embedded_files[] = {", *rows,
        "    {0}};", ""]
pathlib.Path(sys.argv[1]).write_text("\n".join(out), encoding="utf-8")
