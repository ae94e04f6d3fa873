"""Where airports are: latitude and longitude in degrees by IATA code."""

import csv
from pathlib import Path

with Path(__file__).with_name("airports.csv").open() as file:
    AIRPORTS = {
        row["code"]: (float(row["latitude"]), float(row["longitude"])) for row in csv.DictReader(file)
    }
