"""What was measured: charts of real or virtual patients, read and written."""

from dayzero.records.chart import Chart, Column, Series
from dayzero.records.sources import read_heidrich, read_msk

__all__ = ["Chart", "Column", "Series", "read_heidrich", "read_msk"]
