# mypy: ignore-errors
name = input("What is your name? ")
year = int(input("In which year were you born? "))

print(f"Hello, {name}!")
print(f"You turn 100 in {year + 100}.")
print(f"Your name has {len(name)} characters; backwards it is {name[::-1]!r}.")
