"""Sessions as records, options and messages, and the registry of live ones; knows neither TensorFlow nor IPython."""
