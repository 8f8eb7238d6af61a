"""What a session is and which ones live here; knows neither TensorFlow nor IPython."""
