"""The only place that imports IPython."""
