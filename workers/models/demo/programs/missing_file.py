# mypy: ignore-errors
from pathlib import Path

WANTED = "data.csv"

print(f"There is no file {WANTED} here. Upload it, then ask again. The files that are here:")
for path in sorted(path for path in Path().rglob("*") if path.is_file()):
    print(f"  {path} ({path.stat().st_size:,} bytes)")
