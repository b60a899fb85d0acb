# mypy: ignore-errors
import matplotlib.pyplot as plt
import pandas as pd

start = float(input("How much money do you start with? "))
rate = float(input("How many percent of interest a year? "))
years = int(input("For how many years? "))

balance = [start * (1 + rate / 100) ** year for year in range(years + 1)]
print(f"{start:,.2f} at {rate:g} % becomes {balance[-1]:,.2f} after {years} years")

plt.bar(range(years + 1), balance)
plt.xlabel("year")
plt.ylabel("balance")
plt.title(f"{start:,.2f} at {rate:g} % a year")
plt.show()

pd.DataFrame({"year": range(years + 1), "balance": balance}).round(2)
