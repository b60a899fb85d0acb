# mypy: ignore-errors
PROGRAMS = ["Prime numbers up to a limit"]

print("The demo model has no program for this request. It has these:")
for title in PROGRAMS:
    print(f"  - {title}")
print("For anything else, set up a real model: see docs/models.md.")
