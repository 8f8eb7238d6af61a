"""Shows sessions, memory and traced runs as text, HTML and SVG."""
