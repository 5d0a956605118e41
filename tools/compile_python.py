"""Compiles the named Python files in memory, so that a mistake shows before the file is run."""

import sys

failed = False
for path in sys.argv[1:]:
    try:
        with open(path, encoding="utf-8") as file:
            compile(file.read(), path, "exec")
    except (SyntaxError, UnicodeDecodeError) as error:
        print(f"{path}: {error}")
        failed = True
sys.exit(failed)
