#!/bin/sh
# Runs the first Python that can build and run the project: the one named in $PYTHON, else the first fit one of PATH and
# of the usual folders. A Python is fit when it is 3.11 or newer and has venv. An ordinary user's PATH may name one that
# lives in a folder only root can enter, which is why each candidate is tried and not merely found.
fit='import sys
if sys.version_info < (3, 11): sys.exit(3)
try:
    import venv, ensurepip
except ImportError:
    sys.exit(4)'

old="" bare=""
for candidate in ${PYTHON:+"$PYTHON"} python3 python3.12 python3.11 python3.13 /usr/bin/python3 /usr/local/bin/python3; do
    "$candidate" -c "$fit" >/dev/null 2>&1
    case $? in
        0)
            if [ -n "${PYTHON:-}" ] && [ "$candidate" != "$PYTHON" ]; then
                echo "$PYTHON is not fit (3.11 or newer with venv is needed); using $candidate." >&2
            fi
            exec "$candidate" "$@"
            ;;
        3) old="${old:-$candidate}" ;;
        4) bare="${bare:-$candidate}" ;;
    esac
done

if [ -n "$bare" ]; then
    echo "$bare can't make virtual environments because its venv module is missing. Install it (Debian, Ubuntu: \`apt install python3-venv\`) or name another Python: \`make run PYTHON=/path/to/python3\`." >&2
elif [ -n "$old" ]; then
    echo "Python 3.11 or newer is needed and $old is $("$old" --version 2>&1). Install a newer one, or name it: \`make run PYTHON=/path/to/python3.12\`." >&2
else
    echo "Python 3.11 or newer is needed and none was found. Install it (Debian, Ubuntu: \`apt install python3 python3-venv\`), or name one: \`make run PYTHON=/path/to/python3\`." >&2
fi
exit 1
