#!/usr/bin/env python3
"""Writes layout.inc: the size of every struct of the ABI and the offset of every member, as static assertions in C.

A released struct never changes, so a difference is a mistake, unless the struct has never been released: then run this again
and let the change show in the review. Usage: tests/abi/layout.py > tests/abi/layout.inc
"""
import pathlib
import re
import subprocess
import tempfile

INCLUDE = pathlib.Path(__file__).resolve().parents[2] / "sdk" / "include"
ABI = INCLUDE / "streamhost" / "abi"
STRUCT = re.compile(r"typedef struct (\w+) \{(.*?)\n\} \1;", re.S)
FUNCTION = re.compile(r"\(\*(\w+)\)")


def member_name(declaration):
    function = FUNCTION.search(declaration)
    return function.group(1) if function else re.search(r"(\w+)(?:\[\w+\])*$", declaration).group(1)


def structs(header):
    text = re.sub(r"/\*.*?\*/", "", header.read_text(), flags=re.S)
    for name, body in STRUCT.findall(text):
        declarations = (" ".join(part.split()) for part in body.split(";"))
        yield name, [member_name(declaration) for declaration in declarations if declaration]


def measure(headers):
    """The compiler's answer: one "<size or offset>" per line, in the order of the questions."""
    source = ["#include <stddef.h>", "#include <stdio.h>"]
    source += [f'#include "{header.relative_to(INCLUDE)}"' for header in headers]
    source.append("int main(void) {")
    for header in headers:
        for name, members in structs(header):
            source.append(f'printf("%zu\\n", sizeof({name}));')
            source += [f'printf("%zu\\n", offsetof({name}, {member}));' for member in members]
    source.append("return 0; }")
    with tempfile.TemporaryDirectory() as folder:
        program = pathlib.Path(folder) / "measure"
        subprocess.run(["gcc", "-std=c11", f"-I{INCLUDE}", "-x", "c", "-", "-o", program],
                       input="\n".join(source), text=True, check=True)
        return iter(subprocess.run([program], capture_output=True, text=True, check=True).stdout.split())


def main():
    headers = sorted(ABI.rglob("*.h"))
    numbers = measure(headers)
    print("/* Written by layout.py. SIZE(struct, bytes), OFFSET(struct, member, bytes). */")
    for header in headers:
        print(f"\n/* {header.relative_to(ABI)} */")
        for name, members in structs(header):
            print(f"SIZE({name}, {next(numbers)})")
            for member in members:
                print(f"OFFSET({name}, {member}, {next(numbers)})")


if __name__ == "__main__":
    main()
