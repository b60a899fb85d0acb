"""Files that a program finds, makes, changes and removes."""

from . import Case

CASES = {
    "made": Case("open('a.txt', 'w').write('one');", changed={"a.txt": "created"}),
    "changed": Case("open('a.txt', 'a').write(' two');", changed={"a.txt": "modified"}),
    "read": Case("open('a.txt').read()", text="'one two'", changed={}),
    "removed": Case("import os\nos.remove('a.txt')", changed={"a.txt": "deleted"}),
    "in a folder": Case("import os\nos.makedirs('d/e')\nopen('d/e/f', 'w').close()", changed={"d/e/f": "created"}),
    "brought along": Case("open('in.csv').read()", files={"in.csv": "a,b\n1,2\n"}, text="'a,b\\n1,2\\n'"),
    "of bytes": Case("open('b.bin', 'wb').write(bytes(range(256)));", changed={"b.bin": "created"}),
    "the same bytes again": Case("open('b.bin', 'wb').write(bytes(range(256)));", changed={}),
    "in several pieces": Case("open('c.bin', 'wb').write(bytes(5 << 20));", changed={"c.bin": "created"}),
    "a link": Case("import os\nos.symlink('/etc/hostname', 'link')", changed={}),
    "made and removed": Case("import os\nopen('t', 'w').close(); os.remove('t')", changed={}),
    "a name with a line break": Case("open('a\\nb', 'w').close()", changed={}),
    "our own folder": Case("import os\nos.makedirs('.aci', exist_ok=True); open('.aci/x', 'w').close()", changed={}),
    "our own folder removed": Case("import shutil\nshutil.rmtree('.aci')\ndisplay(1)\n2", shows=["text", "text"]),
    "and on": Case("3", text="3"),
    "from another folder": Case(
        "import os\nos.mkdir('w'); os.chdir('w')\nopen('g', 'w').close()", changed={"w/g": "created"}
    ),
    "still there": Case("import os\nhere = os.path.basename(os.getcwd())\nos.chdir('..')\nhere", text="'w'"),
    "with an error": Case(
        "open('kept', 'w').close()\n1 / 0", error=("ZeroDivisionError", 2), changed={"kept": "created"}
    ),
}
