"""Unpacks one folder of a wheel.

unpack_wheel.py WHEEL FOLDER TARGET: every file below FOLDER (a path as an installed package has it) goes to
TARGET/FOLDER/. Old wheels keep their files below <name>.data/purelib/, new ones at the top.
"""

import pathlib
import re
import sys
import zipfile

wheel, folder, target = sys.argv[1:]
found = False
with zipfile.ZipFile(wheel) as archive:
    for name in archive.namelist():
        path = re.sub(r"^[^/]+\.data/(purelib|platlib)/", "", name)
        if not path.startswith(folder + "/") or path.endswith("/"):
            continue
        found = True
        file = pathlib.Path(target, path)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(archive.read(name))
if not found:
    sys.exit(f"{wheel} holds no {folder}/")
