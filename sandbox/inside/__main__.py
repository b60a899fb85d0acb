"""The zygote's program: `python -I <this folder> <descriptor> <pid of the server> <preload: 0 or 1>`."""

import gc
import sys
from pathlib import Path

gc.disable()  # until all is loaded: next to nothing of that is ever let go

# Isolated mode leaves only this folder on the path; the package itself is two above, and is wanted during the start
# alone: sessions can't see it.
package_home = str(Path(__file__).resolve().parent.parent.parent)
sys.path[0] = package_home

from sandbox.inside.zygote import main  # noqa: E402

sys.path.remove(package_home)
sys.dont_write_bytecode = True  # a session's folders hold what its code puts there, and nothing else
main(int(sys.argv[1]), int(sys.argv[2]), preload=sys.argv[3] == "1")
